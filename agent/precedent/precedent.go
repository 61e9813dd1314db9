package precedent

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/kb"
	"resolute/kb/read"
)

// Precedent is a case that is over, as it is found.
type Precedent struct {
	Case       string     `json:"case_id"`
	Score      float64    `json:"score"` // how like it what the customer wrote is, from 0 to 1, less where nothing was proven to work
	Procedure  string     `json:"procedure"`
	Hypothesis string     `json:"hypothesis"` // that held, else the last one tried; "" for none
	Worked     bool       `json:"worked"`     // a check proved it
	Outcome    string     `json:"outcome"`    // resolved, or the stop code that it was closed with
	Done       []Done     `json:"done"`       // what was done and not taken back, oldest first
	RuledOut   []RuledOut `json:"ruled_out"`  // what was tried and given up
	Note       string     `json:"note"`       // of the person who closed it
	Subject    string     `json:"subject"`    // the first words of what the customer wrote
	OpenedAt   time.Time  `json:"opened_at"`
	ClosedAt   time.Time  `json:"closed_at"`
	Same       bool       `json:"same_customer"`
}

// Done is an effect that stands.
type Done struct {
	Tool    string `json:"tool"`
	ByHuman bool   `json:"by_person"` // a person's edit or override
}

// RuledOut is a hypothesis that didn't hold.
type RuledOut struct {
	Hypothesis string `json:"hypothesis"`
	Why        string `json:"why"`
}

// Bounds of what is kept of a case, in bytes.
const (
	maxText    = 6000
	maxSubject = 120
	maxWhy     = 200
)

// of gives an ended case as it is found.
func of(c *casefile.Case) Precedent {
	past := c.AsPast()
	p := Precedent{Case: c.ID, Procedure: c.Procedure, Outcome: past.Outcome, Hypothesis: past.Hypothesis, OpenedAt: c.OpenedAt, ClosedAt: c.EndedAt,
		Done: []Done{}, RuledOut: []RuledOut{}}
	for i := range c.Hypotheses {
		switch h := &c.Hypotheses[i]; h.Status {
		case casefile.Held:
			p.Hypothesis, p.Worked = h.Name, c.Status == casefile.Resolved
		case casefile.GivenUp, casefile.Reverted:
			why := ""
			if h.Cause != nil {
				why = cut(strings.TrimPrefix(string(h.Cause.Code)+": "+h.Cause.Detail, ": "), maxWhy)
			}
			p.RuledOut = append(p.RuledOut, RuledOut{h.Name, why})
		}
	}
	for i := range c.Writes {
		if w := &c.Writes[i]; !w.Undone && w.Reversed == 0 {
			p.Done = append(p.Done, Done{w.Tool, w.ProposedBy != ""})
		}
	}
	if c.Stop != nil && c.Stop.Code == casefile.StopHumanClosed {
		p.Note = cut(c.Stop.Detail, maxWhy)
	}
	p.Subject = cut(strings.Join(strings.Fields(text(c)), " "), maxSubject)
	return p
}

// text is what the customer wrote in a case, the first words first.
func text(c *casefile.Case) string {
	var b strings.Builder
	for i := range c.Signals {
		if t := c.Signals[i].Text(); t != "" && b.Len() < maxText {
			b.WriteString(t + "\n\n")
		}
	}
	return strings.TrimSpace(cut(b.String(), maxText))
}

func cut(s string, most int) string {
	if len(s) <= most {
		return strings.ToValidUTF8(s, "")
	}
	return strings.ToValidUTF8(s[:most], "")
}

// kept is what the index holds beside a text.
type kept struct {
	Precedent
	Customer casefile.Customer `json:"customer"`
}

// The one member of a document's Meta.
const metaCase = "case"

// source makes a document of an ended case, false where there is nothing to find it by.
func source(c *casefile.Case) (kb.Source, bool, error) {
	body := text(c)
	if body == "" {
		return kb.Source{}, false, nil
	}
	b, err := json.Marshal(kept{of(c), c.Customer})
	if err != nil {
		return kb.Source{}, false, fmt.Errorf("what is found of case %s: %w", c.ID, err)
	}
	return kb.Source{ID: c.ID, Title: c.ID, Format: read.Text, Content: []byte(body), Metadata: kb.Metadata{Audience: read.Internal}, Meta: map[string]string{metaCase: string(b)}}, true, nil
}
