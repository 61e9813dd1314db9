package insights

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// View is the name of the view that insights are read from.
const View = "insights"

// Projection makes the view.
func Projection() projection.Projection {
	return projection.Projection{Name: View, Version: 1, Apply: apply, Kinds: []casefile.Kind{
		casefile.KindSignalReceived, casefile.KindCaseOpened, casefile.KindCaseReopened, casefile.KindProcedureChosen,
		casefile.KindCallIntended, casefile.KindCallAnswered, casefile.KindOperatorDecided, casefile.KindAuthorityChanged,
		casefile.KindCaseStopped, casefile.KindCaseResolved, casefile.KindCaseClosed}}
}

func apply(view *projection.Bucket, entries []casefile.Entry) error {
	b, err := openBook(view)
	if err != nil {
		return err
	}
	for i := range entries {
		if err := b.add(&entries[i]); err != nil {
			return fmt.Errorf("entry %d: %w", entries[i].Offset, err)
		}
	}
	return b.close()
}

// add takes account of an entry.
func (b *book) add(e *casefile.Entry) error {
	id, err := uuid.Parse(e.Case)
	if err != nil {
		return err
	}
	at := e.At.UnixNano()
	r, err := b.find(id)
	if err == nil && r == nil {
		r, err = b.open(id, at)
	}
	if err != nil {
		return err
	}
	switch d := e.Data.(type) {
	case *casefile.SignalReceived:
		return b.signal(r, at, e.Seq, d)
	case *casefile.CaseOpened:
		r.bundle, err = b.word(d.Bundle)
	case *casefile.CaseReopened:
		r.reopen()
	case *casefile.ProcedureChosen:
		if r.procedure, err = b.word(d.Procedure); err == nil {
			err = b.follow(r)
		}
	case *casefile.CallIntended:
		r.wake()
		if d.Call.Writes() && (d.Call.Purpose == casefile.ForDo || d.Call.Purpose == casefile.ForUndo) {
			err = b.intend(r, d)
		}
	case *casefile.CallAnswered:
		err = b.answered(r, at, e.Seq, d)
	case *casefile.OperatorDecided:
		err = b.decided(r, at, e.Seq, d)
	case *casefile.AuthorityChanged:
		err = b.changed(r, at, e.Seq, d)
	case *casefile.CaseStopped:
		err = b.stopped(r, at, e.Seq, d)
	case *casefile.CaseResolved:
		if err = b.ends(r, at, e.Seq, resolved, ""); err == nil {
			err = b.remember(r)
		}
	case *casefile.CaseClosed:
		if err = b.ends(r, at, e.Seq, closed, d.Stop.Code); err == nil && r.flags&merged != 0 {
			err = b.unfollow(r)
		}
	}
	return err
}

// signal notes whose case it is, and what a customer says of how it went.
func (b *book) signal(r *record, at int64, seq uint64, d *casefile.SignalReceived) error {
	r.wake()
	who := d.Signal.Customer()
	customer, email := hashOf("id", who.ID), hashOf("email", strings.ToLower(who.Email))
	switch {
	case seq == 1:
		if r.customer, r.email = customer, email; d.Signal.Type == typeFeedback || d.Signal.Type == typeChurned {
			r.flags |= openedByWord
		}
	case same(r.customer, r.email, customer, email):
		r.customer, r.email = cmp.Or(r.customer, customer), cmp.Or(r.email, email)
	}
	if d.From != "" {
		return nil // it was noted in the case that gave way
	}
	return b.heard(r, at, seq, &d.Signal)
}

// same is casefile.Customer.Same, of hashes.
func same(id, email, otherID, otherEmail uint64) bool {
	if id != 0 && otherID != 0 {
		return id == otherID
	}
	if email == 0 && otherEmail == 0 {
		return id == otherID
	}
	return email == otherEmail
}

// wake notes that the case goes on.
func (r *record) wake() {
	if r.standing == waiting || r.standing == approving {
		r.standing, r.reason = working, 0
	}
}

func (r *record) reopen() {
	if r.standing.ended() {
		r.flags |= reopened
	}
	r.flags &^= merged
	r.standing, r.reason, r.ended = working, 0, 0
}

// stopped notes that the case waits for something or somebody.
func (b *book) stopped(r *record, at int64, seq uint64, d *casefile.CaseStopped) error {
	code, err := b.word(string(d.Stop.Code))
	if err != nil {
		return err
	}
	switch d.Status {
	case casefile.Escalated:
		return b.escalate(r, at, seq, code)
	case casefile.Approving:
		r.standing, r.reason = approving, code
	default:
		r.standing, r.reason = waiting, code
	}
	return nil
}

// escalate hands the case to people. One that somebody has already is theirs all the time.
func (b *book) escalate(r *record, at int64, seq uint64, code word) error {
	if r.standing == escalated {
		return nil
	}
	if r.standing = escalated; r.held != 0 {
		r.reason = r.handed
		return nil
	}
	r.reason, r.handed = code, code
	return b.note(bucketEscalations, r, at, seq, happening{reason: code})
}

