package shadow

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Bounds of a shadow's work.
const (
	feedBatch   = 4_096                  // entries that are looked at at a time
	pause       = 200 * time.Millisecond // after something was committed, so that many cases are met at once
	saveEvery   = 5 * time.Second
	casesAtOnce = 16    // cases after which live work goes first again: each takes about a millisecond
	mostEntries = 5_000 // of a case that is compared
	mostResting = 1_000 // cases that are kept in mind since they may go on
)

// follower is one shadow.
type follower struct {
	keeper *Keeper
	cancel context.CancelFunc // nil where it doesn't follow
	ended  chan struct{}

	compared int // cases, by what follows alone

	mu    sync.Mutex
	state state
	dirty bool
}

func (f *follower) running() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state.StoppedAt == nil
}

// halt ends following, and waits for that.
func (f *follower) halt() {
	f.keeper.mu.Lock()
	cancel, ended := f.cancel, f.ended
	f.keeper.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}

// stop marks it as stopped; why is "" where somebody stopped it.
func (f *follower) stop(why string) {
	at := f.keeper.Now().UTC()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.StoppedAt, f.state.Why, f.dirty = &at, why, true
	f.state.Resting = map[string]*result{}
}

func (f *follower) report(last uint64) Report {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.state
	r := Report{Version: s.Version, State: Running, By: s.By, StartedAt: s.StartedAt, StoppedAt: s.StoppedAt, Why: s.Why}
	if s.StoppedAt != nil {
		r.State = Stopped
	} else if last > s.After {
		r.Behind = last - s.After
	}
	s.Tally.fill(&r)
	return r
}

// save stores how far it is, with other records.
func (f *follower) save(ctx context.Context, with ...journal.Record) error {
	f.mu.Lock()
	raw, err := json.Marshal(&f.state)
	f.dirty = false
	f.mu.Unlock()
	if err == nil {
		err = f.keeper.Store.Put(ctx, append(with, journal.Record{Kind: kindShadow, Key: f.state.Version, Value: raw})...)
	}
	if err != nil {
		return fmt.Errorf("store what bundle %.12s saw beside the active one: %w", f.state.Version, err)
	}
	return nil
}

// run follows the journal until ctx ends, or there is nothing to run beside any more.
func (f *follower) run(ctx context.Context) {
	log := f.keeper.Log.With("version", f.state.Version)
	why, err := f.follow(ctx)
	if err != nil && ctx.Err() == nil {
		log.Error("a bundle no longer runs beside the active one", "error", err)
		why = err.Error()
	}
	if why != "" {
		f.stop(why)
	}
	if err := f.save(context.WithoutCancel(ctx)); err != nil {
		log.Error("what a bundle saw beside the active one is not stored", "error", err)
	}
}

func (f *follower) follow(ctx context.Context) (why string, err error) {
	c, err := f.keeper.Candidate(ctx, f.state.Version)
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := c.Close(); err == nil {
			err = closed
		}
	}()
	committed, cancel := f.keeper.Store.Committed()
	defer cancel()
	saved := f.keeper.Now()
	for ctx.Err() == nil {
		if f.keeper.Active() == f.state.Version {
			return "it became the active one", nil
		}
		more, err := f.batch(ctx, c)
		if err != nil {
			return "", err
		}
		if now := f.keeper.Now(); f.dirty && (now.Sub(saved) >= saveEvery || !more) {
			if err := f.save(ctx); err != nil {
				return "", err
			}
			saved = now
		}
		if !more {
			f.rest(ctx, committed)
		}
	}
	return "", nil
}

