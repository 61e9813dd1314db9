package ollama_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"resolute/agent/model/ollama"
)

// odd is a server that answers as it likes.
func odd(t *testing.T, answer http.HandlerFunc) string {
	s := httptest.NewServer(answer)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

func TestPromptsGoToNobodyElse(t *testing.T) {
	var told atomic.Int32
	other := odd(t, func(http.ResponseWriter, *http.Request) { told.Add(1) })
	for _, code := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for _, path := range []string{"/api/chat", "/api/show"} {
			first := odd(t, func(w http.ResponseWriter, q *http.Request) {
				if q.URL.Path == path {
					http.Redirect(w, q, other+q.URL.Path, code)
					return
				}
				fmt.Fprint(w, `{}`)
			})
			said := at(t, first, nil).Think(t.Context(), "c1", consult(1))
			if told.Load() > 0 || said.Error == nil || said.Error.Temporary || !strings.Contains(said.Error.Detail, other) {
				t.Errorf("%d of %s: another server was asked %d times; %+v", code, path, told.Load(), said.Error)
			}
		}
	}
}

func TestAnswersWithoutEndAreLeft(t *testing.T) {
	for path, line := range map[string]string{
		"/api/chat": `{"message":{"role":"assistant","thinking":"` + strings.Repeat("on and ", 1000) + `"}}` + "\n",
		"/api/show": strings.Repeat(" ", 64<<10),
		"/api/tags": strings.Repeat("[", 64<<10),
	} {
		sent := 0
		url := odd(t, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path != path {
				fmt.Fprint(w, `{}`)
				return
			}
			sent = 0
			for ; sent < 1<<30; sent += len(line) {
				if _, err := fmt.Fprint(w, line); err != nil {
					return
				}
			}
		})
		c := at(t, url, nil)
		if path == "/api/tags" {
			if is := c.Status(t.Context()); is.State != ollama.StateUnreachable {
				t.Errorf("%s: the server is %s, %s", path, is.State, is.Detail)
			}
		} else if said := c.Think(t.Context(), "c1", consult(1)); said.Error == nil || len(said.Answers) > 0 {
			t.Errorf("%s: %+v, want no answer", path, said)
		}
	}
}

func TestTokensThatAreNotCountedAreGuessed(t *testing.T) {
	url := odd(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/api/chat" {
			fmt.Fprintln(w, `{"message":{"content":"{\"decision\":\"wait\"}"},"done":true,"prompt_eval_count":-100000,"eval_count":-100000}`)
			return
		}
		fmt.Fprint(w, `{}`)
	})
	said := at(t, url, nil).Think(t.Context(), "c1", consult(1))
	if said.Error != nil || said.Answers[0].PromptTokens <= 0 || said.Answers[0].Tokens <= 0 {
		t.Errorf("it counts %+v %+v, want limits to count on it", said.Error, said.Answers)
	}
}

func TestNoPasswordOfTheServerIsShown(t *testing.T) {
	for _, path := range []string{"none", "/api/show", "/api/chat"} {
		url := odd(t, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == path {
				http.Error(w, `{"error":"broken"}`, http.StatusInternalServerError)
				return
			}
			fmt.Fprintln(w, `{}`)
		})
		c := at(t, strings.Replace(url, "://", "://reader:hunter2@", 1), nil)
		said := c.Think(t.Context(), "c1", consult(1))
		is := c.Status(t.Context())
		if shown := fmt.Sprintf("%+v %+v", said.Error, is); said.Error == nil || strings.Contains(shown, "hunter2") {
			t.Errorf("%s: it shows %s", path, shown)
		}
	}
}

func TestWhoIsGoneWaitsForNothing(t *testing.T) {
	hung := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked atomic.Int32
	url := odd(t, func(w http.ResponseWriter, q *http.Request) {
		if asked.Add(1) == 1 {
			cancel()
		}
		<-hung
	})
	t.Cleanup(func() { close(hung) })
	if said := at(t, url, nil).Think(ctx, "c1", consult(1)); said.Error == nil || asked.Load() != 1 {
		t.Errorf("broken off, it asks a server that hangs %d times; %+v", asked.Load(), said.Error)
	}
}
