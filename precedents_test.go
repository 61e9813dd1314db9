package main

import (
	"net/url"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/precedent"
	"resolute/plugins/demo"
)

// similar gives the closed cases that a path of the API finds.
func (r *rig) similar(path string) []precedent.Precedent {
	r.t.Helper()
	var list struct{ Items []precedent.Precedent }
	if code := r.do("GET", path, nil, &list); code != 200 && code != 503 {
		r.t.Fatalf("%s: %d", path, code)
	}
	return list.Items
}

// TestWhatWorkedLastTime: closed cases are found by what customers wrote in other words, with what worked
// and what was ruled out, until they go on; and no reply can quote them.
func TestWhatWorkedLastTime(t *testing.T) {
	r := newRig(t)
	blender := r.send(story(t, "smashed-blender")[0])
	plates := r.send(story(t, "shattered-stoneware")[0])
	cushion := r.send(story(t, "partial-shipment")[0])
	locked := r.send(story(t, "locked-out")[0])
	invoice := r.send(story(t, "invoice-address")[0])
	for _, id := range []string{blender, plates, cushion, locked, invoice} {
		r.settled(id, casefile.Resolved)
	}
	closed := r.send(demo.Signal{ID: "T-77", Source: "test", Type: "ticket.created", Data: map[string]any{"customer": map[string]any{"id": "c-77"}, "text": "Do you rent the espresso machine for weddings?"}})
	r.settled(closed, casefile.Escalated)
	r.decide(closed, map[string]any{"decision": "close", "note": "we don't rent; sent them to Crest Hire"}, 200)

	at := func(text string) string { return "/api/v1/cases/similar?k=3&text=" + url.QueryEscape(text) }
	mixer := at("The glass container of the mixer was in shards when it got here, I'd like another")
	renewed := at("I renewed yesterday and still can't get into my account")
	hire := at("is it possible to hire a coffee machine for our wedding party")
	eventually(t, "all that is asked about below is found", func() bool { // by words at once, by meaning a little later
		for path, id := range map[string]string{mixer: blender, renewed: locked, hire: closed} {
			if top := r.similar(path); len(top) == 0 || top[0].Case != id || path == mixer && len(top) < 3 {
				return false
			}
		}
		return true
	})
	top := r.similar(mixer)
	if len(top) != 3 || top[0].Case != blender || top[0].Hypothesis != "replaceable" || !top[0].Worked || top[0].Outcome != "resolved" || len(top[0].Done) != 1 || top[0].Done[0].Tool != "shop.create_replacement" {
		t.Errorf("a blender in other words: %+v, want what worked for case %s first", top, blender)
	}
	top = r.similar(renewed)
	if len(top) == 0 || top[0].Case != locked || len(top[0].RuledOut) != 1 || len(top[0].Done) < 1 {
		t.Errorf("locked out in other words: %+v, want case %s with what was ruled out", top, locked)
	}
	top = r.similar(hire)
	if len(top) == 0 || top[0].Case != closed || top[0].Worked || top[0].Outcome != "human.closed" || !strings.Contains(top[0].Note, "Crest Hire") {
		t.Errorf("what a person closed: %+v, want case %s with the note", top, closed)
	}

	again := story(t, "smashed-blender")[0]
	again.ID, again.Data["thread"], again.Data["text"] = "T-78", "t-78", "And now the bowl of the mixer is broken as well, in pieces."
	second := r.send(again)
	if second == blender {
		t.Fatal("it is the same case")
	}
	for _, p := range r.similar("/api/v1/cases/" + second + "/similar") {
		if p.Case == second || p.Same != (p.Case == blender) {
			t.Errorf("like case %s: %+v; only %s is of the same customer", second, p, blender)
		}
	}
	r.decide(plates, map[string]any{"decision": "reopen"}, 200)
	for _, p := range r.similar(at("plates shattered")) {
		if p.Case == plates {
			t.Errorf("a case that was reopened is found: %+v", p)
		}
	}
	var hits struct{ Hits []struct{ Text string } }
	r.do("GET", "/api/v1/knowledge/search?q="+url.QueryEscape("rent the espresso machine for weddings"), nil, &hits)
	for _, h := range hits.Hits {
		if strings.Contains(h.Text, "espresso") {
			t.Errorf("what a customer wrote is a passage of the knowledge: %s", h.Text)
		}
	}
	if code := r.do("GET", "/api/v1/cases/similar?text=", nil, nil); code != 422 {
		t.Errorf("no text: %d, want 422", code)
	}
	if code := r.do("GET", "/api/v1/cases/"+strings.Replace(blender, "0", "1", 3)+"/similar", nil, nil); code != 404 {
		t.Errorf("no such case: %d, want 404", code)
	}
}
