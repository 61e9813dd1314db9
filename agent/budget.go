package agent

import (
	"slices"

	"resolute/agent/casefile"
)

// exceeded gives the budgets that have no room for a step: what the journal said when the step was
// tried, and what a person is asked about.
func (s *step) exceeded(id string) []casefile.Exceeded {
	if a := s.c.Approval; a != nil && a.Step == id {
		return append(slices.Clip(s.ev.Exceeded), a.Exceeded...)
	}
	return s.ev.Exceeded
}

// overdrawn adds to what an approval rests on which budgets it exceeds: whoever approved without
// knowing is asked again.
func overdrawn(observed map[string]casefile.Value, exceeded []casefile.Exceeded) map[string]casefile.Value {
	for _, x := range exceeded {
		if observed == nil {
			observed = map[string]casefile.Value{}
		}
		observed["budgets."+x.Policy+"."+x.Budget] = casefile.Value{V: "exceeded"}
	}
	return observed
}

// undoes gives the call whose write a planned undo takes back, "" for any other call.
func undoes(c *casefile.Case, p casefile.PlannedCall) string {
	if p.Purpose != casefile.ForUndo {
		return ""
	}
	for i := len(c.Writes) - 1; i >= 0; i-- {
		if w := &c.Writes[i]; w.Hypothesis == p.Hypothesis && w.Step == p.Step && !w.Undone {
			return w.Call
		}
	}
	return ""
}
