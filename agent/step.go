package agent

import (
	"cmp"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Core is the pure heart of the engine.
type Core struct {
	Tools interface {
		Tool(name string) (casefile.Tool, bool)
		ValidateArgs(tool string, args casefile.Object) error
	}
}

// Defaults where neither bundle nor contract says otherwise.
const (
	defaultWithin      = time.Hour        // of an asynchronous result
	defaultUnavailable = 15 * time.Minute // how long a tool is tried
	defaultAnswer      = 72 * time.Hour   // of questions and approvals
	settleFor          = 15 * time.Minute // how long a plugin is asked what became of a call
	maxNotes           = 200              // conclusions in one step; more is a planner that loops
)

// Step says what follows from an event, and folds it into c: the caller owns c and gives it to no
// other step. It is pure otherwise.
func (k Core) Step(c *casefile.Case, book *Playbook, ev Event) Result {
	s := &step{Core: k, c: c, book: book, ev: ev, now: ev.Now}
	s.absorb()
	if !ev.Draining {
		s.advance()
	}
	return s.res
}

// step is one step under way.
type step struct {
	Core
	c    *casefile.Case
	book *Playbook
	ev   Event
	now  time.Time
	res  Result
}

// note makes an entry and folds it in.
func (s *step) note(actor string, data casefile.Data, evidence ...string) {
	e := casefile.Entry{Seq: s.c.Seq + 1, Case: s.c.ID, At: s.now, Actor: actor, Data: data, Evidence: evidence,
		Versions: casefile.Versions{Bundle: s.c.Bundle, Procedure: s.c.Procedure, Prompt: s.book.Prompts}}
	switch d := data.(type) {
	case *casefile.CallIntended:
		s.versionsOf(&e, d.Call.Tool, d.Verdict)
	case *casefile.ActionDenied:
		s.versionsOf(&e, d.Call.Tool, &d.Verdict)
	case *casefile.ApprovalAsked:
		if a := d.Approval.Action; a != nil {
			s.versionsOf(&e, a.Tool, nil)
			e.Versions.Policy = d.Approval.Policy
		}
	case *casefile.ActionShadowed:
		s.versionsOf(&e, d.Shadowed.Action.Tool, &d.Shadowed.Verdict)
	}
	s.c.Fold(&e)
	s.res.Entries = append(s.res.Entries, e)
}

func (s *step) versionsOf(e *casefile.Entry, tool string, v *casefile.Verdict) {
	if t, ok := s.Tools.Tool(tool); ok {
		e.Versions.Manifest = t.Manifest
	}
	if v != nil {
		e.Versions.Policy = v.Policy
	}
}

func (s *step) say(data casefile.Data, evidence ...string) {
	s.note(casefile.ActorAgent, data, evidence...)
}

// advance goes on until there is something to carry out or nothing to do.
func (s *step) advance() {
	if s.c.Status == casefile.Escalated || s.c.Status.Ended() {
		s.remind()
		s.park(s.told())
		return
	}
	if wait, pending := s.pursue(); len(s.res.Commands) > 0 {
		return
	} else if pending {
		s.waitForTools(wait)
		return
	}
	s.expire()
	if s.unremembered() {
		s.res.Commands = append(s.res.Commands, Recall{})
		return
	}
	for range maxNotes {
		if s.c.Holder != "" && s.c.Override == nil {
			s.giveBack()
			return
		}
		if limit := s.overLimit(); limit != "" {
			s.escalate(casefile.Stop{Code: casefile.StopLoopLimit, Detail: limit})
		} else {
			s.decide(s.book.Planner.Plan(s.c, s.now))
		}
		if s.res.Park || len(s.res.Commands) > 0 {
			return
		}
	}
	s.escalate(casefile.Stop{Code: casefile.StopLoopLimit, Detail: fmt.Sprintf("the plan drew %d conclusions without a next action", maxNotes)})
}

func (s *step) overLimit() string {
	l := s.book.Limits
	switch {
	case l.Steps > 0 && s.c.Steps >= l.Steps:
		return fmt.Sprintf("%d calls were made, the limit of one case; raise limits.steps or look why it needs so many", s.c.Steps)
	case l.Wall > 0 && s.now.Sub(s.c.OpenedAt) > l.Wall:
		return fmt.Sprintf("the case is open for longer than %v, limits.wall", l.Wall)
	}
	return ""
}

// expire notes what nobody decided or answered in time.
func (s *step) expire() {
	c := s.c
	if a := c.Approval; a != nil && a.GrantedBy == "" && !s.now.Before(a.ExpiresAt) {
		s.note(casefile.ActorSystem, &casefile.ApprovalExpired{Hash: a.Hash, Hypothesis: a.Hypothesis})
	}
	if q := c.Question; q != nil && !s.now.Before(q.Until) {
		s.note(casefile.ActorSystem, &casefile.QuestionEnded{TimedOut: true})
	}
	if w := c.Wait; w != nil && !s.now.Before(w.Until) {
		s.note(casefile.ActorSystem, &casefile.WaitEnded{Step: w.Step, TimedOut: true})
	}
}

// decide turns one decision of the planner into entries, commands or a parked case.
func (s *step) decide(d casefile.Decision) {
	if p := s.pausedAt(d); p != nil {
		s.waitForResume(p)
		return
	}
	s.voidUnless(d)
	switch d := d.(type) {
	case casefile.Note:
		s.conclude(d)
	case casefile.FindProcedure:
		s.res.Commands = append(s.res.Commands, Route{})
	case casefile.Ground:
		s.res.Commands = append(s.res.Commands, Search{Queries: d.Queries})
	case casefile.Consult:
		s.res.Commands = append(s.res.Commands, Think{d})
	case casefile.CallTools:
		s.dispatch(d.Calls)
	case casefile.AskCustomer:
		s.ask(d)
	case casefile.AwaitSignal:
		s.await(d)
	case casefile.AskPerson:
		s.checkpoint(d)
	case casefile.Recheck:
		s.stop(casefile.Waiting, casefile.Stop{Code: casefile.StopWaitingTimer, Detail: cmp.Or(d.Detail, "the check is read again then"), Until: &d.At})
		s.park(d.At)
	case casefile.Resolve:
		s.resolve(d)
	case casefile.Close:
		s.close(d)
	case casefile.Escalate:
		s.escalate(d.Stop, d.Evidence...)
	}
}

// voidUnless voids an approval that waits for something which the plan no longer wants.
func (s *step) voidUnless(d casefile.Decision) {
	a := s.c.Approval
	if a == nil {
		return
	}
	switch d := d.(type) {
	case casefile.Note, casefile.FindProcedure, casefile.Ground, casefile.Consult:
		return
	case casefile.AskPerson:
		if d.ID == a.Step {
			return
		}
	case casefile.CallTools:
		for _, p := range d.Calls {
			if p.Purpose == casefile.ForGather || p.ID == a.Step {
				return
			}
		}
	}
	s.say(&casefile.ApprovalVoided{Hash: a.Hash, Reason: "the plan no longer wants this"})
}

func (s *step) ask(d casefile.AskCustomer) {
	if s.c.Question == nil {
		q := d.Question
		q.Until = s.now.Add(orDefault(d.Within, defaultAnswer))
		s.say(&casefile.CustomerAsked{Question: q, To: recipient(s.c)})
	}
	q := s.c.Question
	s.stop(casefile.Waiting, casefile.Stop{Code: casefile.StopWaitingCustomer, Detail: q.Text, Until: &q.Until})
	s.park(q.Until)
}

func (s *step) await(d casefile.AwaitSignal) {
	if s.c.Wait == nil {
		w := d.Wait
		w.Until = s.now.Add(orDefault(d.Within, defaultAnswer))
		s.say(&casefile.WaitStarted{Wait: w})
	}
	w := s.c.Wait
	s.stop(casefile.Waiting, casefile.Stop{Code: casefile.StopWaitingSignal, Detail: w.For, Until: &w.Until})
	s.park(w.Until)
}

func (s *step) reply(r *casefile.Reply, evidence []string) {
	if r == nil {
		return
	}
	said := *r
	if said.To == "" {
		said.To = recipient(s.c)
	}
	s.say(&casefile.ReplyWritten{Reply: said}, evidence...)
}

func (s *step) close(d casefile.Close) {
	s.reply(d.Reply, d.Evidence)
	s.say(&casefile.CaseClosed{Stop: d.Stop}, d.Evidence...)
	s.park(time.Time{})
}

// escalate hands the case to a person, or goes where the bundle says for the stop code.
func (s *step) escalate(stop casefile.Stop, evidence ...string) {
	switch then := s.book.Planner.Fallback(s.c, stop.Code, s.now).Then.(type) {
	case casefile.Close:
		then.Evidence = append(then.Evidence, evidence...)
		s.close(then)
		return
	case casefile.Escalate:
		if then.Stop.Detail != "" {
			stop.Detail = joined(then.Stop.Detail, stop.Detail)
		}
		stop.To = then.Stop.To
	}
	if _, waits := s.book.Queues[DefaultQueue]; waits && s.c.Holder == "" {
		s.handOver(stop, evidence...)
	} else {
		s.stop(casefile.Escalated, stop, evidence...)
	}
	s.park(s.told())
}

// told is when somebody is told again of a handoff, zero for never.
func (s *step) told() time.Time {
	if h := s.c.Handoff; h != nil && h.NextAt.After(s.now) {
		return h.NextAt
	}
	return time.Time{}
}

// stop notes why the case is not working, unless the last stop said the same.
func (s *step) stop(status casefile.Status, stop casefile.Stop, evidence ...string) {
	if s.c.Status == status && s.c.Stop != nil && sameStop(*s.c.Stop, stop) {
		return
	}
	s.say(&casefile.CaseStopped{Status: status, Stop: stop}, evidence...)
}

// park ends the work for now; the case wakes at the time given, or at nothing but news.
func (s *step) park(at time.Time) { s.res.Park, s.res.WakeAt = true, at }

func sameStop(a, b casefile.Stop) bool {
	if (a.Until == nil) != (b.Until == nil) || a.Until != nil && !a.Until.Equal(*b.Until) {
		return false
	}
	return a.Code == b.Code && a.Detail == b.Detail && a.Rule == b.Rule && a.To == b.To
}

// recipient is who is written to. Where a signal says to reply to somebody else counts only if
// somebody vouches for its sender: or whoever claims to be a customer would read what is theirs.
func recipient(c *casefile.Case) string {
	for i := len(c.Signals) - 1; i >= 0; i-- {
		s := &c.Signals[i]
		if to, _ := s.Data["reply_to"].(string); to != "" && s.Assurance.Lower(casefile.AssuranceAuthenticated) == casefile.AssuranceAuthenticated {
			return to
		}
	}
	if c.Customer.Email != "" {
		return c.Customer.Email
	}
	return c.Customer.ID
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

func joined(a, b string) string {
	if a == "" || b == "" || a == b {
		return a + b
	}
	return a + ": " + b
}

// holds gives the keys that the entries make the case hold.
func holds(c *casefile.Case, entries []casefile.Entry) []journal.Key {
	var keys []journal.Key
	for i := range entries {
		d, ok := entries[i].Data.(*casefile.CaseCorrelated)
		if !ok {
			continue
		}
		for _, v := range d.Values {
			if k, err := journal.CorrelationKey(v, c.Customer); err == nil {
				keys = append(keys, k)
			}
		}
	}
	return keys
}
