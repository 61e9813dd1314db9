package sim

import (
	"context"
	"crypto/sha256"
	"flag"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"resolute/agent/journal"
	"resolute/agent/rehearsal"
	"resolute/tools"
)

var replays = flag.Int("replays", 0, "how many seeds to replay; 0 for some dozens")

type testClock struct{}

func (testClock) Now() time.Time        { return time.Now().UTC() }
func (testClock) Sleep(d time.Duration) { time.Sleep(d) }

// stage makes the simulated bundle ready to be rehearsed.
func stage(t *testing.T, book *Book) *rehearsal.Stage {
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
	return rehearsal.NewStage(book.Book, registry, rehearsal.NoKnowledge{})
}

// TestSeedsReplayTheSame lets every case of simulated histories, with everything that goes wrong in them,
// happen again under the bundle that it was handled under: nothing is decided otherwise.
func TestSeedsReplayTheSame(t *testing.T) {
	book, err := OpenBook(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	on := stage(t, book)
	n := *replays
	if n == 0 {
		n = 40
	}
	cases, ends := 0, map[rehearsal.Outcome]int{}
	for seed := range uint64(n) {
		var kept *journal.Memory
		synctest.Test(t, func(*testing.T) {
			s := newSim(book, Seed(seed+1), testClock{}, false, sha256.New())
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
		err := on.EachReplay(t.Context(), kept, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}, Seed: seed}, func(p rehearsal.Replayed) error {
			cases++
			if ends[p.Outcome]++; p.Outcome != rehearsal.Same {

				t.Errorf("seed %d: case %s is %s: %s %+v", seed+1, p.Case, p.Outcome, p.Why, p.Divergence)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d seeds, %d cases: %v", n, cases, ends)
}
