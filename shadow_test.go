package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal/shadow"
	"resolute/plugins/demo"
)

// beside stores a version as a draft and lets it run beside the active one.
func (r *rig) beside(changes map[string][2]string) string {
	r.t.Helper()
	var draft struct{ Version string }
	if code := r.archive("POST", "/api/v1/bundles?activate=false", amended(r.t, changes), &draft); code != 200 {
		r.t.Fatalf("storing a draft: %d", code)
	}
	if code := r.do("POST", "/api/v1/bundles/"+draft.Version+"/shadow", nil, nil); code != 200 {
		r.t.Fatalf("starting its shadow: %d", code)
	}
	return draft.Version
}

// sees waits until a shadow has compared so many cases, and has followed everything.
func (r *rig) sees(version string, cases int) (s shadow.Report) {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if code := r.do("GET", "/api/v1/bundles/"+version+"/shadow", nil, &s); code != 200 {
			r.t.Fatalf("the shadow of %s: %d", version, code)
		}
		if s.Cases+s.Unplayed >= cases && s.Behind == 0 {
			return s
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the shadow of %s is %+v, want %d cases compared", version, s, cases)
		}
	}
}

// smashed are tickets about things that arrived broken and are in stock, each of another customer.
func smashed(nth int) demo.Signal {
	of := []struct{ order, customer, email string }{{"ORD-1001", "CUS-101", "mara@lindqvist.example"}, {"ORD-1009", "CUS-112", "dana.petrov@mail.example"}, {"ORD-1007", "CUS-109", "grace@mbeki.example"}}[nth]
	return demo.Signal{Source: "helpdesk", ID: of.order, Type: "ticket.created", Data: map[string]any{"thread": of.order,
		"customer": map[string]any{"id": of.customer, "email": of.email}, "text": "What I got of " + of.order + " arrived smashed, it is in pieces."}}
}

// TestShadowsSeeWhatTheyWouldDo runs versions beside the active one: one in other words, one that takes
// another remedy, one that is stricter, and one that wants to know more.
func TestShadowsSeeWhatTheyWouldDo(t *testing.T) {
	r := newRig(t)
	reworded := r.beside(map[string][2]string{"procedures/damaged-item.yaml": {"You don't need to send anything back.", "Keep the old one."}})
	strict := r.beside(map[string][2]string{"policies/freeze.yaml": {"", "policy: freeze\napplies_to: [shop.*]\nrules:\n  - {id: frozen, deny: 'true', reason: Not today.}\n"}})
	curious := r.beside(map[string][2]string{"procedures/damaged-item.yaml": {"gather:\n", "gather:\n  now_of: {call: ops.get_flag, with: {flag_key: checkout-v2}}\n"}})
	r.settled(r.send(smashed(0)), casefile.Resolved)
	effects, before := r.called("shop.create_replacement"), r.called("ops.get_flag")
	if s := r.sees(reworded, 1); s.Same != 1 || s.Diverged != 0 || s.Reads != 0 {
		t.Errorf("a version that says it in other words saw %+v, want the same case", s)
	}
	s := r.sees(strict, 1)
	if s.Diverged != 1 || len(s.Kinds) != 1 || s.Kinds[0].Kind != shadow.OtherVerdict || len(s.Kinds[0].Examples) != 1 || s.Kinds[0].Examples[0].Now != "deny shop.create_replacement by frozen" {
		t.Errorf("a version that denies it saw %+v, want a verdict that differs, with the rule", s)
	}
	if len(s.Procedures) != 1 || s.Procedures[0].Procedure != "damaged-item" {
		t.Errorf("by procedure it saw %+v, want damaged-item", s.Procedures)
	}
	if s := r.sees(curious, 1); s.Same != 1 || s.Reads != 1 || r.called("ops.get_flag") != before+1 {
		t.Errorf("a version that reads more saw %+v, and the company was asked %d times; want the same case and one read", s, r.called("ops.get_flag")-before)
	}
	if n := r.called("shop.create_replacement"); n != effects {
		t.Errorf("the company was asked %d times for a replacement after shadows saw a case, want %d", n, effects)
	}
	var b struct {
		Shadow *shadow.Report
		Draft  bool
	}
	if r.do("GET", "/api/v1/bundles/"+reworded, nil, &b); b.Shadow == nil || b.Shadow.Cases != 1 || !b.Draft {
		t.Errorf("the version is told as %+v, want a draft with what its shadow saw", b)
	}
	var activated struct {
		Active bool
		Shadow *shadow.Report
	}
	if code := r.do("POST", "/api/v1/bundles/"+reworded+"/activate", nil, &activated); code != 200 || activated.Shadow == nil || activated.Shadow.Same != 1 {
		t.Errorf("activating it: %d %+v, want what its shadow saw beside", code, activated)
	}
	r.settled(r.send(smashed(1)), casefile.Resolved, casefile.Escalated, casefile.Approving)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if r.do("GET", "/api/v1/bundles/"+reworded+"/shadow", nil, &s); s.State == shadow.Stopped {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the shadow of the version that became active is %+v, want it stopped", s)
		}
	}
}

