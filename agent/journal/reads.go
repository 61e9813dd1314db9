package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// linked is a record with its hash.
type linked struct {
	record
	hash casefile.Hash
}

// walk visits the entries of a case from its head back to the one behind seq, and checks that they
// are a chain.
func (r *reader) walk(id uuid.UUID, h *head, behind uint64, visit func(linked)) error {
	at, want := h.last, h.hash
	for seq := h.seq; seq > behind; seq-- {
		rec, err := r.record(at)
		if err != nil {
			return err
		}
		hash := rec.hash()
		if rec.caseID() != id || rec.seq() != seq || hash != want {
			return damaged(fmt.Sprintf("case %s, seq %d", id, seq), fmt.Errorf("entry %d is not what the chain says", at))
		}
		visit(linked{rec, hash})
		at, want = rec.before(), rec.prev()
	}
	return nil
}

// mustHead gives the head of a case that a caller named.
func (r *reader) mustHead(id uuid.UUID) (*head, error) {
	h, err := r.head(id)
	if err == nil && h == nil {
		err = fmt.Errorf("case %s: %w", id, ErrNotFound)
	}
	return h, err
}

// decodeBackwards decodes what walk visited, ascending.
func decodeBackwards(found []linked) ([]casefile.Entry, error) {
	entries := make([]casefile.Entry, 0, len(found))
	for _, l := range slices.Backward(found) {
		e, err := l.entry(l.hash)
		if err != nil {
			return nil, fmt.Errorf("case %s, seq %d: %w", e.Case, e.Seq, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Load gives what a case's state is made of; see Store.
func (b *Bolt) Load(ctx context.Context, caseID string) (snapshot []byte, tail []casefile.Entry, err error) {
	id, err := parseCase(caseID)
	if err != nil {
		return nil, nil, err
	}
	err = b.view(ctx, func(r *reader) error {
		h, err := r.mustHead(id)
		if err != nil {
			return err
		}
		state, err := r.snapshot(id, h)
		if err != nil {
			return err
		}
		snapshot = bytes.Clone(state)
		found := make([]linked, 0, 8)
		if err := r.walk(id, h, h.saved, func(l linked) { found = append(found, l) }); err != nil {
			return err
		}
		tail, err = decodeBackwards(found)
		return err
	})
	return snapshot, tail, err
}

// Entries gives a page of a case's history; see Store.
func (b *Bolt) Entries(ctx context.Context, caseID string, after uint64, limit int) (list []casefile.Entry, err error) {
	id, err := parseCase(caseID)
	if err != nil {
		return nil, err
	}
	err = b.view(ctx, func(r *reader) error {
		h, err := r.mustHead(id)
		if err != nil {
			return err
		}
		var found []linked // only the page, however long the history is
		err = r.walk(id, h, after, func(l linked) {
			if l.seq() <= after+uint64(limit) {
				found = append(found, l)
			}
		})
		if err != nil {
			return err
		}
		list, err = decodeBackwards(found)
		return err
	})
	return list, err
}

// Feed gives a page of all entries; see Store.
func (b *Bolt) Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error) {
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketJournal).Cursor()
		k, _ := c.Last()
		if k == nil {
			return nil
		}
		last = offsetOf(k)
		for at := after; at < last && len(entries) < limit; at++ {
			rec, err := r.record(at + 1)
			if err != nil {
				return err
			}
			e, err := rec.entry(rec.hash())
			if err != nil {
				return fmt.Errorf("entry %d: %w", at+1, err)
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, last, err
}

// FeedOf looks at up to most entries of all cases with an offset above after, and gives those of some
// kinds, ascending, and the offset of the last that it looked at. Others are not decoded.
func (b *Bolt) FeedOf(ctx context.Context, after uint64, most int, kinds ...casefile.Kind) (entries []casefile.Entry, read uint64, err error) {
	return b.feedOf(ctx, after, most, func(rec record) bool { return slices.Contains(kinds, rec.kind()) })
}

// FeedOfWrites is FeedOf for the intents of writes: what only reads, which most calls do, is not decoded.
func (b *Bolt) FeedOfWrites(ctx context.Context, after uint64, most int) (entries []casefile.Entry, read uint64, err error) {
	key := []byte(`"idempotency_key":"`) // in what customers write, quotes are escaped
	return b.feedOf(ctx, after, most, func(rec record) bool {
		return rec.kind() == casefile.KindCallIntended && bytes.Contains(rec[rec.end():], key)
	})
}

func (b *Bolt) feedOf(ctx context.Context, after uint64, most int, wanted func(record) bool) (entries []casefile.Entry, read uint64, err error) {
	read = after
	err = b.view(ctx, func(r *reader) error {
		k, _ := r.bucket(bucketJournal).Cursor().Last()
		if k == nil {
			return nil
		}
		for last := offsetOf(k); read < last && read < after+uint64(most); read++ {
			rec, err := r.record(read + 1)
			if err != nil {
				return err
			}
			if !wanted(rec) {
				continue
			}
			e, err := rec.entry(rec.hash())
			if err != nil {
				return fmt.Errorf("entry %d: %w", read+1, err)
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, read, err
}

// Summaries reads the summaries of cases; see Store.
func (b *Bolt) Summaries(ctx context.Context, ids []string) ([]Summary, error) {
	list := make([]Summary, len(ids))
	err := b.view(ctx, func(r *reader) error {
		for i := range ids {
			id, err := parseCase(ids[i])
			if err != nil {
				return err
			}
			value := r.get(bucketSummaries, id[:])
			if value == nil {
				return fmt.Errorf("case %s: %w", ids[i], ErrNotFound)
			}
			if list[i], err = r.summary(id[:], value); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// scanAtOnce is how many cases one read transaction looks at: long ones hold up a growing file.
const scanAtOnce = 512

// Cases lists summaries; see Store.
func (b *Bolt) Cases(ctx context.Context, cursor string, limit int, match func(*Summary) bool) (list []Summary, next string, err error) {
	var below []byte
	if cursor != "" {
		id, err := uuid.Parse(cursor)
		if err != nil {
			return nil, "", fmt.Errorf("cursor %.60q is not one that a list gave: %w", cursor, ErrNotFound)
		}
		below = id[:]
	}
	for more := true; more; {
		err = b.view(ctx, func(r *reader) error {
			c := r.bucket(bucketSummaries).Cursor()
			var k, v []byte
			if below == nil {
				k, v = c.Last()
			} else if k, _ = c.Seek(below); k == nil {
				k, v = c.Last()
			} else {
				k, v = c.Prev()
			}
			for range scanAtOnce {
				if k == nil {
					more = false
					return nil
				}
				s, err := r.summary(k, v)
				if err != nil {
					return err
				}
				if match == nil || match(&s) {
					if len(list) == limit {
						next, more = list[len(list)-1].ID, false
						return nil
					}
					list = append(list, s)
				}
				below = append(below[:0], k...)
				k, v = c.Prev()
			}
			return nil
		})
		if err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

// Open lists cases by status; see Store.
func (b *Bolt) Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error) {
	code, err := statusCode(status)
	if err != nil {
		return nil, "", err
	}
	var above uuid.UUID
	if cursor != "" {
		if above, err = parseCase(cursor); err != nil {
			return nil, "", err
		}
	}
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketOpen).Cursor()
		seek := statusKey(code, above)
		k, v := c.Seek(seek)
		if cursor != "" && bytes.Equal(k, seek) {
			k, v = c.Next()
		}
		for ; len(k) > 0 && k[0] == code; k, v = c.Next() {
			if _, err := unseal(k, v); err != nil || len(k) != 17 {
				return damaged(fmt.Sprintf("open case %x", k), errChecksum)
			}
			if len(ids) == limit {
				next = ids[len(ids)-1]
				return nil
			}
			ids = append(ids, uuid.UUID(k[1:]).String())
		}
		return nil
	})
	return ids, next, err
}

// Waiting lists the cases that wait for a type of signal; see Store.
func (b *Bolt) Waiting(ctx context.Context, signalType string) (ids []string, err error) {
	err = b.view(ctx, func(r *reader) error {
		p := waitPrefix(signalType)
		c := r.bucket(bucketWaits).Cursor()
		for k, v := c.Seek(p); bytes.HasPrefix(k, p); k, v = c.Next() {
			if _, err := unseal(k, v); err != nil || len(k) != 24 {
				return damaged(fmt.Sprintf("waiting case %x", k), errChecksum)
			}
			id := uuid.UUID(k[8:])
			h, err := r.head(id)
			if err != nil {
				return err
			}
			if h == nil {
				return damaged("the head of case "+id.String(), errors.New("it is missing, and yet it waits"))
			}
			if h.wait == signalType { // eight bytes of a hash may be those of another type
				ids = append(ids, id.String())
			}
		}
		return nil
	})
	return ids, err
}

// watchers are told of commits.
type watchers struct {
	mu  sync.Mutex
	all map[chan struct{}]bool
}

func (w *watchers) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.all {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Committed tells of commits; see Store.
func (b *Bolt) Committed() (<-chan struct{}, func()) { return b.watch.add() }

func (w *watchers) add() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[chan struct{}]bool{}
	}
	w.all[ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, ch)
	}
}