// rest waits until something was committed, and a little for more.
func (f *follower) rest(ctx context.Context, committed <-chan struct{}) {
	select {
	case <-committed:
	case <-ctx.Done():
		return
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}

// batch compares the cases that came to rest in the next entries, and reports whether there may be more.
func (f *follower) batch(ctx context.Context, c Candidate) (more bool, err error) {
	entries, read, err := f.keeper.Store.FeedOf(ctx, f.state.After, feedBatch, casefile.KindCaseResolved, casefile.KindCaseClosed, casefile.KindCaseStopped, casefile.KindOperatorDecided)
	if err != nil || read == f.state.After {
		return false, err
	}
	var cases []string
	met := map[string]bool{}
	for i := range entries {
		if id := entries[i].Case; !met[id] && f.concerns(&entries[i]) {
			met[id] = true
			cases = append(cases, id)
		}
	}
	for _, id := range cases {
		if f.compared%casesAtOnce == 0 {
			f.keeper.Yield(ctx)
		}
		f.compared++
		if err := f.compare(ctx, c, id); err != nil {
			return false, err
		}
		if ctx.Err() != nil {
			return false, nil // what was compared of these is compared anew
		}
	}
	f.mu.Lock()
	more = read == f.state.After+feedBatch
	f.state.After = read
	f.dirty = f.dirty || len(cases) > 0
	f.mu.Unlock()
	return more, nil
}

// concerns reports whether a case came to rest with an entry, or went on after that.
func (f *follower) concerns(e *casefile.Entry) bool {
	switch d := e.Data.(type) {
	case *casefile.CaseResolved, *casefile.CaseClosed:
		return true
	case *casefile.CaseStopped:
		return d.Status == casefile.Escalated
	case *casefile.OperatorDecided:
		_, resting := f.state.Resting[e.Case]
		return resting
	}
	return false
}

// compare puts the candidate in a case, and counts it in place of what was counted of it.
func (f *follower) compare(ctx context.Context, c Candidate, id string) error {
	entries, err := f.entries(ctx, id)
	if err != nil {
		return err
	}
	k := casefile.New(id)
	erased := false
	for i := range entries {
		if erased = erased || entries[i].Data == nil; !erased {
			k.Fold(&entries[i])
		}
	}
	did := Compared{}
	switch {
	case erased:
		did.Unplayed = "a part of its journal was erased"
	case len(entries) > mostEntries:
		did.Unplayed = fmt.Sprintf("its journal has more than %d entries", mostEntries)
	default:
		f.keeper.turn.Lock()
		did = c.Compare(ctx, id, entries)
		f.keeper.turn.Unlock()
	}
	if ctx.Err() != nil {
		return nil // it may have been cut short
	}
	f.count(k, entries, &did)
	return nil
}

func (f *follower) count(k *casefile.Case, entries []casefile.Entry, did *Compared) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &f.state.Tally
	r := &result{Procedure: k.Procedure, Ended: k.Status.Ended(), At: k.UpdatedAt}
	if did.Unplayed != "" {
		r.Unplayed = t.reason(did.Unplayed)
	} else {
		r.Judged = judge(entries, did)
	}
	before := f.state.Resting[k.ID]
	if before != nil {
		t.count(before, k.ID, -1)
		delete(f.state.Resting, k.ID)
	}
	if r.Unplayed == "" && did.Diverged {
		var was *casefile.Entry
		if n := int(did.Seq) - 1; n < len(entries) {
			was = &entries[n]
		}
		r.Kind = kindOf(was, did.Did)
		t.example(r.Kind, Example{CaseID: k.ID, Seq: did.Seq, Recorded: words(was), Now: words(did.Did)})
	}
	t.Reads += did.Reads
	if len(f.state.Resting) >= mostResting && !f.forget() {
		if !r.Ended {
			return // counted when it ends
		}
	} else {
		f.state.Resting[k.ID] = r
	}
	t.count(r, k.ID, 1)
}

// forget makes room among the cases in mind: the one goes that ended longest ago. It reports false where
// none has ended.
func (f *follower) forget() bool {
	oldest := ""
	for id, r := range f.state.Resting {
		if r.Ended && (oldest == "" || r.At.Before(f.state.Resting[oldest].At)) {
			oldest = id
		}
	}
	delete(f.state.Resting, oldest)
	return oldest != ""
}

// entries gives a case's journal, or more of it than is compared.
func (f *follower) entries(ctx context.Context, id string) (all []casefile.Entry, err error) {
	for len(all) <= mostEntries {
		list, err := f.keeper.Store.Entries(ctx, id, uint64(len(all)), 1000)
		if err != nil {
			return nil, fmt.Errorf("read case %s: %w", id, err)
		}
		if all = append(all, list...); len(list) < 1000 {
			break
		}
	}
	return all, nil
}
