package main

import (
	"context"
	"path/filepath"

	"resolute/agent/insights"
	"resolute/agent/projection"
	"resolute/agent/suggest"
	"resolute/ui/metrics"
)

// projections are the views of the journal that something reads.
func projections() []projection.Projection {
	return []projection.Projection{insights.Projection()}
}

// openViews opens what is derived from the journal in DATA/views.db; it follows once Run does.
func (a *appliance) openViews(ctx context.Context) (err error) {
	if a.views, err = projection.Open(ctx, filepath.Join(a.Data, "views.db"), a.store, a.Log, append(projections(), suggest.Projection(a.store, a.version))...); err != nil {
		return err
	}
	return a.figures.Register(metrics.Views(a.views))
}
