package agent

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"resolute/agent/casefile"
)

// toolWait is what a case with pending calls waits for.
type toolWait struct {
	code   casefile.StopCode
	detail string
	next   time.Time // when to look again
	until  time.Time // when it is given up
}

// absorb journals what became of the commands of the step before.
func (s *step) absorb() {
	for _, a := range s.ev.Answers {
		p := s.c.PendingCall(a.Call)
		if p == nil || p.Try != a.Try {
			continue // settled meanwhile, by a callback
		}
		if a.Asked {
			s.absorbState(p, a)
		} else {
			s.absorbAnswer(p, a)
		}
	}
	if s.c.Status.Ended() {
		return // only what became of a call matters to a case that a person closed meanwhile
	}
	if f := s.ev.Found; f != nil && !s.c.Grounded {
		s.say(&casefile.KnowledgeFound{Queries: f.Queries, Passages: f.Passages, Error: f.Error})
	}
	if h := s.ev.Recalled; h != nil && s.unremembered() {
		s.say(&casefile.HistoryFound{Cases: h.Cases, Round: s.c.Round, Error: h.Error})
	}
	if t := s.ev.Thought; t != nil {
		s.absorbThought(t)
	}
	if r := s.ev.Routed; r != nil && !s.c.Routed {
		s.say(&casefile.ProcedureChosen{Procedure: r.Procedure, Goal: r.Goal, Reason: r.Reason, Candidates: r.Candidates, Signal: r.Signal, Triage: r.Version})
	}
}

// absorbAnswer journals the answer to a request.
func (s *step) absorbAnswer(p *casefile.Call, a Answered) {
	e := answer(p, a, casefile.SourceAnswer)
	e.SentAt = a.SentAt
	tool, _ := s.Tools.Tool(p.Tool)
	switch a.Answer.Outcome {
	case casefile.OutcomeRefused, casefile.OutcomeError:
		doubt(&e, p)
	case casefile.OutcomeNotDone:
		s.again(&e, p, tool, a.Answer.RetryAfter)
	case casefile.OutcomeUnknown:
		switch {
		case p.Writes():
			e.NextAt, e.Deadline = s.now, s.now.Add(settleFor)
		case a.Answer.Code == "garbage" && p.Try > tool.Retries:
			e.Outcome = casefile.OutcomeError
		default:
			s.again(&e, p, tool, a.Answer.RetryAfter)
		}
	case casefile.OutcomeAccepted:
		e.NextAt = s.now.Add(poll(s.now.Sub(p.SentAt)))
		e.Deadline = p.SentAt.Add(orDefault(time.Duration(p.Within), defaultWithin))
		e.NextAt = earlier(e.NextAt, e.Deadline)
	}
	s.say(&e)
}

// doubt makes an end that would let another remedy follow one that lets none: an earlier try of the
// call may have been done.
func doubt(e *casefile.CallAnswered, p *casefile.Call) {
	if p.Doubt {
		e.Outcome, e.Detail = casefile.OutcomeAbandoned, "an earlier try may have been done, and nothing can tell; this one ended as: "+joined(e.Code, e.Detail)
	}
}

// absorbState journals what the plugin says became of a call.
func (s *step) absorbState(p *casefile.Call, a Answered) {
	tool, _ := s.Tools.Tool(p.Tool)
	e := answer(p, a, casefile.SourceOperation)
	provenAt := p.SentAt.Add(tool.Timeout)
	switch {
	case a.Answer.Outcome.Final():
	case a.Answer.Outcome == casefile.OutcomeAccepted && p.State != casefile.InOperation:
		e.Deadline = p.SentAt.Add(orDefault(time.Duration(p.Within), defaultWithin))
		e.NextAt = earlier(s.now.Add(poll(s.now.Sub(p.SentAt))), e.Deadline)
	case a.Answer.Unseen && p.State == casefile.Unsettled && !a.SentAt.Before(provenAt):
		e.Outcome, e.Detail = casefile.OutcomeNotDone, "the plugin never saw it, asked after its timeout"
		s.again(&e, p, tool, 0)
	default:
		e.Outcome = casefile.OutcomeUnknown
		if p.State == casefile.InOperation {
			e.Outcome = casefile.OutcomeAccepted
		}
		e.Deadline, e.NextAt = p.Deadline, s.now.Add(poll(s.now.Sub(p.SentAt)))
		if a.Answer.Unseen && s.now.Before(provenAt) {
			e.NextAt = provenAt
		}
		e.NextAt = earlier(e.NextAt, e.Deadline)
	}
	s.say(&e)
}

func answer(p *casefile.Call, a Answered, source casefile.Source) casefile.CallAnswered {
	return casefile.CallAnswered{ID: p.ID, Try: p.Try, Outcome: a.Answer.Outcome, Source: source, Result: a.Answer.Result,
		Code: a.Answer.Code, Detail: a.Answer.Detail, Status: a.Answer.Status, Undoes: p.Undoes}
}

// again says when a call that was not done is sent again, and until when that goes on.
func (s *step) again(e *casefile.CallAnswered, p *casefile.Call, tool casefile.Tool, after time.Duration) {
	wait := s.book.Planner.Fallback(s.c, casefile.StopToolUnavailable, s.now).Wait
	e.Deadline = p.BegunAt.Add(orDefault(wait, defaultUnavailable))
	if after <= 0 {
		after = backoff(p.Try, tool.Retries)
	}
	e.NextAt = earlier(s.now.Add(after), e.Deadline)
}

