package learner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

const batch = 1000 // entries that are looked at together

// reading is how far the journal was read, and how many cases teach something by then.
type reading struct {
	Offset uint64 `json:"offset"`
	Cases  int    `json:"cases"`
}

// begin reads the evidence as it was stored. If some of it is gone, the journal is read from its
// beginning: all of it follows from there.
func (l *Learner) begin(ctx context.Context) error {
	if l.begun {
		return nil
	}
	raw, err := l.Store.Get(ctx, recordRead, keyRead)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return fmt.Errorf("how far triage has read: %w", err)
	}
	var r reading
	if err == nil {
		if err := json.Unmarshal(raw, &r); err != nil {
			l.Log.Warn("how far triage has read is unreadable; it reads the journal from its beginning", "error", err)
			r = reading{}
		}
	}
	records, err := l.Store.List(ctx, recordEvidence, "", mostRecords)
	if err != nil {
		return fmt.Errorf("what cases taught: %w", err)
	}
	p := newPool()
	for _, record := range records {
		var e Evidence
		if err := json.Unmarshal(record.Value, &e); err != nil || e.Case != record.Key || e.Digest == "" {
			continue // counted below
		}
		p.put(e.Case, &e)
	}
	if len(p.cases) != r.Cases {
		l.Log.Warn("what cases taught isn't all there; triage reads the journal from its beginning", "there", len(p.cases), "stored", r.Cases)
		r.Offset = 0
	}
	l.mu.Lock()
	l.pool = p
	l.mu.Unlock()
	l.read, l.begun, l.changes = r.Offset, true, len(p.cases)
	return nil
}

// follow reads as far as the journal goes.
func (l *Learner) follow(ctx context.Context) error {
	if err := l.begin(ctx); err != nil {
		return err
	}
	for {
		entries, read, err := l.Store.FeedOf(ctx, l.read, batch, casefile.KindCaseResolved, casefile.KindCaseClosed, casefile.KindCaseReopened, casefile.KindOperatorDecided)
		if err != nil {
			return fmt.Errorf("what became of cases: %w", err)
		}
		if read == l.read {
			return nil
		}
		if err := l.note(ctx, entries, read); err != nil {
			return err
		}
		l.rest(ctx)
	}
}

// note looks at the cases that entries are of, and stores what they teach now.
func (l *Learner) note(ctx context.Context, entries []casefile.Entry, read uint64) error {
	teaches := map[string]*Evidence{}
	for i := range entries {
		id := entries[i].Case
		if _, seen := teaches[id]; seen || !matters(&entries[i]) {
			continue
		}
		c, err := agent.Load(ctx, l.Store, id)
		if err != nil {
			return fmt.Errorf("what case %s teaches: %w", id, err)
		}
		teaches[id] = evidenceOf(c)
	}
	l.mu.Lock()
	var changed []string
	for i := range entries { // in the journal's order, or what makes room for what would depend on chance
		id := entries[i].Case
		if e, ok := teaches[id]; ok {
			changed = append(changed, l.pool.put(id, e)...)
			delete(teaches, id)
		}
	}
	records := make([]journal.Record, 0, len(changed)+1)
	var err error
	for _, id := range changed {
		r := journal.Record{Kind: recordEvidence, Key: id}
		if e := l.pool.cases[id]; e != nil {
			if r.Value, err = json.Marshal(e); err != nil {
				break
			}
		}
		records = append(records, r)
	}
	cases := len(l.pool.cases)
	l.mu.Unlock()
	if err != nil {
		return fmt.Errorf("what cases teach: %w", err)
	}
	if len(changed) > 0 || read >= l.read+batch { // what says nothing is read again after a start
		value, err := json.Marshal(reading{read, cases})
		if err != nil {
			return fmt.Errorf("how far triage has read: %w", err)
		}
		if err := l.Store.Put(ctx, append(records, journal.Record{Kind: recordRead, Key: keyRead, Value: value})...); err != nil {
			l.begun = false // what is in memory may be ahead of what is stored
			return fmt.Errorf("store what cases teach: %w", err)
		}
	}
	l.read = read
	l.changes += len(changed)
	return nil
}

// matters reports whether an entry may change what its case teaches.
func matters(e *casefile.Entry) bool {
	d, ok := e.Data.(*casefile.OperatorDecided)
	return !ok || d.Procedure != "" || d.Decision == casefile.DecideReopen || d.Decision == casefile.DecideClose
}
