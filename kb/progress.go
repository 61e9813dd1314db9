package kb

import (
	"sync"
	"time"
)

// Progress is how far an import is.
type Progress struct {
	Import    string    `json:"import"` // its id
	At        time.Time `json:"at"`
	Done      int       `json:"done"`  // sources that were read
	Total     int       `json:"total"` // sources
	Source    string    `json:"source,omitempty"`
	Documents int       `json:"documents"` // stored or found unchanged
	Chunks    int       `json:"chunks"`    // of those documents
	Failed    int       `json:"failed"`
	Ended     bool      `json:"ended"`
	Error     string    `json:"error,omitempty"` // why it ended early
}

// broadcast tells the newest of each import to whoever watches. Whoever is slow misses steps on the
// way, and never the last.
type broadcast struct {
	mu       sync.Mutex
	watchers map[*watcher]bool
}

type watcher struct {
	news    chan struct{} // holds one
	mu      sync.Mutex
	waiting []Progress // the newest of each import
}

// Watch answers a channel that has something whenever imports went on, a function that takes what is
// new, and one that ends watching.
func (b *Base) Watch() (news <-chan struct{}, take func() []Progress, cancel func()) {
	w := &watcher{news: make(chan struct{}, 1)}
	b.progress.mu.Lock()
	defer b.progress.mu.Unlock()
	if b.progress.watchers == nil {
		b.progress.watchers = map[*watcher]bool{}
	}
	b.progress.watchers[w] = true
	return w.news, w.take, func() {
		b.progress.mu.Lock()
		defer b.progress.mu.Unlock()
		delete(b.progress.watchers, w)
	}
}

func (b *broadcast) tell(p Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		w.put(p)
	}
}

func (w *watcher) put(p Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := false
	for i := range w.waiting {
		if w.waiting[i].Import == p.Import {
			w.waiting[i], known = p, true
		}
	}
	if !known {
		w.waiting = append(w.waiting, p)
	}
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *watcher) take() []Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.waiting
	w.waiting = nil
	return taken
}
