package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"resolute/agent/model/ollamatest"
)

// watchedBundle lets a model do items, each of which a person has to approve.
func watchedBundle() map[string]string {
	files := workBundle("well")
	files["policies/well.yaml"] = "policy: well\napplies_to: [well.do]\nbind: {item: facts.now_it_is.item}\nrules:\n  - {id: looked-at, approve: 'true', reason: A person looks at each item.}\n"
	head, _, _ := strings.Cut(files["procedures/well.yaml"], "hypotheses:")
	files["procedures/well.yaml"] = head + "drive: model\ntools: [well.do]\ndone: {call: well.read, with: {item: =inputs.item}, as: after, check: facts.after.done}\n"
	return files
}

// does proposes to do the item that it reads about, and says that all is done once something is.
func does(c ollamatest.Chat) ollamatest.Answer {
	if strings.Contains(c.Prompt, "id=done.1") {
		return ollamatest.Answer{Text: `{"hypothesis":"it is done","evidence":["done.1"],"confidence":0.9,"decision":"close"}`}
	}
	_, item, _ := strings.Cut(c.Prompt, `"item":"`)
	item, _, _ = strings.Cut(item, `"`)
	return ollamatest.Answer{Text: fmt.Sprintf(`{"hypothesis":"it is to be done","evidence":["facts.now_it_is"],"confidence":0.9,"decision":"call","tool":"well.do","args":{"item":%q}}`, item)}
}

// However often the process is killed: what a model wants is asked of a person once, and done once.
func TestModelsCallSurvivesKills(t *testing.T) {
	server := ollamatest.Start(t, ollamatest.Config{Script: does})
	well, url := newWorker(t, "well")
	p := served(t, watchedBundle(), "WELL_URL="+url, "OLLAMA_HOST="+server.URL, "RESOLUTE_MODEL=ollama/"+ollamatest.DefaultModel)
	p.serve()
	r, ok := p.signal("well.work", "i1", "")
	if !ok {
		t.Fatal("the signal was not taken")
	}
	type waiting struct {
		Status  string
		Pending *struct{ Approval struct{ Hash string } }
	}
	approval := func() (hash string) {
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			var c waiting
			if p.do("GET", "/api/v1/cases/"+r.CaseID, "", &c); c.Status == "approval" && c.Pending != nil {
				return c.Pending.Approval.Hash
			}
			if time.Now().After(deadline) {
				t.Fatalf("the case is %s, want it to wait for approval\n%s", c.Status, p.log())
			}
		}
	}
	first := approval()
	asked := len(server.Chats())
	p.kill()
	p.serve()
	if again := approval(); again != first || len(server.Chats()) != asked {
		t.Errorf("after a kill the approval is %s of %s, and the model was asked %d times more", again, first, len(server.Chats())-asked)
	}
	well.hang()
	if code := p.do("POST", "/api/v1/cases/"+r.CaseID+"/decisions", fmt.Sprintf(`{"decision":"approve","hash":%q}`, first), nil); code != http.StatusOK {
		t.Fatalf("approve: %d", code)
	}
	for deadline := time.Now().Add(30 * time.Second); well.stalled() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the call isn't sent")
		}
	}
	p.kill() // with the call on the wire
	well.answer()
	p.serve()
	if got := p.settled(r.CaseID); got != "resolved" || well.times("i1") != 1 {
		t.Errorf("the case is %s, and the item was done %d times, want it resolved and done once", got, well.times("i1"))
	}
	var journal struct {
		Items []struct{ Kind string }
	}
	p.do("GET", "/api/v1/cases/"+r.CaseID+"/journal?limit=200", "", &journal)
	kinds := map[string]int{}
	for _, e := range journal.Items {
		kinds[e.Kind]++
	}
	if kinds["approval.asked"] != 1 || kinds["call.intended"] == 0 || kinds["model.proposed"] != 2 {
		t.Errorf("the journal has %v, want one approval asked and two proposals", kinds)
	}
}
