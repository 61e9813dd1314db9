package shadow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/rehearsal/shadow"
)

// alike is a candidate that would do the same everywhere.
type alike struct{ closed chan struct{} }

func (alike) Compare(context.Context, string, []casefile.Entry) shadow.Compared {
	return shadow.Compared{}
}

func (c alike) Close() error {
	close(c.closed)
	return nil
}

// stage is a keeper on a real journal.
type stage struct {
	*shadow.Keeper
	t         *testing.T
	path      string
	store     *journal.Bolt
	candidate func(version string) (shadow.Candidate, error)
	mu        sync.Mutex
	active    string
	stop      func()
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, path: filepath.Join(t.TempDir(), "journal.db"), active: "v0"}
	s.candidate = func(string) (shadow.Candidate, error) { return alike{make(chan struct{})}, nil }
	s.open()
	t.Cleanup(func() { s.stop(); _ = s.store.Close() }) // the test is over
	return s
}

func (s *stage) open() {
	s.t.Helper()
	var err error
	if s.store, err = journal.Open(s.path, journal.Options{}); err != nil {
		s.t.Fatal(err)
	}
	said := 0
	s.Keeper, err = shadow.Open(s.t.Context(), shadow.Deps{Store: s.store, Now: time.Now, Log: slog.New(slog.DiscardHandler), Yield: func(context.Context) {},
		Candidate: func(_ context.Context, version string) (shadow.Candidate, error) { return s.candidate(version) },
		Active: func() string {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.active
		},
		Audit: func(string, string, string, map[string]any) (journal.Record, error) {
			said++
			return journal.Record{Kind: journal.KindAudit, Key: fmt.Sprint(time.Now().UnixNano(), said), Value: []byte("{}")}, nil
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	s.stop = func() { cancel(); running.Wait() }
}

// escalate is a case that goes to a person.
func (s *stage) escalate(nth int) {
	s.t.Helper()
	ctx, now := s.t.Context(), time.Now()
	signal := casefile.Signal{ID: fmt.Sprintf("01900000-0000-7000-9000-%012d", nth), Source: "s", EventID: fmt.Sprint(nth), Type: "t", Time: now, Assurance: casefile.AssuranceNone}
	receipts, err := s.store.Accept(ctx, []journal.Arrival{{Signal: signal, Actor: "token:t", At: now, CaseID: fmt.Sprintf("01900000-0000-7000-8000-%012d", nth), Bundle: "v0", Salts: make([]journal.Salt, journal.MaxArrivalEntries)}})
	if err != nil {
		s.t.Fatal(err)
	}
	stop := casefile.Entry{Case: receipts[0].CaseID, At: now, Actor: casefile.ActorAgent, Data: &casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopConfidenceLow}}}
	if _, err := s.store.Append(ctx, journal.Append{CaseID: stop.Case, After: 2, Entries: []casefile.Entry{stop}, Salts: make([]journal.Salt, 1)}); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for a report.
func (s *stage) until(version, what string, ok func(shadow.Report) bool) shadow.Report {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		r, err := s.Report(s.t.Context(), version)
		if err == nil && ok(r) {
			return r
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the shadow of %s is %+v (%v), want %s", version, r, err, what)
		}
	}
}

func TestWhatMayNotRunBesideTheActiveVersion(t *testing.T) {
	s := newStage(t)
	ctx := t.Context()
	if _, err := s.Start(ctx, "v0", "user:ada"); !errors.Is(err, shadow.ErrActive) {
		t.Errorf("the active version beside itself: %v, want %v", err, shadow.ErrActive)
	}
	for _, op := range []func(context.Context, string, string) (shadow.Report, error){s.Stop, func(ctx context.Context, v, _ string) (shadow.Report, error) { return s.Report(ctx, v) }} {
		if _, err := op(ctx, "v9", "user:ada"); !errors.Is(err, shadow.ErrNone) {
			t.Errorf("a version that never ran beside another: %v, want %v", err, shadow.ErrNone)
		}
	}
	for i := range 3 {
		if _, err := s.Start(ctx, fmt.Sprint("v", i+1), "user:ada"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Start(ctx, "v4", "user:ada"); !errors.Is(err, shadow.ErrMany) {
		t.Errorf("a fourth version: %v, want %v", err, shadow.ErrMany)
	}
	if _, err := s.Stop(ctx, "v1", "user:ada"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start(ctx, "v4", "user:ada"); err != nil {
		t.Errorf("a fourth version once another was stopped: %v", err)
	}
}

func TestShadowsEndByThemselves(t *testing.T) {
	s := newStage(t)
	ctx := t.Context()
	left := alike{make(chan struct{})}
	s.candidate = func(version string) (shadow.Candidate, error) {
		if version == "gone" {
			return nil, errors.New("no such version of the bundle is stored")
		}
		return left, nil
	}
	if _, err := s.Start(ctx, "v1", "user:ada"); err != nil {
		t.Fatal(err)
	}
	s.escalate(1)
	s.until("v1", "one case", func(r shadow.Report) bool { return r.Cases == 1 && r.Same == 1 })
	if _, err := s.Start(ctx, "gone", "user:ada"); err != nil {
		t.Fatal(err)
	}
	r := s.until("gone", "it stopped", func(r shadow.Report) bool { return r.State == shadow.Stopped })
	if !strings.Contains(r.Why, "no such version") || r.StoppedAt == nil {
		t.Errorf("a shadow whose bundle is gone is %+v, want it to say so", r)
	}
	s.mu.Lock()
	s.active = "v1"
	s.mu.Unlock()
	s.escalate(2)
	if r := s.until("v1", "it stopped", func(r shadow.Report) bool { return r.State == shadow.Stopped }); r.Why == "" || r.Cases != 1 {
		t.Errorf("the shadow of the version that became active is %+v, want it stopped with what it saw before", r)
	}
	<-left.closed
	s.stop()
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	s.open()
	if r, err := s.Report(ctx, "v1"); err != nil || r.State != shadow.Stopped || r.Cases != 1 {
		t.Errorf("after a restart it is %+v (%v), want it as it was", r, err)
	}
}
