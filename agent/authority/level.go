package authority

import (
	"time"

	"resolute/agent/casefile"
	"resolute/agent/confidence"
	"resolute/agent/policy"
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
	Lowered   *Lowered          `json:"lowered"`     // by an admin, nil for not
}

// certain is the confidence of bounds where the bundle says nothing.
const certain = 0.95

// Levels gives all keys for which something is known, by procedure, tool and band.
func (l *Ledger) Levels() ([]Level, error) {
	file, err := l.file()
	if err != nil {
		return nil, err
	}
	list := []Level{}
	for _, h := range l.List() {
		if h.Band == AllAmounts && h.Lowered == nil {
			continue // it was lowered once
		}
		list = append(list, l.level(file, h))
	}
	return list, nil
}

// Level gives how far the agent may go for a key, whether or not anything is known of it.
func (l *Ledger) Level(key Key) (Level, error) {
	file, err := l.file()
	if err != nil {
		return Level{}, err
	}
	h := (*l.held.Load())[key]
	if h == nil {
		h = &Held{Key: key}
	}
	return l.level(file, h), nil
}

func (l *Ledger) level(file *policy.Authority, h *Held) Level {
	sure := certain
	if file.Promote != nil {
		sure = file.Promote.Confidence
	}
	given := file.Standing(h.Procedure, casefile.Action{Tool: h.Tool})
	now := h.over(given, (*l.held.Load())[h.All()])
	return Level{Key: h.Key, Level: now.Level, Given: given.Level, Why: now.Why, Since: h.Since, Evidence: h.Evidence,
		Bound: confidence.LowerBound(h.Evidence.Agreed, h.Evidence.Against(), sure), Promotion: h.Promotion, Lowered: h.Lowered}
}
