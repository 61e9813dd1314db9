package ollama_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/model/ollama"
	"resolute/agent/model/ollamatest"
)

// until asks for the status until it is as wanted, or the test's time is over.
func until(t *testing.T, c *ollama.Client, what string, is func(ollama.Status) bool) ollama.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if s := c.Status(ctx); is(s) {
			return s
		}
	}
	t.Fatalf("it never was so: %s", what)
	return ollama.Status{}
}

func TestAMissingModelIsPulled(t *testing.T) {
	rest := make(chan struct{})
	s := ollamatest.Start(t, ollamatest.Config{Models: []ollamatest.Model{{Name: "other:1b"}}, Pull: func(string) ollamatest.Pulling {
		return ollamatest.Pulling{Total: 8_000_000, Wait: rest}
	}})
	c := at(t, s.URL, nil)
	if is := c.Status(t.Context()); is.State != ollama.StateMissing || !strings.Contains(is.Detail, "resolute model pull small") || !slices.Equal(is.Models, []string{"other:1b"}) {
		t.Errorf("status %+v, want missing, how to get it, and which there is", is)
	}
	if _, err := c.Pull("small"); err != nil {
		t.Fatal(err)
	}
	half := until(t, c, "half of it is there", func(s ollama.Status) bool { return s.Pull.Completed == 4_000_000 })
	if half.State != ollama.StatePulling || half.Pull.Total != 8_000_000 || half.Detail != "50 % of 8 MB" {
		t.Errorf("status %+v, want pulling, 50 %% of 8 MB", half)
	}
	if e := c.Think(t.Context(), "c1", consult(1)).Error; e == nil || e.Code != "loading" || !e.Temporary || !strings.Contains(e.Detail, "50 %") {
		t.Errorf("a question meanwhile: %+v, want loading, with how far it is", e)
	}
	if _, err := c.Pull("small:latest"); err != nil {
		t.Errorf("the same again: %v, want the pull that goes on", err)
	}
	if _, err := c.Pull("tall"); !errors.Is(err, ollama.ErrPulling) || !strings.Contains(err.Error(), "small") {
		t.Errorf("another: %v, want ErrPulling, naming the one that goes on", err)
	}
	close(rest)
	is := until(t, c, "the pull is over", func(s ollama.Status) bool { return !s.Pull.EndedAt.IsZero() && s.State == ollama.StateIdle })
	if is.Pull.Error != "" || is.Window != 2048 || is.Most != 8192 || len(s.Pulls()) != 1 {
		t.Errorf("status %+v behind %d pulls, want it idle with its context, behind one pull", is, len(s.Pulls()))
	}
	if said := c.Think(t.Context(), "c1", consult(1)); said.Error != nil {
		t.Errorf("a question then: %+v, want an answer", said.Error)
	}
	if is := c.Status(t.Context()); is.State != ollama.StateReady {
		t.Errorf("status %+v, want ready", is)
	}
}

func TestAPullThatFailsSaysWhy(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Pull: func(string) ollamatest.Pulling {
		return ollamatest.Pulling{Error: "pull model manifest: file does not exist"}
	}})
	c := at(t, s.URL, nil)
	if _, err := c.Pull("../up"); !errors.Is(err, ollama.ErrName) {
		t.Errorf("a name that is none: %v, want ErrName", err)
	}
	if _, err := c.Pull("nobody:1b"); err != nil {
		t.Fatal(err)
	}
	is := until(t, c, "the pull is over", func(s ollama.Status) bool { return !s.Pull.EndedAt.IsZero() })
	if !strings.Contains(is.Pull.Error, "file does not exist") || !strings.Contains(is.Pull.Error, "nobody:1b") || is.State != ollama.StateIdle {
		t.Errorf("status %+v, want the pull's error, and the model as it was", is)
	}
}

func TestClosingEndsAPull(t *testing.T) {
	began := make(chan struct{})
	s := ollamatest.Start(t, ollamatest.Config{Pull: func(string) ollamatest.Pulling {
		close(began)
		return ollamatest.Pulling{Wait: make(chan struct{})}
	}})
	c := at(t, s.URL, nil)
	if _, err := c.Pull("tall"); err != nil {
		t.Fatal(err)
	}
	<-began
	c.Close()
	if p := c.Status(t.Context()).Pull; p.EndedAt.IsZero() || !strings.Contains(p.Error, "goes on where it stopped") {
		t.Errorf("the pull %+v, want it over, saying that it can go on", p)
	}
}

func TestStatusSaysWhatIsWrong(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Script: ollamatest.Always(ollamatest.OutOfMemory())})
	c := at(t, s.URL, nil)
	if is := c.Status(t.Context()); is.State != ollama.StateIdle || is.Version != "0.17.4" || is.Address != s.URL {
		t.Errorf("status %+v, want idle, with version and address", is)
	}
	c.Think(t.Context(), "c1", consult(1))
	if is := c.Status(t.Context()); is.State != ollama.StateFailing || !strings.Contains(is.Detail, "memory") || is.Last.Code != "memory" {
		t.Errorf("status %+v, want failing for lack of memory", is)
	}
	none := at(t, s.URL, func(o *ollama.Options) { o.Choice = func() ollama.Choice { return ollama.Choice{} } })
	if is := none.Status(t.Context()); is.State != ollama.StateNone || len(is.Models) != 1 {
		t.Errorf("status %+v, want none, with the models there are", is)
	}
	s.Close()
	if is := c.Status(t.Context()); is.State != ollama.StateUnreachable || !strings.Contains(is.Detail, "ollama serve") {
		t.Errorf("status %+v, want unreachable, with how to start it", is)
	}
}

func TestAGlanceWaitsForNoServer(t *testing.T) {
	hang := make(chan struct{})
	s := ollamatest.Start(t, ollamatest.Config{Broken: func(path string) int {
		if path == "/api/tags" {
			<-hang
		}
		return 0
	}})
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := at(t, s.URL, func(o *ollama.Options) { o.Now = func() time.Time { return noon } })
	if is := c.Glance(t.Context()); is.State != ollama.StateUnknown || is.Model != ollamatest.DefaultModel {
		t.Errorf("while the server hangs: %+v, want that nobody knows", is)
	}
	close(hang)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for c.Glance(ctx).State == ollama.StateUnknown && ctx.Err() == nil {
	}
	if is := c.Glance(ctx); is.State != ollama.StateIdle {
		t.Errorf("once it answered: %+v, want idle", is)
	}
	s.Close()
	if is := c.Glance(ctx); is.State != ollama.StateIdle {
		t.Errorf("a moment later: %+v, want what was seen", is)
	}
}
