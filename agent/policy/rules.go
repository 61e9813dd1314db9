package policy

import (
	"fmt"
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// RuleName names a rule of a version.
type RuleName struct{ Policy, Rule string }

// Rules gives what each rule, binding and budget of the policies says, in words to compare.
func (g *Guard) Rules() map[RuleName]string {
	all := map[RuleName]string{}
	for _, p := range g.policies {
		for i := range p.Bind {
			if b := &p.Bind[i]; b.To != nil {
				all[RuleName{p.Name, b.Rule}] = "bind: " + b.To.Source
			}
		}
		for i := range p.Rules {
			if r := &p.Rules[i]; r.When != nil {
				all[RuleName{p.Name, r.ID}] = string(r.Says) + ": " + r.When.Source + by(r)
			}
		}
		for i := range p.Budgets {
			b := &p.Budgets[i]
			all[RuleName{p.Name, b.ID}] = fmt.Sprintf("budget: %s%s, at most %d in %v, beyond: %s", written(b.Sum), per(b), b.Max, b.Window, b.Beyond)
		}
	}
	return all
}

func written(p *expr.Program) string {
	if p == nil {
		return ""
	}
	return p.Source
}

func per(b *Budget) string {
	if b.Per == nil {
		return ""
	}
	return " per " + b.Per.Source
}

func by(r *Rule) string {
	if r.Says != casefile.Approve || r.By == "" {
		return ""
	}
	return " (by " + r.By + ")"
}

// Policies gives the policies, in the order of their files; nobody changes them.
func (g *Guard) Policies() []*Policy { return slices.Clone(g.policies) }
