package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/latest"
	"resolute/agent/rehearsal"
)

// Errors of a Keeper.
var (
	ErrRun  = errors.New("no such run of rehearsals is kept")
	ErrBusy = errors.New("too many rehearsals wait for their turn; ask again when some are over")
)

// Kinds of records.
const (
	kindRun      = "rehearsal"
	kindItems    = "rehearsal.items"
	kindEvidence = "rehearsal.evidence"
)

// Bounds.
const (
	mostKept    = 50        // runs
	mostWaiting = 8         // each may hold a whole bundle
	mostOfOne   = 3         // of them, of one account: others have their turn too
	mostTime    = time.Hour // of one run
)

// Records keeps values by kind and key; journal.Store does.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Deps are what a Keeper works with.
type Deps struct {
	Records Records
	// Rehearse plays the rehearsals of a version.
	Rehearse func(ctx context.Context, b *bundle.Bundle, o rehearsal.Options) (rehearsal.Report, error)
	// Yield waits while live work has to go first, for a while at most.
	Yield func(ctx context.Context)
	// Audit makes the record of who asked for a run (rehearsal.asked); it is stored with it.
	Audit func(actor, action, subject string, detail map[string]any) (journal.Record, error)
	NewID func() string // ascends with time
	Now   func() time.Time
	Log   *slog.Logger
}

// Keeper runs rehearsals and keeps them. It is safe for concurrent use.
type Keeper struct {
	Deps
	ctx     context.Context // ends with Close
	end     context.CancelFunc
	worker  sync.WaitGroup
	asking  sync.Mutex // one order at a time
	watched latest.Board[string, Run]

	mu     sync.Mutex
	closed bool
	jobs   []*job // the first is under way, the others wait
}

// job is a run that isn't over.
type job struct {
	run    Run // under the keeper's mu
	bundle *bundle.Bundle
	over   chan struct{}
	ctx    context.Context
	end    context.CancelFunc
	ender  string // actor who stopped it, under the keeper's mu
}

// Open reads the runs, and calls those interrupted that were not over when the last process ended.
func Open(ctx context.Context, d Deps) (*Keeper, error) {
	k := &Keeper{Deps: d}
	k.ctx, k.end = context.WithCancel(context.Background())
	list, err := k.stored(ctx)
	if err != nil {
		return nil, err
	}
	var records []journal.Record
	now := d.Now().UTC()
	for i := range list {
		if r := &list[i]; !r.State.Over() {
			r.State, r.EndedAt, r.Error = Interrupted, &now, errEnded
			record, err := encoded(kindRun, r.ID, r)
			if err != nil {
				return nil, err
			}
			records = append(records, record)
		}
	}
	if len(records) > 0 {
		if err := d.Records.Put(ctx, records...); err != nil {
			return nil, fmt.Errorf("call rehearsals interrupted: %w", err)
		}
	}
	return k, nil
}

const errEnded = "the server ended before this run did; ask for it again"

// Close ends the run that is under way and waits for it. Those that wait are interrupted too.
func (k *Keeper) Close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.end()
	k.worker.Wait()
}

