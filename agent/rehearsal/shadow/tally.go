package shadow

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/confidence"
)

// Report is what a shadow has seen so far.
type Report struct {
	Version   string     `json:"version"`
	State     State      `json:"state"`
	By        string     `json:"by"` // actor who started it
	StartedAt time.Time  `json:"started_at"`
	StoppedAt *time.Time `json:"stopped_at"`
	Why       string     `json:"why,omitempty"` // why it stopped by itself
	Behind    uint64     `json:"behind"`        // entries of the journal that it hasn't followed yet
	Cases     int        `json:"cases"`         // that were compared
	Same      int        `json:"same"`
	Diverged  int        `json:"diverged"`
	Unplayed  int        `json:"unplayed"` // cases, beside those, that can't be compared
	Reads     int        `json:"reads"`    // calls that went to plugins
	Kinds     []Diverged `json:"kinds"`    // of divergences, the most frequent first
	People    Agreement  `json:"people"`
	// Decisions is the agreement with people by what they decided: approve, reject, edit, override.
	Decisions  map[casefile.DecisionName]Counted `json:"decisions"`
	Procedures []ByProcedure                     `json:"procedures"` // by name; "" where none was found
	UnplayedBy []Unplayed                        `json:"unplayed_by"`
}

// State is whether a shadow runs.
type State string

// The states.
const (
	Running State = "running"
	Stopped State = "stopped"
)

// Counted is in how many decisions of people the candidate would have done as they wanted.
type Counted struct {
	Agreed int `json:"agreed"`
	Of     int `json:"of"`
}

// Agreement is a count with a lower bound of how often to expect it, that holds at every look.
type Agreement struct {
	Counted
	LowerBound float64 `json:"lower_bound"`
	Confidence float64 `json:"confidence"`
}

// Diverged is a way of doing something else.
type Diverged struct {
	Kind     Kind      `json:"kind"`
	Count    int       `json:"count"`
	Examples []Example `json:"examples"` // the newest
}

// Example is one divergence, in names of the bundle alone.
type Example struct {
	CaseID   string `json:"case_id"`
	Seq      uint64 `json:"seq"` // of the recorded entry; one more than there are at the end
	Recorded string `json:"recorded"`
	Now      string `json:"now"`
}

// ByProcedure is what became of the cases of a procedure.
type ByProcedure struct {
	Procedure string    `json:"procedure"`
	Cases     int       `json:"cases"`
	Same      int       `json:"same"`
	People    Agreement `json:"people"`
}

// Unplayed is why cases can't be compared.
type Unplayed struct {
	Why    string `json:"why"`
	Count  int    `json:"count"`
	CaseID string `json:"case_id"` // an example
}

// Bounds of a tally.
const (
	mostExamples = 5
	mostReasons  = 20
	mostWhy      = 200 // bytes of a reason
	confident    = 0.95
)

// tally is what is counted.
type tally struct {
	Reads      int                               `json:"reads"`
	Kinds      map[Kind]*Diverged                `json:"kinds"`
	Decisions  map[casefile.DecisionName]Counted `json:"decisions"`
	Procedures map[string]*counts                `json:"procedures"`
	Unplayed   map[string]*Unplayed              `json:"unplayed"`
}

type counts struct {
	Cases  int     `json:"cases"`
	Same   int     `json:"same"`
	People Counted `json:"people"`
}

// result is what is counted of one case, and taken back when it goes on.
type result struct {
	Procedure string      `json:"procedure"`
	Unplayed  string      `json:"unplayed,omitempty"`
	Kind      Kind        `json:"kind,omitempty"` // "" for the same
	Judged    []judgement `json:"judged,omitempty"`
	Ended     bool        `json:"ended,omitempty"`
	At        time.Time   `json:"at"` // of the newest entry that it was compared by
}

func newTally() tally {
	return tally{Kinds: map[Kind]*Diverged{}, Decisions: map[casefile.DecisionName]Counted{}, Procedures: map[string]*counts{}, Unplayed: map[string]*Unplayed{}}
}

// count adds a case, or takes it back where by is -1.
func (t *tally) count(r *result, caseID string, by int) {
	if r.Unplayed != "" {
		u := t.Unplayed[r.Unplayed]
		if u == nil {
			u = &Unplayed{Why: r.Unplayed}
			t.Unplayed[r.Unplayed] = u
		}
		if u.Count += by; by > 0 {
			u.CaseID = caseID
		}
		return
	}
	p := t.Procedures[r.Procedure]
	if p == nil {
		p = &counts{}
		t.Procedures[r.Procedure] = p
	}
	p.Cases += by
	if r.Kind == "" {
		p.Same += by
	} else {
		t.kind(r.Kind).Count += by
	}
	for _, j := range r.Judged {
		n := t.Decisions[j.Decision]
		n.Of += by
		p.People.Of += by
		if j.Agreed {
			n.Agreed += by
			p.People.Agreed += by
		}
		t.Decisions[j.Decision] = n
	}
}

func (t *tally) kind(k Kind) *Diverged {
	d := t.Kinds[k]
	if d == nil {
		d = &Diverged{Kind: k, Examples: []Example{}}
		t.Kinds[k] = d
	}
	return d
}

// example keeps a divergence to show, one of each case.
func (t *tally) example(k Kind, e Example) {
	for _, d := range t.Kinds {
		d.Examples = slices.DeleteFunc(d.Examples, func(x Example) bool { return x.CaseID == e.CaseID })
	}
	d := t.kind(k)
	d.Examples = append(d.Examples, e)
	d.Examples = d.Examples[max(0, len(d.Examples)-mostExamples):]
}

// reason gives the words under which a case counts that can't be compared: of many reasons, the first.
func (t *tally) reason(why string) string {
	if len(why) > mostWhy {
		why = why[:mostWhy] + "…"
	}
	if _, known := t.Unplayed[why]; known || len(t.Unplayed) < mostReasons {
		return why
	}
	return "other reasons"
}

func agreement(c Counted) Agreement {
	return Agreement{Counted: c, LowerBound: confidence.LowerBound(c.Agreed, c.Of-c.Agreed, confident), Confidence: confident}
}

// fill writes what is counted into a report.
func (t *tally) fill(r *Report) {
	r.Reads, r.Kinds, r.Procedures, r.UnplayedBy = t.Reads, []Diverged{}, []ByProcedure{}, []Unplayed{}
	r.Decisions = maps.Clone(t.Decisions)
	var all Counted
	for _, name := range slices.Sorted(maps.Keys(t.Procedures)) {
		p := t.Procedures[name]
		if p.Cases == 0 {
			continue // it is handled by another by now
		}
		r.Cases += p.Cases
		r.Same += p.Same
		all.Agreed += p.People.Agreed
		all.Of += p.People.Of
		r.Procedures = append(r.Procedures, ByProcedure{Procedure: name, Cases: p.Cases, Same: p.Same, People: agreement(p.People)})
	}
	r.Diverged, r.People = r.Cases-r.Same, agreement(all)
	for _, d := range t.Kinds {
		if d.Count > 0 {
			r.Kinds = append(r.Kinds, Diverged{d.Kind, d.Count, slices.Clone(d.Examples)})
		}
	}
	slices.SortFunc(r.Kinds, func(a, b Diverged) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind)) })
	for _, u := range t.Unplayed {
		if u.Count > 0 {
			r.Unplayed += u.Count
			r.UnplayedBy = append(r.UnplayedBy, *u)
		}
	}
	slices.SortFunc(r.UnplayedBy, func(a, b Unplayed) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why)) })
}
