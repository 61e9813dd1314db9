package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"resolute/agent/journal"
)

// Replays counts what became of replays.
type Replays struct {
	Same     int `json:"same"`
	Reworded int `json:"reworded"`
	Diverged int `json:"diverged"`
	Erased   int `json:"erased"`
	Unplayed int `json:"unplayed"`
}

// Bounds of what a report lists of each kind; the rest is counted.
const (
	mostSame   = 1_000
	mostOthers = 10_000
)

// Replay lets recorded cases happen again under the candidate, as EachReplay does, and reports what became
// of them. It is passed if nothing is decided otherwise, and all could be replayed but those that were
// erased.
func (s *Stage) Replay(ctx context.Context, from Recorded, o ReplayOptions) (Report, error) {
	r := Report{Version: s.Version(), Seed: o.Seed, Passed: true, Items: []Item{}, Replays: &Replays{}}
	same, others := 0, 0
	err := s.EachReplay(ctx, from, o, func(p Replayed) error {
		it := p.item()
		r.Replays.count(p.Outcome)
		r.Passed = r.Passed && it.Passed
		listed, most := &others, mostOthers
		if p.Outcome == Same {
			listed, most = &same, mostSame
		}
		if *listed++; *listed <= most {
			r.Items = append(r.Items, it)
		}
		return nil
	})
	return r, err
}

// Total is how many cases were replayed.
func (n *Replays) Total() int { return n.Same + n.Reworded + n.Diverged + n.Erased + n.Unplayed }

// Unmet is how many didn't pass.
func (n *Replays) Unmet() int { return n.Diverged + n.Unplayed }

func (n *Replays) count(o Outcome) {
	switch o {
	case Same:
		n.Same++
	case Reworded:
		n.Reworded++
	case Diverged:
		n.Diverged++
	case Erased:
		n.Erased++
	case Unplayed:
		n.Unplayed++
	}
}

// item is a replay as one rehearsal among others.
func (p Replayed) item() Item {
	it := Item{Rehearsal: "case " + p.Case, Failures: []string{}, Passed: p.Outcome != Diverged && p.Outcome != Unplayed, Status: p.Was, Stop: p.Stop, Replay: &p}
	switch d := p.Divergence; {
	case d != nil:
		it.Failures = append(it.Failures, fmt.Sprintf("entry %d, %s: recorded is %q, and now comes %q: %s", d.Seq, d.At.UTC().Format(time.RFC3339), d.Recorded, d.Now, d.Why))
	case p.Outcome == Unplayed:
		it.Failures = append(it.Failures, p.Why)
	}
	return it
}

// pageOfCases is how many summaries are read at a time, pageOfEntries how many entries of a case.
const (
	pageOfCases   = 256
	pageOfEntries = 100_000
)

// EachReplay lets recorded cases happen again under the candidate, and gives what became of each in the order
// of the listing, newest first, or in that of the ids given. It streams: it holds the journals of as many
// cases as there are at once. What it gives depends on the journals, the candidate and the seed alone.
func (s *Stage) EachReplay(ctx context.Context, from Recorded, o ReplayOptions, each func(Replayed) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type ticket struct {
		id  string
		out chan Replayed
	}
	parallel := o.Parallel
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	work, order := make(chan ticket), make(chan ticket, 4*parallel)
	var failed error // read once order is closed
	var all sync.WaitGroup
	for range parallel {
		all.Go(func() {
			for t := range work {
				t.out <- s.replayed(ctx, from, t.id, o)
			}
		})
	}
	all.Go(func() {
		defer close(order)
		defer close(work)
		begun, total := 0, len(o.Cases)
		if slices.Contains(o.Cases, All) {
			total = 0
		}
		failed = ids(ctx, from, o.Cases, func(id string) bool {
			if o.Before != nil {
				o.Before(ctx, begun, total)
			}
			begun++
			t := ticket{id, make(chan Replayed, 1)}
			select {
			case order <- t:
			case <-ctx.Done():
				return false
			}
			work <- t
			return true
		})
	})
	var wrong error
	for t := range order {
		p := <-t.out
		if wrong == nil && ctx.Err() == nil {
			if wrong = each(p); wrong != nil {
				cancel()
			}
		}
	}
	all.Wait()
	return errors.Join(wrong, failed)
}

// ids gives the ids of the cases to replay until visit says to stop.
func ids(ctx context.Context, from Recorded, given []string, visit func(string) bool) error {
	if !slices.Contains(given, All) {
		for _, id := range given {
			if !visit(id) {
				break
			}
		}
		return ctx.Err()
	}
	for cursor, more := "", true; more; more = cursor != "" {
		list, next, err := from.Cases(ctx, cursor, pageOfCases, func(*journal.Summary) bool { return true })
		if err != nil {
			return fmt.Errorf("list the cases to replay: %w", err)
		}
		for i := range list {
			if !visit(list[i].ID) {
				return ctx.Err()
			}
		}
		cursor = next
	}
	return ctx.Err()
}

// replayed reads a case and lets it happen again.
func (s *Stage) replayed(ctx context.Context, from Recorded, id string, o ReplayOptions) Replayed {
	entries, err := from.Entries(ctx, id, 0, pageOfEntries)
	if err != nil {
		return Replayed{Case: id}.unplayed(fmt.Errorf("the case can't be read: %w", err))
	}
	return s.ReplayCase(ctx, id, entries, o)
}
