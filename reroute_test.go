package main

import (
	"testing"

	"resolute/agent/casefile"
)

// A case that triage was not sure about goes down the procedure that a person names, from its start; and
// no other once something was done.
func TestPersonChoosesTheProcedure(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	s := story(t, "nobody-wrote-it")[0]
	s.ID, s.Data["text"] = "reroute-1", "About ORD-1001: you know very well what is the matter with it."
	s.Data["customer"] = story(t, "smashed-blender")[0].Data["customer"]
	s.Data["thread"] = "reroute"
	delete(s.Data, "subject")
	id := r.send(s)
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopConfidenceLow {
		t.Fatalf("what nobody wrote before is %v, want it with a person for want of confidence", c)
	}
	for _, wrong := range []map[string]any{
		{"decision": "override", "procedure": "nonsense"},
		{"decision": "override", "procedure": "damaged-item", "hypothesis": "replaceable"},
		{"decision": "close", "procedure": "nonsense"},
	} {
		r.decide(id, wrong, 422)
	}
	r.decide(id, map[string]any{"decision": "override", "procedure": "damaged-item", "note": "smashed, by phone"}, 200)
	if c := r.settled(id, casefile.Resolved); c.Outcome != "replaceable" || r.called("shop.create_replacement") != 1 {
		t.Errorf("sent down damaged-item it ends %v with %d replacements, want one", c, r.called("shop.create_replacement"))
	}
	r.decide(id, map[string]any{"decision": "override", "procedure": "missing-item"}, 409)
	r.decide(id, map[string]any{"decision": "reopen"}, 200)
	r.settled(id, casefile.Escalated, casefile.Resolved, casefile.Approving)
	r.decide(id, map[string]any{"decision": "override", "procedure": "missing-item"}, 409)
	if n := r.called("shop.create_replacement"); n != 1 {
		t.Errorf("%d replacements, want no second remedy by another procedure", n)
	}
}

// What a person closes as being for no procedure, or for another one, says so in its journal.
func TestPersonSaysWhatItWasFor(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "nobody-wrote-it")[0])
	r.settled(id, casefile.Escalated)
	r.decide(id, map[string]any{"decision": "close", "procedure": casefile.NoProcedure}, 200)
	r.settled(id, casefile.Closed)
	if d := lastDecision(r, id); d["procedure"] != casefile.NoProcedure {
		t.Errorf("the journal says %v, want that it was for none", d)
	}
}

func lastDecision(r *rig, id string) map[string]any {
	r.t.Helper()
	var list struct {
		Items []struct {
			Kind casefile.Kind
			Data map[string]any
		}
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal", nil, &list)
	var last map[string]any
	for _, e := range list.Items {
		if e.Kind == casefile.KindOperatorDecided {
			last = e.Data
		}
	}
	return last
}
