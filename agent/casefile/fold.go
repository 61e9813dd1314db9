package casefile

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"
)

// New gives the state before the first entry of a case.
func New(id string) *Case { return &Case{ID: id} }

// Fold applies the next entry to the state. It is pure but for c: the same entries always give the
// same state. An entry that comes too late to matter (an answer to a call that is settled already)
// changes nothing but the sequence number.
func (c *Case) Fold(e *Entry) {
	c.Seq, c.UpdatedAt = e.Seq, e.At
	if c.news(e) {
		c.News = e.Seq
	}
	switch d := e.Data.(type) {
	case *SignalReceived:
		c.foldSignal(e, d)
	case *CaseOpened:
		c.Status, c.OpenedAt, c.Bundle = Working, e.At, d.Bundle
	case *CaseReopened:
		c.Opening++
		c.reopen()
	case *CaseLinked:
		c.Links = append(c.Links, Link(*d))
	case *ProcedureChosen:
		c.Procedure, c.Goal, c.Candidates, c.Routed = d.Procedure, d.Goal, d.Candidates, true
		if c.Triaged == nil {
			c.Triaged = &Triaged{Procedure: d.Procedure, Signal: d.Signal, Version: d.Triage}
		}
	case *InputsFound:
		c.foldInputs(d)
	case *CaseCorrelated:
		c.Correlated = d.Values
	case *KnowledgeFound:
		c.Passages, c.Grounded = d.Passages, true
	case *HistoryFound:
		c.History = (*History)(d)
	case *CallIntended:
		c.foldIntent(e, d)
	case *CallAnswered:
		c.foldAnswer(e, d)
	case *ActionDenied:
		c.foldDenial(e, d)
	case *ActionShadowed:
		s := d.Shadowed
		s.Seq = e.Seq
		c.Shadowed, c.Approval, c.Override = &s, nil, nil
	case *OperatorDecided:
		c.foldDecision(e, d)
	case *ReplyWritten:
		c.Reply = &d.Reply
	case *CaseStopped:
		c.Status, c.Stop = d.Status, &d.Stop
		if d.Status == Escalated {
			c.Failure, c.Question, c.Wait = nil, nil, nil
		}
	case *CaseResolved:
		c.end(e, Resolved, nil)
		c.Outcome = d.Outcome
	case *CaseClosed:
		c.end(e, Closed, &d.Stop)
		c.MergedInto = d.MergedInto
	case *ModelAnswered, *ModelProposed:
		c.foldModel(e)
	case *HandoffOpened, *HandoffNoticed:
		c.foldHandoff(e)
	default:
		c.foldPlan(e)
	}
}

func (c *Case) foldSignal(e *Entry, d *SignalReceived) {
	claim := d.Signal.Customer()
	if len(c.Signals) == 0 {
		c.Customer = claim
	} else {
		c.Customer.Assurance = c.Customer.Assurance.Lower(claim.Assurance)
		if c.Customer.Same(claim) {
			c.Customer.ID = cmp.Or(c.Customer.ID, claim.ID)
			c.Customer.Email = cmp.Or(c.Customer.Email, claim.Email)
			c.Customer.Name = cmp.Or(c.Customer.Name, claim.Name)
		}
	}
	c.Signals = append(c.Signals, Received{Seq: e.Seq, Signal: d.Signal})
	if c.Status == Waiting || c.Status == Approving {
		c.Status, c.Stop = Working, nil
	}
	c.refresh()
}

// refresh makes the facts stale, so that they are gathered again before anything rests on them;
// not while a hypothesis is half done: its check compares with what was before.
func (c *Case) refresh() {
	if !c.HalfDone() {
		c.Round++
	}
}

// foldInputs takes inputs over. Facts were gathered for those of before.
func (c *Case) foldInputs(d *InputsFound) {
	same := maps.EqualFunc(c.Inputs, d.Inputs, func(a, b Input) bool { return reflect.DeepEqual(a.Value, b.Value) })
	if c.Inputs, c.InputsUpTo = d.Inputs, d.UpTo; !same && len(c.Facts) > 0 {
		c.refresh()
	}
}

