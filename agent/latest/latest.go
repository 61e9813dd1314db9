// Package latest tells whoever watches how things go on: of each thing the newest word. Whoever is slow
// misses words on the way, and never the last one.
package latest

import "sync"

// Board tells the newest of each thing, by its key, to those who watch. The zero value works.
type Board[K comparable, T any] struct {
	mu       sync.Mutex
	watchers map[*watcher[K, T]]bool
}

type watcher[K comparable, T any] struct {
	news    chan struct{} // holds one
	mu      sync.Mutex
	order   []K // of those that wait, the first first
	waiting map[K]T
}

// Watch answers a channel that has something whenever there is news, a function that takes what is new,
// and one that ends watching.
func (b *Board[K, T]) Watch() (news <-chan struct{}, take func() []T, cancel func()) {
	w := &watcher[K, T]{news: make(chan struct{}, 1), waiting: map[K]T{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = map[*watcher[K, T]]bool{}
	}
	b.watchers[w] = true
	return w.news, w.take, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, w)
	}
}

// Tell says how a thing goes on. It waits for nobody.
func (b *Board[K, T]) Tell(key K, t T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		w.put(key, t)
	}
}

func (w *watcher[K, T]) put(key K, t T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.waiting[key]; !known {
		w.order = append(w.order, key)
	}
	w.waiting[key] = t
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *watcher[K, T]) take() []T {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := make([]T, len(w.order))
	for i, key := range w.order {
		taken[i] = w.waiting[key]
	}
	clear(w.waiting)
	w.order = w.order[:0]
	return taken
}
