package suggest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"resolute/agent/bundle"
)

// Kind is what a suggestion changes.
type Kind string

// The kinds.
const (
	Loosen    Kind = "rule.loosen" // asks a person later
	Tighten   Kind = "rule.deny"   // denies what is always rejected
	Argument  Kind = "argument"    // of a step, as people edit it
	Order     Kind = "order"       // of hypotheses, as people choose them
	Examples  Kind = "examples"    // of a procedure, from cases that people sent there
	Remedy    Kind = "remedy"      // a hypothesis, from what people did instead
	Procedure Kind = "procedure"   // a sketch of one, from cases that people settled by hand
)

// Thresholds are from when on decisions make a suggestion.
type Thresholds struct {
	// Least is how many cases have to say the same, Share of those at the same place that say anything.
	Least int
	Share float64
	// People is how many have to be behind it, where a rule asks less; elsewhere the suggestion says that
	// it is one alone.
	People int
	// After, Agreement and Confidence are for rules, as authority.yaml has them for promotions: so many
	// decisions, and a lower bound of agreement that holds at every look.
	After                 int
	Agreement, Confidence float64
}

// Defaults are the thresholds; those for rules are the ones that a bundle has for promotions, if any.
func Defaults(b *bundle.Bundle) Thresholds {
	t := Thresholds{Least: 3, Share: 0.8, People: 2, After: 30, Agreement: 0.9, Confidence: 0.95}
	if b.Authority != nil && b.Authority.Promote != nil {
		p := b.Authority.Promote
		t.After, t.Agreement, t.Confidence = p.After, p.Agreement, p.Confidence
	}
	return t
}

// View is the version that is to be changed.
type View struct {
	*bundle.Bundle
	Files map[string][]byte
	// Meaning gives a text's vector of unit length; nil where texts are compared by their words alone.
	Meaning func(text string) []float32
}

// Basis is a decision that a suggestion rests on.
type Basis struct {
	Case  string    `json:"case_id"`
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	What  string    `json:"what"`
}

// Suggestion is a change of the bundle with why.
type Suggestion struct {
	ID       string   `json:"id"` // of what it is about: the same one as evidence grows
	Kind     Kind     `json:"kind"`
	Title    string   `json:"title"`
	Why      string   `json:"why"` // in one sentence
	Evidence int      `json:"evidence"`
	People   []string `json:"people"` // actors, each once
	// OnePerson: nobody else decided so. That person doesn't accept it.
	OnePerson bool    `json:"one_person"`
	Cases     []Basis `json:"cases"` // the newest

	principals []string
	files      map[string][]byte // that change, as they would be
	policy     string            // whose examples change along
	rule       string
}

// mostBasis bounds the cases that a suggestion names.
const mostBasis = 20

// Mine gives what decisions suggest for a version, by kind and title. What the version says already, and
// what doesn't fit it any more, is left out.
func Mine(deeds []Deed, kept Kept, v View, t Thresholds) []Suggestion {
	m := miner{Thresholds: t, v: v, deeds: slices.Clone(deeds), kept: kept}
	slices.SortFunc(m.deeds, func(a, b Deed) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.How, b.How))
	})
	m.rules()
	m.arguments()
	m.orders()
	m.examples()
	m.remedies()
	m.procedures()
	slices.SortFunc(m.found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	return m.found
}

type miner struct {
	Thresholds
	v     View
	deeds []Deed // by time
	kept  Kept
	found []Suggestion
}

// suggest notes a suggestion about a subject that rests on deeds.
func (m *miner) suggest(s Suggestion, subject string, on []Deed, what func(*Deed) string) {
	sum := sha256.Sum256([]byte(string(s.Kind) + "\x00" + subject))
	s.ID, s.Evidence = hex.EncodeToString(sum[:8]), len(on)
	s.Cases = []Basis{}
	for i := len(on) - 1; i >= 0; i-- {
		d := &on[i]
		if !slices.Contains(s.principals, d.By) {
			s.principals, s.People = append(s.principals, d.By), append(s.People, d.Actor)
		}
		if len(s.Cases) < mostBasis {
			s.Cases = append(s.Cases, Basis{Case: d.Case, Seq: d.Seq, At: d.At, Actor: d.Actor, What: what(d)})
		}
	}
	slices.Sort(s.People)
	if s.OnePerson = len(s.principals) == 1; s.OnePerson {
		s.Why += fmt.Sprintf("; so far only %s decides so", s.People[0])
	}
	m.found = append(m.found, s)
}

// fair keeps, of each person, no more deeds than all others have together, two at least: the newest.
func fair(deeds []Deed) []Deed {
	by := map[string]int{}
	for i := range deeds {
		by[deeds[i].By]++
	}
	if len(by) < 2 {
		return deeds
	}
	list := []Deed{}
	for i := len(deeds) - 1; i >= 0; i-- {
		d := deeds[i]
		if most := max(len(deeds)-by[d.By], 2); by[d.By] <= most || count(list, d.By) < most {
			list = append(list, d)
		}
	}
	slices.Reverse(list)
	return list
}

func count(deeds []Deed, by string) (n int) {
	for i := range deeds {
		if deeds[i].By == by {
			n++
		}
	}
	return n
}

// accounts counts who is behind deeds.
func accounts(deeds []Deed) int {
	by := map[string]bool{}
	for i := range deeds {
		by[deeds[i].By] = true
	}
	return len(by)
}

// grouped puts the deeds that a key is given for together, each case once: the last word counts.
func (m *miner) grouped(key func(*Deed) string) (keys []string, groups map[string][]Deed) {
	groups = map[string][]Deed{}
	for i := range m.deeds {
		k := key(&m.deeds[i])
		if k == "" {
			continue
		}
		groups[k] = append(slices.DeleteFunc(groups[k], func(d Deed) bool { return d.Case == m.deeds[i].Case }), m.deeds[i])
	}
	return slices.Sorted(maps.Keys(groups)), groups
}

func joined(parts ...string) string { return strings.Join(parts, "\x00") }

// with gives the deeds of a kind.
func with(deeds []Deed, is func(*Deed) bool) (list []Deed) {
	for i := range deeds {
		if is(&deeds[i]) {
			list = append(list, deeds[i])
		}
	}
	return list
}

// enough reports whether as many cases as needed, and most of those at the place, say the same.
func (m *miner) enough(same []Deed, other int) bool {
	n := len(fair(same))
	return n >= m.Least && float64(n) >= m.Share*float64(n+other)
}

// plural writes a count.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// Changed gives the files that the suggestion changes, by path, as they would be.
func (s *Suggestion) Changed() map[string][]byte { return s.files }
