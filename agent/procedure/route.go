package procedure

import (
	"time"

	"resolute/agent/casefile"
)

// Starting gives the procedures that a signal may start: those that name its type and whose `when`
// holds.
func (p *Planner) Starting(s *casefile.Signal, now time.Time) []*Procedure {
	var list []*Procedure
	vars := p.vars(caseOf(s), now)
	for _, proc := range p.list {
		if !proc.startsWith(s.Type) {
			continue
		}
		if proc.Start.When != nil {
			if held, err := proc.Start.When.Bool(vars); err != nil || !held {
				continue
			}
		}
		list = append(list, proc)
	}
	return list
}

func (p *Procedure) startsWith(signalType string) bool {
	for _, t := range p.Start.Signals {
		if t == signalType {
			return true
		}
	}
	return false
}

// Correlations gives the values that a signal may share with a case at work: those of the
// procedures that it may start, or of all if it starts none. Certain is true if it starts exactly
// one procedure without examples: then a case that it opens holds them.
func (p *Planner) Correlations(s *casefile.Signal, now time.Time) (values []casefile.Correlation, certain bool) {
	starting := p.Starting(s, now)
	certain = len(starting) == 1 && len(starting[0].Start.Examples) == 0
	if len(starting) == 0 {
		starting = p.list
	}
	for _, proc := range starting {
		if len(proc.Correlate) == 0 {
			continue
		}
		c := caseOf(s)
		vars := p.vars(c, now)
		c.Inputs = map[string]casefile.Input{}
		for i := range proc.Inputs {
			if v, ok := proc.Inputs[i].find(c.Signals, vars); ok {
				c.Inputs[proc.Inputs[i].Name] = v
			}
		}
		values = append(values, proc.correlations(p.vars(c, now))...)
	}
	return values, certain
}

// Waits reports whether the case waits for the signal.
func (p *Planner) Waits(c *casefile.Case, s *casefile.Signal, now time.Time) bool {
	h, proc := c.Current(), p.procedures[c.Procedure]
	if c.Wait == nil || c.Wait.For != s.Type || h == nil || proc == nil {
		return false
	}
	if proc.Drive != nil {
		return true
	}
	def := proc.find(h.Name)
	if def == nil || c.Wait.Step >= len(def.Do) || def.Do[c.Wait.Step].Wait == nil {
		return false
	}
	r := &run{Procedure: proc, planner: p, c: c, vars: p.vars(c, now), now: now}
	return r.named(def.Do[c.Wait.Step].Wait, s)
}

// caseOf is a case that has nothing but the signal.
func caseOf(s *casefile.Signal) *casefile.Case {
	return &casefile.Case{Customer: s.Customer(), Signals: []casefile.Received{{Seq: 1, Signal: *s}}}
}
