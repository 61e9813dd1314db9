package triage

import (
	"context"
	"runtime"
	"sync"
)

// hands are what learns.
type hands struct {
	workers int                       // 0 for one on each processor
	rest    func(ctx context.Context) // before each piece of work; nil for none
}

// parallel does n things.
func (h hands) parallel(ctx context.Context, n int, do func(i int)) error {
	most := h.workers
	if most == 0 {
		most = runtime.GOMAXPROCS(0)
	}
	var next struct {
		sync.Mutex
		i int
	}
	var workers sync.WaitGroup
	for range min(n, most) {
		workers.Go(func() {
			for ctx.Err() == nil {
				next.Lock()
				i := next.i
				next.i++
				next.Unlock()
				if i >= n {
					return
				}
				if h.rest != nil {
					h.rest(ctx)
				}
				do(i)
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}
