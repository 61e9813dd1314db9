// Package pauses keeps what is paused, durably: everything, a procedure or a tool. A pause counts from
// the moment that Pause returns; whoever drives cases asks Current before each thing that they do, and
// looks at Changed to let cases go on that waited.
package pauses

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Errors of a Keeper.
var (
	ErrInvalid   = errors.New("that can't be paused")
	ErrNotPaused = errors.New("that is not paused")
)

const recordPause = "pause"

// Records keeps values by kind and key; journal.Store does.
type Records interface {
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Deps are what a Keeper works with.
type Deps struct {
	Records Records
	// Audit makes the record of what somebody did; it is stored with it.
	Audit func(actor, action, subject string, detail map[string]any) (journal.Record, error)
	// Known reports what is wrong with a name: a pause of nothing would be taken for one of something.
	Known func(p casefile.Pause) error
	Now   func() time.Time
}

// Keeper keeps what is paused. It is safe for concurrent use.
type Keeper struct {
	Deps
	change  sync.Mutex // one at a time
	current atomic.Pointer[casefile.Pauses]
	changed chan struct{}
}

// most is more than anybody pauses at once.
const most = 10_000

// Open reads what is paused.
func Open(ctx context.Context, d Deps) (*Keeper, error) {
	k := &Keeper{Deps: d, changed: make(chan struct{}, 1)}
	records, err := d.Records.List(ctx, recordPause, "", most)
	if err != nil {
		return nil, fmt.Errorf("read what is paused: %w", err)
	}
	now := &casefile.Pauses{}
	for _, r := range records {
		var p casefile.Pause
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return nil, fmt.Errorf("the pause of %s: %w", r.Key, err)
		}
		now.List = append(now.List, p)
	}
	k.current.Store(now)
	return k, nil
}

// Current gives what is paused.
func (k *Keeper) Current() casefile.Pauses { return *k.current.Load() }

// Changed receives a value after something was resumed.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Pause pauses what p names, everything where it names nothing. Pausing it again replaces the note.
func (k *Keeper) Pause(ctx context.Context, p casefile.Pause) (casefile.Pause, error) {
	if err := named(p); err != nil {
		return p, err
	}
	if err := k.Known(p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	p.At = k.Now().UTC()
	value, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	k.change.Lock()
	defer k.change.Unlock()
	list := without(k.Current().List, p)
	return p, k.put(ctx, append(list, p), journal.Record{Kind: recordPause, Key: key(p), Value: value}, "paused", p)
}

// Resume ends the pause of what p names. ErrNotPaused if there is none.
func (k *Keeper) Resume(ctx context.Context, p casefile.Pause) error {
	if err := named(p); err != nil {
		return err
	}
	k.change.Lock()
	defer k.change.Unlock()
	before := k.Current().List
	list := without(before, p)
	if len(list) == len(before) {
		return fmt.Errorf("%w: %s%s", ErrNotPaused, p.What(), others(before))
	}
	if err := k.put(ctx, list, journal.Record{Kind: recordPause, Key: key(p)}, "resumed", p); err != nil {
		return err
	}
	select {
	case k.changed <- struct{}{}:
	default:
	}
	return nil
}

func (k *Keeper) put(ctx context.Context, list []casefile.Pause, r journal.Record, action string, p casefile.Pause) error {
	said, err := k.Audit(p.By, action, key(p), map[string]any{"note": p.Note})
	if err != nil {
		return err
	}
	if err := k.Records.Put(ctx, r, said); err != nil {
		return fmt.Errorf("%s is not %s: %w", p.What(), action, err)
	}
	slices.SortFunc(list, func(a, b casefile.Pause) int { return strings.Compare(key(a), key(b)) })
	k.current.Store(&casefile.Pauses{Change: k.Current().Change + 1, List: list})
	return nil
}

func named(p casefile.Pause) error {
	if p.Tool != "" && p.Procedure != "" {
		return fmt.Errorf("%w: name a tool or a procedure, or neither for everything", ErrInvalid)
	}
	if err := casefile.CheckNote(p.Note); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

func key(p casefile.Pause) string {
	switch {
	case p.Tool != "":
		return "tool/" + p.Tool
	case p.Procedure != "":
		return "procedure/" + p.Procedure
	}
	return "everything"
}

// without copies the list, leaving out what has the same name.
func without(list []casefile.Pause, p casefile.Pause) []casefile.Pause {
	return slices.DeleteFunc(slices.Clone(list), func(o casefile.Pause) bool { return key(o) == key(p) })
}

func others(list []casefile.Pause) string {
	if len(list) == 0 {
		return "; nothing is"
	}
	var names []string
	for _, p := range list {
		names = append(names, p.What())
	}
	return "; paused are " + strings.Join(names, ", ")
}
