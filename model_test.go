package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

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

// modelBundle has a procedure that a model drives: it does the item, and a read proves it.
func modelBundle(model string) map[string]string {
	files := workBundle("well")
	files["resolute.yaml"] += "model: {name: " + model + ", samples: 1, context: 4096}\nthresholds: {model: 0}\n"
	before, _, _ := strings.Cut(files["procedures/well.yaml"], "hypotheses:")
	files["procedures/well.yaml"] = before + `drive: model
tools: [well.do]
guidance: Do the item, once.
done: {call: well.read, with: {item: =inputs.item}, as: after, check: facts.after.done}
otherwise: {escalate: no-way, to: default}
`
	return files
}

// thought are what a case's journal says of the model.
func (p *process) thought(id string) (answers, problems int, tokens int) {
	p.t.Helper()
	var journal struct {
		Items []struct {
			Kind string
			Data struct {
				Answers []struct {
					PromptTokens int `json:"prompt_tokens"`
					Tokens       int
				}
				Error *struct{ Code, Detail string }
			}
		}
	}
	if code := p.do("GET", "/api/v1/cases/"+id+"/journal?limit=200", "", &journal); code != http.StatusOK {
		p.t.Fatalf("the journal of %s: %d", id, code)
	}
	for _, e := range journal.Items {
		if e.Data.Error != nil {
			problems++
		}
		for _, a := range e.Data.Answers {
			answers++
			tokens += a.PromptTokens + a.Tokens
		}
	}
	return answers, problems, tokens
}

func TestAModelOverHTTPDrivesACase(t *testing.T) {
	const believes = `{"hypothesis":"it is undone","evidence":["facts.now_it_is"],"confidence":0.9,`
	server := ollamatest.Start(t, ollamatest.Config{Script: ollamatest.Each(
		ollamatest.Answer{Text: believes + `"decision":"call","tool":"well.do","args":{"item":"A-1"}}`}, ollamatest.Answer{Text: believes + `"decision":"close"}`})})
	well, at := newWorker(t, "well")
	p := served(t, modelBundle("small"), "WELL_URL="+at, "OLLAMA_HOST="+server.URL)
	p.serve()
	id := p.work("well", "A-1")
	if status := p.settled(id); status != "resolved" || well.times("A-1") != 1 {
		t.Errorf("the case ended %s, and the item was done %d times, want it resolved and done once", status, well.times("A-1"))
	}
	if answers, problems, tokens := p.thought(id); answers != 2 || problems != 0 || tokens == 0 {
		t.Errorf("the journal has %d answers, %d problems and %d tokens, want 2 answers, and what they took", answers, problems, tokens)
	}
	if chats := server.Chats(); len(chats) < 2 || chats[0].System != chats[1].System || chats[0].Options["num_ctx"] != 4096.0 || server.Loads() != 1 {
		t.Errorf("the model was asked %d times and loaded %d times, want the same beginning with each turn, and one load", len(chats), server.Loads())
	}
}

// A small real model decides poorly. Whatever it wants, nothing but the item is done, and the case ends.
func TestRealModelDrivesACase(t *testing.T) {
	name := os.Getenv("RESOLUTE_TEST_OLLAMA")
	if name == "" {
		t.Skip("asks a real server: run .ci/ollama")
	}
	well, at := newWorker(t, "well")
	p := served(t, modelBundle(name), "WELL_URL="+at, "RESOLUTE_MODEL_THREADS=1")
	p.serve()
	id := p.work("well", "A-1")
	status := p.settled(id)
	for deadline := time.Now().Add(4 * time.Minute); status == "still working" && time.Now().Before(deadline); {
		status = p.settled(id)
	}
	answers, problems, tokens := p.thought(id)
	t.Logf("%s behind %d answers of %d tokens; the item was done %d times", status, answers, tokens, well.times("A-1"))
	if status != "resolved" && status != "escalated" && status != "still waiting" || answers == 0 || problems != 0 || tokens == 0 {
		t.Errorf("the case is %s, with %d answers, %d problems and %d tokens, want it to come to rest by what the model said", status, answers, problems, tokens)
	}
	for item, n := range well.count {
		if item != "A-1" || n > 1 {
			t.Errorf("%s was done %d times, want nothing but A-1, once at most", item, n)
		}
	}
}
