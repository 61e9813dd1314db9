package policy_test

import (
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/policy"
	"resolute/agent/source"
)

const budgeted = `policy: refunds
applies_to: [shop.refund]
budgets:
  - {id: day, sum: action.args.amount_cents, window: 24h, max: 10000, beyond: deny}
  - {id: each, sum: action.args.amount_cents, per: case.customer.id, window: 720h, max: 20000, beyond: approve}
  - {id: calls, sum: 1, window: 1h, max: 3, beyond: approve}
`

func TestBudgetsAreReserved(t *testing.T) {
	g := guard(t, "default: act\n", budgeted)
	v := g.Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(int64(4900)), Now: time.Now()})
	want := []casefile.Reservation{
		{Policy: "refunds", Budget: "day", Currency: "EUR", Amount: 4900, Max: 10000, Window: casefile.Duration(24 * time.Hour), Beyond: casefile.Deny},
		{Policy: "refunds", Budget: "each", Key: `"c-1"`, Currency: "EUR", Amount: 4900, Max: 20000, Window: casefile.Duration(720 * time.Hour), Beyond: casefile.Approve},
		{Policy: "refunds", Budget: "calls", Amount: 1, Max: 3, Window: casefile.Duration(time.Hour), Beyond: casefile.Approve},
	}
	if v.Outcome != casefile.Allow || len(v.Reserves) != len(want) {
		t.Fatalf("the verdict is %+v, want it allowed with %d reservations", v, len(want))
	}
	for i := range want {
		if v.Reserves[i] != want[i] {
			t.Errorf("it reserves %+v, want %+v", v.Reserves[i], want[i])
		}
	}
}

func TestBudgetsFailClosed(t *testing.T) {
	for name, args := range map[string]casefile.Object{
		"a fraction":           {"amount_cents": 49.5},
		"less than nothing":    {"amount_cents": int64(-1)},
		"more than money":      {"amount_cents": int64(1) << 60},
		"a text":               {"amount_cents": "4900"},
		"nothing":              {},
		"no currency":          {"amount_cents": int64(1), "currency": "EUR "},
		"a number as currency": {"amount_cents": int64(1), "currency": int64(7)},
	} {
		a := refund(int64(1))
		a.Args = args
		v := guard(t, "default: act\n", budgeted).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: a, Now: time.Now()})
		if v.Outcome != casefile.Deny || v.Rule != "day" || v.Code != casefile.StopPolicyDeny {
			t.Errorf("%s: %s by %s (%s), want it denied by day", name, v.Outcome, v.Rule, v.Code)
		}
	}
	c := aCase()
	c.Customer.ID = ""
	if v := guard(t, "default: act\n", budgeted).Judge(c, casefile.Proposal{Reads: literal(), Action: refund(int64(1)), Now: time.Now()}); v.Outcome != casefile.Deny || v.Rule != "each" {
		t.Errorf("a budget per something absent: %s by %s, want it denied by each", v.Outcome, v.Rule)
	}
	lower := refund(int64(1))
	lower.Args["currency"] = "usd"
	if v := guard(t, "default: act\n", budgeted).Judge(aCase(), casefile.Proposal{Reads: literal(), Action: lower, Now: time.Now()}); v.Reserves[0].Currency != "USD" || v.Reserves[2].Currency != "" {
		t.Errorf("usd is counted as %+v, want USD, and calls in no currency", v.Reserves)
	}
}

func TestExceededBudgetsSayWhatFollows(t *testing.T) {
	g := guard(t, "default: act\n", budgeted)
	judge := func(used map[string]int64, cents int64) casefile.Verdict {
		var exceeded []casefile.Exceeded
		for _, r := range g.Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(cents), Now: time.Now()}).Reserves {
			if n, ok := used[r.Budget]; ok {
				exceeded = append(exceeded, casefile.Exceeded{Reservation: r, Used: n})
			}
		}
		return g.Judge(aCase(), casefile.Proposal{Reads: literal(), Action: refund(cents), Now: time.Now(), Exceeded: exceeded})
	}
	v := judge(map[string]int64{"each": 15101}, 4900)
	if v.Outcome != casefile.Approve || v.Code != casefile.StopBudgetExceeded || v.Rule != "each" || !v.Reserves[1].Over || v.Reserves[0].Over ||
		len(v.Exceeded) != 1 || !strings.Contains(v.Reason, "15101 are used") {
		t.Errorf("beyond a budget that asks: %+v", v)
	}
	if v := judge(map[string]int64{"each": 15100}, 4900); v.Outcome != casefile.Allow {
		t.Errorf("up to the last cent: %s, want it allowed", v.Outcome)
	}
	v = judge(map[string]int64{"each": 20000, "day": 10000}, 1)
	if v.Outcome != casefile.Deny || v.Code != casefile.StopBudgetExceeded || v.Rule != "day" {
		t.Errorf("beyond one that denies and one that asks: %s by %s (%s), want it denied by day", v.Outcome, v.Rule, v.Code)
	}
}

func TestBudgetsAreChecked(t *testing.T) {
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{id: a, sum: action.args.x, window: 24h, max: 1}":                  "beyond",
		"{id: a, sum: action.args.x, window: 0s, max: 1, beyond: deny}":     "longer than nothing",
		"{id: a, sum: action.args., window: 24h, max: 1, beyond: deny}":     "CEL",
		"{id: a, window: 24h, max: 1, beyond: deny}":                        "sum",
		"{id: a, sum: 1, per: nobody, window: 24h, max: 1, beyond: deny}":   "nobody",
		"{id: a, sum: 1, window: 24h, max: -1, beyond: deny}":               "whole number",
		"{id: own, sum: 1, window: 24h, max: 1, beyond: deny}":              "twice",
		"{id: a, sum: 1, window: 24h, max: 1, beyond: allow}":               "allow",
		"{id: a, sum: 1, window: 24h, max: 1, beyond: deny, by: everybody}": "by",
	} {
		var ps source.Problems
		policy.Parse("p.yaml", []byte("policy: p\napplies_to: [a.b]\nrules: [{id: own, deny: 'false'}]\nbudgets:\n  - "+text+"\n"), c, &ps)
		if !ps.Failed() || ps[0].Line != 5 || !strings.Contains(ps[0].String(), want) {
			t.Errorf("%s gives %v, want an error in line 5 about %q", text, ps, want)
		}
	}
}
