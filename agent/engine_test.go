package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// quiet is a store that wakes nobody: what is runnable is found only by asking.
type quiet struct {
	mu       sync.Mutex
	runnable []string
	parked   []string
}

func (q *quiet) Claim(_ context.Context, worker string, most int, _ time.Time, _ time.Duration) ([]journal.Lease, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var leases []journal.Lease
	for len(q.runnable) > 0 && len(leases) < most {
		leases = append(leases, journal.Lease{CaseID: q.runnable[0], Worker: worker})
		q.runnable = q.runnable[1:]
	}
	return leases, nil
}

func (q *quiet) Load(_ context.Context, id string) ([]byte, []casefile.Entry, error) {
	return nil, []casefile.Entry{{Seq: 1, Case: id, At: t0, Data: &casefile.SignalReceived{Signal: casefile.Signal{Type: "t"}}}, {Seq: 2, Case: id, At: t0, Data: &casefile.CaseOpened{Bundle: "v1"}}}, nil
}

func (q *quiet) Append(_ context.Context, a journal.Append) (journal.Appended, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if a.Park != nil {
		q.parked = append(q.parked, a.CaseID)
	}
	return journal.Appended{}, nil
}

func (q *quiet) Renew(journal.Lease, time.Time, time.Duration) error                 { return nil }
func (q *quiet) Release(journal.Lease)                                               {}
func (q *quiet) Wakeups() <-chan struct{}                                            { return nil }
func (q *quiet) Due(context.Context, time.Time) (time.Time, error)                   { return time.Time{}, nil }
func (q *quiet) Waiting(context.Context, string) ([]string, error)                   { return nil, nil }
func (q *quiet) Failed() <-chan struct{}                                             { return nil }
func (q *quiet) List(context.Context, string, string, int) ([]journal.Record, error) { return nil, nil }
func (q *quiet) Playbook(context.Context, string) (*Playbook, error) {
	return &Playbook{Planner: &oneCall{tool: "bank.none"}, Guard: guardFunc(allow)}, nil
}

func TestWorkerThatEndsLetsTheNextCaseBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &quiet{}
		for i := range 10 {
			store.runnable = append(store.runnable, fmt.Sprint("case-", i))
		}
		e := New(Deps{Store: store, Playbooks: store, Tools: noTools{}, Now: time.Now, Salt: func() (s journal.Salt) { return s }}, Options{Workers: 1})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(store.parked) != 10 {
			t.Errorf("one worker for ten runnable cases advanced %d of them within a second, want all", len(store.parked))
		}
	})
}

// noTools offers nothing.
type noTools struct{ Tools }

func (noTools) Tool(string) (casefile.Tool, bool) { return casefile.Tool{}, false }

func TestRunEndsWithTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Deps{Store: &broken{}, Now: time.Now}, Options{})
		if err := e.Run(t.Context()); err == nil {
			t.Error("the store failed, and the engine ends without an error")
		}
	})
}

// broken is a store that has failed.
type broken struct{ quiet }

func (*broken) Failed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (*broken) Claim(context.Context, string, int, time.Time, time.Duration) ([]journal.Lease, error) {
	return nil, errors.New("stopped")
}

// TestCaseThatFailsKeepsItsLease: what can't be advanced would be claimed again at once, and fail again.
func TestCaseThatFailsKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &bundleless{quiet: quiet{runnable: []string{"case-1"}}}
		e := New(Deps{Store: store, Playbooks: store, Now: time.Now}, Options{})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if store.asked != 1 {
			t.Errorf("a case whose bundle is missing was tried %d times within a second, want once", store.asked)
		}
	})
}

// bundleless is a store whose cases are of a bundle that is missing; what is released is runnable again.
type bundleless struct {
	quiet
	asked int
}

func (s *bundleless) Playbook(context.Context, string) (*Playbook, error) {
	s.asked++
	return nil, errors.New("no such version")
}

func (s *bundleless) Release(l journal.Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked < 100 {
		s.runnable = append(s.runnable, l.CaseID)
	}
}
