package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/policy"
	"resolute/agent/source"
)

func guard(t testing.TB, authority string, files ...string) *policy.Guard {
	t.Helper()
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var ps source.Problems
	var list []*policy.Policy
	for i, text := range files {
		p := policy.Parse(fmt.Sprintf("p%d.yaml", i), []byte(text), c, &ps)
		p.RunExamples(&ps)
		list = append(list, p)
	}
	a := policy.ParseAuthority("authority.yaml", []byte(authority), &ps)
	if ps.Failed() {
		t.Fatal(ps.Error())
	}
	return policy.NewGuard(list, a, "hash", policy.Terms{Currency: "EUR"})
}

func aCase() *casefile.Case {
	return &casefile.Case{Procedure: "damaged", Customer: casefile.Customer{ID: "c-1", Email: "a@example.com", Assurance: casefile.AssuranceVouched},
		Facts: map[string]casefile.Fact{"order": {Value: casefile.Value{V: map[string]any{"id": "ORD-1", "email": "a@example.com", "total": int64(4900)}}}}}
}

func refund(cents any) casefile.Action {
	return casefile.Action{Tool: "shop.refund", Effect: "write", Args: casefile.Object{"order_id": "ORD-1", "amount_cents": cents}}
}

// literal are arguments that the bundle itself gives, so that provenance has nothing to say.
func literal() map[string][]string { return map[string][]string{"order_id": nil, "amount_cents": nil} }

const refunds = `policy: refunds
applies_to: [shop.refund]
bind: {order_id: facts.order.id}
rules:
  - {id: own, deny: facts.order.email != case.customer.email, reason: Only the owner.}
  - {id: over-100, approve: action.args.amount_cents > 10000, by: approver, reason: A person decides.}
  - {id: over-50, approve: action.args.amount_cents > 5000, reason: A person looks.}
`

func TestVerdicts(t *testing.T) {
	act := "default: act\n"
	for _, tt := range []struct {
		name, authority string
		files           []string
		change          func(*casefile.Case, *casefile.Action)
		want            casefile.VerdictOutcome
		rule, by        string
		code            casefile.StopCode
	}{
		{"a write that a policy applies to", act, []string{refunds}, nil, casefile.Allow, "", "", ""},
		{"a read", "default: propose\n", nil, func(_ *casefile.Case, a *casefile.Action) { a.Effect = "read" }, casefile.Allow, "", "", ""},
		{"a write that no policy applies to", act, nil, nil, casefile.Approve, "no-policy", "operator", casefile.StopPolicyApproval},
		{"somebody else's order", act, []string{refunds}, func(c *casefile.Case, _ *casefile.Action) { c.Customer.Email = "b@example.com" }, casefile.Deny, "own", "", casefile.StopPolicyDeny},
		{"an unknown customer: the rule reads what is absent", act, []string{refunds}, func(c *casefile.Case, _ *casefile.Action) { c.Customer.Email = "" }, casefile.Deny, "own", "", casefile.StopPolicyDeny},
		{"deny beats approve", act, []string{refunds}, func(c *casefile.Case, a *casefile.Action) {
			c.Customer.Email, a.Args["amount_cents"] = "b@example.com", int64(20000)
		}, casefile.Deny, "own", "approver", casefile.StopPolicyDeny},
		{"the highest role decides", act, []string{refunds}, func(_ *casefile.Case, a *casefile.Action) { a.Args["amount_cents"] = int64(20000) }, casefile.Approve, "over-100", "approver", casefile.StopPolicyApproval},
		{"another value than the bound one", act, []string{refunds}, func(_ *casefile.Case, a *casefile.Action) { a.Args["order_id"] = "ORD-2" }, casefile.Deny, "bind:order_id", "", casefile.StopPolicyDeny},
		{"the bound argument is absent", act, []string{refunds}, func(_ *casefile.Case, a *casefile.Action) { delete(a.Args, "order_id") }, casefile.Deny, "bind:order_id", "", casefile.StopPolicyDeny},
		{"bound to what is absent", act, []string{refunds}, func(c *casefile.Case, _ *casefile.Action) { c.Facts = nil }, casefile.Deny, "bind:order_id", "", casefile.StopPolicyDeny},
		{"binding is typed", act, []string{"policy: p\napplies_to: [shop.*]\nbind: {amount_cents: facts.order.total}\n"}, func(_ *casefile.Case, a *casefile.Action) { a.Args["amount_cents"] = 4900.0 }, casefile.Deny, "bind:amount_cents", "", casefile.StopPolicyDeny},
		{"a rule that divides by zero", act, []string{"policy: p\napplies_to: ['*']\nrules:\n  - {id: r, approve: 1 / (facts.order.total - facts.order.total) == 1}\n"}, nil, casefile.Deny, "r", "", casefile.StopPolicyDeny},
		{"a rule that isn't true or false", act, []string{"policy: p\napplies_to: ['*']\nrules:\n  - {id: r, deny: facts.order.total}\n"}, nil, casefile.Deny, "r", "", casefile.StopPolicyDeny},
		{"irreversible without an allow rule", act, []string{refunds}, func(_ *casefile.Case, a *casefile.Action) { a.Effect = "irreversible" }, casefile.Deny, "irreversible", "", casefile.StopPolicyDeny},
		{"irreversible with one", act, []string{refunds + "  - {id: small, allow: action.args.amount_cents < 100000}\n"}, func(_ *casefile.Case, a *casefile.Action) { a.Effect = "irreversible" }, casefile.Allow, "", "", ""},
		{"an effect that nobody knows", act, []string{refunds + "  - {id: small, allow: 'true'}\n"}, func(_ *casefile.Case, a *casefile.Action) { a.Effect = "odd" }, casefile.Deny, "effect", "", casefile.StopPolicyDeny},
		{"nobody vouches for the customer", act, []string{refunds}, func(c *casefile.Case, _ *casefile.Action) { c.Customer.Assurance = casefile.AssuranceNone }, casefile.Approve, "assurance", "operator", casefile.StopPolicyApproval},
		{"the same again", act, []string{refunds}, func(c *casefile.Case, a *casefile.Action) {
			c.Writes = []casefile.Write{{Tool: a.Tool, Args: casefile.Object{"amount_cents": int64(4900), "order_id": "ORD-1"}}}
		}, casefile.Approve, "repeat", "operator", casefile.StopPolicyApproval},
		{"the same again, after it was undone", act, []string{refunds}, func(c *casefile.Case, a *casefile.Action) {
			c.Writes = []casefile.Write{{Tool: a.Tool, Args: a.Args, Undone: true}}
		}, casefile.Allow, "", "", ""},
		{"what it may only propose", "default: propose\n", []string{refunds}, nil, casefile.Approve, "", "operator", casefile.StopAuthorityPropose},
		{"granted for the procedure", "default: propose\ngrants: [{procedure: damaged, tool: shop.refund, level: act}, {tool: shop.refund, level: propose}]\n", []string{refunds}, nil, casefile.Allow, "", "", ""},
		{"all policies that apply count", act, []string{refunds, "policy: freeze\napplies_to: [shop.*]\nrules:\n  - {id: frozen, deny: 'true'}\n"}, nil, casefile.Deny, "frozen", "", casefile.StopPolicyDeny},
	} {
		c, a := aCase(), refund(int64(4900))
		if tt.change != nil {
			tt.change(c, &a)
		}
		v := guard(t, tt.authority, tt.files...).Judge(c, casefile.Proposal{Reads: literal(), Action: a, Hypothesis: "h", Now: time.Now()})
		if v.Outcome != tt.want || v.Rule != tt.rule || v.Code != tt.code || v.Outcome == casefile.Approve && v.By != tt.by {
			t.Errorf("%s: %s by rule %q, role %q, code %q; want %s %q %q %q", tt.name, v.Outcome, v.Rule, v.By, v.Code, tt.want, tt.rule, tt.by, tt.code)
		}
	}
}

