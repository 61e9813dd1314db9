package insights

import (
	"slices"
	"time"
)

// Timeline is a period cut at midnights, or those before Mondays, of the bundle's time zone. Its first and
// its last piece end where the period does.
type Timeline struct {
	By    Piece  `json:"by"`
	Items []Span `json:"items"`
}

// Span is a piece of a timeline.
type Span struct {
	From      time.Time      `json:"from"`
	To        time.Time      `json:"to"`
	Opened    int            `json:"opened"`    // cases
	Escalated int            `json:"escalated"` // handovers to people, each for itself
	Reasons   map[string]int `json:"escalated_by_reason"`
	Writes    Writes         `json:"writes"`
	Learned   Learned        `json:"learned"`
}

// Writes are what was done and not undone, by who let it be done.
type Writes struct {
	ByItself int `json:"by_itself"`
	Approved int `json:"approved"`  // a person said yes
	ByPerson int `json:"by_person"` // in place of what the agent would have done
}

func (w *Writes) add(e *effect) {
	switch {
	case e.proposed:
		w.ByPerson++
	case e.approved:
		w.Approved++
	default:
		w.ByItself++
	}
}

// Learned counts what happened meanwhile that changes what the agent does.
type Learned struct {
	Corrections int `json:"corrections"` // taught
	Triage      int `json:"triage"`      // versions that became active
	Bundles     int `json:"bundles"`     // versions that became active
	Suggestions int `json:"suggestions"` // accepted
	Raised      int `json:"authority_raised"`
	Lowered     int `json:"authority_lowered"`
}

func (l *Learned) add(what string) {
	switch {
	case what == "correction.taught":
		l.Corrections++
	case what == "bundle.applied" || what == "bundle.activated":
		l.Bundles++
	case what == "triage.activated":
		l.Triage++
	case what == "suggestion.accepted":
		l.Suggestions++
	case what == "authority.accept" || what == "authority.raised":
		l.Raised++
	case what == "authority.lowered" || what == "authority.demote":
		l.Lowered++
	}
}

// line is a timeline while it is counted.
type line struct {
	bounds []int64 // of the spans, and the end
	spans  []Span
	last   int
}

func newLine(bounds []time.Time) *line {
	l := &line{}
	for i, b := range bounds {
		l.bounds = append(l.bounds, nanos(b))
		if i > 0 {
			l.spans = append(l.spans, Span{From: bounds[i-1].UTC(), To: b.UTC(), Reasons: map[string]int{}})
		}
	}
	return l
}

// at gives the span of an instant of the period. What is asked one after the other is mostly in one.
func (l *line) at(n int64) *Span {
	if n < l.bounds[l.last] || n >= l.bounds[l.last+1] {
		i, there := slices.BinarySearch(l.bounds, n)
		if !there {
			i--
		}
		l.last = min(max(i, 0), len(l.spans)-1)
	}
	return &l.spans[l.last]
}

func (s *Span) escalated(reason string) {
	s.Escalated++
	s.Reasons[reason]++
}

func (l *line) timeline(by Piece, lessons []Lesson) Timeline {
	for _, lesson := range lessons {
		l.at(nanos(lesson.At)).Learned.add(lesson.What)
	}
	return Timeline{By: by, Items: l.spans}
}
