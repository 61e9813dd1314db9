package main

import (
	"context"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/people"
	"resolute/agent/suggest"
	"resolute/embed"
)

// suggesting is what suggestions are made with.
func (a *appliance) suggesting(audit *people.Audit, e *embed.Static) suggest.Deps {
	meaning := func(text string) []float32 {
		v := make([]float32, e.Dimensions())
		e.EmbedInto(v, text)
		return v
	}
	return suggest.Deps{Meaning: meaning, Views: a.views, Library: a.library, Records: a.store, Rehearsals: a.runs, Impact: a.lately, Audit: audit.Event, Now: time.Now, Log: a.Log}
}

// lately judges by a version again what was decided in the last days.
func (a *appliance) lately(ctx context.Context, b *bundle.Bundle) (impact.Report, error) {
	return a.judgeAgain(ctx, b, suggest.Lately(time.Now()))
}

// judgeAgain judges by a version again what was decided in a period.
func (a *appliance) judgeAgain(ctx context.Context, b *bundle.Bundle, p impact.Period) (impact.Report, error) {
	return a.judging.Replay(ctx, impact.Candidate{Version: b.Version, Currency: b.Config.Currency, Guard: b.Guard, Effect: b.Effect}, p)
}

// version gives a stored version of the bundle, nil where it is gone.
func (a *appliance) version(version string) *bundle.Bundle {
	b, err := a.library.Get(context.Background(), version)
	if err != nil {
		return nil
	}
	return b
}
