package shadow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Errors of a Keeper.
var (
	ErrNone   = errors.New("this version never ran beside the active one; start it with: resolute shadow start")
	ErrActive = errors.New("this version is the active one, and can't run beside itself")
	ErrMany   = errors.New("as many versions as may run beside the active one already do; stop one first")
)

const kindShadow = "bundle.shadow"

// mostRunning bounds how many versions run beside the active one: each case is compared with each.
const mostRunning = 3

// Store is what a shadow follows, and where it keeps what it counts; a journal.Store does.
type Store interface {
	Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error)
	FeedOf(ctx context.Context, after uint64, most int, kinds ...casefile.Kind) (entries []casefile.Entry, read uint64, err error)
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
	Committed() (ch <-chan struct{}, cancel func())
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Deps are what a Keeper works with.
type Deps struct {
	Store Store
	// Candidate makes a stored version ready.
	Candidate func(ctx context.Context, version string) (Candidate, error)
	// Active gives the active version, "" for none.
	Active func() string
	// Yield waits while live work has to go first, for a while at most.
	Yield func(ctx context.Context)
	// Audit makes the record of who started or stopped a shadow; it is stored with that.
	Audit func(actor, action, subject string, detail map[string]any) (journal.Record, error)
	Now   func() time.Time
	Log   *slog.Logger
}

// Keeper runs shadows and keeps what they saw. It is safe for concurrent use.
type Keeper struct {
	Deps
	change sync.Mutex // one start or stop at a time
	turn   sync.Mutex // one comparison at a time, whatever the number of shadows

	mu      sync.Mutex
	ctx     context.Context // of Run, nil before it
	all     map[string]*follower
	working sync.WaitGroup
}

// state is what is stored of a shadow.
type state struct {
	Version   string     `json:"version"`
	By        string     `json:"by"`
	StartedAt time.Time  `json:"started_at"`
	StoppedAt *time.Time `json:"stopped_at,omitempty"`
	Why       string     `json:"why,omitempty"`
	After     uint64     `json:"after"` // offset that it has followed up to
	Tally     tally      `json:"tally"`
	// Resting are the cases that were compared last and may go on, or be reopened, with what was counted of
	// them.
	Resting map[string]*result `json:"resting"`
}

// Open reads the shadows. Those that aren't stopped go on with Run.
func Open(ctx context.Context, d Deps) (*Keeper, error) {
	k := &Keeper{Deps: d, all: map[string]*follower{}}
	records, err := d.Store.List(ctx, kindShadow, "", 10_000)
	if err != nil {
		return nil, fmt.Errorf("read what ran beside the active bundle: %w", err)
	}
	for _, r := range records {
		s := state{Tally: newTally(), Resting: map[string]*result{}}
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return nil, fmt.Errorf("what bundle %.12s saw beside the active one: %w", r.Key, err)
		}
		k.all[s.Version] = &follower{keeper: k, state: s}
	}
	return k, nil
}

// Run lets shadows follow the journal until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	k.mu.Lock()
	k.ctx = ctx
	for _, f := range k.all {
		if f.state.StoppedAt == nil {
			k.follow(f)
		}
	}
	k.mu.Unlock()
	<-ctx.Done()
	k.mu.Lock()
	k.ctx = nil
	k.mu.Unlock()
	k.working.Wait()
}

// follow begins to follow, under mu.
func (k *Keeper) follow(f *follower) {
	if k.ctx == nil {
		return
	}
	ctx, cancel := context.WithCancel(k.ctx)
	f.cancel, f.ended = cancel, make(chan struct{})
	k.working.Go(func() {
		defer close(f.ended)
		defer cancel()
		f.run(ctx)
	})
}

// Start lets a version run beside the active one, from the newest entry of the journal on. One that does
// already goes on; one that was stopped begins anew.
func (k *Keeper) Start(ctx context.Context, version, by string) (Report, error) {
	k.change.Lock()
	defer k.change.Unlock()
	if version == k.Active() {
		return Report{}, ErrActive
	}
	running := 0
	k.mu.Lock()
	for _, f := range k.all {
		if f.running() {
			running++
		}
	}
	f := k.all[version]
	k.mu.Unlock()
	if f != nil && f.running() {
		return k.Report(ctx, version)
	}
	if running >= mostRunning {
		return Report{}, ErrMany
	}
	_, last, err := k.Store.Feed(ctx, 0, 1)
	if err != nil {
		return Report{}, err
	}
	f = &follower{keeper: k, state: state{Version: version, By: by, StartedAt: k.Now().UTC(), After: last, Tally: newTally(), Resting: map[string]*result{}}}
	if err := k.say(ctx, f, by, "shadow.started"); err != nil {
		return Report{}, err
	}
	k.mu.Lock()
	k.all[version] = f
	k.follow(f)
	k.mu.Unlock()
	return k.Report(ctx, version)
}

// Stop ends that a version runs beside the active one. What it saw stays, until it is started again.
func (k *Keeper) Stop(ctx context.Context, version, by string) (Report, error) {
	k.change.Lock()
	defer k.change.Unlock()
	k.mu.Lock()
	f := k.all[version]
	k.mu.Unlock()
	if f == nil {
		return Report{}, ErrNone
	}
	if f.running() {
		f.halt()
		f.stop("")
		if err := k.say(ctx, f, by, "shadow.stopped"); err != nil {
			return Report{}, err
		}
	}
	return k.Report(ctx, version)
}

// say stores a shadow with the record of who did what to it.
func (k *Keeper) say(ctx context.Context, f *follower, by, action string) error {
	said, err := k.Audit(by, action, f.state.Version, nil)
	if err != nil {
		return err
	}
	return f.save(ctx, said)
}

// Report gives what a version has seen. ErrNone if it never ran beside another.
func (k *Keeper) Report(ctx context.Context, version string) (Report, error) {
	k.mu.Lock()
	f := k.all[version]
	k.mu.Unlock()
	if f == nil {
		return Report{}, ErrNone
	}
	_, last, err := k.Store.Feed(ctx, ^uint64(0)>>1, 1)
	if err != nil {
		return Report{}, err
	}
	return f.report(last), nil
}

// Running are the versions that run beside the active one.
func (k *Keeper) Running() (versions []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for version, f := range k.all {
		if f.running() {
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return versions
}