// pursue sees to the calls that have no final answer: what is due is sent or asked again, what is
// past its deadline is given up. It reports whether calls are still pending, and what for.
func (s *step) pursue() (w toolWait, pending bool) {
	for _, p := range slices.Clone(s.c.Pending) {
		if p.State == casefile.Sent {
			s.recover(&p)
		}
	}
	for _, p := range slices.Clone(s.c.Pending) {
		due := !s.now.Before(p.NextAt)
		late := !p.Deadline.IsZero() && !s.now.Before(p.Deadline)
		switch {
		case due && s.held(&p) != nil:
			s.keep(&p, late)
		case due && late:
			s.giveUp(&p)
		case due:
			s.push(&p)
		}
	}
	for i := range s.c.Pending {
		p := &s.c.Pending[i]
		next := toolWait{code: casefile.StopWaitingTool, detail: p.Tool + " answers later", next: p.NextAt, until: p.Deadline}
		if held := s.held(p); held != nil {
			next.code, next.detail, next.next = casefile.StopPaused, pausedDetail(held), p.Deadline
			s.res.Paused = true
		} else if p.State == casefile.NotDone || p.State == casefile.Unsettled && !p.Writes() {
			next.code, next.detail = casefile.StopToolUnavailable, p.Tool+" can't be reached or is busy; it is tried again"
		} else if p.State == casefile.Unsettled {
			next.detail = "nobody knows yet whether " + p.Tool + " was done; its plugin is asked"
		}
		if !pending || next.next.Before(w.next) {
			w = next
		}
		pending = true
	}
	return w, pending
}

// recover takes over a request that was on the wire when a process ended.
func (s *step) recover(p *casefile.Call) {
	e := casefile.CallAnswered{ID: p.ID, Try: p.Try, Outcome: casefile.OutcomeUnknown, Source: casefile.SourceRestart,
		Detail: "the process ended before the answer came", SentAt: s.now, NextAt: s.now, Deadline: s.now.Add(settleFor)}
	s.note(casefile.ActorSystem, &e)
}

func (s *step) giveUp(p *casefile.Call) {
	e := casefile.CallAnswered{ID: p.ID, Try: p.Try, Source: casefile.SourceDeadline, Outcome: casefile.OutcomeAbandoned,
		Detail: "whether " + p.Tool + " was done is not known, and its time is over"}
	if p.State == casefile.NotDone || !p.Writes() {
		e.Outcome, e.Detail = casefile.OutcomeUnavailable, p.Tool+" did not take the call in time; nothing was done"
		doubt(&e, p)
	}
	s.note(casefile.ActorSystem, &e)
}

// push sends a call again, or asks what became of it.
func (s *step) push(p *casefile.Call) {
	tool, ok := s.Tools.Tool(p.Tool)
	switch {
	case p.State == casefile.NotDone || !p.Writes():
		s.resend(p)
	case ok && tool.Operations:
		s.res.Commands = append(s.res.Commands, Ask{Call: *p})
	case p.State == casefile.InOperation:
		// its result comes by callback, or not at all
		s.note(casefile.ActorSystem, &casefile.CallAnswered{ID: p.ID, Try: p.Try, Outcome: casefile.OutcomeAccepted, Source: casefile.SourceDeadline, NextAt: p.Deadline, Deadline: p.Deadline})
	case ok && tool.Idempotent:
		s.resend(p)
	default:
		s.giveUp(p)
	}
}

// resend makes the next try, with the same key, if the guard still lets it: what takes a person now and
// was sent without one is not sent again.
func (s *step) resend(p *casefile.Call) {
	call := *p
	call.Try++
	call.NextAt, call.Deadline = time.Time{}, time.Time{}
	if call.Writes() {
		v := s.book.Judge(s.c, casefile.Proposal{Action: call.Action, Hypothesis: call.Hypothesis, Now: s.now, Reads: call.Reads, ProposedBy: call.ProposedBy})
		if v.Outcome == casefile.Deny || v.Outcome == casefile.Approve && !slices.Contains(s.c.Consented, call.ID) {
			e := casefile.CallAnswered{ID: p.ID, Try: p.Try, Outcome: casefile.OutcomeDenied, Source: casefile.SourceGuard, Code: cmp.Or(v.Rule, string(v.Code)), Detail: v.Reason}
			if v.Outcome == casefile.Approve {
				e.Detail = "it takes a person now to say yes, and nobody was asked when it was sent first: " + v.Reason
			}
			doubt(&e, p)
			s.say(&e)
			return
		}
	}
	s.say(&casefile.CallIntended{Call: call})
	s.res.Commands = append(s.res.Commands, Send{Call: *s.c.PendingCall(call.ID)})
}

// backoff is the pause after a try: short for the first repeats, then longer.
func backoff(try, retries int) time.Duration {
	if try <= retries {
		return min(200*time.Millisecond<<min(try-1, 5), 5*time.Second)
	}
	return min(time.Second<<min(try-retries, 6), time.Minute)
}

// poll is the pause before a plugin is asked again about a call that was sent so long ago.
func poll(age time.Duration) time.Duration {
	return min(max(age/2, 500*time.Millisecond), 30*time.Second)
}

func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

func sortedUnion(a, b map[string]casefile.Value) []string {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return slices.Sorted(maps.Keys(u))
}

func same(a, b casefile.Value) bool {
	x, errX := casefile.EncodeValue(a.V)
	y, errY := casefile.EncodeValue(b.V)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
