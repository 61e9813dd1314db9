// Package cases runs durable cases of five steps in resolute and in its peers: each gives how many
// steps it does in a second, with the steps answered in process.
package cases

import (
	"context"
	"sync/atomic"
	"time"

	"resolute/bench/load"
)

// Setup is what one run gets.
type Setup struct {
	Folder string      // empty, for files
	Addr   string      // how the peer's server is reached: a DSN or host:port, "" for none
	Window load.Window // when it is measured
}

// Run measures one system for one run.
type Run func(ctx context.Context, s Setup) (stepsPerSecond float64, err error)

// Systems are those that are measured, by name.
func Systems() map[string]Run {
	return map[string]Run{"resolute": Resolute, "bare": Bare, "dbos": DBOS, "river": River,
		"temporal": Temporal, "temporal-local": TemporalLocal}
}

// How many cases are under way at once: what each system does best with here.
const (
	underWay         = 512
	underWayDBOS     = 64
	underWayRiver    = 256
	underWayTemporal = 64
)

// counter counts steps that were answered.
type counter struct{ atomic.Int64 }

// step is what every step of a peer does.
func (c *counter) step(item string) (string, error) {
	c.Add(1)
	return item, nil
}

// grace is how long a peer may take to end.
const grace = 5 * time.Second

// How River fetches.
const (
	riverCooldown = 5 * time.Millisecond
	riverWorkers  = 500
)
