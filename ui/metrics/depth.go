package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent/journal"
)

// Depths tells how much is open; a journal.Bolt does.
type Depths interface {
	Depth(ctx context.Context) (journal.Depth, error)
}

// Open is a collector of what is open when it is asked.
func Open(d Depths) prometheus.Collector { return &depth{d} }

type depth struct{ of Depths }

var (
	openCases     = prometheus.NewDesc("resolute_cases_open", "Cases that have not ended, by status as it was when they were last left alone.", []string{"status"}, nil)
	runnableCases = prometheus.NewDesc("resolute_cases_runnable", "Cases that could go on and that no worker has taken yet.", nil, nil)
	heldCases     = prometheus.NewDesc("resolute_cases_held", "Cases that a worker has.", nil, nil)
	queued        = prometheus.NewDesc("resolute_outbox_queued", "Messages that a webhook is still to take.", nil, nil)
)

// Describe names the figures.
func (*depth) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{openCases, runnableCases, heldCases, queued} {
		ch <- d
	}
}

// Collect counts. A store that can't be read any more gives no figure rather than a wrong one.
func (c *depth) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d, err := c.of.Depth(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(openCases, err)
		return
	}
	gauge := func(desc *prometheus.Desc, n int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), labels...)
	}
	for status, n := range d.Open {
		gauge(openCases, n, string(status))
	}
	gauge(runnableCases, d.Runnable)
	gauge(heldCases, d.Held)
	gauge(queued, d.Queued)
}
