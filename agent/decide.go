package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

// Decide is what a person decides about a case.
type Decide struct {
	Decision   casefile.DecisionName
	Hash       string           // approve, reject, edit: of the approval that was shown
	Args       casefile.Object  // edit
	Action     *casefile.Action // override: in place of the action of a hypothesis's step
	Hypothesis string           // override
	Procedure  string           // override: that is to handle the case; close: that it was for, or casefile.NoProcedure
	Note       string
	Bundle     string // retry: "active" moves the case to the active version; a version otherwise
	// Seen is the UpdatedAt of the case that was looked at, zero where that isn't known: what somebody
	// decided after it makes this decision one about another case than that.
	Seen time.Time
}

// Errors of a decision; each is wrapped with what was decided and why it can't be.
var (
	ErrDecisionConflict  = errors.New("the case has moved on")             // decided already, or another hash waits
	ErrDecisionForbidden = errors.New("not for this person to decide")     // role, or who proposed it
	ErrDecisionInvalid   = errors.New("that decision makes no sense here") // the request is wrong
)

// Decide journals a person's decision, with its record in the audit, and lets the case go on from
// where it stands. It reports
// journal.ErrNotFound and the ErrDecision errors.
func (e *Engine) Decide(ctx context.Context, caseID string, d Decide, who people.Principal) (*casefile.Case, error) {
	for {
		c, err := e.Load(ctx, caseID)
		if err != nil {
			return nil, err
		}
		book, err := e.Playbooks.Playbook(ctx, c.Bundle)
		if err != nil {
			return nil, fmt.Errorf("bundle of case %s: %w", caseID, err)
		}
		r := ruling{ctx: ctx, c: c, d: d, who: who, book: book, tools: e.Tools, books: e.Playbooks, now: e.Now()}
		data, err := r.judge()
		if err != nil {
			return nil, err
		}
		entry := casefile.Entry{Seq: c.Seq + 1, Case: caseID, At: e.Now(), Actor: who.Actor(), Data: data,
			Versions: casefile.Versions{Bundle: c.Bundle, Procedure: c.Procedure, Prompt: book.Prompts}}
		detail := map[string]any{"seq": entry.Seq}
		if d.Decision == casefile.DecideApprove {
			if hasty := warning(e.haste.count(who.ID, entry.At) + 1); hasty != "" {
				detail["warning"] = hasty
			}
		}
		said, err := e.Audit(who.Actor(), "case."+string(d.Decision), caseID, detail)
		if err != nil {
			return nil, err
		}
		a := journal.Append{CaseID: caseID, After: c.Seq, Entries: []casefile.Entry{entry}, Wake: true, Records: []journal.Record{said}}
		seen, before := c.Judged(data), place(c)
		c.Fold(&entry)
		listed, err := Listing(before, c)
		if err != nil {
			return nil, err
		}
		a.Records = append(a.Records, listed...)
		kept, err := e.weigh(ctx, c, append(seen, c.ReversedSince(a.After)...), &a, entry.Versions)
		if err != nil {
			return nil, err
		}
		past, err := remember(c, a.Entries)
		if err != nil {
			return nil, err
		}
		a.Records = append(a.Records, past...)
		for range a.Entries {
			a.Salts = append(a.Salts, e.Salt())
		}
		switch _, err = e.Store.Append(context.WithoutCancel(ctx), a); { // whoever leaves meanwhile doesn't make it unknown
		case err == nil:
			kept()
			if d.Decision == casefile.DecideApprove {
				e.haste.approves(who.ID, entry.At)
			}
			return c, nil
		case !errors.Is(err, journal.ErrConflict):
			return nil, err
		}
	}
}

// ruling is a decision held against the state of its case.
type ruling struct {
	ctx   context.Context
	c     *casefile.Case
	d     Decide
	who   people.Principal
	book  *Playbook
	tools Tools
	books Playbooks
	now   time.Time
}

