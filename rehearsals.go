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
