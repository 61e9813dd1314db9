package insights

import (
	"cmp"
	"maps"
	"slices"
)

// Figures are what became of some cases.
type Figures struct {
	Cases    int      `json:"cases"`
	Outcomes Outcomes `json:"outcomes"`
	// ByItself is the share that the agent resolved by itself, of those that are settled: over, or with
	// people, and not merged.
	ByItself         Share     `json:"resolved_by_itself_share"`
	TimeToResolution Spread    `json:"time_to_resolution"`
	Reopened         Share     `json:"reopened"` // of those that ever ended
	FollowUps        FollowUps `json:"follow_ups"`
}

// Outcomes are where cases stand. Resolved, Escalated, Closed and Open add up to all.
type Outcomes struct {
	Resolved         int            `json:"resolved"`
	ByItself         int            `json:"resolved_by_itself"`
	WithPerson       int            `json:"resolved_with_person"`
	Escalated        int            `json:"escalated"`
	EscalatedReasons map[string]int `json:"escalated_by_reason"`
	Closed           int            `json:"closed"`
	ClosedReasons    map[string]int `json:"closed_by_reason"`
	Open             int            `json:"open"`
	OpenReasons      map[string]int `json:"open_by_reason"`
}

// FollowUps are cases after which the customer came again with the same procedure.
type FollowUps struct {
	WithinMS int64 `json:"within_ms"`
	Share          // of the cases whose time to come again is over
	SoFar    int   `json:"so_far"` // of all that are resolved
}

// tally counts the figures of cases.
type tally struct {
	counts  [figCount]int
	reasons [figCount]map[string]int
	times   []int64
}

func (t *tally) add(r *record, has *[figCount]bool, why string) {
	for i := range figures {
		if !has[i] {
			continue
		}
		t.counts[i]++
		if figures[i].split {
			if t.reasons[i] == nil {
				t.reasons[i] = map[string]int{}
			}
			t.reasons[i][why]++
		}
	}
	if has[figResolved] {
		t.times = append(t.times, r.ended-r.opened)
	}
}

func (t *tally) figures(a *asked) Figures {
	n := &t.counts
	return Figures{
		Cases: n[figCases],
		Outcomes: Outcomes{Resolved: n[figResolved], ByItself: n[figByItself], WithPerson: n[figWithPerson],
			Escalated: n[figEscalated], EscalatedReasons: orEmpty(t.reasons[figEscalated]),
			Closed: n[figClosed], ClosedReasons: orEmpty(t.reasons[figClosed]), Open: n[figOpen], OpenReasons: orEmpty(t.reasons[figOpen])},
		ByItself:         shareOf(n[figByItself], n[figSettled], "no case is over or with people yet"),
		TimeToResolution: spreadOf(t.times, "no case is resolved"),
		Reopened:         shareOf(n[figReopened], n[figEnded], "no case has ended"),
		FollowUps: FollowUps{WithinMS: *ms(a.again), SoFar: n[figFollowedSoFar],
			Share: shareOf(n[figFollowed], n[figWatched], "no case of a known customer is resolved for that long")},
	}
}

func orEmpty(m map[string]int) map[string]int {
	if m == nil {
		return map[string]int{}
	}
	return m
}

// tallies are those of all cases, and apart by procedure and by version: the sums of what is counted of each pair of
// them, so that a case is counted once.
type tallies struct {
	all                 tally
	procedures, bundles map[word]*tally
	pairs               map[pair]*tally
}

// pair is a procedure and a version.
type pair struct{ procedure, bundle word }

func newTallies() *tallies {
	return &tallies{procedures: map[word]*tally{}, bundles: map[word]*tally{}, pairs: map[pair]*tally{}}
}

// add counts a case; the sums don't know of it yet.
func (t *tallies) add(r *record, a *asked) {
	var has [figCount]bool
	for i := range figures {
		has[i] = figures[i].has(r, a)
	}
	of(t.pairs, pair{r.procedure, r.bundle}).add(r, &has, r.why(a.words))
}

// sum makes the sums, once all cases are counted.
func (t *tallies) sum() {
	for p, counted := range t.pairs {
		t.all.include(counted)
		of(t.procedures, p.procedure).include(counted)
		of(t.bundles, p.bundle).include(counted)
	}
}

// include adds what another tally counted.
func (t *tally) include(o *tally) {
	for i, n := range o.counts {
		t.counts[i] += n
		for why, n := range o.reasons[i] {
			if t.reasons[i] == nil {
				t.reasons[i] = map[string]int{}
			}
			t.reasons[i][why] += n
		}
	}
	t.times = append(t.times, o.times...)
}

func of[K comparable](m map[K]*tally, k K) *tally {
	t := m[k]
	if t == nil {
		t = &tally{}
		m[k] = t
	}
	return t
}

// byText gives the words of a map in the order of what they say.
func byText[V any](m map[word]V, words dictionary) []word {
	return slices.SortedFunc(maps.Keys(m), func(a, b word) int { return cmp.Compare(words.text(a), words.text(b)) })
}
