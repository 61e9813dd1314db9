package tools

import (
	"context"
	"errors"
	"sync"
	"time"

	"resolute/agent/fair"
)

// slotWait bounds the wait for a slot. A call that waited longer has gone stale: it is better
// planned again than sent.
const slotWait = time.Second

var errBusy = errors.New("as many calls as the bundle's concurrency allows are running")

// slots bound how many calls to a plugin run at once. Calls that wait are served by customer in turn.
type slots struct {
	mu   sync.Mutex
	free int
	line *fair.Queue[string, *waiter]
}

type waiter struct {
	turn chan struct{} // closed when it has a slot
	gone bool          // it waits no longer
}

func newSlots(n int) *slots {
	return &slots{free: n, line: fair.New[string](func(w *waiter) bool { return !w.gone })}
}

// take waits for a slot, at most slotWait; give gives it back.
func (s *slots) take(ctx context.Context, customer string) error {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	w := &waiter{turn: make(chan struct{})}
	s.line.Push(customer, w)
	s.mu.Unlock()
	t := time.NewTimer(slotWait)
	defer t.Stop()
	err := errBusy
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-t.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.turn: // it came together with the end of the wait
		return nil
	default:
		w.gone = true
		s.line.Left()
		return err
	}
}

func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, w, ok := s.line.Pop(); ok {
		close(w.turn)
		return
	}
	s.free++
}

// left is how many slots nobody has.
func (s *slots) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.free
}
