package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Deps are what the engine drives.
type Deps struct {
	Store     Store
	Playbooks Playbooks
	Tools     Tools
	Knowledge Knowledge
	Triage    Triage
	Model     Model // nil: there is none
	Callbacks Callbacks
	Pauses    Pauses // nil: nothing is ever paused
	Usual     Usual  // nil: nothing is unusual

	// Outgoing reports whether something takes messages out of the outbox.
	Outgoing func() bool
	// Evidence keeps how right the agent was; nil: nobody does.
	Evidence Evidence
	// Audit makes the record of what somebody did to a case; it is stored with it.
	Audit func(actor, action, caseID string, detail map[string]any) (journal.Record, error)

	Now  func() time.Time    // the clock
	Salt func() journal.Salt // randomness for the journal's salts
}

// Options tune the engine; the zero value works.
type Options struct {
	Workers  int           // cases advanced at once; default 1024, of which one plugin's calls get half
	Thinkers int           // cases that the model is asked for at once; default 1
	Lease    time.Duration // of a case; default 5 minutes
	Drain    time.Duration // how long Run waits for what is under way when it is told to end; default 7 s
	Log      *slog.Logger  // default: discard
	// Bearable is how long a case stands aside for a plugin whose share of workers is used up, before
	// its call counts as tried; default 1 minute, at most half of Lease.
	Bearable time.Duration
	// Together carries out commands of one step; default: each in a goroutine of its own.
	Together func(work ...func())
}

// Engine leases cases and carries out what Step says.
type Engine struct {
	Deps
	core Core
	opt  Options
	hold *bulkhead

	haste haste
}

