package journal

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// HistoryQuery says which histories are wanted, and what of them.
type HistoryQuery struct {
	From, To time.Time // of the entries that decide: at or after, and before; zero for no bound
	// Decides reports whether an entry may be one that is asked for. A case without any has no
	// history.
	Decides func(kind casefile.Kind, payload []byte) bool
	// Sees reports whether entries of a kind are to be read; the others are left out.
	Sees func(kind casefile.Kind) bool
}

// History is what came before the last entry of a case that decides, and that entry.
type History struct {
	Case    string
	records []linked // from the last to the first
}

// Entries decodes the entries, ascending by seq, with gaps.
func (h *History) Entries() ([]casefile.Entry, error) { return decodeBackwards(h.records) }

// Histories looks at up to limit cases with an id above the cursor ("" for the first), ascending, and gives
// the histories of those that have one. The next cursor is "" at the end.
func (b *Bolt) Histories(ctx context.Context, cursor string, limit int, q HistoryQuery) (list []History, next string, err error) {
	var above uuid.UUID
	if cursor != "" {
		if above, err = parseCase(cursor); err != nil {
			return nil, "", err
		}
	}
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketHeads).Cursor()
		k, v := c.Seek(above[:])
		if cursor != "" && bytes.Equal(k, above[:]) {
			k, v = c.Next()
		}
		for range limit {
			if k == nil {
				return nil
			}
			h, err := decodeHead(k, v)
			if err != nil || len(k) != 16 {
				return damaged(fmt.Sprintf("head %x", k), err)
			}
			id := uuid.UUID(k)
			found, err := r.history(id, h, &q)
			if err != nil {
				return err
			}
			if len(found) > 0 {
				list = append(list, History{Case: id.String(), records: found})
			}
			next = id.String()
			k, v = c.Next()
		}
		if k == nil {
			next = ""
		}
		return nil
	})
	if err != nil || len(list) == 0 && next == cursor {
		return list, "", err
	}
	return list, next, err
}

// history reads a case back from its head, and copies what stands at or before its last entry that
// decides: decoding it is for who has it, outside of the transaction.
func (r *reader) history(id uuid.UUID, h *head, q *HistoryQuery) ([]linked, error) {
	if !q.To.IsZero() && h.opened >= nanos(q.To) {
		return nil, nil
	}
	if last, err := r.record(h.last); err != nil || !q.From.IsZero() && last.at() < nanos(q.From) {
		return nil, err
	}
	var found []linked
	keep := func(l linked) { found = append(found, linked{bytes.Clone(l.record), l.hash}) }
	err := r.walk(id, h, 0, func(l linked) {
		switch decided := len(found) > 0; {
		case l.erased():
		case decided && q.Sees(l.kind()):
			keep(l)
		case decided:
		case (q.From.IsZero() || l.at() >= nanos(q.From)) && (q.To.IsZero() || l.at() < nanos(q.To)) && q.Decides(l.kind(), l.payload()):
			keep(l)
		}
	})
	return found, err
}
