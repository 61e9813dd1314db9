package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// Who is told of a handoff gets it by webhook, or finds it in the outbox; the case says where it waits,
// until when, and what whoever takes it should know.
func TestHandoffIsTold(t *testing.T) {
	heard := make(chan map[string]any, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var in map[string]any
		if json.NewDecoder(q.Body).Decode(&in) == nil {
			heard <- in
		}
	}))
	defer hook.Close()
	r := newRig(t)
	r.counting(map[string]string{"resolute.yaml": "company: Counting House\nqueues: {default: {notify: ['" + hook.URL + "', lead@example.com], due: 1h}}\n"})
	r.settled(r.item("seen", "x"), casefile.Resolved)
	again := r.send(signalOf("second", "item.seen", "x"))
	r.settled(again, casefile.Escalated)
	select {
	case in := <-heard:
		text, _ := in["text"].(string)
		if in["kind"] != "notice" || in["case_id"] != again || !strings.Contains(text, "The item is counted once") || !strings.Contains(text, "counted-before") {
			t.Errorf("the webhook heard %v, want a notice of the case, with its goal and why it stopped", in)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the webhook heard nothing")
	}
	var out struct {
		Items []struct{ Kind, To, Status string }
	}
	r.do("GET", "/api/v1/outbox", nil, &out)
	if !slices.ContainsFunc(out.Items, func(m struct{ Kind, To, Status string }) bool {
		return m.Kind == "notice" && m.To == "lead@example.com" && m.Status == "ready"
	}) {
		t.Errorf("the outbox has %+v, want a notice to lead@example.com that is ready to be read", out.Items)
	}
	var c struct {
		Stop    casefile.Stop
		Handoff struct {
			Queue, Unblock, Brief string
			DueAt                 time.Time `json:"due_at"`
			Known                 []struct{ Name, Tool, Evidence string }
		}
	}
	r.do("GET", "/api/v1/cases/"+again, nil, &c)
	if h := c.Handoff; h.Queue != "default" || h.DueAt.IsZero() || h.Unblock == "" || h.Brief == "" || len(h.Known) != 1 || h.Known[0].Tool != "counter.get" || c.Stop.To != "default" {
		t.Errorf("the handoff is %+v (stop %+v), want its queue, when it is due, what would unblock it and what is known", h, c.Stop)
	}
	var list struct{ Items []struct{ ID string } }
	for queue, want := range map[string]int{"default": 1, "other": 0} {
		if r.do("GET", "/api/v1/cases?queue="+queue, nil, &list); len(list.Items) != want {
			t.Errorf("the queue %s has %v, want %d cases", queue, list.Items, want)
		}
	}
}

// Whoever takes a case over acts through the same tools under the same guard, with somebody else's
// approval where it takes one; it stays theirs until they hand it back, and then goes on with what they did.
func TestPersonActsAndHandsBack(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	r.counting(map[string]string{"authority.yaml": "default: propose\n"})
	olga, pia := r.as("operator", "olga"), r.as("operator", "pia")
	id := r.item("seen", "x")
	r.settled(id, casefile.Approving)
	olga.decides(id, map[string]any{"decision": "takeover", "note": "mine"}, 200)
	add := func(item string) map[string]any {
		return map[string]any{"decision": "override", "action": map[string]any{"tool": "counter.add", "args": map[string]any{"item": item}}}
	}
	olga.decides(id, add("another"), 422) // the guard denies it: it is bound
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopHumanTakeover || c.Stop.To != "token:olga" {
		t.Fatalf("what the guard denies a person: %v, to %s; want it still with olga", c, c.Stop.To)
	}
	olga.decides(id, add("x"), 200)
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	olga.decides(id, map[string]any{"decision": "approve", "hash": hash}, 403)
	pia.decides(id, map[string]any{"decision": "approve", "hash": hash}, 200)
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopHumanTakeover || c.Stop.To != "token:olga" {
		t.Fatalf("after what olga chose is done: %v, to %s; want it with olga", c, c.Stop.To)
	}
	olga.decides(id, map[string]any{"decision": "handback"}, 200)
	if c := r.settled(id, casefile.Resolved); c.Outcome != "uncounted" {
		t.Errorf("handed back: %v, want it resolved by what olga did", c)
	}
	sent := 0
	for _, d := range r.entries(id, "call.intended") {
		if d["call"].(map[string]any)["tool"] == "counter.add" {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("%d calls were sent, want olga's and none of the agent's on top", sent)
	}
}
