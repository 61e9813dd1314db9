package policy

import (
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// Pinned judges the actions of cases that keep an older version of the bundle: by the policies that
// they opened under and by the active ones, and the stricter verdict counts. So a rule that is new
// binds at once, and one that was taken away goes on binding the cases that it was there for.
// Authority is the active version's alone.
type Pinned struct{ own, active *Guard }

// NewPinned makes a guard for the cases of own while active is the active version. Gathers reports
// whether a procedure of own gathers a fact: a rule of active that misses one which isn't gathered can
// say nothing about the case, and a person decides.
func NewPinned(own, active *Guard, gathers func(procedure, fact string) bool) *Pinned {
	p := &Pinned{own: new(*own), active: new(*active)}
	p.own.authority = active.authority
	p.active.gathers = gathers
	return p
}

// Judge gives the stricter verdict of the two versions. It is pure.
func (g *Pinned) Judge(c *casefile.Case, p casefile.Proposal) casefile.Verdict {
	return stricter(g.own.Judge(c, p), g.active.Judge(c, p))
}

// stricter combines what two versions say: the stronger outcome with its reason, all rules of both,
// and of two roles that may approve the higher one.
func stricter(a, b casefile.Verdict) casefile.Verdict {
	v := a
	if strength(b) > strength(a) {
		v = b
	}
	if v.Outcome == casefile.Approve {
		v.By = higher(a.By, b.By)
	}
	v.Rules = bothRules(a.Rules, b.Rules)
	v.Reads = both(a.Reads, b.Reads)
	if v.Risk = a.Risk; b.Risk != nil && (a.Risk == nil || b.Risk.Score > a.Risk.Score) {
		v.Risk = b.Risk
	}
	v.Reserves, v.Exceeded = both(a.Reserves, b.Reserves), both(a.Exceeded, b.Exceeded)
	if v.Policy = a.Policy; a.Policy != b.Policy {
		v.Policy = a.Policy + "+" + b.Policy
	}
	return v
}

// strength orders verdicts. A rule says more than a level: what it denies more than that the agent
// only watches, what it wants approved more than that the agent may only propose.
func strength(v casefile.Verdict) int {
	switch {
	case v.Outcome == casefile.Deny && v.Code != casefile.StopAuthorityShadow:
		return 4
	case v.Outcome == casefile.Deny:
		return 3
	case v.Outcome == casefile.Approve && v.Rule != "":
		return 2
	case v.Outcome == casefile.Approve:
		return 1
	}
	return 0
}

// bothRules gives the rules of a and those of b that say something else.
func bothRules(a, b []casefile.RuleResult) []casefile.RuleResult {
	all := slices.Clip(a)
	for _, r := range b {
		if !slices.ContainsFunc(a, func(o casefile.RuleResult) bool {
			return o.Rule == r.Rule && o.Policy == r.Policy && o.Fired == r.Fired && o.Says == r.Says && o.Reason == r.Reason && o.By == r.By
		}) {
			all = append(all, r)
		}
	}
	return all
}

// both gives what is in a, and what is in b alone.
func both[T comparable](a, b []T) []T {
	all := slices.Clip(a)
	for _, x := range b {
		if !slices.Contains(a, x) {
			all = append(all, x)
		}
	}
	return all
}

// ungathered gives what tells which fact an expression reads that is absent and that the case's
// procedure doesn't gather, "" for none; nil where the guard is of the version that the case keeps.
func (g *Guard) ungathered(c *casefile.Case) func(*expr.Program) string {
	if g.gathers == nil {
		return nil
	}
	return func(p *expr.Program) string {
		for _, fact := range p.Facts() {
			if _, known := c.Facts[fact]; !known && !g.gathers(c.Procedure, fact) {
				return fact
			}
		}
		return ""
	}
}

// excuse lets a rule or a binding that can't be evaluated ask a person in place of denying, where it is
// newer than the case and reads a fact that the case's procedure doesn't gather.
func (j *judgement) excuse(said *casefile.RuleResult, p *expr.Program) {
	if j.ungathered == nil || p == nil {
		return
	}
	if fact := j.ungathered(p); fact != "" {
		said.Says, said.Reason = casefile.Approve, "the rule is newer than the case, whose procedure doesn't gather "+fact+"; a person decides"
	}
}