// TestShadowsWriteNothing runs a version beside the active one that takes a write for a read, and one that
// reads what is paused.
func TestShadowsWriteNothing(t *testing.T) {
	r := newRig(t)
	const gather = "gather:\n"
	liar := r.beside(map[string][2]string{"tools/ops.yaml": {"plugin: ops\n", "plugin: ops\neffects: {set_flag: read}\n"},
		"procedures/damaged-item.yaml": {gather, gather + "  off: {call: ops.set_flag, with: {flag_key: checkout-v2, enabled: false}}\n"}})
	curious := r.beside(map[string][2]string{"procedures/damaged-item.yaml": {gather, gather + "  flag: {call: ops.get_flag, with: {flag_key: checkout-v2}}\n"}})
	if code := r.do("POST", "/api/v1/pause", map[string]any{"tool": "ops.get_flag", "note": "it is slow"}, nil); code != 200 {
		t.Fatalf("pausing a tool: %d", code)
	}
	r.settled(r.send(smashed(0)), casefile.Resolved)
	for _, version := range []string{liar, curious} {
		if s := r.sees(version, 1); s.Cases != 0 || s.Unplayed != 1 || s.Reads != 0 || len(s.UnplayedBy) != 1 {
			t.Errorf("the shadow saw %+v, want a case that can't be compared, and why", s)
		}
	}
	if n := r.called("ops.set_flag") + r.called("ops.get_flag"); n != 0 {
		t.Errorf("the company was asked %d times, want not once", n)
	}
}

// TestShadowsAreHeldAgainstPeople has people say yes and no to what the active version proposes, and a
// version beside it that proposes the same, and one that wouldn't ask.
func TestShadowsAreHeldAgainstPeople(t *testing.T) {
	r := newRig(t)
	asks := map[string][2]string{"policies/look.yaml": {"", "policy: look\napplies_to: [shop.create_replacement]\nrules:\n  - {id: look, approve: 'true', reason: A person looks.}\n"}}
	r.amend(asks)
	same := r.beside(map[string][2]string{"policies/look.yaml": asks["policies/look.yaml"], "procedures/damaged-item.yaml": {"You don't need to send anything back.", "Keep the old one."}})
	bold := r.beside(nil)
	shy := r.beside(map[string][2]string{"policies/freeze.yaml": {"", "policy: freeze\napplies_to: [shop.*]\nrules:\n  - {id: frozen, deny: 'true', reason: Not today.}\n"}})
	yes := r.send(smashed(0))
	c := r.settled(yes, casefile.Approving)
	r.decide(yes, map[string]any{"decision": "approve", "hash": c.Pending.Approval.Hash}, http.StatusOK)
	r.settled(yes, casefile.Resolved)
	no := r.send(smashed(1))
	c = r.settled(no, casefile.Approving)
	r.decide(no, map[string]any{"decision": "reject", "hash": c.Pending.Approval.Hash, "note": "they get their money back"}, http.StatusOK)
	r.settled(no, casefile.Escalated, casefile.Approving, casefile.Resolved)
	for _, tt := range []struct {
		name, version string
		approved      shadow.Counted
		rejected      shadow.Counted
	}{
		{"one that proposes the same", same, shadow.Counted{Agreed: 1, Of: 1}, shadow.Counted{Agreed: 0, Of: 1}},
		{"one that wouldn't ask", bold, shadow.Counted{Agreed: 1, Of: 1}, shadow.Counted{Agreed: 0, Of: 1}},
		{"one that denies it", shy, shadow.Counted{Agreed: 0, Of: 1}, shadow.Counted{Agreed: 1, Of: 1}},
	} {
		s := r.sees(tt.version, 2)
		if s.Decisions[casefile.DecideApprove] != tt.approved || s.Decisions[casefile.DecideReject] != tt.rejected || s.People.Of != 2 || s.People.LowerBound >= 0.9 {
			t.Errorf("%s agrees as %+v (of all %+v), want %v of the yes and %v of the no", tt.name, s.Decisions, s.People, tt.approved, tt.rejected)
		}
	}
}

