package main

import (
	"context"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// rehearsing is what rehearsals in the server are run with.
func (a *appliance) rehearsing(audit *people.Audit) runs.Deps {
	return runs.Deps{Records: a.store, Rehearse: a.rehearse, Yield: a.liveFirst, Audit: audit.Event, NewID: newID, Now: time.Now, Log: a.Log}
}

// rehearse plays the rehearsals of a version. Variables and secrets are filled in only where scenarios may
// call live plugins.
func (a *appliance) rehearse(ctx context.Context, b *bundle.Bundle, o rehearsal.Options) (rehearsal.Report, error) {
	lookup := a.lookup
	if o.Scripted {
		lookup = func(string, string) (string, bool) { return "", false }
	}
	return rehearseVersion(ctx, b, lookup, o)
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
	for a.store.Runnable() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}
