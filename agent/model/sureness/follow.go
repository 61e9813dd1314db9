package sureness

import (
	"bytes"
	"time"

	"resolute/agent/casefile"
)

// hypothesis is what the engine calls whatever a model believes.
const hypothesis = "model"

// entry takes what an entry says of proposals.
func (l *ledger) entry(e *casefile.Entry) error {
	if d, ok := e.Data.(*casefile.ModelAnswered); ok {
		s, err := l.of(e.Case, true)
		if err == nil && d.Error == nil && d.Use == casefile.UseDrive {
			s.Model = d.Model
		}
		return err
	}
	s, err := l.of(e.Case, false)
	if s == nil || err != nil {
		return err
	}
	switch d := e.Data.(type) {
	case *casefile.ModelProposed:
		s.propose(d)
	case *casefile.CallIntended:
		if c := &d.Call; c.Hypothesis == hypothesis && c.Purpose == casefile.ForDo && c.ProposedBy == "" {
			s.acted(c.ID, &c.Action)
		}
	case *casefile.ApprovalAsked:
		if a := d.Approval; a.Hypothesis == hypothesis && a.Action != nil && a.ProposedBy == "" {
			s.acted(a.Step, a.Action)
		}
	case *casefile.ActionShadowed:
		if x := d.Shadowed; x.Hypothesis == hypothesis {
			s.acted(x.Step, &x.Action)
		}
	case *casefile.ActionDenied:
		if d.Call.Hypothesis == hypothesis && d.Call.Purpose == casefile.ForDo && d.Call.ProposedBy == "" {
			if p := s.acted(d.Call.ID, &d.Call.Action); p != nil {
				return l.settle(s, p, false, e.At)
			}
		}
	case *casefile.CallAnswered:
		return l.answered(s, d, e.At)
	case *casefile.OperatorDecided:
		return l.decided(s, d, e.At)
	case *casefile.HypothesisFailed:
		if d.Hypothesis == hypothesis && (d.Undo || d.Cause != nil && d.Cause.Code == casefile.StopCheckFailed) {
			return l.wrong(s, all, e.At)
		}
	case *casefile.CaseStopped:
		if d.Status != casefile.Escalated {
			return nil
		}
		switch s.Stop = d.Stop.Code; s.Stop {
		case casefile.StopCheckFailed:
			return l.wrong(s, all, e.At)
		case casefile.StopPolicyDeny, casefile.StopApprovalRejected, casefile.StopEvidenceMissing:
			return l.wrong(s, (*proposal).open, e.At)
		}
	case *casefile.CaseResolved:
		return l.resolved(s, d, e.At)
	case *casefile.CaseReopened:
		return l.wrong(s, all, e.At)
	case *casefile.CaseClosed:
		return l.closed(s, &d.Stop, e.At)
	}
	return nil
}

// hindered reports whether a stop says nothing of what was proposed: something else stood in the way.
func hindered(code casefile.StopCode) bool {
	switch code {
	case casefile.StopToolUnavailable, casefile.StopToolError, casefile.StopOutcomeUnknown, casefile.StopBudgetExceeded, casefile.StopManifestChanged,
		casefile.StopModelUnavailable, casefile.StopLoopLimit, casefile.StopPaused, casefile.StopApprovalExpired, casefile.StopHumanTakeover:
		return true
	}
	return false
}

func all(*proposal) bool { return true }

// open reports whether it has no outcome.
func (p *proposal) open() bool { return p.Number == 0 }

