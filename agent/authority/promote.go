package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// ErrNoPromotion is of an answer to a promotion that doesn't wait.
var ErrNoPromotion = errors.New("no promotion waits for an answer")

// Answer is what an admin says to a promotion.
type Answer struct {
	Key
	Accept bool
	To     casefile.Level // that was shown, "" for whichever waits
	By     string         // actor
	Note   string
}

// Answer accepts or refuses the promotion that waits for a key; audit makes the record of that, which is
// written along. Counting begins anew.
func (l *Ledger) Answer(ctx context.Context, a Answer, audit func(detail map[string]any) (journal.Record, error), now time.Time) (*Held, error) {
	var given *Held
	err := l.replace(ctx, []Key{a.Key}, audit, now, func(held []*Held) (map[string]any, error) {
		given = held[0]
		p := given.Promotion
		if p == nil || a.To != "" && a.To != p.To {
			return nil, fmt.Errorf("%w: %s; look at it again", ErrNoPromotion, a.Key.String())
		}
		if a.Accept {
			given.Base, given.Level, given.Why, given.Answered, given.Lowered = p.Base, p.To, "earned, and accepted by "+a.By+": "+p.Why, now, nil
		}
		return map[string]any{"from": p.From, "to": p.To, "evidence": p.Evidence, "lower_bound": p.Bound, "why": p.Why, "note": a.Note}, nil
	})
	return given, err
}

// replace changes what is held of keys as a person says, and begins to count anew for them; audit makes the
// record of that from what change tells, which is written along.
func (l *Ledger) replace(ctx context.Context, keys []Key, audit func(detail map[string]any) (journal.Record, error), now time.Time, change func([]*Held) (map[string]any, error)) error {
	for {
		var held []*Held
		var expect, records []journal.Record
		for _, key := range keys {
			h, was, err := l.read(ctx, key, now)
			if err != nil {
				return err
			}
			held, expect = append(held, h), append(expect, was)
		}
		detail, err := change(held)
		if err != nil {
			return err
		}
		for _, h := range held {
			h.restart(now)
			h.Version++
			r, err := h.record()
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		said, err := audit(detail)
		if err != nil {
			return err
		}
		switch err := l.records.Replace(context.WithoutCancel(ctx), expect, append(records, said)...); {
		case err == nil:
			l.keep(held)
			return nil
		case !errors.Is(err, journal.ErrConflict):
			return err
		}
	}
}
