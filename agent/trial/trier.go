package trial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"resolute/agent/rehearsal"
)

// Corrections are what people taught, by id.
type Corrections interface {
	// Standing gives those that count: the ones that were tried, and the ones that weren't, each oldest first.
	Standing(ctx context.Context) (tried, untried []string, err error)
	// Tried keeps that corrections go on counting.
	Tried(ctx context.Context, ids ...string) error
	// Hold takes a correction out of work, and keeps why.
	Hold(ctx context.Context, id, why string) error
}

// Deps are what a Trier works with.
type Deps struct {
	Corrections Corrections
	// Open makes the active version ready to be rehearsed; nil if there is nothing to rehearse.
	Open func(ctx context.Context) (Stage, error)
	Log  *slog.Logger
}

// Stage is a version that is ready to be rehearsed.
type Stage interface {
	// Rehearse plays its rehearsals with these corrections at work, and no others.
	Rehearse(ctx context.Context, ids []string) (rehearsal.Report, error)
	Close() error
}

// Trier tries corrections. It is safe for concurrent use.
type Trier struct {
	Deps
	poke chan struct{}

	mu   sync.Mutex
	next chan struct{} // closed when the next round is over
}

// New makes a trier; Run has it work.
func New(d Deps) *Trier {
	return &Trier{Deps: d, poke: make(chan struct{}, 1), next: make(chan struct{})}
}

// again is how long after a trial that could not be made the next is tried.
const again = time.Minute

// Run tries what wasn't tried, now and whenever something is taught, until ctx ends.
func (t *Trier) Run(ctx context.Context) {
	for ctx.Err() == nil {
		over := t.begin()
		err := t.Try(ctx)
		close(over)
		var retry <-chan time.Time
		if err != nil && ctx.Err() == nil {
			t.Log.Error("corrections could not be tried on the rehearsals; they are at work", "error", err)
			retry = time.After(again)
		}
		select {
		case <-ctx.Done():
		case <-t.poke:
		case <-retry:
		}
	}
}

// begin gives the channel to close when the round that begins is over.
func (t *Trier) begin() (over chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	over, t.next = t.next, make(chan struct{})
	return over
}

// Settle has what was stored before it be tried, and returns when it was, or when ctx ends.
func (t *Trier) Settle(ctx context.Context) {
	t.mu.Lock()
	over := t.next // the round under way may have looked already
	t.mu.Unlock()
	select {
	case t.poke <- struct{}{}:
	default: // the next round is due anyway
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
}

// Try tries what wasn't tried.
func (t *Trier) Try(ctx context.Context) (err error) {
	tried, untried, err := t.Corrections.Standing(ctx)
	if err != nil || len(untried) == 0 {
		return err
	}
	stage, err := t.Open(ctx)
	if err != nil {
		return fmt.Errorf("make the active version ready to be rehearsed: %w", err)
	}
	if stage == nil {
		return t.Corrections.Tried(ctx, untried...)
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	before, err := play(ctx, stage, tried)
	if err != nil {
		return err
	}
	with, err := play(ctx, stage, slices.Concat(tried, untried))
	if err != nil {
		return err
	}
	switch why := Lowers(before, with); {
	case why == "":
		return t.Corrections.Tried(ctx, untried...)
	case len(untried) == 1:
		return t.hold(ctx, untried[0], why)
	}
	for _, id := range untried {
		with, err := play(ctx, stage, append(slices.Clone(tried), id))
		if err != nil {
			return err
		}
		if why := Lowers(before, with); why != "" {
			err = t.hold(ctx, id, why)
		} else {
			tried, before = append(slices.Clone(tried), id), with
			err = t.Corrections.Tried(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func play(ctx context.Context, s Stage, ids []string) (rehearsal.Report, error) {
	r, err := s.Rehearse(ctx, ids)
	if err != nil {
		return r, fmt.Errorf("rehearse with %d corrections: %w", len(ids), err)
	}
	return r, nil
}

func (t *Trier) hold(ctx context.Context, id, why string) error {
	t.Log.Warn("a correction is held until an admin accepts it", "correction", id, "why", why)
	return t.Corrections.Hold(ctx, id, why)
}

// named is how many rehearsals a reason names.
const named = 3

// Lowers says which rehearsals passed before and fail now, with the first failure of each; "" for none.
func Lowers(before, now rehearsal.Report) string {
	passed := map[string]bool{}
	for i := range before.Items {
		passed[before.Items[i].Rehearsal] = before.Items[i].Passed
	}
	var list []string
	for i := range now.Items {
		if it := &now.Items[i]; !it.Passed && passed[it.Rehearsal] {
			list = append(list, fmt.Sprintf("%q (%s)", it.Rehearsal, strings.Join(it.Failures[:min(1, len(it.Failures))], "")))
		}
	}
	if len(list) == 0 {
		return ""
	}
	more := ""
	if n := len(list) - named; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("with it at work, rehearsals of bundle %.12s fail that pass without it: %s%s", now.Version, strings.Join(list[:min(named, len(list))], ", "), more)
}
