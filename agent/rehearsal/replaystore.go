package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// replayStore is the journal of a replay. It holds what the engine journals against the record, and says
// of other cases what was known of them then.
type replayStore struct {
	*journal.Memory
	r *replay
}

// Append journals a change of the case; see journal.Store.
func (s *replayStore) Append(ctx context.Context, a journal.Append) (journal.Appended, error) {
	r := s.r
	if a.Lease != nil && a.After == r.seq {
		if err := r.refuse(&a); err != nil {
			return journal.Appended{}, err
		}
		if r.match(a.Entries); r.divergence != nil {
			panic(over{})
		}
	}
	// keys that other cases hold and signals that go to them are the record's to tell
	a.Hold, a.DeliverTo, a.Deliver, a.Salts = nil, "", nil, a.Salts[:min(len(a.Salts), len(a.Entries))]
	done, err := s.Memory.Append(ctx, a)
	if err != nil {
		return done, err
	}
	if r.seq = done.Seq; a.Lease != nil {
		r.sent(a.Entries)
	}
	return done, nil
}

// List gives what the record says of the customer's earlier cases; see journal.Store.
func (s *replayStore) List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error) {
	if kind != agent.KindPast {
		return s.Memory.List(ctx, kind, after, limit)
	}
	r := s.r
	r.arrive()
	for i := r.rec.at; i < len(r.rec.entries); i++ {
		d, ok := r.rec.entries[i].Data.(*casefile.HistoryFound)
		if !ok {
			continue
		}
		if d.Error != "" {
			return nil, fmt.Errorf("as it was: %s", d.Error)
		}
		r.taken(i)
		return pastRecords(after, d.Cases)
	}
	if r.opt.Records == nil {
		return nil, nil
	}
	list, err := r.opt.Records.List(ctx, kind, after, limit)
	return slices.DeleteFunc(list, func(k journal.Record) bool { return !r.known(k) }), err
}

// known reports whether what is kept of an earlier case was there when the replayed one asked for it.
func (r *replay) known(k journal.Record) bool {
	var p casefile.Past
	return json.Unmarshal(k.Value, &p) == nil && p.ClosedAt.Before(r.now)
}

func pastRecords(under string, cases []casefile.Past) (list []journal.Record, err error) {
	for i, p := range cases {
		value, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		list = append(list, journal.Record{Kind: agent.KindPast, Key: fmt.Sprintf("%s%04d", under, i), Value: value})
	}
	return list, nil
}

// refuse says what the journal said then of a change that other cases stood in the way of.
func (r *replay) refuse(a *journal.Append) error {
	if other := r.rec.held(); other != "" && len(a.Hold) > 0 && !a.HoldAnyway {
		return &journal.HeldError{Case: other}
	}
	for i := range a.Entries {
		d, ok := a.Entries[i].Data.(*casefile.CallIntended)
		if !ok || d.Verdict == nil {
			continue
		}
		var full []casefile.Exceeded
		for _, x := range r.rec.exceeded(d.Call.Tool) {
			takes := slices.ContainsFunc(d.Verdict.Reserves, func(t casefile.Reservation) bool { return t.Policy == x.Policy && t.Budget == x.Budget && !t.Over })
			if takes {
				full = append(full, x)
			}
		}
		if len(full) > 0 {
			return &journal.BudgetError{Exceeded: full}
		}
	}
	return nil
}

// exceeded are the budgets that had no room for what was decided next.
func (r *record) exceeded(tool string) []casefile.Exceeded {
	for _, e := range r.together() {
		if j, ok := judgedBy(&e, tool); ok {
			return j.exceeded
		}
	}
	return nil
}

// match holds what the engine decides against the record, and goes on in it.
func (r *replay) match(entries []casefile.Entry) {
	if len(entries) == 0 {
		return
	}
	for i := range entries {
		if now := &entries[i]; !supports(now) && !r.extra[idOf(now)] && !r.matches(now) {
			return
		}
	}
	for e := r.rec.next(); e != nil && supports(e) && e.At.Equal(entries[0].At); e = r.rec.next() {
		if _, handed := e.Data.(*casefile.CaseCorrelated); !handed && e.Data.Kind() != casefile.KindHandoffOpened && e.Data.Kind() != casefile.KindHandoffNoticed {
			return // what is asked for next
		}
		r.rec.at++
	}
}

