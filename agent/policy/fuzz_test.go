package policy_test

import (
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/policy"
	"resolute/agent/source"
)

// Whatever a policy file holds, reading it and judging by it ends without a panic, and what wasn't
// read whole allows no irreversible action.
func FuzzParse(f *testing.F) {
	f.Add(refunds)
	f.Add("policy: p\napplies_to: ['*']\nbind: {a: }\nrules: [{}, {id: r, deny: 1 +, by: x}, 1]\nexamples: [{given: [], expect: allow, rule: q}, {given: {action: 1, now: x}}]\n")
	f.Add("policy: [a]\napplies_to: {a: b}\nrules: {id: r, allow: 'true'}\n")
	c, err := expr.NewCompiler()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var problems source.Problems
		p := policy.Parse("p.yaml", []byte(text), c, &problems)
		if p == nil {
			return
		}
		p.CheckTools(map[string][]string{"shop.refund": {"order_id", "amount_cents"}}, &problems)
		p.RunExamples(&problems)
		a := refund(int64(4900))
		a.Effect = "irreversible"
		v := policy.NewGuard([]*policy.Policy{p}, &policy.Authority{Default: casefile.LevelAct}, "", policy.Terms{}).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: a, Hypothesis: "h"})
		allows := false
		for i := range p.Rules {
			allows = allows || p.Rules[i].Says == casefile.Allow && p.Rules[i].When != nil
		}
		if v.Outcome == casefile.Allow && !allows {
			t.Errorf("an irreversible action is allowed without any allow rule, by:\n%s", text)
		}
	})
}
