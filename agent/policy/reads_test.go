package policy_test

import (
	"testing"
	"time"

	"resolute/agent/casefile"
)

// Reads are allowed, and only what policies say about the tool tightens that.
func TestReads(t *testing.T) {
	g := guard(t, "default: shadow\n", `policy: own
applies_to: [shop.get_account]
bind: {customer_id: case.customer.id}
from: {purpose: [bundle]}
rules:
  - {id: night, deny: now.getHours() < 6, reason: Not at night.}
  - {id: vip, approve: action.args.customer_id == "vip", reason: A person looks.}
budgets:
  - {id: few, sum: "1", window: 24h, max: 0, beyond: deny}
`)
	read := func(tool string, args casefile.Object) casefile.Action {
		return casefile.Action{Tool: tool, Effect: "read", Args: args}
	}
	for _, tt := range []struct {
		name   string
		action casefile.Action
		hour   int
		reads  map[string][]string
		want   casefile.VerdictOutcome
		rule   string
	}{
		{"the customer's own", read("shop.get_account", casefile.Object{"customer_id": "c-1"}), 12, nil, casefile.Allow, ""},
		{"another's", read("shop.get_account", casefile.Object{"customer_id": "c-2"}), 12, nil, casefile.Deny, "bind:customer_id"},
		{"nobody's", read("shop.get_account", nil), 12, nil, casefile.Deny, "bind:customer_id"},
		{"against a rule", read("shop.get_account", casefile.Object{"customer_id": "c-1"}), 3, nil, casefile.Deny, "night"},
		{"from where it may not come", read("shop.get_account", casefile.Object{"customer_id": "c-1", "purpose": "x"}), 12, nil, casefile.Deny, "from:purpose"},
		{"from where it may come", read("shop.get_account", casefile.Object{"customer_id": "c-1", "purpose": "x"}), 12, map[string][]string{"purpose": nil}, casefile.Allow, ""},
		{"what no policy is about", read("shop.get_order", casefile.Object{"order_id": "ORD-9"}), 3, nil, casefile.Allow, ""},
	} {
		v := g.Judge(aCase(), casefile.Proposal{Action: tt.action, Now: time.Date(2026, 3, 1, tt.hour, 0, 0, 0, time.UTC), Reads: tt.reads})
		if v.Outcome != tt.want || v.Rule != tt.rule {
			t.Errorf("%s: %s by %q (%s), want %s by %q", tt.name, v.Outcome, v.Rule, v.Reason, tt.want, tt.rule)
		}
	}
}
