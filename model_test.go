package main

import (
	"net/http"
	"strings"
	"testing"

	"resolute/agent/model/ollama"
	"resolute/agent/model/ollamatest"
)

// A model that isn't there yet stops nothing; it is seen, fetched by a command beside the server, and
// then it is there.
func TestTheModelIsFetchedBesideTheServer(t *testing.T) {
	server := ollamatest.Start(t, ollamatest.Config{Models: []ollamatest.Model{{Name: "other:1b"}}})
	_, well := newWorker(t, "well")
	p := served(t, workBundle("well"), "WELL_URL="+well, "OLLAMA_HOST="+server.URL, "RESOLUTE_MODEL=ollama/small")
	if out := p.command("model", "status"); !strings.Contains(out, "small: missing: ") || !strings.Contains(out, "resolute model pull small") || !strings.Contains(out, "it has: other:1b") {
		t.Errorf("model status, before anything serves: %s, want it missing, how to get it, and what there is", out)
	}
	p.serve()
	var ready struct{ Status, Model string }
	if code := p.do("GET", "/readyz", "", &ready); code != http.StatusOK || ready.Status != "ready" || !strings.Contains(ready.Model, "resolute model pull small") {
		t.Errorf("/readyz: %d %+v, want 200, ready, and what is wrong with the model", code, ready)
	}
	if out := p.command("model", "pull", "small"); !strings.Contains(out, "small is there") {
		t.Errorf("model pull: %s, want that it is there", out)
	}
	var s ollama.Status
	if code := p.do("GET", "/api/v1/model", "", &s); code != http.StatusOK || s.State != ollama.StateIdle || s.Model != "small" || s.Pull == nil || s.Pull.Completed != 100 {
		t.Errorf("GET /model: %d %+v, want small, not loaded yet, and the pull", code, s)
	}
	if out := p.command("model", "status", "--json"); !strings.Contains(out, `"state": "idle"`) {
		t.Errorf("model status --json: %s, want the answer of the API", out)
	}
}

func TestModelsThatCannotBeNamed(t *testing.T) {
	_, well := newWorker(t, "well")
	p := served(t, workBundle("well"), "WELL_URL="+well)
	for _, args := range [][]string{{"--model", "small"}, {"--model", "ollama/"}, {"--model", "openai/gpt"}} {
		if out, err := p.try(append([]string{"serve"}, args...)...); err == nil || !strings.Contains(out, "ollama/NAME") {
			t.Errorf("serve %q: %v, %s, want what may be named", args, err, out)
		}
	}
	for _, args := range [][]string{{"--model-threads", "0"}, {"--model-parallel", "many"}} {
		if out, err := p.try(append([]string{"serve"}, args...)...); err == nil || !strings.Contains(out, "a number from 1 on") {
			t.Errorf("serve %q: %v, %s, want that it is a number", args, err, out)
		}
	}
}