func TestNothingIsAllowedThatARuleDeniesOrCannotTell(t *testing.T) {
	conditions := []string{"true", "false", "facts.order.nothing == 1", "1 / 0 == 1", "facts.order.total > 100", "action.args.amount_cents > 4000"}
	says := []string{"deny", "approve", "allow"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("policy: p\napplies_to: ['*']\nrules:\n")
		denied, approved := false, false
		for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
			k := rapid.SampledFrom(conditions).Draw(t, "condition")
			say := rapid.SampledFrom(says).Draw(t, "says")
			fmt.Fprintf(&b, "  - {id: r%d, %s: '%s'}\n", i, say, k)
			errs := k == conditions[2] || k == conditions[3]
			holds := k != "false" && !errs
			denied = denied || errs || holds && say == "deny"
			approved = approved || holds && say == "approve"
		}
		want := casefile.Allow
		if approved {
			want = casefile.Approve
		}
		if denied {
			want = casefile.Deny
		}
		c, err := expr.NewCompiler()
		if err != nil {
			t.Fatal(err)
		}
		var ps source.Problems
		p := policy.Parse("p.yaml", []byte(b.String()), c, &ps)
		if ps.Failed() {
			t.Fatal(ps.Error())
		}
		v := policy.NewGuard([]*policy.Policy{p}, &policy.Authority{Default: casefile.LevelAct}, "", policy.Terms{}).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(int64(4900)), Now: time.Now()})
		if v.Outcome != want {
			t.Fatalf("%s\nsays %s, want %s", b.String(), v.Outcome, want)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	text := "policy: p\napplies_to: ['*']\nrules:\n"
	for i := range 20 {
		text += fmt.Sprintf("  - {id: r%d, deny: facts.order.total > %d && case.customer.email != ''}\n", i, 10000+i)
	}
	g, c, a := guard(b, "default: act\n", text), aCase(), refund(int64(4900))
	b.ReportAllocs()
	for b.Loop() {
		g.Judge(c, casefile.Proposal{Reads: literal(), Action: a, Hypothesis: "h"})
	}
}
