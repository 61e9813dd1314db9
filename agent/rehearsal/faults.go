package rehearsal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// FaultTally is what a scenario came to under faults.
type FaultTally struct {
	Runs       int            `json:"runs"`
	ByKind     map[string]int `json:"by_kind"`     // how often each kind befell a call
	AsExpected int            `json:"as_expected"` // runs that met all expectations nevertheless
	ByPeople   int            `json:"by_people"`   // runs that left the case to a person, or waiting
	Otherwise  int            `json:"otherwise"`   // runs that ended as a no of the business lets them
	Broken     int            `json:"broken"`      // runs that broke a promise
	Failures   []string       `json:"-"`           // what was broken, with the scenario's place
}

// mixed is how many runs have faults at several calls, after those with one.
const mixed = 20

// doubtful are faults that leave open whether a call was done.
var doubtful = [...]scenario.Kind{scenario.TimeoutAfterEffect, scenario.Timeout, scenario.CrashAfter}

// settleTime is how long after the beginning a case under faults has to be at rest.
const settleTime = 60 * 24 * time.Hour

// breakAll plays a scenario again with each kind of fault at each call that a first take made, and some
// times with several. What it expects may not come about then. But whatever breaks, cases come to
// rest; no write is done twice; none is done that the first take didn't need, but to take others back;
// and a case doesn't end otherwise, but is left to a person. Where the business said no, other remedies
// and ends are the procedure's own.
func (s *Stage) breakAll(ctx context.Context, first *world, seed uint64) *FaultTally {
	tally := &FaultTally{ByKind: map[string]int{}}
	calls := slices.Clone(first.requests)
	part := uint64(1)
	play := func(sc scenario.Scenario, with string, refused bool) {
		sc.Expect.Within = settleTime
		tally.add(first, s.take(&sc, seed, part), with, refused)
		part++
	}
	try := func(faults ...scenario.Fault) {
		if ctx.Err() != nil {
			return
		}
		sc := *first.Scenario
		sc.Faults = append(slices.Clone(sc.Faults), faults...)
		with, refused := tally.name(faults)
		play(sc, with, refused)
	}
	for _, q := range calls {
		for _, kind := range scenario.Kinds() {
			if kind.Fits(q.effect, q.async) {
				try(scenario.Fault{Pos: first.Pos, Tool: q.tool, On: q.nth, Kind: kind})
			}
		}
	}
	for _, q := range calls {
		if q.effect == string(protocol.Read) {
			continue
		}
		for _, kind := range doubtful { // it may be done, and its repeat gets a no
			try(scenario.Fault{Pos: first.Pos, Tool: q.tool, On: q.nth, Kind: kind}, scenario.Fault{Pos: first.Pos, Tool: q.tool, On: q.nth + 1, Kind: scenario.Reject})
		}
	}
	random := rand.New(rand.NewPCG(seed, uint64(len(calls))))
	for range mixed {
		var faults []scenario.Fault
		for _, q := range calls {
			if kind := scenario.Kinds()[random.IntN(len(scenario.Kinds()))]; random.IntN(3) == 0 && kind.Fits(q.effect, q.async) {
				faults = append(faults, scenario.Fault{Pos: source.Pos{}, Tool: q.tool, On: q.nth, Kind: kind})
			}
		}
		if len(faults) > 1 {
			try(faults...)
		}
	}
	if ctx.Err() == nil {
		play(first.sentTwice(), "each signal delivered twice", false)
	}
	return tally
}

// sentTwice is the scenario with each signal delivered a second time, as senders do who weren't answered.
func (w *world) sentTwice() scenario.Scenario {
	sc := *w.Scenario
	for _, g := range w.Scenario.Signals {
		g.At += againAfter
		sc.Signals = append(slices.Clone(sc.Signals), g)
	}
	return sc
}

// againAfter is when senders deliver again what they weren't answered about.
const againAfter = time.Second

// name counts faults by kind, and says what they are and whether the business said no.
func (t *FaultTally) name(faults []scenario.Fault) (with string, refused bool) {
	names := make([]string, len(faults))
	for i, f := range faults {
		t.ByKind[string(f.Kind)]++
		refused = refused || f.Kind == scenario.Reject
		names[i] = fmt.Sprintf("%s at call %d of %s", f.Kind, f.On, f.Tool)
	}
	return strings.Join(names, ", "), refused
}

func (t *FaultTally) add(first, w *world, with string, refused bool) {
	t.Runs++
	broken := w.brokenPromises(first, refused)
	for _, what := range broken {
		t.Failures = append(t.Failures, fmt.Sprintf("%s: with %s: %s", w.Pos, with, what))
	}
	switch c := w.main(); {
	case len(broken) > 0:
		t.Broken++
	case len(w.unmet()) == 0:
		t.AsExpected++
	case c != nil && !c.Status.Ended():
		t.ByPeople++
	default:
		t.Otherwise++
	}
}

// brokenPromises are those that hold whatever goes wrong.
func (w *world) brokenPromises(first *world, refused bool) (list []string) {
	if w.broken != nil {
		return []string{w.broken.Error()}
	}
	for _, op := range w.ops {
		if op.times > 1 {
			list = append(list, "a write was done twice under one key")
		}
	}
	list = append(list, w.ends()...)
	before, now := first.written(), w.written()
	for what, times := range now {
		switch was := before[what]; {
		case times > max(was, 1):
			list = append(list, fmt.Sprintf("%s was done %d times", what, times))
		case was == 0 && !refused:
			list = append(list, fmt.Sprintf("%s was done, and without faults it isn't", what))
		}
	}
	slices.Sort(list)
	if w.main() == nil {
		return append(list, "no signal was taken in")
	}
	for i := range first.Signals {
		c, was, which := w.of(&first.Signals[i]), first.of(&first.Signals[i]), "the case"
		if i > 0 {
			which = fmt.Sprintf("the case of signal %d", i+1)
		}
		switch {
		case c == nil:
			list = append(list, which+" isn't there")
		case c.Status == casefile.Working:
			list = append(list, which+" isn't at rest, and nothing is due")
		case c.Status.Ended() && !refused && was != nil && c.Status != was.Status:
			list = append(list, fmt.Sprintf("%s is %s, and without faults it is %s", which, statusOf(c), statusOf(was)))
		}
	}
	return list
}

// written are the writes that were done and not to take others back, each with how often: as the world
// saw them, whatever the journal says.
func (w *world) written() map[string]int {
	done := map[string]int{}
	for _, op := range w.ops {
		if op.done && !op.undoes {
			done[op.what]++
		}
	}
	return done
}