// TestShadowsSurviveRestarts kills the process between two cases: what was seen of the first stays, and
// the second is met.
func TestShadowsSurviveRestarts(t *testing.T) {
	h := newTheatre(t)
	files := demoFiles(t, nil)
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasPrefix(name, "monitors/") }) // the cases are those that the test sends
	p := served(t, files, demo.EnvURL+"="+h.url)
	p.serve()
	var draft struct{ Version string }
	if code := p.sendBundle("/api/v1/bundles?activate=false", otherVersion, &draft); code != 200 {
		t.Fatalf("storing a draft: %d", code)
	}
	path := "/api/v1/bundles/" + draft.Version + "/shadow"
	for range 2 { // the second click changes nothing
		if code := p.do("POST", path, "", nil); code != 200 {
			t.Fatalf("starting the shadow: %d", code)
		}
	}
	sees := func(cases int) (s shadow.Report) {
		for deadline := time.Now().Add(30 * time.Second); s.Cases < cases; time.Sleep(5 * time.Millisecond) {
			if p.do("GET", path, "", &s); time.Now().After(deadline) {
				t.Fatalf("the shadow saw %+v, want %d cases", s, cases)
			}
		}
		return s
	}
	ticket := func(nth int) {
		g := smashed(nth)
		data, err := json.Marshal(g.Data)
		if err != nil {
			t.Fatal(err)
		}
		var r receipt
		body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":%q,"data":%s}`, g.ID, g.Source, g.Type, data)
		if p.do("POST", "/api/v1/signals", body, &r); r.CaseID == "" {
			t.Fatalf("signal %s is not acknowledged", g.ID)
		}
		if got := p.settled(r.CaseID); got != "resolved" {
			t.Fatalf("case %s is %s", r.CaseID, got)
		}
	}
	ticket(0)
	sees(1)
	ticket(1)
	p.kill()
	p.serve()
	ticket(2)
	s := sees(3)
	if s.State != shadow.Running || s.Cases != 3 || s.Diverged != 0 {
		t.Errorf("after the process was killed the shadow saw %+v, want it to run on, with the same in three cases", s)
	}
	if out := p.command("shadow", "show", draft.Version); !strings.Contains(out, "3 cases compared: 3 the same, 0 otherwise") || !strings.Contains(out, "damaged-item: 3 of 3 cases the same") {
		t.Errorf("resolute shadow show printed %s, want the three cases", out)
	}
	for range 2 {
		if code := p.do("DELETE", path, "", &s); code != 200 || s.State != shadow.Stopped || s.Cases != 3 {
			t.Errorf("stopping the shadow: %d %+v, want it stopped, with what it saw", code, s)
		}
	}
	p.kill()
	p.serve()
	if p.do("GET", path, "", &s); s.State != shadow.Stopped || s.Cases != 3 {
		t.Errorf("a stopped shadow after a restart is %+v", s)
	}
}

// What triage said of a case stands for a version with the same examples, though something was taught since.
func TestAShadowKeepsWhatTriageSaid(t *testing.T) {
	r := newRig(t)
	reworded := r.beside(map[string][2]string{"procedures/damaged-item.yaml": {"You don't need to send anything back.", "Keep the old one."}})
	signals := story(t, "angry-email")
	id := r.send(signals[0])
	r.settled(id, casefile.Waiting)
	if code := r.do("POST", "/api/v1/corrections", map[string]any{"scope": map[string]any{"procedure": "returned-item"}, "says": "That is about a return.", "from_case": id}, nil); code != http.StatusCreated {
		t.Fatalf("teaching otherwise: %d", code)
	}
	r.send(signals[1])
	r.settled(id, casefile.Resolved)
	if s := r.sees(reworded, 1); s.Same != 1 || s.Diverged != 0 {
		t.Errorf("after a correction the version saw %+v, want what triage said by then to stand", s)
	}
}
