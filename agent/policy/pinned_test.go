package policy_test

import (
	"slices"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/policy"
	"resolute/agent/source"
)

func TestTheStricterOfTwoVersionsCounts(t *testing.T) {
	const (
		act     = "default: act\n"
		propose = "default: propose\n"
		none    = "policy: refunds\napplies_to: [shop.refund]\n"
		freeze  = "policy: freeze\napplies_to: [shop.refund]\nrules:\n  - {id: frozen, deny: 'true', reason: No refunds today.}\n"
		over40  = "policy: refunds\napplies_to: [shop.refund]\nrules:\n  - {id: over-40, approve: action.args.amount_cents > 4000, by: approver}\n"
		over30  = "policy: refunds\napplies_to: [shop.refund]\nrules:\n  - {id: over-30, approve: action.args.amount_cents > 3000, by: admin}\n"
		newFact = "policy: tiers\napplies_to: [shop.refund]\nrules:\n  - {id: tier, deny: facts.profile.tier == 'blocked', reason: Blocked.}\n"
		newBind = "policy: tiers\napplies_to: [shop.refund]\nbind: {order_id: facts.profile.order}\n"
		missing = "policy: tiers\napplies_to: [shop.refund]\nrules:\n  - {id: tier, deny: facts.order.tier == 'blocked', reason: Blocked.}\n"
	)
	for _, tt := range []struct {
		name, ownAuthority, own, activeAuthority, active string

		want     casefile.VerdictOutcome
		rule, by string
		code     casefile.StopCode
	}{
		{"a rule that is new", act, none, act, freeze, casefile.Deny, "frozen", "", casefile.StopPolicyDeny},
		{"a rule that was taken away", act, freeze, act, none, casefile.Deny, "frozen", "", casefile.StopPolicyDeny},
		{"no rule in either", act, none, act, none, casefile.Allow, "", "", ""},
		{"the higher role of both may approve", act, over40, act, over30, casefile.Approve, "over-40", "admin", casefile.StopPolicyApproval},
		{"authority that was taken away", act, none, propose, none, casefile.Approve, "", "operator", casefile.StopAuthorityPropose},
		{"authority is the active one's alone", propose, none, act, none, casefile.Allow, "", "", ""},
		{"a rule says more than that the agent may only propose", act, none, propose, over40, casefile.Approve, "over-40", "approver", casefile.StopPolicyApproval},
		{"a rule that is new where the agent only watches", act, none, "default: shadow\n", freeze, casefile.Deny, "frozen", "", casefile.StopPolicyDeny},
		{"authority that fell to shadow", act, none, "default: shadow\n", none, casefile.Deny, "", "", casefile.StopAuthorityShadow},
		{"a newer rule misses a fact that isn't gathered", act, none, act, newFact, casefile.Approve, "tier", "operator", casefile.StopPolicyApproval},
		{"a newer binding misses a fact that isn't gathered", act, none, act, newBind, casefile.Approve, "bind:order_id", "operator", casefile.StopPolicyApproval},
		{"a newer rule misses a field of a fact that is gathered", act, none, act, missing, casefile.Deny, "tier", "", casefile.StopPolicyDeny},
		{"a rule of the case's own version misses a fact", act, newFact, act, none, casefile.Deny, "tier", "", casefile.StopPolicyDeny},
		{"a newer rule misses a fact, and another one denies", act, freeze, act, newFact, casefile.Deny, "frozen", "", casefile.StopPolicyDeny},
	} {
		gathers := func(procedure, fact string) bool { return procedure == "damaged" && fact == "order" }
		g := policy.NewPinned(guard(t, tt.ownAuthority, tt.own), guard(t, tt.activeAuthority, tt.active), gathers)
		v := g.Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(int64(4900)), Hypothesis: "h"})
		if v.Outcome != tt.want || v.Rule != tt.rule || v.Code != tt.code || v.Outcome == casefile.Approve && v.By != tt.by {
			t.Errorf("%s: %s by rule %q, role %q, code %q; want %s %q %q %q", tt.name, v.Outcome, v.Rule, v.By, v.Code, tt.want, tt.rule, tt.by, tt.code)
		}
	}
}

// An approval given under one pair of versions is none under another: the verdict names both.
func TestAVerdictOfTwoVersionsNamesBoth(t *testing.T) {
	version := func(text, hash string) *policy.Guard {
		c, err := expr.NewCompiler()
		if err != nil {
			t.Fatal(err)
		}
		var ps source.Problems
		p := policy.Parse("p.yaml", []byte(text), c, &ps)
		if ps.Failed() {
			t.Fatal(ps.Error())
		}
		return policy.NewGuard([]*policy.Policy{p}, &policy.Authority{Default: casefile.LevelAct}, hash, policy.Terms{})
	}
	own, active := version(refunds, "own"), version(strings.Replace(refunds, "10000", "4000", 1), "active")
	v := policy.NewPinned(own, active, func(string, string) bool { return true }).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(int64(4900))})
	if v.Policy != "own+active" {
		t.Errorf("it was judged by the policies %q, want own+active", v.Policy)
	}
	fired := slices.ContainsFunc(v.Rules, func(r casefile.RuleResult) bool { return r.Rule == "over-100" && r.Fired })
	held := slices.ContainsFunc(v.Rules, func(r casefile.RuleResult) bool { return r.Rule == "over-100" && !r.Fired })
	if !fired || !held {
		t.Errorf("the rules are %+v, want what over-100 says in each version", v.Rules)
	}
	if n := len(v.Rules); n != 5 {
		t.Errorf("%d rules are named, want the 4 of the case's version and the one that says something else now", n)
	}
}
