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

const risky = `policy: refunds
applies_to: [shop.refund]
risk:
  - {id: much, add: 40, when: action.args.amount_cents > 5000, reason: It is much.}
  - {id: total, add: 15, when: action.args.amount_cents == facts.order.total}
  - {id: huge, add: 60, when: action.args.amount_cents > 50000}
`

func TestRiskIsWeighed(t *testing.T) {
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var ps source.Problems
	p := policy.Parse("p.yaml", []byte(risky), c, &ps)
	if ps.Failed() {
		t.Fatal(ps.Error())
	}
	g := policy.NewGuard([]*policy.Policy{p}, &policy.Authority{Default: casefile.LevelAct}, "", policy.Terms{RiskApprove: 50, RiskDeny: 90})
	for _, tt := range []struct {
		name    string
		cents   int64
		unusual []casefile.RiskPart
		score   int
		want    casefile.VerdictOutcome
		code    casefile.StopCode
	}{
		{"nothing adds", 100, nil, 0, casefile.Allow, ""},
		{"below the threshold", 6000, nil, 40, casefile.Allow, ""},
		{"what is unusual adds", 6000, []casefile.RiskPart{{Factor: "burst", Add: 10, Reason: "seven in an hour"}}, 50, casefile.Approve, casefile.StopRiskHigh},
		{"at the upper threshold", 6000, []casefile.RiskPart{{Factor: "amount", Add: 50}}, 90, casefile.Deny, casefile.StopPolicyDeny},
		{"never above 100", 60000, []casefile.RiskPart{{Factor: "amount", Add: 50}}, 100, casefile.Deny, casefile.StopPolicyDeny},
	} {
		v := g.Judge(aCase(), casefile.Proposal{Action: refund(tt.cents), Now: time.Now(), Unusual: tt.unusual, Reads: map[string][]string{"amount_cents": nil, "order_id": nil}})
		score := 0
		if v.Risk != nil {
			score = v.Risk.Score
			sum := 0
			for _, part := range v.Risk.Parts {
				sum += part.Add
			}
			if min(sum, 100) != score {
				t.Errorf("%s: the parts %+v don't add up to %d", tt.name, v.Risk.Parts, score)
			}
		}
		if v.Outcome != tt.want || v.Code != tt.code || score != tt.score || tt.code != "" && (v.Rule != "risk" || !strings.Contains(v.Reason, "much 40 (It is much.)") && tt.score < 100) {
			t.Errorf("%s: %s %s by %s (%s), risk %d; want %s %s, risk %d", tt.name, v.Outcome, v.Code, v.Rule, v.Reason, score, tt.want, tt.code, tt.score)
		}
	}
	blind := aCase()
	delete(blind.Facts, "order")
	if v := g.Judge(blind, casefile.Proposal{Action: refund(int64(100)), Now: time.Now(), Reads: map[string][]string{"amount_cents": nil, "order_id": nil}}); v.Outcome != casefile.Deny || v.Rule != "total" {
		t.Errorf("a risk that can't be told: %s by %s, want it denied", v.Outcome, v.Rule)
	}
}

func TestRiskIsChecked(t *testing.T) {
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{id: a, add: 101, when: 'true'}": "100", "{id: a, when: 'true'}": "add", "{id: a, add: 1}": "when", "{id: a, add: 1, when: nobody}": "nobody", "{id: own, add: 1, when: 'true'}": "twice",
	} {
		var ps source.Problems
		policy.Parse("p.yaml", []byte("policy: p\napplies_to: [a.b]\nrules: [{id: own, deny: 'false'}]\nrisk:\n  - "+text+"\n"), c, &ps)
		if !ps.Failed() || ps[0].Line != 5 || !strings.Contains(ps[0].String(), want) {
			t.Errorf("%s gives %v, want an error in line 5 about %q", text, ps, want)
		}
	}
}

// TestRiskRemembers: a factor alone that reads the customer's earlier cases has them recalled.
func TestRiskRemembers(t *testing.T) {
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"history.size() >= 2": true, "action.args.amount_cents > 1": false} {
		var ps source.Problems
		p := policy.Parse("p.yaml", []byte("policy: p\napplies_to: [shop.refund]\nrisk: [{id: again, add: 40, when: "+text+"}]\n"), c, &ps)
		if ps.Failed() {
			t.Fatal(ps.Error())
		}
		if got := policy.NewGuard([]*policy.Policy{p}, nil, "", policy.Terms{}).ReadsHistory(); got != want {
			t.Errorf("a policy whose only factor is %s reads history: %v, want %v", text, got, want)
		}
	}
}
