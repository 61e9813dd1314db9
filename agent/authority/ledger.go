package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/policy"
)

// Records keeps values by kind and key; journal.Store does.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
	Replace(ctx context.Context, expect []journal.Record, records ...journal.Record) error
}

// Ledger is the evidence of all keys.
type Ledger struct {
	records Records
	file    func() (*policy.Authority, error) // of the active bundle

	mu   sync.Mutex // of changes of held
	held atomic.Pointer[earned]
}

// earned is what is held, as it was at a moment. It is immutable.
type earned map[Key]*Held

// Open reads what is held.
func Open(ctx context.Context, records Records, file func() (*policy.Authority, error)) (*Ledger, error) {
	l := &Ledger{records: records, file: file}
	all := earned{}
	const page = 200
	for after := ""; ; {
		list, err := records.List(ctx, recordKind, after, page)
		if err != nil {
			return nil, fmt.Errorf("read what the agent has earned: %w", err)
		}
		for _, r := range list {
			h, err := decode(r.Value)
			if err != nil {
				return nil, fmt.Errorf("what the agent has earned for %s: %w", r.Key, err)
			}
			all[h.Key], after = h, r.Key
		}
		if len(list) < page {
			l.held.Store(&all)
			return l, nil
		}
	}
}

func decode(b []byte) (*Held, error) {
	h := &Held{}
	return h, json.Unmarshal(b, h)
}

// View is how far the agent may go at a moment: a bundle's levels with what was earned. It is
// immutable; two of one moment and file are equal.
type View struct {
	file *policy.Authority
	held *earned
}

// View gives the levels of a file as they stand.
func (l *Ledger) View(file *policy.Authority) View { return View{file, l.held.Load()} }

// Standing gives how far the agent may go with an action in a procedure.
func (v View) Standing(procedure string, a casefile.Action) casefile.Standing {
	s := v.file.Standing(procedure, a)
	if len(*v.held) == 0 {
		return s
	}
	held := *v.held
	return held[Key{procedure, a.Tool, s.Band}].over(s, held[Key{procedure, a.Tool, AllAmounts}])
}

// Weigh counts observations of one case and says what follows.
func (l *Ledger) Weigh(ctx context.Context, caseID string, seen []casefile.Observation, now time.Time) (w agent.Weighed, err error) {
	file, err := l.file()
	if err != nil {
		return w, err
	}
	var held []*Held
	at := map[Key]*Held{}
	known := func(key Key) (h *Held, first bool, err error) {
		if h = at[key]; h != nil {
			return h, false, nil
		}
		h, was, err := l.read(ctx, key, now)
		if err == nil {
			at[key], w.Expect = h, append(w.Expect, was)
		}
		return h, true, err
	}
	for _, o := range seen {
		base := file.Standing(o.Procedure, o.Action)
		all, _, err := known(Key{o.Procedure, o.Action.Tool, AllAmounts})
		if err != nil {
			return w, err
		}
		h, first, err := known(Key{o.Procedure, o.Action.Tool, base.Band})
		if err != nil {
			return w, err
		}
		if first {
			held = append(held, h)
		}
		if c := h.weigh(file, base, all, o.How, caseID, now); c != nil {
			w.Changes = append(w.Changes, c)
		}
	}
	for _, h := range held {
		h.Version++
		r, err := h.record()
		if err != nil {
			return w, err
		}
		w.Records = append(w.Records, r)
	}
	w.Kept = func() { l.keep(held) }
	return w, nil
}

// read gives what is held of a key, and the record that says so.
func (l *Ledger) read(ctx context.Context, key Key, now time.Time) (*Held, journal.Record, error) {
	was := journal.Record{Kind: recordKind, Key: key.String()}
	b, err := l.records.Get(ctx, was.Kind, was.Key)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return &Held{Key: key, Since: now}, was, nil
	case err != nil:
		return nil, was, err
	}
	was.Value = b
	h, err := decode(b)
	if err != nil {
		return nil, was, fmt.Errorf("what the agent has earned for %s: %w", was.Key, err)
	}
	return h, was, nil
}

// keep takes over what is committed: from now on it counts.
func (l *Ledger) keep(held []*Held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := maps.Clone(*l.held.Load())
	for _, h := range held {
		if was := next[h.Key]; was == nil || was.Version < h.Version {
			next[h.Key] = h
		}
	}
	l.held.Store(&next)
}

// List gives all that is held, by procedure, tool and band.
func (l *Ledger) List() []*Held {
	return slices.SortedFunc(maps.Values(*l.held.Load()), func(a, b *Held) int { return strings.Compare(a.String(), b.String()) })
}
