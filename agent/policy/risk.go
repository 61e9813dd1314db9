package policy

import (
	"errors"
	"fmt"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// Factor is a condition that adds to the risk of an action.
type Factor struct {
	ID     string
	Pos    source.Pos
	Add    int // 0 to 100
	When   *expr.Program
	Reason string
}

const mostRisk = 100

func (p *Policy) addFactor(n source.Node, c *expr.Compiler, problems *source.Problems) {
	m := n.Mapping("id", "add", "when", "reason")
	f := Factor{ID: nameOf(m.Need("id", "third-this-month")), Pos: n.Pos(), Add: m.Need("add", "40").Int(), Reason: m.Get("reason").String()}
	if when := m.Need("when", "action.args.amount_cents > 10000"); when.Here() {
		f.When = condition(when, c, problems)
	}
	if f.Add > mostRisk {
		m.Get("add").Fail("risk is from 0 to %d", mostRisk)
	}
	if p.names(f.ID) {
		n.Fail("%s is there twice", f.ID)
	}
	p.Risk = append(p.Risk, f)
}

// factor adds to the risk where its condition holds. One that can't be told denies.
func (j *judgement) factor(p *Policy, f *Factor) {
	held, err := false, errors.New("it was not compiled")
	if f.When != nil {
		j.reads = append(j.reads, f.When.Reads()...)
		held, err = f.When.Bool(j.vars)
	}
	if err != nil {
		said := casefile.RuleResult{Policy: p.Name, Rule: f.ID, Says: casefile.Deny, Error: err.Error(), Reason: "its risk can't be told, and then it is denied: " + err.Error()}
		j.excuse(&said, f.When)
		j.fire(said)
		return
	}
	if held {
		j.risk = append(j.risk, casefile.RiskPart{Policy: p.Name, Factor: f.ID, Add: f.Add, Reason: f.Reason})
	}
}

// weigh says what follows from all parts of the risk together.
func (j *judgement) weigh() *casefile.Risk {
	if len(j.risk) == 0 {
		return nil
	}
	r := &casefile.Risk{Parts: j.risk}
	parts := make([]string, len(j.risk))
	for i, p := range j.risk {
		r.Score = min(r.Score+p.Add, mostRisk)
		parts[i] = fmt.Sprintf("%s %d", p.Factor, p.Add)
		if p.Reason != "" {
			parts[i] += " (" + p.Reason + ")"
		}
	}
	said := casefile.RuleResult{Rule: "risk", Reason: fmt.Sprintf("its risk is %d of %d: %s", r.Score, mostRisk, strings.Join(parts, ", "))}
	switch {
	case r.Score == 0:
	case r.Score >= j.terms.RiskDeny:
		said.Says = casefile.Deny
		j.fire(said)
	case r.Score >= j.terms.RiskApprove:
		said.Says, said.Code = casefile.Approve, casefile.StopRiskHigh
		j.fire(said)
	}
	return r
}
