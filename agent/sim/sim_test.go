package sim_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"resolute/agent/sim"
)

var (
	seeds  = flag.Int("seeds", 0, "how many seeds to simulate; 0 for a few hundred")
	seed   = flag.Uint64("seed", 0, "simulate this seed alone, and print what happens")
	shrink = flag.Int("shrink", 600, "how many runs to spend on shortening a failing one")
	first  = flag.Uint64("first", 1, "the first of the seeds")
)

// bubble is the clock of a synctest bubble.
type bubble struct{}

func (bubble) Now() time.Time        { return time.Now().UTC() }
func (bubble) Sleep(d time.Duration) { time.Sleep(d) }

var openBook = sync.OnceValues(func() (*sim.Book, error) { return sim.OpenBook(context.Background()) })

func run(t *testing.T, choices *sim.Choices, traced bool) sim.Report {
	t.Helper()
	return runOf(t, func(book *sim.Book) sim.Report { return sim.Run(book, choices, bubble{}, traced) })
}

func runOf(t *testing.T, what func(*sim.Book) sim.Report) (r sim.Report) {
	t.Helper()
	book, err := openBook()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(*testing.T) { r = what(book) })
	return r
}

// failed prints a shortened trace of a run that broke a promise.
func failed(t *testing.T, of string, r sim.Report) {
	t.Helper()
	promise := r.Violation.Promise
	short := sim.Shrink(r.Choices, *shrink, func(c []uint32) bool {
		v := run(t, sim.Replay(c), false).Violation
		return v != nil && v.Promise == promise
	})
	again := run(t, sim.Replay(short), true)
	t.Errorf("%s breaks a promise: %s\nShortened from %d choices to %d, %v:\n%s", of, r.Violation, len(r.Choices), len(short), short, strings.Join(again.Trace, "\n"))
}

func TestSeeds(t *testing.T) {
	if *seed != 0 {
		r := run(t, sim.Seed(*seed), true)
		t.Log("\n" + strings.Join(r.Trace, "\n"))
		if r.Violation != nil {
			failed(t, fmt.Sprint("seed ", *seed), r)
		}
		return
	}
	n, few := *seeds, testing.Short() || sim.Raced
	switch {
	case n == 0 && few:
		n = 60
	case n == 0:
		n = 300
	}
	faults := map[string]int{}
	var cases, entries, effects, signals int
	began := time.Now()
	for i := range uint64(n) {
		r := run(t, sim.Seed(*first+i), false)
		for kind, times := range r.Faults {
			faults[kind] += times
		}
		cases, entries, effects, signals = cases+r.Cases, entries+r.Entries, effects+r.Effects, signals+r.Signals
		if r.Violation != nil {
			failed(t, fmt.Sprint("seed ", *first+i), r)
			return
		}
	}
	took := time.Since(began)
	t.Logf("%d seeds, %.0f a second: %d signals acknowledged, %d cases, %d entries, %d effects", n, float64(n)/took.Seconds(), signals, cases, entries, effects)
	for _, kind := range sim.Kinds() {
		t.Logf("%8d × %s", faults[kind], kind)
		if faults[kind] == 0 && (!few || *seeds > 0) {
			t.Errorf("%s never happened", kind)
		}
	}
}

func TestSeedReplays(t *testing.T) {
	for i := range uint64(max(*seeds, 10)) {
		seed := *first + i
		a, b := run(t, sim.Seed(seed), true), run(t, sim.Seed(seed), true)
		if a.Hash != b.Hash || !slices.Equal(a.Trace, b.Trace) {
			t.Fatalf("seed %d gave two histories, %s and %s", seed, a.Hash, b.Hash)
		}
		if c := run(t, sim.Replay(a.Choices), true); a.Hash != c.Hash {
			t.Fatalf("the choices of seed %d replay as another history", seed)
		}
	}
}