// wrong says of some proposals that they were wrong.
func (l *ledger) wrong(s *standing, which func(*proposal) bool, at time.Time) error {
	for i := range s.Acted {
		if p := &s.Acted[i]; which(p) {
			if err := l.settle(s, p, false, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// propose notes what is proposed now: from the one before nothing follows any more.
func (s *standing) propose(d *casefile.ModelProposed) {
	if d.Use != casefile.UseDrive {
		return
	}
	s.Last = nil
	p := proposal{Raw: d.Confidence.Raw, Value: d.Confidence.Value, Decision: d.Proposal.Decision, Unsure: d.Problem != ""}
	switch p.Decision {
	case "call":
		p.Action = &action{Tool: d.Proposal.Tool, Args: d.Proposal.Args}
		if !d.Repairable {
			s.Last = &p
		}
	case "reply", "close":
		if p.Unsure {
			return
		}
		s.Acted = append(s.Acted, p)
	}
}

// acted gives the proposal that a write follows from, nil where it is a person's.
func (s *standing) acted(call string, a *casefile.Action) *proposal {
	for i := range s.Acted {
		if s.Acted[i].Call == call {
			return &s.Acted[i]
		}
	}
	if s.Last == nil || s.Last.Unsure || s.Last.Action == nil || s.Last.Action.Tool != a.Tool {
		return nil
	}
	p := *s.Last
	p.Call, s.Last = call, nil
	s.Acted = append(s.Acted, p)
	return &s.Acted[len(s.Acted)-1]
}

// answered takes a tool's no: what it refuses was proposed wrongly.
func (l *ledger) answered(s *standing, d *casefile.CallAnswered, at time.Time) error {
	if d.Outcome != casefile.OutcomeRefused && d.Undoes == "" {
		return nil
	}
	for i := range s.Acted {
		if p := &s.Acted[i]; p.Call != "" && (p.Call == d.ID && d.Outcome == casefile.OutcomeRefused || p.Call == d.Undoes && d.Outcome == casefile.OutcomeDone) {
			return l.settle(s, p, false, at)
		}
	}
	return nil
}

// decided takes what a person says of a proposal.
func (l *ledger) decided(s *standing, d *casefile.OperatorDecided, at time.Time) error {
	if d.Decision == casefile.DecideReopen {
		return l.wrong(s, all, at)
	}
	if p := s.Last; p != nil && p.Unsure && d.Action != nil && (d.Decision == casefile.DecideOverride || d.Decision == casefile.DecideEdit) {
		s.Acted = append(s.Acted, *p)
		s.Last = nil
		p = &s.Acted[len(s.Acted)-1]
		return l.settle(s, p, p.Action.same(d.Action), at)
	}
	p := s.newest()
	if p == nil || p.Call == "" {
		return nil
	}
	switch d.Decision {
	case casefile.DecideApprove:
		return l.settle(s, p, true, at)
	case casefile.DecideReject:
		return l.settle(s, p, false, at)
	case casefile.DecideEdit, casefile.DecideOverride:
		return l.settle(s, p, d.Action != nil && p.Action.same(d.Action), at)
	}
	return nil
}

// newest gives the last proposal that has no outcome, nil for none.
func (s *standing) newest() *proposal {
	for i := len(s.Acted) - 1; i >= 0; i-- {
		if s.Acted[i].open() {
			return &s.Acted[i]
		}
	}
	return nil
}

func (a *action) same(b *casefile.Action) bool {
	x, errX := casefile.EncodeValue(map[string]any(a.Args))
	y, errY := casefile.EncodeValue(map[string]any(b.Args))
	return a.Tool == b.Tool && errX == nil && errY == nil && bytes.Equal(x, y)
}

// resolved takes that the goal was reached: what is open was right if it stays so, and wrong where another
// hypothesis, a person's, reached it.
func (l *ledger) resolved(s *standing, d *casefile.CaseResolved, at time.Time) error {
	if d.Hypothesis != hypothesis {
		return l.wrong(s, (*proposal).open, at)
	}
	for i := range s.Acted {
		if p := &s.Acted[i]; p.open() {
			if err := l.settle(s, p, true, at.Add(settles)); err != nil {
				return err
			}
		}
	}
	return nil
}

// closed takes that a person ended the case otherwise. Of what something else stood in the way of nothing is
// known.
func (l *ledger) closed(s *standing, stop *casefile.Stop, at time.Time) error {
	if stop.Code == casefile.StopMerged || hindered(s.Stop) {
		return nil
	}
	return l.wrong(s, (*proposal).open, at)
}
