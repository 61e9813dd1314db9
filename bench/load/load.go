// Package load keeps a number of things under way and measures how many are done in a second.
package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Window says when it is measured: after Warm, for Measure.
type Window struct {
	Warm    time.Duration `json:"warm"`
	Measure time.Duration `json:"measure"`
}

// Rate runs work n times at once, again and again, until the window is over, and gives how much
// count rose in each second of it. The first error ends it. work gets a number of its own.
func Rate(ctx context.Context, n int, w Window, count *atomic.Int64, work func(ctx context.Context, i int64) error) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var over atomic.Bool
	var next atomic.Int64
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for !over.Load() && ctx.Err() == nil {
				if err := work(ctx, next.Add(1)); err != nil {
					cancel(err)
				}
			}
		})
	}
	rate := Watch(ctx, w, count)
	over.Store(true)
	workers.Wait()
	return rate, context.Cause(ctx)
}

// patience is how long a window grows in which nothing was counted.
const patience = time.Minute

// Watch waits for the window to be over and gives how much count rose in each second of it. A window
// in which it didn't rise goes on until it does.
func Watch(ctx context.Context, w Window, count *atomic.Int64) float64 {
	pause(ctx, w.Warm)
	from, start := count.Load(), time.Now()
	pause(ctx, w.Measure)
	for count.Load() == from && ctx.Err() == nil && time.Since(start) < w.Measure+patience {
		pause(ctx, time.Millisecond)
	}
	return float64(count.Load()-from) / time.Since(start).Seconds()
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