func (r *ruling) judge() (*casefile.OperatorDecided, error) {
	data := &casefile.OperatorDecided{Decision: r.d.Decision, Principal: r.who.ID, Hash: r.d.Hash, Note: r.d.Note}
	if !r.who.Role.AtLeast(people.Operator) {
		return nil, fmt.Errorf("%w: %s needs the role operator", ErrDecisionForbidden, r.d.Decision)
	}
	if err := casefile.CheckNote(r.d.Note); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecisionInvalid, err)
	}
	if !r.d.Seen.IsZero() && r.c.DecidedAt.After(r.d.Seen) && r.d.Decision != casefile.DecideTakeover { // who stops it is in a hurry
		return nil, r.conflict("somebody decided since this was looked at; look at it again")
	}
	switch r.d.Decision {
	case casefile.DecideApprove:
		return data, r.consent(true)
	case casefile.DecideReject:
		return data, r.consent(false)
	case casefile.DecideEdit:
		return data, r.edit(data)
	case casefile.DecideOverride:
		return data, r.override(data)
	case casefile.DecideTakeover:
		if r.c.Status.Ended() || r.takenOver() {
			return nil, r.conflict("it is " + string(r.c.Status) + r.stopText())
		}
		return data, nil
	case casefile.DecideHandback:
		if !r.takenOver() {
			return nil, r.conflict("nobody has taken it over")
		}
		return data, nil
	case casefile.DecideClose:
		if r.c.Status.Ended() {
			return nil, r.conflict("it is " + string(r.c.Status) + " already")
		}
		return data, r.was(data)
	case casefile.DecideRetry:
		if r.c.Status != casefile.Escalated {
			return nil, r.conflict("only an escalated case can be retried; it is " + string(r.c.Status))
		}
		return data, r.version(data)
	case casefile.DecideReopen:
		if !r.c.Status.Ended() || r.c.MergedInto != "" {
			return nil, r.conflict("only a case that ended by itself can be reopened; it is " + string(r.c.Status) + r.stopText())
		}
		return data, r.version(data)
	}
	return nil, fmt.Errorf("%w: decision %q is unknown; it is one of approve, reject, edit, override, retry, takeover, handback, close, reopen", ErrDecisionInvalid, r.d.Decision)
}

func (r *ruling) takenOver() bool {
	return r.c.Status == casefile.Escalated && (r.c.Holder != "" || r.c.Stop != nil && r.c.Stop.Code == casefile.StopHumanTakeover)
}

func (r *ruling) stopText() string {
	if r.c.Stop == nil {
		return ""
	}
	return " (" + string(r.c.Stop.Code) + ")"
}

func (r *ruling) conflict(why string) error {
	return fmt.Errorf("%w: %s changes nothing: %s", ErrDecisionConflict, r.d.Decision, why)
}

// consent checks a yes or no to what waits for approval, or to what was shadowed.
func (r *ruling) consent(grants bool) error {
	s := r.c.Shadowed
	switch {
	case s == nil || r.c.Approval != nil || r.c.Status != casefile.Escalated:
		return r.approval(grants)
	case s.JudgedBy != "":
		return r.conflict("what it would have done was judged already, by " + s.JudgedBy)
	case r.d.Hash != s.Hash && (grants || r.d.Hash != ""):
		return r.conflict("what it would have done has another hash; look at it again")
	}
	return nil
}

// approval checks a decision on the approval that waits.
func (r *ruling) approval(grants bool) error {
	a := r.c.Approval
	switch {
	case a == nil || r.c.Status == casefile.Escalated || r.c.Status.Ended():
		return r.conflict("nothing waits for approval")
	case a.GrantedBy != "":
		return r.conflict("it was approved already, by " + a.GrantedBy)
	case !r.now.Before(a.ExpiresAt): // the timer that says so may be late
		return r.conflict("its time was over at " + a.ExpiresAt.Format(time.RFC3339))
	case r.d.Hash != a.Hash && (grants || r.d.Hash != ""):
		return r.conflict("what waits now has another hash; look at it again")
	case !r.who.Role.AtLeast(people.Role(a.By)):
		return fmt.Errorf("%w: rule %s wants the role %s", ErrDecisionForbidden, a.Rule, a.By)
	case grants && a.ProposedBy != "" && a.ProposedBy == r.who.ID:
		return fmt.Errorf("%w: who proposed an action doesn't approve it", ErrDecisionForbidden)
	}
	return nil
}

