package casefile

import (
	"cmp"
	"strings"
	"time"
)

// Past is an earlier case of the same customer, as rules see it.
type Past struct {
	Case       string    `json:"case_id"`
	Procedure  string    `json:"procedure"`
	Outcome    string    `json:"outcome"`    // resolved, or the stop code that it was closed with
	Hypothesis string    `json:"hypothesis"` // the last one begun, "" for none
	ClosedAt   time.Time `json:"closed_at"`
	Amounts    []int64   `json:"amounts,omitempty"` // of what was done and not undone, in minor units
}

// HistoryFound: the customer's earlier cases that are over, the one opened last first.
type HistoryFound struct {
	Cases []Past `json:"cases"`
	Round int    `json:"round"`
	Error string `json:"error,omitempty"` // why they can't be read; then nothing is known of them
}

// History is what is known of the customer's earlier cases.
type History struct {
	Cases []Past `json:"cases,omitempty"`
	Round int    `json:"round"`
	Error string `json:"error,omitempty"`
}

// AsPast gives an ended case as later ones see it.
func (c *Case) AsPast() Past {
	p := Past{Case: c.ID, Procedure: c.Procedure, Outcome: string(c.Status), ClosedAt: c.EndedAt}
	if c.Status == Closed && c.Stop != nil {
		p.Outcome = cmp.Or(string(c.Stop.Code), p.Outcome)
	}
	if n := len(c.Hypotheses); n > 0 {
		p.Hypothesis = c.Hypotheses[n-1].Name
	}
	for i := range c.Writes {
		if c.Writes[i].Undone {
			continue
		}
		for _, arg := range sortedKeys(c.Writes[i].Args) {
			if n, ok := c.Writes[i].Args[arg].(int64); ok && strings.HasSuffix(arg, "_cents") {
				p.Amounts = append(p.Amounts, n)
			}
		}
	}
	return p
}

// Kind gives the entry's kind.
func (*HistoryFound) Kind() Kind { return KindHistoryFound }
