package policy_test

import (
	"math"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/policy"
	"resolute/agent/source"
)

func authority(t testing.TB, text string) *policy.Authority {
	t.Helper()
	var ps source.Problems
	a := policy.ParseAuthority("authority.yaml", []byte(text), &ps)
	if len(ps) > 0 {
		t.Fatal(ps.Error())
	}
	return a
}

func TestStanding(t *testing.T) {
	a := authority(t, `default: propose
bands: [5000, 20000]
grants:
  - {procedure: damaged, level: act}
  - {tool: shop.refund, level: shadow}
  - {procedure: damaged, tool: shop.refund, level: propose}
`)
	for _, tt := range []struct {
		procedure, tool string
		want            casefile.Level
	}{{"other", "other", casefile.LevelPropose}, {"damaged", "other", casefile.LevelAct}, {"other", "shop.refund", casefile.LevelShadow}, {"damaged", "shop.refund", casefile.LevelPropose}} {
		if got := a.Standing(tt.procedure, casefile.Action{Tool: tt.tool}); got.Level != tt.want {
			t.Errorf("%s in %s is at %s, want %s", tt.tool, tt.procedure, got.Level, tt.want)
		}
	}
}

// Whatever an amount is, it is in one band, and in none below its size.
func TestBands(t *testing.T) {
	a := authority(t, "bands: [5000, 20000]\n")
	a.Currency = "EUR"
	a.Tools = map[string]policy.Tool{"shop.invoice": {Marks: map[string]policy.Mark{"lines.*.price": policy.Money, "step_cents": policy.Identity}}}
	for _, tt := range []struct {
		args casefile.Object
		want string
	}{
		{nil, ""},
		{casefile.Object{"order_id": "ORD-1"}, ""},
		{casefile.Object{"amount_cents": int64(0)}, "0..5000 EUR"},
		{casefile.Object{"amount_cents": int64(5000)}, "0..5000 EUR"},
		{casefile.Object{"amount_cents": int64(5001)}, "5001..20000 EUR"},
		{casefile.Object{"amount_cents": int64(-20001)}, "20001.. EUR"},
		{casefile.Object{"amount_cents": int64(math.MinInt64)}, "20001.. EUR"},
		{casefile.Object{"amount_cents": "lots"}, "20001.. EUR"},
		{casefile.Object{"lines": []any{map[string]any{"price": int64(3000)}, map[string]any{"price": int64(4000)}}}, "5001..20000 EUR"},
		{casefile.Object{"lines": []any{map[string]any{"price": int64(math.MinInt64)}, map[string]any{"price": int64(math.MinInt64)}}}, "20001.. EUR"},
		{casefile.Object{"step_cents": int64(900000)}, ""},
		{casefile.Object{"amount_cents": int64(1), "fee_cents": int64(6000)}, "5001..20000 EUR"},
		{casefile.Object{"amount_cents": int64(1), "currency": "JPY"}, "0..5000 JPY"},
	} {
		if got := a.Band(casefile.Action{Tool: "shop.invoice", Args: tt.args}); got != tt.want {
			t.Errorf("%v is in the band %q, want %q", tt.args, got, tt.want)
		}
	}
	if got := authority(t, "{}").Band(refund(int64(1))); got != "0.." {
		t.Errorf("without bands an amount is in the band %q, want the one of all amounts", got)
	}
}

// In shadow nothing may be sent, whatever the rules say; what they say is kept.
func TestShadow(t *testing.T) {
	for cents, would := range map[int64]casefile.VerdictOutcome{1000: casefile.Allow, 6000: casefile.Approve} {
		v := guard(t, "default: shadow\n", refunds).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(cents), Hypothesis: "h"})
		if v.Outcome != casefile.Deny || v.Code != casefile.StopAuthorityShadow || v.Authority.Would != would || len(v.Rules) == 0 {
			t.Errorf("%d cents in shadow: %+v (%+v), want a denial as authority.shadow that would have been %s", cents, v, v.Authority, would)
		}
	}
	c := aCase()
	c.Customer.Email = "b@example.com"
	if v := guard(t, "default: shadow\n", refunds).Judge(c, casefile.Proposal{Reads: literal(), Action: refund(int64(1000))}); v.Code != casefile.StopPolicyDeny || v.Rule != "own" {
		t.Errorf("what a rule denies in shadow: %+v, want the rule's own denial", v)
	}
	if v := guard(t, "default: shadow\n", refunds).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(int64(1000)), ProposedBy: "id-ann"}); v.Outcome != casefile.Approve || v.Code != casefile.StopAuthorityPropose {
		t.Errorf("a person's own action where the agent only watches: %+v, want that another person approves it", v)
	}
}

func TestAuthorityIsChecked(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"default: maybe\n", "authority.yaml:1:10"},
		{"bands: [5000, 5000]\n", "each above the one before"},
		{"bands: [0]\n", "minor units above 0"},
		{"promote: {after: 0}\n", "at least 1"},
		{"promote: {agreement: 1}\n", "agreement is between 0 and 1"},
		{"promote: {confidence: 0}\n", "confidence is between 0 and 1"},
		{"demote: {reversals: 0}\n", "counted from 1"},
		{"demote: {window: 0s}\n", "longer than nothing"},
		{"demote: {windows: 0s}\n", "windows"},
	} {
		var ps source.Problems
		policy.ParseAuthority("authority.yaml", []byte(tt.text), &ps)
		if !ps.Failed() || !strings.Contains(ps.Error().Error(), tt.want) {
			t.Errorf("%q: %v, want a problem that says %q", tt.text, ps, tt.want)
		}
	}
}
