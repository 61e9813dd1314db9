package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Pauses is what is paused; see package pauses.
type Pauses interface {
	Current() casefile.Pauses
	// Changed receives a value when cases that waited may go on.
	Changed() <-chan struct{}
}

// unpaused is for an engine that nobody pauses.
type unpaused struct{}

func (unpaused) Current() casefile.Pauses { return casefile.Pauses{} }
func (unpaused) Changed() <-chan struct{} { return nil }

// WaitResumed is what a paused case waits for, in the store's words. No signal has this type.
const WaitResumed = "resolute.resumed"

// pausedAt gives the pause that a decision has to wait for, nil for none: conclusions are drawn, and
// what waits already goes on waiting.
func (s *step) pausedAt(d casefile.Decision) *casefile.Pause {
	if len(s.ev.Paused.List) == 0 {
		return nil
	}
	switch d := d.(type) {
	case casefile.Note, casefile.Recheck:
		return nil
	case casefile.AskCustomer:
		if s.c.Question != nil {
			return nil
		}
	case casefile.AwaitSignal:
		if s.c.Wait != nil {
			return nil
		}
	case casefile.AskPerson:
		if s.asking(d.ID) {
			return nil
		}
	case casefile.CallTools:
		tools := make([]string, len(d.Calls))
		for i, p := range d.Calls {
			if tools[i] = p.Tool; s.asking(p.ID) {
				return nil
			}
		}
		return s.ev.Paused.Stops(s.c.Procedure, tools...)
	}
	return s.ev.Paused.Stops(s.c.Procedure)
}

// asking reports whether a person is asked about a step and hasn't said yes.
func (s *step) asking(id string) bool {
	return s.c.Approval != nil && s.c.Approval.Step == id && s.c.Approval.GrantedBy == ""
}

// waitForResume leaves the case where it stands.
func (s *step) waitForResume(p *casefile.Pause) {
	s.stop(casefile.Waiting, casefile.Stop{Code: casefile.StopPaused, Detail: pausedDetail(p)})
	s.res.Paused = true
	if s.c.Wait != nil { // the store knows one thing that a case waits for
		s.park(s.now.Add(time.Minute))
		return
	}
	s.park(time.Time{})
}

func pausedDetail(p *casefile.Pause) string {
	return joined(p.What()+" is paused by "+p.By, p.Note)
}

// keep lets a call that was not done wait for the end of a pause, and its deadline with it.
func (s *step) keep(p *casefile.Call, late bool) {
	if !late {
		return
	}
	outcome := casefile.OutcomeNotDone
	if p.State == casefile.Unsettled {
		outcome = casefile.OutcomeUnknown
	}
	s.note(casefile.ActorSystem, &casefile.CallAnswered{ID: p.ID, Try: p.Try, Outcome: outcome, Source: casefile.SourcePause,
		Detail: "it is paused", NextAt: s.now, Deadline: s.now.Add(defaultUnavailable)})
}

// held gives the pause that keeps a pending call from being sent again, nil for none. Asking what
// became of one is no call.
func (s *step) held(p *casefile.Call) *casefile.Pause {
	if len(s.ev.Paused.List) == 0 || p.State != casefile.NotDone && p.Writes() {
		return nil
	}
	return s.ev.Paused.Stops(s.c.Procedure, p.Tool)
}

// stopped answers a request that was about to be sent when it was paused.
func (e *Engine) stopped(c *casefile.Case, tool string) (casefile.Answer, bool) {
	p := e.Pauses.Current().Stops(c.Procedure, tool)
	if p == nil {
		return casefile.Answer{}, false
	}
	return casefile.Answer{Outcome: casefile.OutcomeNotDone, Code: string(casefile.StopPaused), Detail: pausedDetail(p)}, true
}

// wakers is how many paused cases are woken at once: their appends share commits.
const wakers = 64

// wakePaused wakes the cases that wait for the end of a pause. Those that are paused all the same wait
// again.
func (e *Engine) wakePaused(ctx context.Context) {
	ids, err := e.Store.Waiting(ctx, WaitResumed)
	if err != nil {
		if ctx.Err() == nil {
			e.opt.Log.Error("cases that were paused could not be listed; they go on after the next start", "error", err)
		}
		return
	}
	next := make(chan string)
	var wg sync.WaitGroup
	for range min(wakers, len(ids)) {
		wg.Go(func() {
			for id := range next {
				if err := e.wake(ctx, id); err != nil && ctx.Err() == nil && !errors.Is(err, journal.ErrStopped) {
					e.opt.Log.Error("a case that was paused could not be woken; it goes on after the next start", "case", id, "error", err)
				}
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	wg.Wait()
}

func (e *Engine) wake(ctx context.Context, caseID string) error {
	for {
		c, err := e.Load(ctx, caseID)
		if err != nil {
			return err
		}
		if _, err = e.Store.Append(ctx, journal.Append{CaseID: caseID, After: c.Seq, Wake: true}); !errors.Is(err, journal.ErrConflict) {
			return err
		}
	}
}