func (c *Case) foldIntent(e *Entry, d *CallIntended) {
	if c.Status == Waiting || c.Status == Approving {
		c.Status, c.Stop = Working, nil
	}
	call := d.Call
	call.State, call.SentAt = Sent, e.At
	if i := c.pendingIndex(call.ID); i >= 0 {
		call.BegunAt = c.Pending[i].BegunAt
		c.Pending[i] = call
	} else {
		call.BegunAt = e.At
		c.Pending = append(c.Pending, call)
		c.Steps++
	}
	c.Attempts = append(c.Attempts, Attempt{Seq: e.Seq, Step: call.ID, Hypothesis: call.Hypothesis, Purpose: call.Purpose,
		Tool: call.Tool, Args: call.Args, Key: call.Key, Try: call.Try, At: e.At})
	if d.ApprovedBy != "" {
		c.Consented = append(c.Consented, call.ID)
	}
	if d.Call.Purpose == ForDo {
		c.Approval, c.Override = nil, nil
	}
}

func (c *Case) foldDenial(e *Entry, d *ActionDenied) {
	c.Attempts = append(c.Attempts, Attempt{Seq: e.Seq, Step: d.Call.ID, Hypothesis: d.Call.Hypothesis, Purpose: d.Call.Purpose,
		Tool: d.Call.Tool, Args: d.Call.Args, At: e.At, Outcome: OutcomeDenied, Code: d.Verdict.Rule, Detail: d.Verdict.Reason})
	c.Failure = &Failure{Call: d.Call.ID, Purpose: d.Call.Purpose, Name: d.Call.Fact, Tool: d.Call.Tool, Outcome: OutcomeDenied,
		Detail: d.Verdict.Reason, Stop: d.Verdict.Code, Rule: d.Verdict.Rule}
	c.Approval, c.Override = nil, nil
}

func (c *Case) foldAnswer(e *Entry, d *CallAnswered) {
	i := c.pendingIndex(d.ID)
	if i < 0 || c.Pending[i].Try != d.Try {
		return
	}
	call := c.Pending[i]
	for j := len(c.Attempts) - 1; j >= 0; j-- {
		if a := &c.Attempts[j]; a.Step == d.ID && a.Try == d.Try {
			a.Outcome, a.Code, a.Detail = d.Outcome, d.Code, d.Detail
			a.DurationMS = e.At.Sub(a.At).Milliseconds()
			break
		}
	}
	if !d.Outcome.Final() {
		p := &c.Pending[i]
		p.NextAt, p.Deadline = d.NextAt, d.Deadline
		if !d.SentAt.IsZero() {
			p.SentAt = d.SentAt
		}
		switch d.Outcome {
		case OutcomeNotDone:
			p.State, p.Doubt = NotDone, p.Doubt && d.Source != SourceOperation
		case OutcomeUnknown:
			p.State, p.Doubt = Unsettled, p.Writes()
		case OutcomeAccepted:
			p.State = InOperation
		}
		return
	}
	c.Pending = slices.Delete(c.Pending, i, i+1)
	c.Consented = slices.DeleteFunc(c.Consented, func(id string) bool { return id == call.ID })
	if d.Outcome != OutcomeDone {
		c.Failure = &Failure{Call: call.ID, Purpose: call.Purpose, Name: call.Fact, Tool: call.Tool, Outcome: d.Outcome, Code: d.Code, Detail: d.Detail, Stop: stopOf(call.Purpose, d)}
		return
	}
	c.foldDone(e, &call, d.Result)
}

// stopOf is the stop code that a call's final failure counts as.
func stopOf(p Purpose, d *CallAnswered) StopCode {
	switch {
	case d.Outcome == OutcomeRefused && p == ForGather:
		return StopEvidenceMissing
	case d.Outcome == OutcomeError && d.Code == string(StopManifestChanged):
		return StopManifestChanged
	case d.Outcome == OutcomeError:
		return StopToolError
	case d.Outcome == OutcomeDenied && d.Code == string(StopAuthorityShadow):
		return StopAuthorityShadow
	case d.Outcome == OutcomeDenied:
		return StopPolicyDeny
	case d.Outcome == OutcomeUnavailable:
		return StopToolUnavailable
	case d.Outcome == OutcomeAbandoned:
		return StopOutcomeUnknown
	}
	return ""
}

