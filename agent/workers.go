package agent

import "sync"

// workers are goroutines that advance leased cases, one each at a time. One that has nothing to do
// is kept for the next case, the last first: its stack is grown and its memory warm.
type workers struct {
	max   int
	work  func(*berth)
	freed chan struct{} // told when a worker has nothing to do any more

	mu    sync.Mutex
	busy  int
	idle  []chan *berth
	ended bool
	all   sync.WaitGroup
}

func newWorkers(max int, work func(*berth)) *workers {
	return &workers{max: max, work: work, freed: make(chan struct{}, 1)}
}

// room is how many more cases can be worked on.
func (w *workers) room() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.max - w.busy
}

// give has a case worked on. There has to be room.
func (w *workers) give(b *berth) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy++
	if n := len(w.idle); n > 0 {
		w.idle[n-1] <- b
		w.idle = w.idle[:n-1]
		return
	}
	next := make(chan *berth, 1)
	next <- b
	w.all.Go(func() {
		for b := range next {
			w.work(b)
			w.rest(next)
		}
	})
}

// rest waits for the next case, unless there will be none.
func (w *workers) rest(next chan *berth) {
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
