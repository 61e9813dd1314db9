package authority

import (
	"encoding/json"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Key is what evidence is kept for.
type Key struct {
	Procedure string `json:"procedure"`
	Tool      string `json:"tool"` // PLUGIN.TOOL
	Band      string `json:"band"` // see policy.Authority.Band
}

// recordKind is the kind of the records that are kept.
const recordKind = "authority"

// String is the key of its record, and where it stands in a list.
func (k Key) String() string {
	b, err := json.Marshal([]string{k.Procedure, k.Tool, k.Band})
	if err != nil {
		panic(err) // of three texts
	}
	return string(b)
}

// Held is what is known of one key.
type Held struct {
	Key
	Version   uint64            `json:"version"` // rises with each change
	Since     time.Time         `json:"since"`   // when counting began
	Evidence  casefile.Evidence `json:"evidence"`
	Reversals []time.Time       `json:"reversals,omitempty"` // the last ones, ascending

	Base      casefile.Level `json:"base,omitempty"`  // the bundle's, beside which Level stands
	Level     casefile.Level `json:"level,omitempty"` // earned or lost, "" for neither
	Why       string         `json:"why,omitempty"`
	Promotion *Promotion     `json:"promotion,omitempty"` // waits for an admin
	Answered  time.Time      `json:"answered,omitzero"`   // when an admin last gave a level that was earned
	Lowered   *Lowered       `json:"lowered,omitempty"`   // by an admin, nil for not
}

// Promotion is a level that was earned, and that an admin hasn't given yet.
type Promotion struct {
	Base       casefile.Level    `json:"base"` // the bundle's
	From       casefile.Level    `json:"from"`
	To         casefile.Level    `json:"to"`
	ProposedAt time.Time         `json:"proposed_at"`
	Case       string            `json:"case_id"` // whose decision tipped the scales
	Evidence   casefile.Evidence `json:"evidence"`
	Bound      float64           `json:"lower_bound"` // of agreement
	Why        string            `json:"why"`
}

// over gives the standing that the key has where the bundle gives one; all is what is known of all amounts.
func (h *Held) over(s casefile.Standing, all *Held) casefile.Standing {
	if h != nil && h.Level != "" && h.Base == s.Level {
		s.Level, s.Why = h.Level, h.Why
	}
	for _, by := range []*Held{all, h} {
		if by == nil || by.Lowered == nil || !by.Lowered.To.Below(s.Level) || h != nil && h.Answered.After(by.Lowered.At) {
			continue
		}
		s.Level, s.Why = by.Lowered.To, by.Lowered.why()
	}
	return s
}

// restart begins to count anew.
func (h *Held) restart(now time.Time) {
	h.Evidence, h.Reversals, h.Promotion, h.Since = casefile.Evidence{}, nil, nil, now
}

func (h *Held) record() (journal.Record, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return journal.Record{}, fmt.Errorf("encode the evidence of %s: %w", h.String(), err)
	}
	return journal.Record{Kind: recordKind, Key: h.String(), Value: b}, nil
}
