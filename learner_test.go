package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

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

// standsAt is what GET /triage says.
type standsAt struct {
	State struct {
		Bundle, Version string
		PinnedBy        string `json:"pinned_by"`
	}
	Items []struct {
		Version, Bundle string
		Active          bool
		Evidence        int
	}
}

// learnt waits until triage has learned from cases for a version of the bundle, and gives the newest of it.
func (r *rig) learnt(bundle string) (version string, list standsAt) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		list = standsAt{}
		r.do("GET", "/api/v1/triage", nil, &list)
		for _, v := range list.Items {
			if v.Bundle == bundle && v.Evidence > 0 {
				return v.Version, list
			}
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("nothing was learned for bundle %s: %+v", bundle, list)
		}
	}
}

// An admin goes back from what was learned, and the bundle is applied with a comment more: texts go where the
// admin wanted, and what was learned again waits for somebody.
func TestRollbackOfTriageOutlivesApply(t *testing.T) {
	r := newRig(t)
	send := func(n, text string) string {
		return r.send(demo.Signal{ID: "pin-" + n, Source: "helpdesk", Type: "ticket.created", Data: map[string]any{"customer": map[string]any{"id": "CUS-" + n}, "thread": n, "text": text}})
	}
	const text = "My thingamajig does the wobble, you know."
	probe := send("before", text)
	r.settled(probe, casefile.Escalated)
	wanted := r.routed(probe)
	var ids []string
	for i := range 70 {
		ids = append(ids, send(fmt.Sprint("c", i), fmt.Sprintf("My thingamajig does the wobble, you know, says %c%c.", 'a'+i/8, 'a'+i%8)))
	}
	for _, id := range ids {
		r.settled(id, casefile.Escalated)
		r.decide(id, map[string]any{"decision": "takeover", "note": "mine"}, 200)
		r.decide(id, map[string]any{"decision": "close", "procedure": "damaged-item", "note": "it wobbles, so it is broken"}, 200)
	}
	var now standsAt
	r.do("GET", "/api/v1/triage", nil, &now)
	learned, now := r.learnt(now.State.Bundle)
	activate := func(version string) {
		t.Helper()
		if code := r.do("POST", "/api/v1/triage/"+version+"/activate", nil, nil); code != http.StatusOK {
			t.Fatalf("activate %s: %d", version, code)
		}
	}
	if now.State.Version != learned {
		activate(learned)
	}
	activate(wanted.Triage)
	r.do("GET", "/api/v1/triage", nil, &now)
	by := now.State.PinnedBy
	if by == "" || now.State.Version != wanted.Triage {
		t.Fatalf("gone back, triage stands as %+v", now.State)
	}
	next := r.amend(map[string][2]string{"procedures/damaged-item.yaml": {"", "# one line more\n"}})
	for _, when := range []string{"at-once", "later"} {
		id := send(when, text)
		r.settled(id, casefile.Escalated)
		if d := r.routed(id); d.Triage != wanted.Triage || d.Procedure != wanted.Procedure {
			t.Errorf("applied anew, %s the text goes to %q by %s, want %q by %s, which the admin went back to", when, d.Procedure, d.Triage, wanted.Procedure, wanted.Triage)
		}
		again, now := r.learnt(next)
		if again != learned || now.State.Bundle != next || now.State.Version != wanted.Triage || now.State.PinnedBy != by {
			t.Errorf("applied anew, it learned %s and stands as %+v; want %s to wait beside %s, pinned by %s", again, now.State, learned, wanted.Triage, by)
		}
	}
}
