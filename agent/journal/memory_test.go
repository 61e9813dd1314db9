package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/journal/journaltest"
)

func TestMemory(t *testing.T) {
	journaltest.TestStore(t,
		func(*testing.T) journal.Store { return journal.NewMemory(journal.MemoryOptions{}) },
		func(t *testing.T, s journal.Store) journal.Store {
			if err := s.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			return s.(*journal.Memory).Reopen(journal.MemoryOptions{})
		})
}

func arrivalOf(event string) journal.Arrival {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	return journal.Arrival{Signal: casefile.Signal{ID: "00000000-0000-7000-8000-00000000000" + event, Source: "test", EventID: event, Type: "t", Time: at},
		Actor: "token:test", At: at, CaseID: "00000000-0000-7000-8000-00000000001" + event, Bundle: "v1", Salts: make([]journal.Salt, journal.MaxArrivalEntries)}
}

func TestMemoryStopsAfterAFailedWrite(t *testing.T) {
	full := errors.New("no space left on device")
	broken := true
	m := journal.NewMemory(journal.MemoryOptions{Before: func(string) error {
		if broken {
			return full
		}
		return nil
	}})
	ctx := context.Background()
	if _, err := m.Accept(ctx, []journal.Arrival{arrivalOf("1")}); !errors.Is(err, journal.ErrStopped) || !errors.Is(err, full) {
		t.Fatalf("Accept on a full disk gave %v, want ErrStopped with the reason", err)
	}
	broken = false
	if _, err := m.Accept(ctx, []journal.Arrival{arrivalOf("1")}); !errors.Is(err, journal.ErrStopped) {
		t.Errorf("the store acknowledged again after a failed write: %v", err)
	}
	if _, err := m.Claim(ctx, "w", 1, time.Time{}, time.Minute); !errors.Is(err, journal.ErrStopped) {
		t.Errorf("Claim after a failed write gave %v, want ErrStopped", err)
	}
	select {
	case <-m.Failed():
	default:
		t.Errorf("Failed is not closed")
	}
	next := m.Reopen(journal.MemoryOptions{})
	if totals, err := next.Verify(ctx, func(d journal.Damage) { t.Error(d) }); err != nil || totals.Signals != 0 {
		t.Errorf("after the restart there are %d signals, %v, want none: nothing was written", totals.Signals, err)
	}
	if _, err := m.Entries(ctx, arrivalOf("1").CaseID, 0, 1); !errors.Is(err, journal.ErrStopped) {
		t.Errorf("the old store still answers: %v", err)
	}
}

func TestMemoryKeepsWhatNobodyHeardOf(t *testing.T) {
	m := journal.NewMemory(journal.MemoryOptions{After: func(method string) { panic("killed after " + method) }})
	ctx := context.Background()
	func() {
		defer func() { _ = recover() }()
		_, _ = m.Accept(ctx, []journal.Arrival{arrivalOf("1")})
		t.Error("Accept returned though the process ended before it could")
	}()
	next := m.Reopen(journal.MemoryOptions{})
	r, err := next.Accept(ctx, []journal.Arrival{arrivalOf("1")})
	if err != nil || !r[0].Duplicate {
		t.Errorf("the signal that was committed and not acknowledged is %+v, %v, want a duplicate", r, err)
	}
	if l, err := next.Claim(ctx, "w", 9, time.Time{}, time.Minute); err != nil || len(l) != 1 {
		t.Errorf("its case is leased %+v, %v, want once", l, err)
	}
}

func BenchmarkMemoryAppend(b *testing.B) {
	m := journal.NewMemory(journal.MemoryOptions{})
	ctx := context.Background()
	a := arrivalOf("1")
	if _, err := m.Accept(ctx, []journal.Arrival{a}); err != nil {
		b.Fatal(err)
	}
	seq := uint64(2)
	for b.Loop() {
		entry := casefile.Entry{At: a.At, Actor: casefile.ActorAgent, Data: &casefile.ReplyWritten{Reply: casefile.Reply{To: "a", Text: "hello"}}}
		done, err := m.Append(ctx, journal.Append{CaseID: a.CaseID, After: seq, Entries: []casefile.Entry{entry}, Salts: make([]journal.Salt, 1)})
		if err != nil {
			b.Fatal(err)
		}
		seq = done.Seq
	}
}
