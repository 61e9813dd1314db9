package grounding

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Run is from how many words on what an internal passage says is quoted.
const Run = 6

// Sentence is a part of a reply with the ids of what it rests on.
type Sentence struct {
	Text     string   `json:"text"`
	Evidence []string `json:"evidence,omitempty"`
}

// Kind is what a source is, which says what it is good for.
type Kind string

// The kinds of sources.
const (
	Told    Kind = "told"    // a tool's answer
	Done    Kind = "done"    // a write that was done, with its arguments
	Passage Kind = "passage" // knowledge
	Said    Kind = "said"    // a customer's words, or whatever else came from outside
)

// Source is one piece of evidence. Several may have one id: then they are one.
type Source struct {
	ID       string
	Kind     Kind
	Title    string // of a passage; of what was done, its tool
	Text     string
	Value    any  // as casefile decodes JSON; nil for none
	Internal bool // it may inform a decision; no customer may see it
	At       time.Time
}

// Sources are what a reply may rest on, and what needs no evidence.
type Sources struct {
	Now      time.Time      // what "tomorrow" is counted from
	Zone     *time.Location // in which days begin, nil for UTC
	Currency string         // ISO 4217, of amounts that name none; "" for any
	Names    []string       // who may be named without evidence: the company, the customer
	List     []Source

	Addresses []string // that may be written without evidence: the customer's own
}

// What is the kind of a claim.
type What string

// The kinds of claims, and of what is wrong without one.
const (
	Number   What = "number"
	Amount   What = "amount"
	Date     What = "date" // times of day too
	Name     What = "name"
	Link     What = "link" // addresses of mail and telephones too
	ID       What = "id"
	Promise  What = "promise"  // policies, entitlements and what was done too
	Internal What = "internal" // it cites or quotes what customers may not see
	Citation What = "citation" // it cites what isn't there
	Letters  What = "letters"  // it isn't what it looks like
	Secret   What = "secret"   // it asks for what nobody is asked for
)

// Fault is something that a sentence says and its evidence doesn't.
type Fault struct {
	Sentence int      `json:"sentence"` // index
	What     What     `json:"what"`
	Text     string   `json:"text"`            // as the sentence says it
	Detail   string   `json:"detail"`          // what is wrong with it, and what to do
	Found    []string `json:"found,omitempty"` // ids of evidence that would do and isn't cited by the sentence
}

// String says it for whoever has to repair the reply.
func (f Fault) String() string { return fmt.Sprintf("sentence %d: %s", f.Sentence+1, f.Detail) }

// Report is what a check came to.
type Report struct {
	Faults []Fault `json:"faults,omitempty"` // by sentence, as they come in it
	Claims int     `json:"claims"`           // that were held against evidence
	Held   int     `json:"held"`
}

// Coverage is the share of the claims that evidence bears out, 1 where nothing is claimed.
func (r *Report) Coverage() float64 {
	if r.Claims == 0 {
		return 1
	}
	return float64(r.Held) / float64(r.Claims)
}

// Wrong says all faults for whoever has to repair the reply, a line each, "" for none.
func (r *Report) Wrong() string {
	lines := make([]string, len(r.Faults))
	for i, f := range r.Faults {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Check holds the sentences against what they cite.
func Check(sentences []Sentence, sources Sources) Report {
	c := newChecker(&sources)
	for i, s := range sentences {
		c.sentence(i, s)
	}
	c.quotes(sentences)
	slices.SortStableFunc(c.report.Faults, func(a, b Fault) int { return a.Sentence - b.Sentence })
	return c.report
}

// Compose gives the reply's text and what it cites, in the order of the sentences.
func Compose(sentences []Sentence) (text string, citations []string) {
	parts := make([]string, 0, len(sentences))
	for _, s := range sentences {
		if t := strings.TrimSpace(s.Text); t != "" {
			parts = append(parts, t)
		}
		for _, id := range s.Evidence {
			if !slices.Contains(citations, id) {
				citations = append(citations, id)
			}
		}
	}
	return strings.Join(parts, " "), citations
}

// Split gives the sentences of a text that cites as a whole.
func Split(text string, cited []string) []Sentence {
	var list []Sentence
	for _, part := range splitSentences(text) {
		list = append(list, Sentence{Text: part, Evidence: cited})
	}
	return list
}
