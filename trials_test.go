package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/kb"
	"resolute/plugins/demo"
)

// rehearsed is what the active version's rehearsals come to with all that counts at work.
func (r *rig) rehearsed() string {
	r.t.Helper()
	a := r.app.(*appliance)
	tried, untried, err := standing{Base: a.knowledge}.Standing(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	stage, err := a.openTrial(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	report, err := stage.Rehearse(r.t.Context(), append(tried, untried...))
	if err == nil {
		err = stage.Close()
	}
	raw, encoding := json.Marshal(report)
	if err != nil || encoding != nil {
		r.t.Fatal(err, encoding)
	}
	return string(raw)
}

// TestCorrectionThatLowersRehearsalsIsHeld teaches that a theatre group's wish is a damaged item. A rehearsal
// of what no procedure is for fails with that at work, so it is held, and says why; an admin who accepts it
// all the same has it at work, and revoked it leaves no trace.
func TestCorrectionThatLowersRehearsalsIsHeld(t *testing.T) {
	r := newRig(t)
	send := func(n, text string) string {
		return r.send(demo.Signal{ID: "trial-" + n, Source: "helpdesk", Type: "ticket.created", Data: map[string]any{"customer": story(t, "smashed-blender")[0].Data["customer"], "thread": "trial-" + n, "text": text}})
	}
	teach := func(procedure, from, says string) (c kb.Correction) {
		t.Helper()
		if code := r.do("POST", "/api/v1/corrections", map[string]any{"scope": map[string]any{"procedure": procedure}, "says": says, "from_case": from}, &c); code != http.StatusCreated {
			t.Fatalf("teaching: %d", code)
		}
		return c
	}
	read := func(id string) (c kb.Correction) {
		t.Helper()
		r.do("GET", "/api/v1/corrections/"+id, nil, &c)
		return c
	}
	const text = "Our theatre group would love to shoot a short scene in your showroom next spring. Whom should we talk to about that?"
	theatre := send("1", text)
	r.settled(theatre, casefile.Escalated)
	odd := send("2", "The thingamajig of ORD-1001 does the wobble, you know.")
	r.settled(odd, casefile.Escalated)

	good := teach("damaged-item", odd, "a thingamajig that wobbles is damaged")
	eventually(t, "a correction that lowers nothing is tried and goes on counting", func() bool { good = read(good.ID); return !good.TriedAt.IsZero() })
	if good.State != kb.Active {
		t.Errorf("it is %s (%s), want it at work", good.State, good.Why)
	}

	const query = "/api/v1/knowledge/search?q=shoot+a+scene&k=5"
	standing := func() string {
		var hits json.RawMessage
		r.do("GET", query, nil, &hits)
		return string(hits) + r.rehearsed()
	}
	before := standing()

	bad := teach("damaged-item", theatre, "who wants to shoot a scene has a damaged item")
	eventually(t, "a correction that lowers rehearsals is held", func() bool { bad = read(bad.ID); return bad.State == kb.Held })
	if !strings.Contains(bad.Why, "rehearsals of bundle") || !strings.Contains(bad.Why, "something that no procedure is for") || !strings.Contains(bad.Why, ".yaml:") {
		t.Errorf("it is held because %q, want the rehearsal, and where it fails", bad.Why)
	}
	if now := standing(); now != before {
		t.Error("held, it is still at work in search or rehearsals")
	}
	next := send("3", text)
	r.settled(next, casefile.Escalated)
	if d := r.routed(next); d.Procedure != "" {
		t.Errorf("held, it sends the next one to %s", d.Procedure)
	}

	var accepted kb.Correction
	if code := r.do("POST", "/api/v1/corrections/"+bad.ID+"/accept", nil, &accepted); code != http.StatusOK || accepted.State != kb.Active || accepted.Why != "" {
		t.Fatalf("accepting: %d, %+v", code, accepted)
	}
	during := standing()
	if during == before {
		t.Error("accepted by an admin, it changes nothing")
	}
	if code := r.do("DELETE", "/api/v1/corrections/"+bad.ID, nil, nil); code != http.StatusNoContent {
		t.Fatalf("revoking: %d", code)
	}
	if after := standing(); after != before {
		t.Error("revoked, search or rehearsals are not to the byte what they were")
	}
	var audit struct {
		Items []struct{ Action, Actor, Subject string }
	}
	r.do("GET", "/api/v1/audit", nil, &audit)
	told := false
	for _, e := range audit.Items {
		told = told || e.Action == "correction.held" && e.Actor == casefile.ActorSystem && e.Subject == bad.ID
	}
	if !told {
		t.Errorf("the audit doesn't say that it was held: %+v", audit.Items)
	}
}
