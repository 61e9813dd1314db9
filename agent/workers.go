package agent

import (
	"sync"

	"resolute/agent/journal"
)

// workers are goroutines that advance leased cases, one each at a time. One that has nothing to do
// is kept for the next lease, the last first: its stack is grown and its memory warm.
type workers struct {
	max   int
	work  func(journal.Lease)
	freed chan struct{} // told when a worker has nothing to do any more

	mu    sync.Mutex
	busy  int
	idle  []chan journal.Lease
	ended bool
	all   sync.WaitGroup
}

func newWorkers(max int, work func(journal.Lease)) *workers {
	return &workers{max: max, work: work, freed: make(chan struct{}, 1)}
}

// room is how many more leases can be worked on.
func (w *workers) room() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.max - w.busy
}

// give has a lease worked on. There has to be room.
func (w *workers) give(l journal.Lease) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy++
	if n := len(w.idle); n > 0 {
		w.idle[n-1] <- l
		w.idle = w.idle[:n-1]
		return
	}
	next := make(chan journal.Lease, 1)
	next <- l
	w.all.Go(func() {
		for l := range next {
			w.work(l)
			w.rest(next)
		}
	})
}

// rest waits for the next lease, unless there will be none.
func (w *workers) rest(next chan journal.Lease) {
	w.mu.Lock()
	w.busy--
	if w.ended {
		close(next)
	} else {
		w.idle = append(w.idle, next)
	}
	w.mu.Unlock()
	select {
	case w.freed <- struct{}{}:
	default: // it was told already
	}
}

// end waits until all are done.
func (w *workers) end() {
	w.mu.Lock()
	w.ended = true
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
	w.mu.Unlock()
	w.all.Wait()
}
