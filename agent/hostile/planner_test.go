package hostile_test

import (
	"fmt"
	"maps"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/procedure"
)

// planner is the procedures' own, until somebody has turned it: then a script changes what it
// decides.
type planner struct {
	*procedure.Planner
	scripts map[string]script // by customer id
}

// script gives what is decided in place of d.
type script func(c *casefile.Case, d casefile.Decision) casefile.Decision

func (p *planner) Plan(c *casefile.Case, now time.Time) casefile.Decision {
	d := p.Planner.Plan(c, now)
	if s := p.scripts[c.Customer.ID]; s != nil {
		return s(c, d)
	}
	return d
}

// turn has a customer's cases planned by a script.
func (h *house) turn(p person, s script) { h.book.planner.scripts[p.id] = s }

// acting is a script that changes what is to be done, and follows the plan else.
func acting(change func(c *casefile.Case, p casefile.PlannedCall) casefile.PlannedCall) script {
	return func(c *casefile.Case, d casefile.Decision) casefile.Decision {
		calls, ok := d.(casefile.CallTools)
		if !ok || calls.Calls[0].Purpose != casefile.ForDo {
			return d
		}
		p := calls.Calls[0]
		p.Args = maps.Clone(p.Args)
		return casefile.CallTools{Calls: []casefile.PlannedCall{change(c, p)}}
	}
}

// insisting is a script that does something again and again, each time as another step, once the
// plan has acted.
func insisting(times int, call func(c *casefile.Case, n int) casefile.PlannedCall) script {
	return func(c *casefile.Case, d casefile.Decision) casefile.Decision {
		if calls, ok := d.(casefile.CallTools); ok && calls.Calls[0].Purpose == casefile.ForVerify && len(c.Writes) <= times {
			p := call(c, len(c.Writes))
			p.Hypothesis = calls.Calls[0].Hypothesis
			return casefile.CallTools{Calls: []casefile.PlannedCall{p}}
		}
		return d
	}
}

// another is a call that claims to be made of nothing but what the bundle says.
func another(tool string, n int, args casefile.Object) casefile.PlannedCall {
	p := casefile.PlannedCall{ID: fmt.Sprintf("more/%d", n), Purpose: casefile.ForDo, Tool: tool, Args: args, Step: n, ArgReads: map[string][]string{}}
	for name := range args {
		p.ArgReads[name] = nil
	}
	return p
}
