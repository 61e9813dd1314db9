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
	for {
		h, was, err := l.read(ctx, a.Key, now)
		if err != nil {
			return nil, err
		}
		p := h.Promotion
		if p == nil || a.To != "" && a.To != p.To {
			return nil, fmt.Errorf("%w: %s; look at it again", ErrNoPromotion, a.Key.String())
		}
		said, err := audit(map[string]any{"from": p.From, "to": p.To, "evidence": p.Evidence, "lower_bound": p.Bound, "why": p.Why, "note": a.Note})
		if err != nil {
			return nil, err
		}
		if a.Accept {
			h.Base, h.Level, h.Why = p.Base, p.To, "earned, and accepted by "+a.By+": "+p.Why
		}
		h.restart(now)
		h.Version++
		r, err := h.record()
		if err != nil {
			return nil, err
		}
		switch err := l.records.Replace(context.WithoutCancel(ctx), []journal.Record{was}, r, said); {
		case err == nil:
			l.keep([]*Held{h})
			return h, nil
		case !errors.Is(err, journal.ErrConflict):
			return nil, err
		}
	}
}