// New makes an engine; Run starts it.
func New(d Deps, o Options) *Engine {
	if d.Pauses == nil {
		d.Pauses = unpaused{}
	}
	if o.Workers <= 0 {
		o.Workers = 1024
	}
	if o.Thinkers <= 0 {
		o.Thinkers = 1
	}
	if o.Lease <= 0 {
		o.Lease = 5 * time.Minute
	}
	if d.Model == nil {
		d.Model = mindless{}
	}
	if o.Bearable <= 0 {
		o.Bearable = time.Minute
	}
	o.Bearable = min(o.Bearable, o.Lease/2)
	if o.Drain <= 0 {
		o.Drain = 7 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Together == nil {
		o.Together = together
	}
	return &Engine{Deps: d, core: Core{Tools: d.Tools}, opt: o, hold: newBulkhead(o.Workers, map[string]int{theModel: o.Thinkers})}
}

// Run advances cases until ctx ends or the store fails, and waits for what is under way: a call
// that was begun gets its answer journaled if that takes no longer than Options.Drain.
func (e *Engine) Run(ctx context.Context) error {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	workers := newWorkers(e.opt.Workers, func(b *berth) { e.work(ctx, calls, b) })
	due := time.NewTimer(0)
	defer due.Stop()
	var waking sync.WaitGroup
	defer waking.Wait()
	waking.Go(func() { e.wakePaused(ctx) }) // a process may have ended between a resume and waking who waited
	for {
		e.claim(ctx, workers)
		select {
		case <-ctx.Done():
			timeout := time.AfterFunc(e.opt.Drain, cancel)
			workers.end()
			timeout.Stop()
			e.releaseAside()
			return nil
		case <-e.Store.Failed():
			cancel()
			workers.end()
			return errors.New("the engine stopped with the journal")
		case <-e.Pauses.Changed():
			waking.Go(func() { e.wakePaused(ctx) })
		case <-e.Store.Wakeups():
		case <-e.hold.changed:
		case <-workers.freed: // what woke the loop while all were busy is still runnable
		case <-due.C:
		}
		e.resetTimer(ctx, due)
	}
}

// resetTimer makes due cases runnable, and sets the timer to the next one.
func (e *Engine) resetTimer(ctx context.Context, due *time.Timer) {
	now := e.Now()
	next, err := e.Store.Due(ctx, now)
	wait := time.Minute
	if err != nil && ctx.Err() == nil {
		e.opt.Log.Error("timers could not be read", "error", err)
		wait = time.Second
	} else if !next.IsZero() {
		wait = min(max(next.Sub(now), 0), wait)
	}
	if until := e.hold.first(); !until.IsZero() {
		wait = min(max(until.Sub(now), 0), wait)
	}
	due.Reset(wait)
}

// claim has each case worked on that stood aside and whose turn has come, then each runnable one, as far
// as there is room.
func (e *Engine) claim(ctx context.Context, w *workers) {
	for ctx.Err() == nil {
		room := w.room()
		if room == 0 {
			return
		}
		if b := e.hold.next(e.Now()); b != nil {
			w.give(b)
			continue
		}
		leases, err := e.Store.Claim(ctx, "engine", room, e.Now(), e.opt.Lease)
		if err != nil || len(leases) == 0 {
			return
		}
		for _, l := range leases {
			w.give(&berth{lease: l, of: e.hold})
		}
	}
}

func (e *Engine) work(ctx, calls context.Context, b *berth) {
	err := e.drive(ctx, calls, b)
	b.leave()
	var aside asideError
	switch {
	case errors.As(err, &aside) && ctx.Err() == nil:
		e.hold.stand(aside.aside)
	case err == nil:
	case ctx.Err() != nil || errors.Is(err, journal.ErrStopped):
		e.Store.Release(b.lease)
	default: // it would most likely fail again at once: its lease is kept until it ends by itself
		e.opt.Log.Error("a case could not be advanced; it is tried again when its lease ends", "case", b.lease.CaseID, "lease", e.opt.Lease, "error", err)
	}
}

// releaseAside gives back the leases of cases that stand aside: they are runnable, and somebody else's.
func (e *Engine) releaseAside() {
	for _, l := range e.hold.clear() {
		e.Store.Release(l)
	}
}

// Drive advances one leased case until it is parked. It returns early, with the lease to be
// released, when ctx ends between two steps; calls bounds the requests on the wire.
func (e *Engine) Drive(ctx, calls context.Context, l journal.Lease) error {
	return e.drive(ctx, calls, &berth{lease: l})
}

// drive is Drive with the seats that the case gets; an asideError says that it got none.
func (e *Engine) drive(ctx, calls context.Context, b *berth) error {
	l := b.lease
	s, err := load(calls, e.Store, l.CaseID)
	if err != nil {
		return err
	}
	ev := Event{Now: e.Now()}
	for {
		book, err := e.Playbooks.Playbook(calls, s.Bundle)
		if err != nil {
			return fmt.Errorf("bundle of the case: %w", err)
		}
		deadline := firstDeadline(s.Case) // before the step makes another state of it
		ev.Paused, ev.Usual = e.Pauses.Current(), e.Usual
		res := e.core.Step(s.Case, book, ev)
		if full := b.take(res.Commands); full != "" {
			return e.standAside(calls, s.Case, ev, aside{lease: l, plugin: full, until: deadline})
		}
		switch again, err := e.commit(calls, l, s, res, &ev); {
		case err != nil:
			return err
		case again:
			if s, err = load(calls, e.Store, l.CaseID); err != nil {
				return err
			}
			ev.Now = e.Now()
			continue
		case res.Park && res.Paused && e.Pauses.Current().Change != ev.Paused.Change:
			return e.wake(calls, l.CaseID) // whoever resumed may not have found it waiting yet
		case res.Park:
			return nil
		case ev.Draining:
			return ctx.Err()
		}
		s.place = place(s.Case)
		ev = e.carryOut(calls, s.Case, res.Commands, b)
		ev.Draining = ctx.Err() != nil
		if err := e.Store.Renew(l, ev.Now, e.opt.Lease); err != nil {
			return err
		}
	}
}

// Load folds a case from its newest snapshot and the entries behind it.
func (e *Engine) Load(ctx context.Context, caseID string) (*casefile.Case, error) {
	return Load(ctx, e.Store, caseID)
}

// Load folds a case from its newest snapshot and the entries behind it.
func Load(ctx context.Context, store Loader, caseID string) (*casefile.Case, error) {
	s, err := load(ctx, store, caseID)
	return s.Case, err
}

// loaded is a case with the seq of its newest snapshot.
type loaded struct {
	*casefile.Case
	saved uint64
	place string // in the list of what waits for approval
}

func load(ctx context.Context, store Loader, caseID string) (loaded, error) {
	snapshot, tail, err := store.Load(ctx, caseID)
	if err != nil {
		return loaded{}, err
	}
	c := casefile.New(caseID)
	if snapshot != nil {
		if err := json.Unmarshal(snapshot, c); err != nil {
			return loaded{}, fmt.Errorf("snapshot of case %s: %w", caseID, err)
		}
	}
	s := loaded{Case: c, saved: c.Seq}
	for i := range tail {
		c.Fold(&tail[i])
	}
	s.place = place(c)
	return s, nil
}
