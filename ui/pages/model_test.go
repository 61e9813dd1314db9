package pages

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"resolute/agent/model/ollama"
	"resolute/agent/people"
)

// mind is a model's server that stands as it is told.
type mind struct {
	mu     sync.Mutex
	status ollama.Status
	pulled []string
	news   chan struct{}
}

func (m *mind) Glance(ctx context.Context) ollama.Status { return m.Status(ctx) }

func (m *mind) Status(context.Context) ollama.Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status.State == "" {
		return ollama.Status{State: ollama.StateNone, Address: "http://127.0.0.1:11434", Detail: "no model is configured"}
	}
	return m.status
}

func (m *mind) Pull(name string) (ollama.Pull, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if name == "" {
		return ollama.Pull{}, ollama.ErrName
	}
	m.pulled = append(m.pulled, name)
	m.status.Pull = &ollama.Pull{Model: name, Status: "asking for it"}
	return *m.status.Pull, nil
}

func (m *mind) LastPull() *ollama.Pull {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status.Pull == nil {
		return nil
	}
	p := *m.status.Pull
	return &p
}

func (m *mind) WatchPull() (news <-chan struct{}, cancel func()) { return m.news, func() {} }

// goesOn lets a pull be so far.
func (m *mind) goesOn(p ollama.Pull) {
	m.mu.Lock()
	m.status.Pull = &p
	m.mu.Unlock()
	m.news <- struct{}{}
}

func TestThePagesSayHowTheModelStands(t *testing.T) {
	w := newWorld()
	b := signIn(t, w)
	b.wants(b.get("/", http.StatusOK), `href="/model"`, "none configured; procedures need none")
	w.thinks.status = ollama.Status{State: ollama.StateUnreachable, Model: "qwen3:8b", Address: "http://127.0.0.1:11434", Detail: "no Ollama server answers: start it with: ollama serve"}
	b.wants(b.get("/", http.StatusOK), "qwen3:8b can&#39;t be reached", "ollama serve")
	html := b.get("/model", http.StatusOK)
	b.wants(html, "qwen3:8b", "can&#39;t be reached", "ollama serve", "which doesn&#39;t answer")
	if strings.Contains(html, "Fetch a model") {
		t.Error("an approver should not be offered to fetch a model")
	}
	b.post("/model/pull", "model=qwen3:8b", http.StatusForbidden)
	if len(w.thinks.pulled) > 0 {
		t.Error("an approver had a model fetched")
	}
}

func TestAnAdminFetchesAModelAndSeesHowFarItIs(t *testing.T) {
	w := newWorld()
	w.role = people.Admin
	w.thinks.status = ollama.Status{State: ollama.StateMissing, Model: "qwen3:8b", Address: "http://127.0.0.1:11434", Version: "0.17.4", Detail: "get it with: resolute model pull qwen3:8b", Models: []string{"llama3:8b"}}
	w.thinks.news = make(chan struct{})
	b := signIn(t, w)
	b.wants(b.get("/model", http.StatusOK), "Fetch a model", `value="qwen3:8b"`, "llama3:8b", "Ollama 0.17.4")
	b.wants(b.post("/model/pull", url.Values{"model": {" ollama/qwen3:8b "}}.Encode(), http.StatusOK), "qwen3:8b: asking for it")
	if len(w.thinks.pulled) != 1 || w.thinks.pulled[0] != "qwen3:8b" || len(w.audited) == 0 || !strings.HasSuffix(w.audited[len(w.audited)-1], "model.pulled qwen3:8b") {
		t.Errorf("pulled %q, audited %q, want the model once, and who had it fetched", w.thinks.pulled, w.audited)
	}
	b.wants(b.post("/model/pull", "model=", http.StatusBadRequest), "no name of a model")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", b.base+"/model/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // it is read as far as it matters
	lines := bufio.NewScanner(resp.Body)
	until := func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the stream ended before it said %q", part)
	}
	until("asking for it")
	w.thinks.goesOn(ollama.Pull{Model: "qwen3:8b", Status: "pulling", Completed: 2_600_000_000, Total: 5_200_000_000})
	until("2,600 of 5,200 MB")
	w.thinks.goesOn(ollama.Pull{Model: "qwen3:8b", EndedAt: noon})
	until("qwen3:8b is there")
}