// ends notes that the case is over.
func (b *book) ends(r *record, at int64, seq uint64, s standing, code casefile.StopCode) (err error) {
	if err = b.release(r, at, seq); err != nil {
		return err
	}
	r.standing, r.ended = s, at
	r.flags &^= merged
	r.reason, err = b.word(string(code))
	switch {
	case code == casefile.StopMerged:
		r.flags |= merged
	case s == resolved:
		r.flags |= everEnded
	default:
		r.flags |= everEnded
	}
	return err
}

// release notes how long somebody had the case.
func (b *book) release(r *record, at int64, seq uint64) error {
	if r.held == 0 {
		return nil
	}
	took := max(at-r.held, 0)
	r.held = 0
	return b.note(bucketHandlings, r, at, seq, happening{value: took})
}

// decided notes what a person did, by the rules of casefile.Case.
func (b *book) decided(r *record, at int64, seq uint64, d *casefile.OperatorDecided) (err error) {
	r.flags |= byPerson
	answers := d.Decision == casefile.DecideApprove || d.Decision == casefile.DecideReject
	switch {
	case answers && r.standing == escalated:
		return nil // they judged what it would have done, and the case stays theirs
	case answers, d.Decision == casefile.DecideEdit, d.Decision == casefile.DecideOverride && d.Action != nil:
		r.goOn() // whoever has it goes on having it
		return nil
	case d.Decision == casefile.DecideTakeover:
		code, err := b.word(string(casefile.StopHumanTakeover))
		if err == nil {
			err = b.escalate(r, at, seq, code)
		}
		if r.held == 0 {
			r.held = at
		}
		return err
	case d.Decision == casefile.DecideClose:
		return b.ends(r, at, seq, closed, casefile.StopHumanClosed)
	}
	if err := b.release(r, at, seq); err != nil {
		return err
	}
	if d.Bundle != "" {
		r.bundle, err = b.word(d.Bundle)
	}
	if d.Decision == casefile.DecideReopen || d.Decision == casefile.DecideRetry {
		r.reopen()
	}
	r.goOn()
	return err
}

// goOn notes that the agent is at work again.
func (r *record) goOn() {
	if r.standing.ended() {
		return
	}
	r.standing, r.reason = working, 0
}

func (b *book) intend(r *record, d *casefile.CallIntended) (err error) {
	p := pending{call: hashOf("call", d.Call.ID), try: uint32(d.Call.Try), undo: d.Call.Purpose == casefile.ForUndo,
		approved: d.ApprovedBy != "", proposed: d.Call.ProposedBy != "", step: uint32(d.Call.Step)}
	if p.hypothesis, err = b.word(d.Call.Hypothesis); err != nil {
		return err
	}
	if p.tool, err = b.word(d.Call.Tool); err != nil {
		return err
	}
	currency := ""
	p.amount, currency, p.money = d.Call.Money()
	if p.currency, err = b.word(currency); err != nil {
		return err
	}
	at := slices.IndexFunc(r.pending, func(o pending) bool { return o.call == p.call })
	switch {
	case at >= 0:
		p.approved = p.approved || r.pending[at].approved
		r.pending[at] = p
	case len(r.pending) < 255:
		r.pending = append(r.pending, p)
	}
	return nil
}

// answered notes a write that was done, or taken back.
func (b *book) answered(r *record, at int64, seq uint64, d *casefile.CallAnswered) error {
	call := hashOf("call", d.ID)
	i := slices.IndexFunc(r.pending, func(p pending) bool { return p.call == call && p.try == uint32(d.Try) })
	if i < 0 || !d.Outcome.Final() {
		return nil
	}
	p := r.pending[i]
	r.pending = slices.Delete(r.pending, i, i+1)
	switch {
	case d.Outcome != casefile.OutcomeDone:
		return nil
	case p.undo:
		return b.undone(r, p)
	}
	key := eventKey(at, r.id, seq)
	r.writes = append(r.writes, write{effect: key, hypothesis: p.hypothesis, step: p.step})
	e := effect{tool: p.tool, procedure: r.procedure, bundle: r.bundle, currency: p.currency, money: p.money, amount: p.amount, approved: p.approved, proposed: p.proposed}
	return b.view.Bucket(bucketEffects).Put(key, e.encode())
}

// undone takes back the newest write of the same step.
func (b *book) undone(r *record, p pending) error {
	for i, w := range slices.Backward(r.writes) {
		if w.hypothesis != p.hypothesis || w.step != p.step {
			continue
		}
		effects := b.view.Bucket(bucketEffects)
		e, err := decodeEffect(w.effect, effects.Get(w.effect))
		if err != nil {
			return err
		}
		e.undone = true
		r.writes = slices.Delete(r.writes, i, i+1)
		return effects.Put(bytes.Clone(w.effect), e.encode())
	}
	return nil
}
