package main

import (
	"context"
	"path/filepath"

	"resolute/agent/listing"
	"resolute/agent/projection"
	"resolute/ui/metrics"
)

// projections are the views of the journal that something reads.
func projections() []projection.Projection {
	return []projection.Projection{
		listing.Projection(),
	}
}

// openViews opens what is derived from the journal in DATA/views.db; it follows once Run does.
func (a *appliance) openViews(ctx context.Context) (err error) {
	if a.views, err = projection.Open(ctx, filepath.Join(a.Data, "views.db"), a.store, a.Log, projections()...); err != nil {
		return err
	}
	return a.figures.Register(metrics.Views(a.views))
}
