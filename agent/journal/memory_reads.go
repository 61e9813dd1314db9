package journal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// Load gives what a case's state is made of; see Store.
func (m *Memory) Load(ctx context.Context, caseID string) (snapshot []byte, tail []casefile.Entry, err error) {
	err = m.view(ctx, func(k *kept) error {
		c, err := k.find(caseID)
		if err != nil {
			return err
		}
		if c.snapshot != nil {
			_, state, err := decodeSnapshot(c.id[:], c.snapshot)
			if err != nil {
				return damaged("the snapshot of case "+caseID, err)
			}
			snapshot = bytes.Clone(state)
		}
		tail, err = k.read(c.offsets[c.h.saved:])
		return err
	})
	return snapshot, tail, err
}

// read decodes entries.
func (k *kept) read(offsets []uint64) ([]casefile.Entry, error) {
	list := make([]casefile.Entry, 0, len(offsets))
	for _, at := range offsets {
		e, err := k.entry(at)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func (k *kept) entry(at uint64) (casefile.Entry, error) {
	rec := k.entries[at-1]
	e, err := rec.entry(rec.hash())
	if err != nil {
		err = fmt.Errorf("entry %d: %w", at, err)
	}
	return e, err
}

// Entries gives a page of a case's history; see Store.
func (m *Memory) Entries(ctx context.Context, caseID string, after uint64, limit int) (list []casefile.Entry, err error) {
	err = m.view(ctx, func(k *kept) error {
		c, err := k.find(caseID)
		if err != nil {
			return err
		}
		from := min(after, uint64(len(c.offsets)))
		list, err = k.read(c.offsets[from:min(from+uint64(limit), uint64(len(c.offsets)))])
		return err
	})
	return list, err
}

// Feed gives a page of all entries; see Store.
func (m *Memory) Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error) {
	err = m.view(ctx, func(k *kept) error {
		last = uint64(len(k.entries))
		for at := after; at < last && len(entries) < limit; at++ {
			e, err := k.entry(at + 1)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, last, err
}

// Committed tells of commits; see Store.
func (m *Memory) Committed() (<-chan struct{}, func()) { return m.watch.add() }

// Cases lists summaries; see Store.
func (m *Memory) Cases(ctx context.Context, cursor string, limit int, match func(*Summary) bool) (list []Summary, next string, err error) {
	err = m.view(ctx, func(k *kept) error {
		at := len(k.order)
		if cursor != "" {
			below, err := uuid.Parse(cursor)
			if err != nil {
				return fmt.Errorf("cursor %.60q is not one that a list gave: %w", cursor, ErrNotFound)
			}
			at = k.position(below)
		}
		for _, c := range slices.Backward(k.order[:at]) {
			s, err := decodeSummary(c.id[:], c.summary)
			if err != nil {
				return damaged("the summary of case "+c.id.String(), err)
			}
			if match != nil && !match(&s) {
				continue
			}
			if len(list) == limit {
				next = list[limit-1].ID
				return nil
			}
			list = append(list, s)
		}
		return nil
	})
	return list, next, err
}

// Summaries reads the summaries of cases; see Store.
func (m *Memory) Summaries(ctx context.Context, ids []string) ([]Summary, error) {
	list := make([]Summary, len(ids))
	err := m.view(ctx, func(k *kept) error {
		for i := range ids {
			c, err := k.find(ids[i])
			if err != nil {
				return err
			}
			if list[i], err = decodeSummary(c.id[:], c.summary); err != nil {
				return damaged("the summary of case "+ids[i], err)
			}
		}
		return nil
	})
	return list, err
}

// Open lists cases by status; see Store.
func (m *Memory) Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error) {
	code, err := statusCode(status)
	if err != nil {
		return nil, "", err
	}
	err = m.view(ctx, func(k *kept) error {
		at := 0
		if cursor != "" {
			above, err := parseCase(cursor)
			if err != nil {
				return err
			}
			if at = k.position(above); at < len(k.order) && k.order[at].id == above {
				at++
			}
		}
		for _, c := range k.order[at:] {
			if c.h.status != code || c.h.over() {
				continue
			}
			if len(ids) == limit {
				next = ids[limit-1]
				return nil
			}
			ids = append(ids, c.id.String())
		}
		return nil
	})
	return ids, next, err
}

// Waiting lists the cases that wait for a type of signal; see Store.
func (m *Memory) Waiting(ctx context.Context, signalType string) (ids []string, err error) {
	err = m.view(ctx, func(k *kept) error {
		for _, id := range k.waiting(signalType) {
			ids = append(ids, id.String())
		}
		return nil
	})
	return ids, err
}

// message puts a message together from its entry and its delivery.
func (k *kept) message(offset uint64) (Message, error) {
	e, err := k.entry(offset)
	if err != nil {
		return Message{}, err
	}
	msg, _ := messageOf(&e)
	msg.Delivery = k.sent[offset].delivery()
	return msg, nil
}

// Outbox lists messages; see Store.
func (m *Memory) Outbox(ctx context.Context, cursor uint64, limit int) (list []Message, next uint64, err error) {
	err = m.view(ctx, func(k *kept) error {
		for _, offset := range slices.Backward(k.offsets) {
			if cursor != 0 && offset >= cursor {
				continue
			}
			if len(list) == limit {
				next = list[limit-1].Offset
				return nil
			}
			msg, err := k.message(offset)
			if err != nil {
				return err
			}
			list = append(list, msg)
		}
		return nil
	})
	return list, next, err
}

// Undelivered lists what is to be delivered; see Store.
func (m *Memory) Undelivered(ctx context.Context, now time.Time, limit int) (list []Message, err error) {
	err = m.view(ctx, func(k *kept) error {
		var due []uint64
		for _, offset := range k.offsets {
			if d := k.sent[offset]; d.queued() && d.nextAt <= nanos(now) {
				due = append(due, offset)
			}
		}
		slices.SortStableFunc(due, func(a, b uint64) int { return cmp.Compare(k.sent[a].nextAt, k.sent[b].nextAt) })
		for _, offset := range due[:min(len(due), limit)] {
			msg, err := k.message(offset)
			if err != nil {
				return err
			}
			list = append(list, msg)
		}
		return nil
	})
	return list, err
}

// Delivered records how a delivery went; see Store.
func (m *Memory) Delivered(ctx context.Context, offset uint64, d Delivery) error {
	rec, err := newDelivery(d)
	if err == nil {
		err = m.change(ctx, "Delivered", func(e *edit) error {
			if e.sent[offset] == nil {
				return fmt.Errorf("message %d: %w", offset, ErrNotFound)
			}
			e.queue(offset, rec)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("record the delivery of message %d: %w", offset, err)
	}
	return nil
}

// Put writes and deletes records, all or none; see Store.
func (m *Memory) Put(ctx context.Context, records ...Record) error {
	keys := make([]string, len(records))
	for i, r := range records {
		key, err := recordKey(r.Kind, r.Key)
		if err != nil {
			return err
		}
		keys[i] = string(key)
	}
	err := m.change(ctx, "Put", func(e *edit) error {
		if err := e.mayPut(keys, func(i int) bool { return records[i].Value == nil }); err != nil {
			return err
		}
		for i, key := range keys {
			e.record(key, bytes.Clone(records[i].Value))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put %d records: %w", len(records), err)
	}
	return nil
}

// Get reads a record; see Store.
func (m *Memory) Get(ctx context.Context, kind, key string) (value []byte, err error) {
	name, err := recordKey(kind, key)
	if err != nil {
		return nil, err
	}
	err = m.view(ctx, func(k *kept) error {
		v, ok := k.records[string(name)]
		if !ok {
			return fmt.Errorf("%s %.60q: %w", kind, key, ErrNotFound)
		}
		value = bytes.Clone(v)
		return nil
	})
	return value, err
}

// List lists records; see Store.
func (m *Memory) List(ctx context.Context, kind, after string, limit int) (list []Record, err error) {
	if kind == "" || strings.ContainsRune(kind, 0) {
		return nil, errors.New("a list of records needs a kind")
	}
	prefix := kind + "\x00"
	err = m.view(ctx, func(k *kept) error {
		for _, name := range slices.Sorted(maps.Keys(k.records)) {
			key, ok := strings.CutPrefix(name, prefix)
			if ok && key > after && len(list) < limit {
				list = append(list, Record{kind, key, bytes.Clone(k.records[name])})
			}
		}
		return nil
	})
	return list, err
}

// ListBack lists records, the last first; see Store.
func (m *Memory) ListBack(ctx context.Context, kind, before string, limit int) (list []Record, err error) {
	if kind == "" || strings.ContainsRune(kind, 0) {
		return nil, errors.New("a list of records needs a kind")
	}
	prefix := kind + "\x00"
	err = m.view(ctx, func(k *kept) error {
		for _, name := range slices.Backward(slices.Sorted(maps.Keys(k.records))) {
			key, ok := strings.CutPrefix(name, prefix)
			if ok && (before == "" || key < before) && len(list) < limit {
				list = append(list, Record{kind, key, bytes.Clone(k.records[name])})
			}
		}
		return nil
	})
	return list, err
}
