package rehearsal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"resolute/agent/rehearsal"
)

// several is a scenario in which one customer writes about an account of their own at each time, the
// first of them at once. Further is put into the file.
func several(ats []string, seen, further, expect string) string {
	var signals, answers []string
	for i, at := range ats {
		signals = append(signals, fmt.Sprintf("{at: %s, type: test.credit, data: {account_id: ACC-%d, customer: {id: C-1}, thread: t-%d}}", at, i+1, i+1))
		answers = append(answers, fmt.Sprintf("{args: {account_id: ACC-%d}, result: {id: ACC-%d, done: %s}}", i+1, i+1, seen))
	}
	return "rehearsal: several\nnow: 2026-03-01T10:00:00Z\nsignals:\n  [" + strings.Join(signals, ",\n  ") + "]\n" + further +
		"\nworld:\n  bank.get_account:\n    [" + strings.Join(answers, ",\n    ") + "]\nexpect: " + expect + "\n"
}

// TestRehearsalsAreAsLive has each thing that stands around a live engine have its say in a rehearsal.
func TestRehearsalsAreAsLive(t *testing.T) {
	const policies = "policy: all\napplies_to: [bank.*, till.*, mint.*]\nbind: {account_id: facts.account.id}\n"
	three := []string{"0s", "1h", "2h"}
	var spike []string // one in ten minutes for longer than it takes to know what is usual, then forty
	for i := range 40 {
		spike = append(spike, fmt.Sprintf("%dm", 10*i))
	}
	for i := range 40 {
		spike = append(spike, fmt.Sprintf("%dm%ds", 401, i))
	}
	for _, tt := range []struct {
		name     string
		scenario string
		files    map[string]string
		told     string // in the story
	}{
		{name: "budgets hold over several cases",
			scenario: several(three, "true", "", "{status: resolved, cases: [{signal: 2, status: resolved}, {signal: 3, status: approval, stop: budget.exceeded}]}"),
			files:    map[string]string{"policies/all.yaml": policies + "budgets: [{id: day, sum: action.args.amount_cents, per: case.customer.id, window: 24h, max: 1200, beyond: approve}]\n"}},
		{name: "a budget's window rolls",
			scenario: several([]string{"0s", "1h", "25h"}, "true", "", "{cases: [{signal: 3, status: resolved}]}"),
			files:    map[string]string{"policies/all.yaml": policies + "budgets: [{id: day, sum: action.args.amount_cents, per: case.customer.id, window: 24h, max: 1200, beyond: approve}]\n"}},
		{name: "earlier cases are remembered",
			scenario: several(three, "true", "", "{status: resolved, cases: [{signal: 2, status: resolved}, {signal: 3, status: approval, stop: risk.high}]}"),
			files:    map[string]string{"policies/all.yaml": policies + "risk: [{id: third, add: 60, when: 'history.filter(h, h.procedure == \"credit\").size() >= 2'}]\n"}},
		{name: "a tool that is paused is waited for",
			scenario: several([]string{"0s"}, "true", "paused: [{tool: bank.credit, until: 3h}]", "{status: resolved, calls: [bank.credit]}"), told: "3h0m0s  bank.credit"},
		{name: "so is a procedure", scenario: several(three, "true", "paused: [{procedure: credit, at: 30m}]", "{status: resolved, cases: [{signal: 2, status: waiting, stop: paused}]}")},
		{name: "everything is paused", scenario: several(three, "true", "paused: [{}]", "{status: waiting, stop: paused, never: [bank.get_account]}")},
		{name: "levels that are stated count above the bundle's",
			scenario: several([]string{"0s"}, "true", "authority: [{level: shadow}, {procedure: credit, tool: bank.credit, level: propose}]", "{status: approval, stop: authority.propose, never: [bank.credit]}")},
		{name: "in shadow nothing is done",
			scenario: several([]string{"0s"}, "true", "authority: [{tool: bank.credit, level: shadow}]", "{status: escalated, stop: authority.shadow, never: [bank.credit]}")},
		{name: "what had to be taken back twice is proposed the third time",
			scenario: several(three, "false", "", "{status: escalated, calls: [bank.credit, bank.uncredit, bank.credit, bank.uncredit], cases: [{signal: 3, status: approval, stop: authority.propose}]}"),
			files:    map[string]string{"authority.yaml": "default: act\ndemote: {reversals: 2, window: 24h}\n"}},
		{name: "a tool that spikes is paused",
			scenario: several(spike, "true", "", "{status: resolved, cases: [{signal: 40, status: resolved}, {signal: 80, status: waiting, stop: paused}]}")},
	} {
		m := files()
		for name, text := range tt.files {
			m[name].Data = []byte(text)
		}
		m["rehearsals/credit.yaml"].Data = []byte(tt.scenario)
		items := rehearse(t, m, rehearsal.Options{Seed: 5}).Items
		it := items[slices.IndexFunc(items, func(it rehearsal.Item) bool { return it.Rehearsal == "several" })]
		story := strings.Join(it.Story, "\n")
		if !it.Passed || !strings.Contains(story, tt.told) {
			t.Errorf("%s: %v, want it met and %q in\n%.6000s", tt.name, it.Failures, tt.told, story)
		}
	}
}
