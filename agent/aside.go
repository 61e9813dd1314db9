package agent

import (
	"context"
	"fmt"
	"time"

	"resolute/agent/casefile"
)

// standAside ends the drive of a case whose step needs a plugin that has no seat left. The step is
// dropped; what the commands before it gave is journaled without it. a says which plugin, and until when
// the case may wait by what was pending before the step.
func (e *Engine) standAside(ctx context.Context, c *casefile.Case, ev Event, a aside) error {
	if len(ev.Answers) > 0 || ev.Found != nil || ev.Routed != nil || ev.Thought != nil {
		ev.Draining = true
		for again := true; again; {
			s, err := load(ctx, e.Store, a.lease.CaseID)
			if err != nil {
				return err
			}
			book, err := e.Playbooks.Playbook(ctx, s.Bundle)
			if err != nil {
				return fmt.Errorf("bundle of the case: %w", err)
			}
			if again, err = e.commit(ctx, a.lease, s, e.core.Step(s.Case, book, ev), &ev); err != nil {
				return err
			}
			a.until = firstDeadline(s.Case)
		}
	}
	now := e.Now()
	if err := e.Store.Renew(a.lease, now, e.opt.Lease); err != nil {
		return err
	}
	a.customer, a.until = c.Customer.Who(), earlier(now.Add(e.opt.Bearable), a.until)
	return asideError{&a}
}

// firstDeadline gives when the first of a case's pending calls has to be given up, zero for never.
func firstDeadline(c *casefile.Case) (first time.Time) {
	for i := range c.Pending {
		if d := c.Pending[i].Deadline; !d.IsZero() {
			first = earlier(d, first)
		}
	}
	return first
}

// asideError ends the drive of a case that has to stand aside.
type asideError struct{ *aside }

// Error says why.
func (e asideError) Error() string { return "other cases have all seats of plugin " + e.plugin }

// unseated is what becomes of a command whose plugin has no seat left: it is not carried out.
func (e *Engine) unseated(cmd Command, r *report) {
	a := Answered{SentAt: e.Now(), Answer: casefile.Answer{Code: "busy", Detail: "other cases use all that calls of this plugin may take; nothing was sent"}}
	switch cmd := cmd.(type) {
	case Send:
		a.Call, a.Try, a.Answer.Outcome = cmd.Call.ID, cmd.Call.Try, casefile.OutcomeNotDone
	case Ask:
		a.Call, a.Try, a.Asked, a.Answer.Outcome = cmd.Call.ID, cmd.Call.Try, true, casefile.OutcomeUnknown
	case Think:
		r.thought = asked(cmd.Consult, casefile.ModelError{Code: ModelBusy, Detail: "other cases have the model; this one is asked for when its turn comes", Temporary: true})
		return
	}
	r.answered, r.answer = true, a
}