func (c *Case) foldDone(e *Entry, call *Call, result Value) {
	if call.Fact != "" {
		c.setFact(call.Fact, Fact{Value: result, Tool: call.Tool, Seq: e.Seq, Round: c.Round})
	}
	switch call.Purpose {
	case ForDo:
		if call.Writes() {
			c.Writes = append(c.Writes, Write{Seq: e.Seq, Call: call.ID, Hypothesis: call.Hypothesis, Step: call.Step, Tool: call.Tool, Args: call.Args, ProposedBy: call.ProposedBy})
		}
		c.stepOver(call.Step)
		if h := c.Current(); h != nil {
			h.Check = Check{} // what was read before says nothing any more
		}
	case ForVerify:
		if h := c.Current(); h != nil {
			h.Check.Read = e.Seq
		}
	case ForUndo:
		for i := len(c.Writes) - 1; i >= 0; i-- {
			if w := &c.Writes[i]; w.Hypothesis == call.Hypothesis && w.Step == call.Step && !w.Undone {
				if w.Undone = true; w.Reversed == 0 {
					w.Reversed = e.Seq
				}
				break
			}
		}
	}
}

func (c *Case) foldDecision(e *Entry, d *OperatorDecided) {
	c.DecidedAt = e.At
	if s := c.Shadowed; s != nil && c.Status == Escalated && c.Approval == nil && (d.Decision == DecideApprove || d.Decision == DecideReject) {
		s.JudgedBy = e.Actor // it stays with the person who acts
		return
	}
	c.Status, c.Stop = Working, nil
	if d.Decision != DecideTakeover {
		c.Shadowed = nil
	}
	c.handled(e, d)
	c.belong(e, d)
	switch d.Decision {
	case DecideApprove:
		if c.Approval != nil {
			c.Approval.GrantedBy = e.Actor
		}
		c.Round++
	case DecideReject:
		c.Approval, c.Override = nil, nil
		c.Failure = &Failure{Stop: StopApprovalRejected, Detail: d.Note}
	case DecideEdit, DecideOverride:
		if d.Procedure != "" {
			c.reroute(d)
			return
		}
		c.Approval, c.Failure, c.Question, c.Wait = nil, nil, nil, nil
		if h := c.Current(); h != nil && h.Name != d.Hypothesis {
			h.Status = GivenUp
		}
		c.Override = &Override{Hypothesis: d.Hypothesis, Step: d.Step, Action: d.Action, By: e.Actor, Principal: d.Principal}
		c.Round++
	case DecideRetry, DecideReopen:
		if d.Decision == DecideReopen {
			c.overturn(e)
		}
		if d.Bundle != "" {
			c.Bundle = d.Bundle
		}
		c.Epoch++
		c.reopen()
	case DecideTakeover:
		c.Status, c.Stop = Escalated, &Stop{Code: StopHumanTakeover, Detail: d.Note, To: e.Actor}
		c.Approval = nil
	case DecideHandback:
		if f := c.Failure; f != nil && (f.Purpose == ForGather || f.Purpose == ForVerify) {
			c.Failure = nil // what only reads is read again; what failed otherwise still did
		}
		c.Routed = c.Procedure != ""
		c.refresh()
	case DecideClose:
		c.end(e, Closed, &Stop{Code: StopHumanClosed, Detail: d.Note})
	}
}

// overturn notes that a person found wrong what was done.
func (c *Case) overturn(e *Entry) {
	for i := range c.Writes {
		if w := &c.Writes[i]; w.Reversed == 0 {
			w.Reversed = e.Seq
		}
	}
}

// reopen lets the case go on: what failed before may be tried in the new epoch, a hypothesis whose
// writes are half done goes on where it stood.
func (c *Case) reopen() {
	c.Status, c.Stop, c.Cause, c.Failure, c.Outcome = Working, nil, nil, nil, ""
	c.EndedAt = time.Time{}
	c.Handoff, c.Holder = nil, ""
	c.Approval, c.Override, c.Shadowed, c.Question, c.Wait, c.Asks = nil, nil, nil, nil, nil, nil
	c.Steps, c.Routed, c.Thinking = 0, c.Procedure != "", nil
	if h := c.Current(); h != nil {
		if c.HalfDone() {
			h.Epoch, h.Check = c.Epoch, Check{}
		} else {
			h.Status = GivenUp
		}
	}
	c.Round++
}

func (c *Case) end(e *Entry, s Status, stop *Stop) {
	c.Status, c.Stop, c.EndedAt = s, stop, e.At
	c.Failure, c.Approval, c.Override, c.Shadowed, c.Question, c.Wait = nil, nil, nil, nil, nil, nil
	c.Handoff, c.Holder = nil, ""
	if h := c.Current(); h != nil {
		if h.Status = GivenUp; s == Resolved {
			h.Status = Held
		}
	}
}

func (c *Case) setFact(name string, f Fact) {
	if c.Facts == nil {
		c.Facts = map[string]Fact{}
	}
	c.Facts[name] = f
}
