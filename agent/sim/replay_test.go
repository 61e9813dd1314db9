package sim

import (
	"context"
	"crypto/sha256"
	"flag"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"resolute/agent/book"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/rehearsal"
	"resolute/tools"
)

var replays = flag.Int("replays", 0, "how many seeds to replay; 0 for some hundred")

type testClock struct{}

func (testClock) Now() time.Time        { return time.Now().UTC() }
func (testClock) Sleep(d time.Duration) { time.Sleep(d) }

// stage makes the simulated bundle ready to be rehearsed.
func stage(t *testing.T, book *book.Book) *rehearsal.Stage {
	t.Helper()
	registry := tools.NewRegistry(tools.Options{Log: slog.New(slog.DiscardHandler)})
	var live []tools.Plugin
	for _, b := range book.Plugins {
		manifest := book.Manifests[b.Name]
		live = append(live, tools.Plugin{Name: b.Name, URL: b.URL, Manifest: &manifest, Timeout: b.Timeout, Retries: b.Retries, Trusted: b.TrustedFields()})
	}
	if err := registry.Set(live); err != nil {
		t.Fatal(err)
	}
	return rehearsal.NewStage(book, registry, rehearsal.NoKnowledge{})
}

var open = sync.OnceValues(func() (*Book, error) { return OpenBook(context.Background()) })

// fewer is how many seeds there is time for.
func fewer(n int) int {
	if testing.Short() || Raced {
		return max(n/10, 3)
	}
	return n
}

// history simulates a seed, and gives the journal that it leaves.
func history(t *testing.T, seed uint64) (kept *journal.Memory) {
	t.Helper()
	made, err := open()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(*testing.T) {
		s := newSim(made, Seed(seed), testClock{}, false, sha256.New())
		s.begin()
		s.start(journal.NewMemory(journal.MemoryOptions{Before: s.beforeWrite}))
		for range 200 + s.Draw(800) {
			if s.report.Violation != nil || !s.unruly() {
				break
			}
		}
		s.settle()
		s.finish()
		kept = s.process.store.Memory
	})
	return kept
}

// TestSeedsReplayTheSame lets every case of simulated histories, with everything that goes wrong in them,
// happen again under the bundle that it was handled under: nothing is decided otherwise.
func TestSeedsReplayTheSame(t *testing.T) {
	made, err := open()
	if err != nil {
		t.Fatal(err)
	}
	on := stage(t, made.Book)
	n := *replays
	if n == 0 {
		n = fewer(150)
	}
	cases, ends, met := 0, map[rehearsal.Outcome]int{}, map[string]int{}
	for seed := range uint64(n) {
		kept := history(t, seed+1)
		err := on.EachReplay(t.Context(), kept, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}, Seed: seed}, func(p rehearsal.Replayed) error {
			cases++
			if err := seen(t, kept, p.Case, met); err != nil {
				return err
			}
			if ends[p.Outcome]++; p.Outcome != rehearsal.Same {
				t.Errorf("seed %d: case %s is %s: %s %+v", seed+1, p.Case, p.Outcome, p.Why, p.Divergence)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d seeds, %d cases: %v, with %v", n, cases, ends, met)
	for _, what := range []string{"case.reopened", "case.linked", "restart", "callback", "operation", "deadline", "approve", "edit", "override", "takeover", "handback", "retry", "reopen", "close", "approval.voided", "merged"} {
		if met[what] == 0 && n >= 150 {
			t.Errorf("no case was replayed in which %s happened", what)
		}
	}
}

// seen counts what happened in a case.
func seen(t *testing.T, kept *journal.Memory, caseID string, met map[string]int) error {
	entries, err := kept.Entries(t.Context(), caseID, 0, 10_000)
	for i := range entries {
		met[string(entries[i].Data.Kind())]++
		switch d := entries[i].Data.(type) {
		case *casefile.CallAnswered:
			met[string(d.Source)]++
		case *casefile.OperatorDecided:
			met[string(d.Decision)]++
		case *casefile.CaseClosed:
			if d.MergedInto != "" {
				met["merged"]++
			}
		}
	}
	return err
}
