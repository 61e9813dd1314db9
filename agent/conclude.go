package agent

import (
	"slices"
	"time"

	"resolute/agent/casefile"
)

// conclude journals what the planner concluded, if it is a planner's to say.
func (s *step) conclude(n casefile.Note) {
	if !s.concludes(n.Data) {
		s.escalate(casefile.Stop{Code: casefile.StopProcedureEscalate, Detail: "the plan wants " + string(n.Data.Kind()) + " in the journal, which is not a plan's to say"})
		return
	}
	correlated, ok := n.Data.(*casefile.CaseCorrelated)
	if !ok || s.ev.HeldBy == "" {
		s.say(n.Data, n.Evidence...)
		return
	}
	if len(s.c.Writes) == 0 {
		s.res.Merge = s.ev.HeldBy
		s.say(&casefile.CaseClosed{MergedInto: s.ev.HeldBy, Stop: casefile.Stop{Code: casefile.StopMerged, Detail: "an older case of the same customer is at work on the same"}})
		s.park(time.Time{})
		return
	}
	s.res.HoldAnyway = true
	s.say(correlated)
	s.say(&casefile.CaseLinked{Case: s.ev.HeldBy, Why: "both are about the same, and both have acted"})
}

// concludes reports whether an entry follows from the state. What people decide, what plugins answer
// and what is sent happens outside, and no plan makes it so; nor does a check hold that nothing was
// read for.
func (s *step) concludes(d casefile.Data) bool {
	switch d := d.(type) {
	case *casefile.InputsFound, *casefile.CaseCorrelated, *casefile.HypothesisChosen, *casefile.HypothesisFailed, *casefile.HypothesisEnded,
		*casefile.StepDone, *casefile.ModelProposed, *casefile.CustomerAnswered, *casefile.QuestionEnded, *casefile.WaitEnded:
		return true
	case *casefile.ProcedureChosen: // among what triage could not choose between
		return s.c.Routed && s.c.Procedure == "" && slices.ContainsFunc(s.c.Candidates, func(k casefile.Candidate) bool { return k.Procedure == d.Procedure })
	case *casefile.CheckRead:
		h := s.c.Current()
		return !d.Held || h != nil && h.Check.Read != 0
	}
	return false
}

// resolve ends the case as the planner says, if a check that was read fresh held.
func (s *step) resolve(d casefile.Resolve) {
	if h := s.c.Current(); h == nil || h.Name != d.Hypothesis || h.Status != casefile.Trying || !h.Check.Held {
		s.escalate(casefile.Stop{Code: casefile.StopCheckFailed, Detail: "the plan says that " + d.Hypothesis + " is done, and no check of it held"}, d.Evidence...)
		return
	}
	s.reply(d.Reply, d.Evidence)
	s.say(&casefile.CaseResolved{Hypothesis: d.Hypothesis, Outcome: d.Outcome}, d.Evidence...)
	s.park(time.Time{})
}

// proposer gives the principal whose edit or override a planned call is, "" for the planner's own:
// what people decided says so, whatever the plan does.
func proposer(c *casefile.Case, p casefile.PlannedCall) string {
	o := c.Override
	if o == nil || o.Action == nil || o.Action.Tool != p.Tool || !same(casefile.Value{V: map[string]any(o.Action.Args)}, casefile.Value{V: map[string]any(p.Args)}) {
		return ""
	}
	return o.Principal
}
