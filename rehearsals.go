package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// rehearsing is what rehearsals in the server are run with.
func (a *appliance) rehearsing(audit *people.Audit) runs.Deps {
	return runs.Deps{Records: a.store, Rehearse: a.rehearse, Yield: a.liveFirst, Audit: audit.Event, NewID: newID, Now: time.Now, Log: a.Log}
}

// rehearse plays the rehearsals of a version, or lets recorded cases happen again under it. Variables and
// secrets are filled in only where scenarios may call live plugins.
func (a *appliance) rehearse(ctx context.Context, b *bundle.Bundle, o rehearsal.Options) (rehearsal.Report, error) {
	if !a.working.Load() { // nobody has to go first
		o.Parallel = 0
	}
	lookup := a.lookup
	if o.Scripted {
		lookup = func(string, string) (string, bool) { return "", false }
	}
	return onStage(ctx, b, lookup, func(s *rehearsal.Stage) (rehearsal.Report, error) {
		if len(o.Cases) == 0 {
			return s.Rehearse(ctx, o)
		}
		return s.Replay(ctx, a.store, rehearsal.ReplayOptions{Seed: o.Seed, Cases: o.Cases, Parallel: o.Parallel, Before: o.Before, Records: a.store, Books: a.shelf})
	})
}

// permit is the house's rule for what may become active.
func (a *appliance) permit(ctx context.Context, b *bundle.Bundle) error {
	if !a.MustRehearse {
		return nil
	}
	return a.runs.Permit(ctx, b)
}

// Apply stores a bundle folder and activates it, unless its version was stored before; where the house asks
// for it, once its rehearsals have passed.
func (a *appliance) Apply(ctx context.Context, files fs.FS, name string) (string, error) {
	b, err := a.library.ApplyOnce(ctx, files, name, casefile.ActorSystem)
	var refused *runs.UnrehearsedError
	if errors.As(err, &refused) {
		if err := a.passes(ctx, files, name); err != nil {
			return "", err
		}
		b, err = a.library.ApplyOnce(ctx, files, name, casefile.ActorSystem)
	}
	if err != nil {
		return "", err
	}
	if active, err := a.library.Active(); err == nil && active.Version != b.Version {
		a.Log.Warn("another version is active: this one was stored before, and activating it is a decision", "folder", name, "version", b.Version, "active", active.Version)
	}
	return b.Version, nil
}

// passes rehearses a folder, and reports what it doesn't pass.
func (a *appliance) passes(ctx context.Context, files fs.FS, name string) error {
	b, err := a.library.Fresh(ctx, files)
	if err != nil {
		return err
	}
	a.Log.Info("rehearsing before it becomes active", "folder", name, "version", b.Version)
	told, err := a.runs.Run(ctx, runs.Order{Bundle: b, By: casefile.ActorSystem, Options: runs.Options{Seed: 1}})
	if err == nil {
		err = a.permit(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("%s: %w%s", name, err, told.Complaints())
	}
	return nil
}

// How long work in the background waits at a time for live cases, and how often it looks.
const (
	longestYield = time.Second
	yieldLook    = 5 * time.Millisecond
)

// liveFirst waits while cases wait for their turn. On a server that is never idle what is behind them goes
// on slowly, and does go on.
func (a *appliance) liveFirst(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, longestYield)
	defer cancel()
	look := time.NewTicker(yieldLook)
	defer look.Stop()
	for a.working.Load() && a.store.Runnable() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}