// matches holds one decision against what is next in the record, and notes where it diverges.
func (r *replay) matches(now *casefile.Entry) bool {
	for {
		was := r.skip()
		switch {
		case was == nil:
			r.diverge(nil, told(now), "it rested there").Did = now
			return false
		case outside(was):
			r.diverge(was, told(now), "nothing was done before that").Did = now
			return false
		case r.same(was, now):
			return true
		case r.opt.Else != nil && isRead(now):
			r.extra[now.Data.(*casefile.CallIntended).Call.ID] = true
			return true
		case r.opt.Else != nil && isRead(was):
			r.dropped[was.Data.(*casefile.CallIntended).Call.ID] = true
			r.rec.at++
			continue
		}
		why := r.stage.because(was, now, differs(was, now))
		if d, ok := now.Data.(*casefile.CallIntended); ok && !r.rec.answers(&d.Call.Action) {
			why = joined(loosened(was), "the record has no answer to it")
		}
		r.diverge(was, told(now), why).Did = now
		return false
	}
}

// isRead reports whether an entry begins a call that changes nothing.
func isRead(e *casefile.Entry) bool {
	d, ok := e.Data.(*casefile.CallIntended)
	return ok && !d.Call.Writes()
}

// skip gives the next entry of the record that decides.
func (r *replay) skip() *casefile.Entry {
	for e := r.rec.next(); e != nil; e = r.rec.next() {
		if !supports(e) && !r.dropped[idOf(e)] {
			return e
		}
		r.rec.at++
	}
	return nil
}

// same reports whether an entry decides as the recorded one does, and goes on behind it if so.
func (r *replay) same(was, now *casefile.Entry) bool {
	if differs(was, now) != "" || r.otherCall(was, now) {
		if !r.rec.swap(func(e *casefile.Entry) bool { return differs(e, now) == "" && !r.otherCall(e, now) }) {
			return false
		}
		was = r.rec.next()
	}
	if d, ok := now.Data.(*casefile.CallIntended); ok {
		r.calls[d.Call.ID] = was.Data.(*casefile.CallIntended).Call.ID
	}
	if a, b := wording(was.Data, now.Data); a != b {
		r.reworded = append(r.reworded, Rewording{Seq: was.Seq, Was: clipped(a), Now: clipped(b)})
	}
	if a, b := patience(was), patience(now); a != b {
		r.patience = append(r.patience, fmt.Sprintf("entry %d waits for %v now, and waited for %v", was.Seq, b, a))
	}
	r.rec.at++
	return true
}

// otherCall reports whether two answers are of different calls.
func (r *replay) otherCall(was, now *casefile.Entry) bool {
	a, b := idOf(was), idOf(now)
	return b != "" && a != r.calls[b]
}

// sent notes which requests go out next, and sets the clock to when the first did.
func (r *replay) sent(entries []casefile.Entry) {
	r.batch = nil
	for i := range entries {
		d, ok := entries[i].Data.(*casefile.CallIntended)
		if !ok {
			continue
		}
		next := sending{d.Call.ID, -1}
		if was, known := r.calls[d.Call.ID]; known {
			next.index = r.rec.answer(was, d.Call.Try)
		}
		if d.Call.Key != "" {
			r.keys[d.Call.Key] = d.Call
		}
		r.batch = append(r.batch, next)
	}
	r.leave()
}

// leave sets the clock to when the next request of a batch goes out.
func (r *replay) leave() {
	if len(r.batch) == 0 || r.batch[0].index < 0 {
		return
	}
	if d := r.rec.entries[r.batch[0].index].Data.(*casefile.CallAnswered); !d.SentAt.IsZero() && d.Source == casefile.SourceAnswer {
		r.now = d.SentAt
	}
}
