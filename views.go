package main

import (
	"context"
	"path/filepath"
	"time"

	"resolute/agent/figures"
	"resolute/agent/insights"
	"resolute/agent/listing"
	"resolute/agent/model/sureness"
	"resolute/agent/projection"
	"resolute/agent/suggest"
	"resolute/ui/metrics"
)

// openViews opens what is derived from the journal in DATA/views.db; it follows once Run does.
func (a *appliance) openViews(ctx context.Context) (err error) {
	if a.views, err = projection.Open(ctx, filepath.Join(a.Data, "views.db"), a.store, a.Log,
		insights.Projection(),
		listing.Projection(),
		figures.Projection(),
		suggest.Projection(a.store, a.version),
		sureness.Projection(),
	); err != nil {
		return err
	}
	a.sureness = sureness.New(a.views, time.Now)
	return a.figures.Register(metrics.Views(a.views))
}
