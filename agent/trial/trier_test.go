package trial_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"resolute/agent/rehearsal"
	"resolute/agent/trial"
)

// shelf keeps corrections in memory. Rehearsals fail by those whose id begins with "bad".
type shelf struct {
	mu             sync.Mutex
	tried, untried []string
	held           map[string]string
	played         [][]string
	broken         error
}

func (s *shelf) Standing(context.Context) (tried, untried []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tried), slices.Clone(s.untried), nil
}

func (s *shelf) Tried(_ context.Context, ids ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = append(s.tried, ids...)
	s.untried = slices.DeleteFunc(s.untried, func(id string) bool { return slices.Contains(ids, id) })
	return nil
}

func (s *shelf) Hold(_ context.Context, id, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[id] = why
	s.untried = slices.DeleteFunc(s.untried, func(other string) bool { return other == id })
	return nil
}

func (s *shelf) teach(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.untried = append(s.untried, id)
}

// left is how many weren't tried.
func (s *shelf) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.untried)
}

func (s *shelf) why(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[id]
}

// Close ends a trial.
func (s *shelf) Close() error { return nil }

// Rehearse fails one rehearsal by whatever is bad.
func (s *shelf) Rehearse(_ context.Context, ids []string) (rehearsal.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.played = append(s.played, ids)
	if s.broken != nil {
		return rehearsal.Report{}, s.broken
	}
	r := rehearsal.Report{Version: "0123456789abcdef", Items: []rehearsal.Item{{Rehearsal: "always fails", Failures: []string{"a.yaml:1:1: as ever"}}, {Rehearsal: "smashed blender", Passed: true}}}
	for _, id := range ids {
		if strings.HasPrefix(id, "bad") {
			r.Items[1].Passed, r.Items[1].Failures = false, []string{"b.yaml:3:9: status resolved is expected", "more"}
		}
	}
	return r, nil
}

func newTrier(s *shelf) *trial.Trier {
	return trial.New(trial.Deps{Corrections: s, Open: func(context.Context) (trial.Stage, error) { return s, nil }, Log: slog.New(slog.DiscardHandler)})
}

func TestOneThatLowersRehearsalsIsHeld(t *testing.T) {
	s := &shelf{held: map[string]string{}, untried: []string{"good-1", "bad", "good-2"}}
	if err := newTrier(s).Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.tried, []string{"good-1", "good-2"}) || len(s.untried) != 0 || len(s.held) != 1 {
		t.Errorf("tried are %v, left %v, held %v, want the bad one held alone", s.tried, s.untried, s.held)
	}
	if why := s.held["bad"]; !strings.Contains(why, `bundle 0123456789ab fail that pass without it: "smashed blender" (b.yaml:3:9: status resolved is expected)`) || strings.Contains(why, "always") {
		t.Errorf("it is held because %q, want the rehearsal that it breaks and no other, with the failure", why)
	}
}

// TestManyAreTriedTogether: what breaks nothing costs two rehearsals, however much it is.
func TestManyAreTriedTogether(t *testing.T) {
	s := &shelf{held: map[string]string{}, tried: []string{"old"}}
	for range 50 {
		s.teach("good")
	}
	if err := newTrier(s).Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.played) != 2 || len(s.played[0]) != 1 || len(s.played[1]) != 51 {
		t.Errorf("rehearsed were %d times, want once without and once with all", len(s.played))
	}
}

// TestTrialsRunBeside: what is taught while a trial runs is tried in the next round, who waits is told when
// it was, and what can't be tried now is tried again.
func TestTrialsRunBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{held: map[string]string{}, untried: []string{"from before the start"}}
		trier := newTrier(s)
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { defer close(over); trier.Run(ctx) }()
		synctest.Wait()
		if left := s.left(); left != 0 {
			t.Errorf("what was stored before the start was not tried: %d are left", left)
		}
		s.teach("bad")
		trier.Settle(ctx)
		if s.why("bad") == "" {
			t.Error("Settle returned before the correction was held")
		}
		s.mu.Lock()
		s.broken = errors.New("the disk is full")
		s.mu.Unlock()
		s.teach("good")
		trier.Settle(ctx)
		s.mu.Lock()
		s.broken = nil
		s.mu.Unlock()
		if s.left() != 1 {
			t.Error("what could not be tried counts as tried")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s.left() != 0 {
			t.Error("what could not be tried was not tried again")
		}
		cancel()
		<-over
		waits, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		trier.Settle(waits) // nobody works: it returns all the same
	})
}
