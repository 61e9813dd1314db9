package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// ledger is a store that keeps what is appended.
type ledger struct {
	quiet
	mu       sync.Mutex
	entries  map[string][]casefile.Entry
	released []string
	wakeAt   map[string]time.Time
}

func (s *ledger) Load(_ context.Context, id string) ([]byte, []casefile.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, tail, err := s.quiet.Load(context.Background(), id)
	return nil, append(tail, s.entries[id]...), err
}

func (s *ledger) Append(_ context.Context, a journal.Append) (journal.Appended, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := uint64(2 + len(s.entries[a.CaseID])); a.After != want {
		return journal.Appended{}, fmt.Errorf("%w: it is at %d, not at %d", journal.ErrConflict, want, a.After)
	}
	s.entries[a.CaseID] = append(s.entries[a.CaseID], a.Entries...)
	if a.Park != nil {
		s.wakeAt[a.CaseID] = a.Park.WakeAt
	}
	return journal.Appended{}, nil
}

func (s *ledger) Release(l journal.Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released = append(s.released, l.CaseID)
}

func (s *ledger) Playbook(context.Context, string) (*Playbook, error) {
	return &Playbook{Planner: &oneCall{tool: "bank.credit"}, Guard: guardFunc(allow)}, nil
}

// counts gives how many cases journaled something, and how many are parked.
func (s *ledger) counts() (journaled, parked int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries), len(s.wakeAt)
}

// kinds are those of a case's entries.
func (s *ledger) kinds(id string) (text string) {
	for _, e := range s.entries[id] {
		text += string(e.Data.Kind()) + " "
	}
	return text
}

// hanging takes calls and answers none until they are given up.
type hanging struct {
	toolTable
	mu   sync.Mutex
	sent []string
}

func (h *hanging) Send(ctx context.Context, r casefile.Request) casefile.Answer {
	h.mu.Lock()
	h.sent = append(h.sent, r.Case)
	h.mu.Unlock()
	<-ctx.Done()
	return casefile.Answer{Outcome: casefile.OutcomeUnknown, Detail: "given up"}
}

func (h *hanging) calls() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sent)
}

func (h *hanging) Ask(context.Context, string, string) casefile.Answer { panic("nothing is asked") }
func (h *hanging) DecodeResult(string, json.RawMessage) (casefile.Value, error) {
	panic("nothing is decoded")
}

// TestStandingAsideEnds: while a plugin hangs, a case beyond its share first stands aside without a trace;
// after a minute its call counts as tried, and the case is parked with a timer.
func TestStandingAsideEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &ledger{entries: map[string][]casefile.Entry{}, wakeAt: map[string]time.Time{}}
		for i := range 5 {
			store.runnable = append(store.runnable, fmt.Sprint("case-", i))
		}
		plugin := &hanging{toolTable: tools}
		e := New(Deps{Store: store, Playbooks: store, Tools: plugin, Now: time.Now, Salt: func() (s journal.Salt) { return s }}, Options{Workers: 4})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()

		time.Sleep(59 * time.Second)
		synctest.Wait()
		if n := plugin.calls(); n != 2 {
			t.Errorf("%d calls are on the wire with 4 workers, want half of them", n)
		}
		if journaled, _ := store.counts(); journaled != 2 {
			t.Errorf("%d cases journaled something, want those two whose calls are on the wire", journaled)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		now := time.Now()
		_, parked := store.counts()
		if n := plugin.calls(); n != 2 || parked != 3 {
			t.Errorf("after a minute %d calls are on the wire and %d cases are parked, want 2 and 3", n, parked)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		for id, at := range store.wakeAt {
			if !at.After(now.Add(-2 * time.Second)) {
				t.Errorf("case %s is parked until %v, want a time to try again", id, at)
			}
			if got, want := store.kinds(id), "hypothesis.chosen call.intended call.answered case.stopped "; got != want {
				t.Errorf("case %s journaled %s, want %s", id, got, want)
			}
			answered := store.entries[id][2].Data.(*casefile.CallAnswered)
			stopped := store.entries[id][3].Data.(*casefile.CaseStopped)
			if answered.Outcome != casefile.OutcomeNotDone || answered.Code != "busy" || stopped.Stop.Code != casefile.StopToolUnavailable {
				t.Errorf("case %s: the call is %s %s and the case stops as %s; want not-done, busy, tool.unavailable", id, answered.Outcome, answered.Code, stopped.Stop.Code)
			}
		}
	})
}

// TestWhoStandsAsideIsReleasedAtTheEnd: another engine finds the cases runnable.
func TestWhoStandsAsideIsReleasedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &ledger{entries: map[string][]casefile.Entry{}, wakeAt: map[string]time.Time{}}
		for i := range 5 {
			store.runnable = append(store.runnable, fmt.Sprint("case-", i))
		}
		e := New(Deps{Store: store, Playbooks: store, Tools: &hanging{toolTable: tools}, Now: time.Now, Salt: func() (s journal.Salt) { return s }}, Options{Workers: 4})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(store.released) < 3 {
			t.Errorf("%d cases were given back, want the three that stood aside at least", len(store.released))
		}
		for _, id := range store.released {
			if d, ok := store.entries[id]; ok && len(d) < 2 {
				t.Errorf("case %s was given back halfway: %s", id, store.kinds(id))
			}
		}
	})
}

// TestAnswersOfCallsAreKeptByWhoStandsAside: a step is dropped when there is no seat for what it wants;
// what the call before it did is journaled all the same.
func TestAnswersOfCallsAreKeptByWhoStandsAside(t *testing.T) {
	store := &ledger{entries: map[string][]casefile.Entry{}, wakeAt: map[string]time.Time{}}
	e := New(Deps{Store: store, Playbooks: store, Tools: &hanging{toolTable: tools}, Now: time.Now, Salt: func() (s journal.Salt) { return s }}, Options{Workers: 4})
	s, err := load(t.Context(), store, "case")
	if err != nil {
		t.Fatal(err)
	}
	book, _ := store.Playbook(t.Context(), "")
	ev := Event{Now: t0}
	res := e.core.Step(s.Case, book, ev)
	if _, err := e.commit(t.Context(), journal.Lease{CaseID: "case"}, s, res, &ev); err != nil {
		t.Fatal(err)
	}
	call := res.Commands[0].(Send).Call
	ev = Event{Now: t0, Answers: []Answered{{Call: call.ID, Try: call.Try, SentAt: t0, Answer: done}}}
	e.core.Step(s.Case, book, ev) // as drive does before it finds that there is no seat
	err = e.standAside(t.Context(), s.Case, ev, aside{lease: journal.Lease{CaseID: "case"}, plugin: "bank"})
	if _, ok := err.(asideError); !ok {
		t.Fatalf("standing aside gave %v", err)
	}
	if got, want := store.kinds("case"), "hypothesis.chosen call.intended call.answered "; got != want {
		t.Errorf("journaled: %s, want %s", got, want)
	}
}
