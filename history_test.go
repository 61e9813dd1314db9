package main

import (
	"testing"

	"resolute/agent/casefile"
	"resolute/plugins/demo"
)

// TestRulesSeeTheCustomersEarlierCases: those of the same customer that are over, whether one looks by id
// or by email, and of nobody else; what a verdict rests on is an entry of the case.
func TestRulesSeeTheCustomersEarlierCases(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	r.counting(map[string]string{"policies/count.yaml": `policy: count
applies_to: [counter.*]
bind: {item: facts.now_it_is.item}
rules:
  - {id: counted-lately, approve: 'history.exists(h, h.procedure == "count" && h.outcome == "resolved" && h.hypothesis == "uncounted" && h.amounts == [] && now - h.closed_at < duration("720h"))', reason: It was counted for them before.}
`})
	seen := func(item string, customer map[string]any) string {
		return r.send(demo.Signal{ID: item, Source: "test", Type: "item.seen", Data: map[string]any{"item": item, "customer": customer}})
	}
	found := func(id string) []any {
		entries := r.entries(id, string(casefile.KindHistoryFound))
		if len(entries) != 1 {
			t.Fatalf("case %s has %d entries of its history, want one", id, len(entries))
		}
		cases, _ := entries[0]["cases"].([]any)
		return cases
	}
	first := seen("a", map[string]any{"id": "c-1", "email": "Ann@example.com"})
	r.settled(first, casefile.Resolved)
	if cases := found(first); len(cases) != 0 {
		t.Errorf("the first case of a customer knows of %v, want none", cases)
	}
	for item, customer := range map[string]map[string]any{"b": {"id": "c-2", "email": "ann@example.com"}, "c": {"id": "c-3"}, "d": {"email": "bob@example.com"}} {
		id := seen(item, customer)
		r.settled(id, casefile.Resolved)
		if cases := found(id); len(cases) != 0 {
			t.Errorf("the case of %v knows of %v, which is somebody else's", customer, cases)
		}
	}
	for item, customer := range map[string]map[string]any{"e": {"id": "c-1"}, "f": {"email": "ANN@example.com"}} {
		id := seen(item, customer)
		if c := r.settled(id, casefile.Approving, casefile.Resolved); c.Status != casefile.Approving || c.Stop.Rule != "counted-lately" {
			t.Errorf("the next case of %v is %v, want it to wait for approval by counted-lately", customer, c)
		}
		if cases := found(id); len(cases) == 0 || cases[len(cases)-1].(map[string]any)["case_id"] != first {
			t.Errorf("the next case of %v knows of %v, want case %s as the oldest", customer, cases, first)
		}
	}
}
