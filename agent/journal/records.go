package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

type putOp struct {
	keys   [][]byte
	values [][]byte // sealed; nil deletes
	bytes  int
}

func (o *putOp) size() int { return o.bytes }

func (o *putOp) run(w *writer) error {
	for i, key := range o.keys {
		switch value := o.values[i]; {
		case bytes.HasPrefix(key, auditPrefix):
			if err := w.deed(key, value); err != nil {
				return err
			}
		case value == nil:
			w.remove(bucketRecords, key)
		default:
			w.put(bucketRecords, key, value)
		}
	}
	return nil
}

func recordKey(kind, key string) ([]byte, error) {
	if kind == "" || key == "" || strings.ContainsRune(kind, 0) || len(kind)+len(key) > 4096 {
		return nil, fmt.Errorf("%.40q is no kind of record, or %.40q no key", kind, key)
	}
	return []byte(kind + "\x00" + key), nil
}

// preparePut encodes records.
func preparePut(records []Record) (op putOp, err error) {
	for _, r := range records {
		key, err := recordKey(r.Kind, r.Key)
		if err != nil {
			return op, err
		}
		if r.Kind == KindAudit && r.Value == nil {
			return op, errAudit
		}
		var value []byte
		if r.Value != nil {
			value = seal(key, append(make([]byte, 4, 4+len(r.Value)), r.Value...))
		}
		op.keys, op.values = append(op.keys, key), append(op.values, value)
		op.bytes += len(value)
	}
	return op, nil
}

// Put writes and deletes records, all or none; see Store. Whoever puts them keeps what they say in memory
// too, and has to know whether they are stored: so it waits for that, whatever becomes of ctx.
func (b *Bolt) Put(ctx context.Context, records ...Record) error {
	op, err := preparePut(records)
	if err != nil {
		return err
	}
	op.bytes += 256
	if err := b.submit(context.WithoutCancel(ctx), &op); err != nil {
		return fmt.Errorf("put %d records: %w", len(records), err)
	}
	return nil
}

// Get reads a record; see Store.
func (b *Bolt) Get(ctx context.Context, kind, key string) (value []byte, err error) {
	k, err := recordKey(kind, key)
	if err != nil {
		return nil, err
	}
	err = b.view(ctx, func(r *reader) error {
		v := r.get(bucketRecords, k)
		if v == nil {
			return fmt.Errorf("%s %.60q: %w", kind, key, ErrNotFound)
		}
		body, err := unseal(k, v)
		if err != nil {
			return damaged(fmt.Sprintf("%s %.60q", kind, key), err)
		}
		value = append([]byte{}, body...)
		return nil
	})
	return value, err
}

// List lists records; see Store.
func (b *Bolt) List(ctx context.Context, kind, after string, limit int) (list []Record, err error) {
	if kind == "" || strings.ContainsRune(kind, 0) {
		return nil, errors.New("a list of records needs a kind")
	}
	prefix := []byte(kind + "\x00")
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketRecords).Cursor()
		seek := append(slices.Clone(prefix), after...)
		k, v := c.Seek(seek)
		if after != "" && bytes.Equal(k, seek) {
			k, v = c.Next()
		}
		list, err = records(kind, limit, k, v, c.Next)
		return err
	})
	return list, err
}

// ListBack lists records, the last first; see Store.
func (b *Bolt) ListBack(ctx context.Context, kind, before string, limit int) (list []Record, err error) {
	if kind == "" || strings.ContainsRune(kind, 0) {
		return nil, errors.New("a list of records needs a kind")
	}
	prefix := []byte(kind + "\x00")
	seek := append(slices.Clone(prefix), before...)
	if before == "" {
		seek = []byte(kind + "\x01") // behind all of the kind
	}
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketRecords).Cursor()
		step := c.Prev
		if k, _ := c.Seek(seek); k == nil { // nothing is behind it
			step = c.Last
		}
		k, v := step()
		list, err = records(kind, limit, k, v, c.Prev)
		return err
	})
	return list, err
}

// records reads up to limit records of a kind, from the one at k and v on.
func records(kind string, limit int, k, v []byte, step func() (k, v []byte)) (list []Record, err error) {
	prefix := []byte(kind + "\x00")
	for ; bytes.HasPrefix(k, prefix) && len(list) < limit; k, v = step() {
		body, err := unseal(k, v)
		if err != nil {
			return nil, damaged(fmt.Sprintf("%s %.60q", kind, k[len(prefix):]), err)
		}
		list = append(list, Record{kind, string(k[len(prefix):]), append([]byte{}, body...)})
	}
	return list, nil
}
