package authority

import (
	"time"

	"resolute/agent/casefile"
	"resolute/agent/confidence"
)

// Level is how far the agent may go for a key, with what speaks for it.
type Level struct {
	Key
	Level     casefile.Level    `json:"level"`
	Given     casefile.Level    `json:"given"` // by the bundle
	Why       string            `json:"why"`
	Since     time.Time         `json:"since"` // when counting began
	Evidence  casefile.Evidence `json:"evidence"`
	Bound     float64           `json:"lower_bound"` // of agreement, from 0 to 1
	Promotion *Promotion        `json:"promotion"`   // waits for an admin, nil for none
}

// certain is the confidence of bounds where the bundle says nothing.
const certain = 0.95

// Levels gives all keys for which something is known, by procedure, tool and band.
func (l *Ledger) Levels() ([]Level, error) {
	file, err := l.file()
	if err != nil {
		return nil, err
	}
	sure := certain
	if file.Promote != nil {
		sure = file.Promote.Confidence
	}
	list := []Level{}
	for _, h := range l.List() {
		given := file.Standing(h.Procedure, casefile.Action{Tool: h.Tool})
		now := h.over(given)
		list = append(list, Level{Key: h.Key, Level: now.Level, Given: given.Level, Why: now.Why, Since: h.Since, Evidence: h.Evidence,
			Bound: confidence.LowerBound(h.Evidence.Agreed, h.Evidence.Against(), sure), Promotion: h.Promotion})
	}
	return list, nil
}
