package impact_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"resolute/agent/impact"
	"resolute/agent/journal"
)

// slow is a store whose histories take until they are let go.
type slow struct {
	at    atomic.Int32
	most  atomic.Int32
	began chan struct{}
	free  chan struct{}
}

func (s *slow) Histories(context.Context, string, int, journal.HistoryQuery) ([]journal.History, string, error) {
	s.most.Store(max(s.most.Load(), s.at.Add(1)))
	defer s.at.Add(-1)
	s.began <- struct{}{}
	<-s.free
	return nil, "", nil
}

// One is served at a time, some wait, and who comes beyond that is told so at once; who gives up waiting
// leaves the place.
func TestOneAtATime(t *testing.T) {
	s := &slow{began: make(chan struct{}), free: make(chan struct{})}
	turns := impact.NewTurns(s)
	var all sync.WaitGroup
	ask := func(ctx context.Context) error {
		_, err := turns.Replay(ctx, impact.Candidate{}, impact.Period{})
		return err
	}
	all.Go(func() {
		if err := ask(t.Context()); err != nil {
			t.Error(err)
		}
	})
	<-s.began
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := ask(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("who left while another was served: %v", err)
	}
	answers := make(chan error, 20)
	for range cap(answers) {
		all.Go(func() { answers <- ask(t.Context()) })
	}
	for range 12 { // of 20: 8 wait
		if err := <-answers; !errors.Is(err, impact.ErrBusy) {
			t.Fatalf("before anybody was served: %v, want ErrBusy", err)
		}
	}
	s.free <- struct{}{}
	for range 8 {
		<-s.began
		s.free <- struct{}{}
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if s.most.Load() != 1 {
		t.Errorf("%d were served at a time", s.most.Load())
	}
}
