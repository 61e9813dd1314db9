package main

import (
	"context"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/insights"
	"resolute/agent/people"
)

// insights says what became of cases.
func (a *appliance) insights(audit *people.Audit) *insights.Insights {
	deeds := func(ctx context.Context, from, to time.Time, cursor string, limit int) ([]insights.Deed, string, error) {
		events, next, err := audit.List(ctx, from, to, cursor, limit)
		list := make([]insights.Deed, len(events))
		for i, e := range events {
			list[i] = insights.Deed{At: e.At, Action: e.Action, Subject: e.Subject, Detail: e.Detail}
		}
		return list, next, err
	}
	return insights.New(insights.Deps{Views: a.views, House: firm{a.library}, Deeds: deeds, Records: a.store, Models: a.sureness.Models, Now: time.Now})
}

// firm is what the company says of itself.
type firm struct{ library *bundle.Library }

// Zone is the active version's.
func (f firm) Zone() *time.Location {
	b, err := f.library.Active()
	if err != nil {
		return time.UTC
	}
	return b.Config.Zone
}

// Currency is a version's, "" where that can't be read any more.
func (f firm) Currency(ctx context.Context, version string) string {
	b, err := f.library.Get(ctx, version)
	if err != nil {
		return ""
	}
	return b.Config.Currency
}

// Versions are when each version was first applied.
func (f firm) Versions(ctx context.Context) (map[string]time.Time, error) {
	list, err := f.library.List(ctx)
	all := make(map[string]time.Time, len(list))
	for _, v := range list {
		all[v.Version] = v.AppliedAt
	}
	return all, err
}