// Start asks for a run, which begins when those before it are over. An order that equals one which waits
// or is under way is that one: two clicks are one run.
func (k *Keeper) Start(ctx context.Context, o Order) (Run, error) {
	manifests, err := o.Bundle.Manifested()
	if err != nil {
		return Run{}, err
	}
	k.asking.Lock()
	defer k.asking.Unlock()
	if r, ok, err := k.joined(&o, manifests); ok || err != nil {
		return r, err
	}
	j := &job{bundle: o.Bundle, over: make(chan struct{}),
		run: Run{Options: o.Options, ID: k.NewID(), Version: o.Bundle.Version, Manifests: manifests, State: Waiting, By: o.By, AskedAt: k.Now().UTC()}}
	said, err := k.Audit(o.By, "rehearsal.asked", o.Bundle.Version, map[string]any{"id": j.run.ID, "faults": o.Faults, "seed": o.Seed, "live": o.Live, "cases": o.Cases})
	if err != nil {
		return Run{}, err
	}
	j.ctx, j.end = context.WithCancel(k.ctx)
	record, err := encoded(kindRun, j.run.ID, &j.run)
	if err != nil {
		return Run{}, err
	}
	old, err := k.outdated(ctx)
	if err != nil {
		return Run{}, err
	}
	if err := k.Records.Put(ctx, append(old, record, said)...); err != nil {
		return Run{}, fmt.Errorf("ask for rehearsals of bundle %.12s: %w", o.Bundle.Version, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jobs = append(k.jobs, j)
	if len(k.jobs) == 1 {
		k.worker.Go(k.work)
	}
	return j.run, nil
}

// joined gives the run that an order equals.
func (k *Keeper) joined(o *Order, manifests string) (Run, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return Run{}, false, context.Canceled
	}
	for _, j := range k.jobs {
		if j.ender == "" && j.run.Version == o.Bundle.Version && j.run.Manifests == manifests && j.run.Options == o.Options {
			return j.run, true, nil
		}
	}
	theirs := 0
	for _, j := range k.jobs {
		if j.run.By == o.By {
			theirs++
		}
	}
	if len(k.jobs) > mostWaiting || theirs >= mostOfOne && o.By != casefile.ActorSystem {
		return Run{}, false, ErrBusy
	}
	return Run{}, false, nil
}

// outdated are the records of the oldest runs that have to go for another one.
func (k *Keeper) outdated(ctx context.Context) (records []journal.Record, err error) {
	list, err := k.stored(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if len(list)-i < mostKept {
			break
		}
		if list[i].State.Over() {
			records = append(records, journal.Record{Kind: kindRun, Key: list[i].ID}, journal.Record{Kind: kindItems, Key: list[i].ID})
		}
	}
	return records, nil
}

// stored are the runs as they are stored, oldest first.
func (k *Keeper) stored(ctx context.Context) ([]Run, error) {
	records, err := k.Records.List(ctx, kindRun, "", 10*mostKept)
	if err != nil {
		return nil, fmt.Errorf("list rehearsals: %w", err)
	}
	list := make([]Run, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &list[i]); err != nil {
			return nil, fmt.Errorf("rehearsal %s: %w", r.Key, err)
		}
	}
	return list, nil
}

// underWay gives a run that isn't over as it stands.
func (k *Keeper) underWay(id string) (r Run, over <-chan struct{}, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, j := range k.jobs {
		if j.run.ID == id {
			return j.run, j.over, true
		}
	}
	return r, nil, false
}

// Runs gives up to limit runs, newest first, below the cursor ("" for the top). The next cursor is "" at
// the end.
func (k *Keeper) Runs(ctx context.Context, cursor string, limit int) (list []Run, next string, err error) {
	all, err := k.stored(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, r := range slices.Backward(all) {
		if cursor != "" && r.ID >= cursor {
			continue
		}
		if len(list) == limit {
			return list, list[limit-1].ID, nil
		}
		if now, _, ok := k.underWay(r.ID); ok {
			r = now
		}
		list = append(list, r)
	}
	return list, "", nil
}

// Get gives a run with what it came to. ErrRun if there is none.
func (k *Keeper) Get(ctx context.Context, id string) (Told, error) {
	if now, _, ok := k.underWay(id); ok {
		return Told{Run: now, Items: []rehearsal.Item{}}, nil
	}
	t := Told{Items: []rehearsal.Item{}}
	raw, err := k.Records.Get(ctx, kindRun, id)
	if errors.Is(err, journal.ErrNotFound) {
		return t, fmt.Errorf("%w: %.40q", ErrRun, id)
	}
	if err == nil {
		err = json.Unmarshal(raw, &t.Run)
	}
	if err != nil {
		return t, fmt.Errorf("rehearsal %s: %w", id, err)
	}
	raw, err = k.Records.Get(ctx, kindItems, id)
	if errors.Is(err, journal.ErrNotFound) {
		return t, nil
	}
	var items kept
	if err == nil {
		err = json.Unmarshal(raw, &items)
	}
	if err != nil {
		return t, fmt.Errorf("what rehearsal %s came to: %w", id, err)
	}
	if items.Items != nil {
		t.Items = items.Items
	}
	t.Shortened = items.Shortened
	return t, nil
}

// Wait gives a run once it is over, or as it stands when ctx ends.
func (k *Keeper) Wait(ctx context.Context, id string) (Told, error) {
	if _, over, ok := k.underWay(id); ok {
		select {
		case <-over:
		case <-ctx.Done():
		}
	}
	return k.Get(context.WithoutCancel(ctx), id)
}

// Run is Start and Wait.
func (k *Keeper) Run(ctx context.Context, o Order) (Told, error) {
	r, err := k.Start(ctx, o)
	if err != nil {
		return Told{}, err
	}
	t, err := k.Wait(ctx, r.ID)
	if err == nil && !t.State.Over() {
		err = ctx.Err()
	}
	return t, err
}

func encoded(kind, key string, v any) (journal.Record, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return journal.Record{}, fmt.Errorf("%s %s: %w", strings.ReplaceAll(kind, ".", " "), key, err)
	}
	return journal.Record{Kind: kind, Key: key, Value: raw}, nil
}
