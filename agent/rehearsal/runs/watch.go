package runs

import "sync"

// broadcast tells the newest of each run to whoever watches. Whoever is slow misses steps on the way,
// and never the last.
type broadcast struct {
	mu       sync.Mutex
	watchers map[*watcher]bool
}

type watcher struct {
	news    chan struct{} // holds one
	mu      sync.Mutex
	waiting []Run // the newest of each
}

// Watch answers a channel that has something whenever runs went on, a function that takes what is new,
// and one that ends watching.
func (k *Keeper) Watch() (news <-chan struct{}, take func() []Run, cancel func()) {
	w := &watcher{news: make(chan struct{}, 1)}
	k.watched.mu.Lock()
	defer k.watched.mu.Unlock()
	if k.watched.watchers == nil {
		k.watched.watchers = map[*watcher]bool{}
	}
	k.watched.watchers[w] = true
	return w.news, w.take, func() {
		k.watched.mu.Lock()
		defer k.watched.mu.Unlock()
		delete(k.watched.watchers, w)
	}
}

func (b *broadcast) tell(r Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		w.put(r)
	}
}

func (w *watcher) put(r Run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := false
	for i := range w.waiting {
		if w.waiting[i].ID == r.ID {
			w.waiting[i], known = r, true
		}
	}
	if !known {
		w.waiting = append(w.waiting, r)
	}
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *watcher) take() []Run {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.waiting
	w.waiting = nil
	return taken
}
