package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent/projection"
)

// Follower tells how far views of the journal go; a projection.Views does.
type Follower interface {
	Followed(ctx context.Context) ([]projection.Followed, error)
}

// Views is a collector of how far views are behind the journal when it is asked.
func Views(f Follower) prometheus.Collector { return &views{f} }

type views struct{ of Follower }

var (
	behind  = prometheus.NewDesc("resolute_view_behind_entries", "Entries of the journal that a view derived from it doesn't take account of yet.", []string{"view"}, nil)
	stopped = prometheus.NewDesc("resolute_view_stopped", "1 for a view that goes no further until the server starts again; the log says why.", []string{"view"}, nil)
)

// Describe names the figures.
func (*views) Describe(ch chan<- *prometheus.Desc) {
	ch <- behind
	ch <- stopped
}

// Collect asks. A journal that can't be read any more gives no figure rather than a wrong one.
func (c *views) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	list, err := c.of.Followed(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(behind, err)
		return
	}
	for _, f := range list {
		halted := 0.0
		if f.Err != nil {
			halted = 1
		}
		ch <- prometheus.MustNewConstMetric(behind, prometheus.GaugeValue, float64(f.Behind), f.Name)
		ch <- prometheus.MustNewConstMetric(stopped, prometheus.GaugeValue, halted, f.Name)
	}
}