// edit puts other arguments in place of those of the action that waits, if the guard lets it.
func (r *ruling) edit(data *casefile.OperatorDecided) error {
	if r.d.Hash == "" && r.c.Approval != nil {
		r.d.Hash = r.c.Approval.Hash
	}
	if err := r.approval(false); err != nil {
		return err
	}
	a := r.c.Approval
	if a.Action == nil || r.d.Args == nil {
		return fmt.Errorf("%w: an edit needs args, and an action that waits for approval", ErrDecisionInvalid)
	}
	action := casefile.Action{Tool: a.Action.Tool, Args: r.d.Args, Effect: a.Action.Effect}
	if v, err := r.verdict(action, a.Hypothesis); err != nil {
		return err
	} else if v.Outcome == casefile.Deny {
		return refusal(&v)
	}
	h := r.c.Current()
	if h == nil {
		return r.conflict("no hypothesis is being tried")
	}
	data.Action, data.Hypothesis, data.Step = &action, h.Name, h.Step
	return nil
}

// override puts another action or another hypothesis in place of what the plan wants.
func (r *ruling) override(data *casefile.OperatorDecided) error {
	if r.c.Status.Ended() {
		return r.conflict("it is " + string(r.c.Status) + "; reopen it first")
	}
	if len(r.c.Pending) > 0 {
		return r.conflict("a call is under way; wait until it is settled")
	}
	if r.d.Procedure != "" {
		return r.reroute(data)
	}
	name, h := r.d.Hypothesis, r.c.Current()
	if h != nil && (name == "" || name == h.Name) {
		name = h.Name
	}
	step, ok := r.book.Planner.Hypothesis(r.c, name)
	if !ok {
		return fmt.Errorf("%w: say which hypothesis of the procedure is to be tried, or proves the action; %q is none", ErrDecisionInvalid, name)
	}
	if h != nil && name == h.Name {
		step = h.Step // in place of what is next, whatever that is
	}
	data.Hypothesis, data.Step = name, step
	if r.d.Action == nil {
		if r.d.Hypothesis == "" {
			return fmt.Errorf("%w: an override needs an action, a hypothesis or a procedure", ErrDecisionInvalid)
		}
		return nil
	}
	tool, ok := r.tools.Tool(r.d.Action.Tool)
	if !ok {
		return fmt.Errorf("%w: no plugin offers %q", ErrDecisionInvalid, r.d.Action.Tool)
	}
	data.Action = &casefile.Action{Tool: r.d.Action.Tool, Args: r.d.Action.Args, Effect: tool.Effect}
	v, err := r.verdict(*data.Action, name)
	if err != nil {
		return err
	}
	if v.Outcome == casefile.Deny && v.Code == casefile.StopPolicyDeny && !v.Blind() { // else the step gathers what the rule misses, and judges then
		return refusal(&v)
	}
	return nil
}

// verdict judges what a person would have done, as the case is known now. It is judged again when it
// is sent.
func (r *ruling) verdict(a casefile.Action, hypothesis string) (casefile.Verdict, error) {
	if err := r.tools.ValidateArgs(a.Tool, a.Args); err != nil {
		return casefile.Verdict{}, fmt.Errorf("%w: the arguments don't fit %s: %w", ErrDecisionInvalid, a.Tool, err)
	}
	return r.book.Judge(r.c, casefile.Proposal{Action: a, Hypothesis: hypothesis, Now: r.now, ProposedBy: r.who.ID}), nil
}

func refusal(v *casefile.Verdict) error {
	return fmt.Errorf("%w: rule %s denies it, so nothing was changed: %s", ErrDecisionInvalid, v.Rule, v.Reason)
}

// version checks the bundle that a case is to go on under.
func (r *ruling) version(data *casefile.OperatorDecided) error {
	if r.d.Bundle == "" {
		return nil
	}
	version := r.d.Bundle
	if version == "active" {
		version = ""
	}
	book, err := r.books.Playbook(r.ctx, version)
	if err != nil {
		return fmt.Errorf("%w: bundle %s: %w", ErrDecisionInvalid, r.d.Bundle, err)
	}
	data.Bundle = book.Version
	return nil
}
