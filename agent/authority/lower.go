package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// AllAmounts is the band of a level that was lowered for whatever an action moves.
const AllAmounts = "*"

// Errors of levels that people lower.
var (
	// ErrLevel is of a level that isn't above the one it is to fall to, or wasn't lowered by anybody.
	ErrLevel = errors.New("the level is another one")
	// ErrNoAction is of an action that the active version doesn't know.
	ErrNoAction = errors.New("there is no such action")
	// ErrNote is of a level that is lowered, or given back, without a word why.
	ErrNote = errors.New("say why, for whoever meets it")
)

// Lowered is a level that an admin took away. Neither evidence from before nor another version of the bundle
// gives more back: only what is earned from then on, and accepted, or an admin.
type Lowered struct {
	To   casefile.Level `json:"to"`
	By   string         `json:"by"` // actor
	At   time.Time      `json:"at"`
	Note string         `json:"note"`
}

func (l *Lowered) why() string { return "lowered by " + l.By + ": " + l.Note }

// Lowering is an admin's word on how far the agent may go, at most.
type Lowering struct {
	Key                 // with the band AllAmounts for whatever the action moves
	To   casefile.Level // "" gives back what was lowered
	By   string         // actor
	Note string         // why, required
}

// All is the key of whatever the action moves.
func (k Key) All() Key { return Key{k.Procedure, k.Tool, AllAmounts} }

// Lower takes a level away at once, or gives it back; audit makes the record of that, which is written along.
// A promotion that waits is withdrawn, and counting begins anew: what was earned before isn't asked about
// again.
func (l *Ledger) Lower(ctx context.Context, w Lowering, audit func(detail map[string]any) (journal.Record, error), now time.Time) error {
	if w.Note == "" {
		return ErrNote
	}
	file, err := l.file()
	if err != nil {
		return err
	}
	keys := l.keys(w.Key)
	if len(keys) == 1 && (*l.held.Load())[w.Key] == nil && !file.Knows(w.Procedure, w.Tool) {
		return fmt.Errorf("%w: the active version has no %s in %s", ErrNoAction, w.Tool, w.Procedure)
	}
	given := file.Standing(w.Procedure, casefile.Action{Tool: w.Tool})
	return l.replace(ctx, keys, audit, now, func(held []*Held) (map[string]any, error) {
		h, all := held[0], held[0]
		if w.Band != AllAmounts {
			all = (*l.held.Load())[w.All()]
		}
		from := highest(held, given, all)
		switch {
		case w.To == "" && h.Lowered == nil:
			return nil, fmt.Errorf("%w: nobody lowered %s", ErrLevel, w.Key.String())
		case w.To == "":
			h.Lowered = nil
		case !w.To.Below(from):
			return nil, fmt.Errorf("%w: %s is at %s; it falls to what is below that", ErrLevel, w.Key.String(), from)
		default:
			h.Lowered = &Lowered{To: w.To, By: w.By, At: now, Note: w.Note}
		}
		return map[string]any{"from": from, "to": highest(held, given, all), "note": w.Note}, nil
	})
}

// highest is the highest level of keys that the bundle gives one, the first of them that of all amounts or
// the only one.
func highest(held []*Held, given casefile.Standing, all *Held) (level casefile.Level) {
	for _, h := range held {
		if own := h.over(given, all).Level; level.Below(own) {
			level = own
		}
	}
	return level
}

// keys are those that a key stands for, itself first.
func (l *Ledger) keys(key Key) []Key {
	keys := []Key{key}
	if key.Band != AllAmounts {
		return keys
	}
	for _, h := range l.List() {
		if h.Procedure == key.Procedure && h.Tool == key.Tool && h.Band != AllAmounts {
			keys = append(keys, h.Key)
		}
	}
	return keys
}
