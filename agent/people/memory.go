package people

import (
	"crypto/sha256"
	"maps"
	"sync/atomic"
)

type digest [sha256.Size]byte

func digestOf(plain string) digest { return sha256.Sum256([]byte(plain)) }

// memory finds values by the digest of what somebody showed. Finding takes no lock and tells
// nothing by its time: whoever guesses would have to guess digests of their own choice.
type memory[T any] struct{ m atomic.Pointer[map[digest]T] }

func (m *memory[T]) find(plain string) (v T, ok bool) {
	d := digestOf(plain)
	all := m.m.Load()
	if all == nil {
		return v, false
	}
	v, ok = (*all)[d]
	return v, ok
}

func (m *memory[T]) all() map[digest]T {
	if all := m.m.Load(); all != nil {
		return *all
	}
	return nil
}

// change replaces the map by a changed copy. Callers hold their own lock against each other.
func (m *memory[T]) change(fn func(map[digest]T)) {
	next := maps.Clone(m.all())
	if next == nil {
		next = map[digest]T{}
	}
	fn(next)
	m.m.Store(&next)
}
