package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/plugins/demo"
)

// routed gives how a case was routed, from its journal.
func (r *rig) routed(id string) (d casefile.ProcedureChosen) {
	r.t.Helper()
	var list struct {
		Items []struct {
			Kind casefile.Kind
			Data json.RawMessage
		}
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal", nil, &list)
	for _, e := range list.Items {
		if e.Kind == casefile.KindProcedureChosen {
			if err := json.Unmarshal(e.Data, &d); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	return d
}

// taught is the newest correction's id.
func taught(r *rig) string {
	r.t.Helper()
	var list struct{ Items []struct{ ID string } }
	r.do("GET", "/api/v1/corrections", nil, &list)
	return list.Items[0].ID
}

// What a person corrects is at work from the next signal on, and each case says what chose it; revoked, the
// next is told as before.
func TestCorrectionTeachesTriage(t *testing.T) {
	r := newRig(t)
	send := func(n, text string) string {
		s := demo.Signal{ID: "learn-" + n, Source: "helpdesk", Type: "ticket.created", Data: map[string]any{"customer": story(t, "smashed-blender")[0].Data["customer"], "thread": "learn-" + n, "text": text}}
		return r.send(s)
	}
	const text, like = "The thingamajig of ORD-1001 does the wobble, you know.", "The thingamajig does the wobble again, you know."
	id := send("1", text)
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopConfidenceLow {
		t.Fatalf("what nobody wrote before is %v, want it with a person for want of confidence", c)
	}
	before := r.routed(id)
	if before.Triage == "" || before.Signal == "" {
		t.Errorf("the journal says %+v, want which version of triage read which signal", before)
	}
	r.decide(id, map[string]any{"decision": "override", "procedure": "damaged-item", "note": "it wobbles, so it is broken",
		"correction": map[string]any{"scope": map[string]any{"procedure": "damaged-item"}, "says": "a thingamajig that does the wobble is damaged"}}, 200)
	r.settled(id, casefile.Resolved)
	next := send("2", like)
	r.settled(next, casefile.Waiting) // for the order
	if d := r.routed(next); d.Procedure != "damaged-item" || !strings.HasPrefix(d.Triage, before.Triage+"+") || d.Candidates[0].Nearest != "case "+id+", by correction "+taught(r) {
		t.Errorf("the next one goes to %q by version %s, most like %q; want damaged-item by what was taught on top of %s", d.Procedure, d.Triage, d.Candidates[0].Nearest, before.Triage)
	}
	var list struct{ State struct{ Taught int } }
	r.do("GET", "/api/v1/triage", nil, &list)
	if list.State.Taught != 1 {
		t.Errorf("triage says that %d texts are taught, want 1", list.State.Taught)
	}
	if code := r.do("DELETE", "/api/v1/corrections/"+taught(r), nil, nil); code != http.StatusNoContent {
		t.Fatalf("revoking: %d", code)
	}
	last := send("3", like)
	r.settled(last, casefile.Escalated)
	if d := r.routed(last); d.Procedure != "" || d.Triage != before.Triage {
		t.Errorf("with the correction revoked it goes to %q by version %s; want nobody, by %s", d.Procedure, d.Triage, before.Triage)
	}
}
