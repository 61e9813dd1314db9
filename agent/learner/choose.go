package learner

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"resolute/agent/triage"
)

// What one source of texts may have of those that are known of a procedure. Of all senders that nobody
// vouches for, and of what one account said, that is half, with the authors' examples counted.
const (
	ofCustomer = 5   // texts of one customer
	ofNone     = 20  // texts that are for none of the procedures, taken as known: no author writes examples of these
	floodEach  = 100 // decisions of one account within floodSpan that count
	floodSpan  = time.Hour
)

// LeftOut is what doesn't count, and why.
type LeftOut struct {
	Procedure string   `json:"procedure"` // "" for none of them
	Texts     int      `json:"texts"`
	Cases     []string `json:"cases"` // some of them
	Why       string   `json:"why"`
}

// mostNamed is how many cases are named where more don't count.
const mostNamed = 5

// choice is what may be learned from at a moment.
type choice struct {
	learn, held []*Evidence // by time
	left        []LeftOut
}

// choose gives what counts by now for a version of the bundle with these procedures, whose authors wrote
// these examples. It is the same for the same evidence, in whatever order that came.
func (p *pool) choose(now time.Time, procedures map[string]bool, authored []triage.Example) choice {
	var list []*Evidence
	for _, e := range slices.SortedFunc(maps.Values(p.cases), older) {
		if e.counts(now) && (e.Procedure == "" || procedures[e.Procedure]) {
			list = append(list, e)
		}
	}
	out := leavings{}
	list = out.agreeing(list, authored)
	list = out.unflooded(list)
	known := map[string]int{"": ofNone}
	for _, x := range authored {
		known[x.Procedure]++
	}
	list = out.capped(list, func(e *Evidence) (string, string) {
		return e.Customer, fmt.Sprintf("of one customer at most %d texts count for a procedure", ofCustomer)
	}, func(string, int) int { return ofCustomer })
	half := func(procedure string, others int) int { return known[procedure] + others }
	for before := -1; before != len(list); { // what one has to give up may be what made another's a half
		before = len(list)
		list = out.capped(list, func(e *Evidence) (string, string) {
			if e.Customer != "" {
				return "", ""
			}
			return "-", "what senders write that nobody vouches for is " + atMost(e.Procedure)
		}, half)
		list = out.capped(list, func(e *Evidence) (string, string) {
			return e.By, "what one account said, " + e.By + ", is " + atMost(e.Procedure)
		}, half)
	}
	c := choice{left: out.list()}
	for _, e := range list {
		if e.held() {
			c.held = append(c.held, e)
		} else {
			c.learn = append(c.learn, e)
		}
	}
	return c
}

// leavings gathers what doesn't count, by reason and procedure.
type leavings map[[2]string]*LeftOut

func (l leavings) add(e *Evidence, why string) {
	key := [2]string{why, e.Procedure}
	x := l[key]
	if x == nil {
		x = &LeftOut{Procedure: e.Procedure, Why: why}
		l[key] = x
	}
	if x.Texts++; len(x.Cases) < mostNamed {
		x.Cases = append(x.Cases, e.Case)
	}
}

func (l leavings) list() []LeftOut {
	list := []LeftOut{}
	for _, key := range slices.SortedFunc(maps.Keys(l), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		list = append(list, *l[key])
	}
	return list
}

// agreeing takes each text once. Where it is said to be for two procedures, what a person said counts
// over what became of a case, and what is newer; an author's example counts over both.
func (l leavings) agreeing(list []*Evidence, authored []triage.Example) []*Evidence {
	wrote := map[string]string{}
	for _, x := range authored {
		wrote[digest(shorten(x.Text))] = x.Procedure
	}
	best := map[string]*Evidence{}
	for _, e := range list { // by time, so the newer comes later
		if b := best[e.Digest]; b == nil || b.By == "" || e.By != "" {
			best[e.Digest] = e
		}
	}
	var kept []*Evidence
	for _, e := range list {
		b := best[e.Digest]
		procedure, written := wrote[e.Digest]
		switch {
		case written && procedure != e.Procedure:
			l.add(e, "the same text is an example of "+called(procedure)+" in the bundle; change it there")
		case written, e != b && e.Procedure == b.Procedure:
		case e != b:
			l.add(e, fmt.Sprintf("the same text is for %s in case %s, which counts more: a person said so, or it is newer", called(b.Procedure), b.Case))
		default:
			kept = append(kept, e)
		}
	}
	return kept
}

// unflooded leaves out what an account decided beyond floodEach within floodSpan.
func (l leavings) unflooded(list []*Evidence) []*Evidence {
	recent := map[string][]time.Time{}
	return slices.DeleteFunc(list, func(e *Evidence) bool {
		if e.By == "" {
			return false
		}
		window := slices.DeleteFunc(recent[e.By], func(at time.Time) bool { return e.At.Sub(at) >= floodSpan })
		recent[e.By] = append(window, e.At)
		if len(window) < floodEach {
			return false
		}
		l.add(e, fmt.Sprintf("%s decided more than %d cases within %v", e.By, floodEach, floodSpan))
		return true
	})
}

// capped leaves out, of each source, what goes beyond its share of a procedure's texts: the newest of it.
// A source "" has no bound. others is how many texts the procedure has of anybody else.
func (l leavings) capped(list []*Evidence, source func(*Evidence) (name, why string), most func(procedure string, others int) int) []*Evidence {
	type of struct{ source, procedure string }
	count, all := map[of]int{}, map[string]int{}
	for _, e := range list {
		name, _ := source(e)
		count[of{name, e.Procedure}]++
		all[e.Procedure]++
	}
	seen := map[of]int{}
	return slices.DeleteFunc(list, func(e *Evidence) bool {
		name, why := source(e)
		if name == "" {
			return false
		}
		key := of{name, e.Procedure}
		seen[key]++
		if seen[key] <= most(e.Procedure, all[e.Procedure]-count[key]) {
			return false
		}
		l.add(e, why)
		return true
	})
}

// atMost says what half is of.
func atMost(procedure string) string {
	if procedure == "" {
		return fmt.Sprintf("at most half of what is known to be for none of them, and %d beside that", ofNone)
	}
	return "at most half of what is known of a procedure, with its authors' examples"
}

func called(procedure string) string {
	if procedure == "" {
		return "none of them"
	}
	return procedure
}
