package agent

import (
	"fmt"
	"slices"

	"resolute/agent/casefile"
)

// reroute puts another procedure in place of the one that triage chose, or of none. It begins from the
// start: so nothing may have been done under the other one, or a second remedy could come on top.
func (r *ruling) reroute(data *casefile.OperatorDecided) error {
	goal, ok := r.book.Planner.Goal(r.d.Procedure)
	switch {
	case !ok:
		return fmt.Errorf("%w: the case's bundle has no procedure %q", ErrDecisionInvalid, r.d.Procedure)
	case r.d.Action != nil || r.d.Hypothesis != "":
		return fmt.Errorf("%w: another procedure begins from the start; leave action and hypothesis out", ErrDecisionInvalid)
	case r.d.Procedure == r.c.Procedure:
		return r.conflict("it is handled by " + r.d.Procedure + " already; to let it try again, retry it")
	case slices.ContainsFunc(r.c.Writes, func(w casefile.Write) bool { return !w.Undone }):
		return r.conflict("something was done for it by " + r.c.Procedure + ", and another procedure could do it again; undo it first")
	}
	data.Procedure, data.Goal = r.d.Procedure, goal
	return nil
}

// was takes over what a person says a case was for whose end they decide.
func (r *ruling) was(data *casefile.OperatorDecided) error {
	if r.d.Procedure == "" {
		return nil
	}
	if _, ok := r.book.Planner.Goal(r.d.Procedure); !ok && r.d.Procedure != casefile.NoProcedure {
		return fmt.Errorf("%w: the case's bundle has no procedure %q; say %s where it was for none of them", ErrDecisionInvalid, r.d.Procedure, casefile.NoProcedure)
	}
	data.Procedure = r.d.Procedure
	return nil
}
