package journal

import (
	"bytes"
	"context"
	"fmt"
)

// expected are records that must be as they were read, for a change to be made that was worked out from
// them.
type expected = putOp

// asExpected checks that the records are as expected.
func (w *writer) asExpected(o *expected) error {
	for i, key := range o.keys {
		if !bytes.Equal(w.get(bucketRecords, key), o.values[i]) {
			return fmt.Errorf("%w: the record %q is another", ErrConflict, key)
		}
	}
	return nil
}

// asExpected checks that the records are as expected.
func (e *edit) asExpected(o *expected) error {
	for i, key := range o.keys {
		kept, there := e.records[string(key)]
		if want := o.values[i]; there != (want != nil) || there && !bytes.Equal(kept, want[4:]) {
			return fmt.Errorf("%w: the record %q is another", ErrConflict, key)
		}
	}
	return nil
}

type replaceOp struct {
	expect expected
	put    putOp
}

func (o *replaceOp) size() int { return o.put.bytes + 256 }

func (o *replaceOp) run(w *writer) error {
	if err := w.asExpected(&o.expect); err != nil {
		return err
	}
	return o.put.run(w)
}

func prepareReplace(expect, records []Record) (*replaceOp, error) {
	op := &replaceOp{}
	var err error
	if op.expect, err = preparePut(expect); err == nil {
		op.put, err = preparePut(records)
	}
	return op, err
}

// Replace puts records if others are as expected; see Store. As Put does, it waits whatever becomes of ctx.
func (b *Bolt) Replace(ctx context.Context, expect []Record, records ...Record) error {
	op, err := prepareReplace(expect, records)
	if err == nil {
		err = b.submit(context.WithoutCancel(ctx), op)
	}
	if err != nil {
		return fmt.Errorf("replace %d records: %w", len(records), err)
	}
	return nil
}

// Replace puts records if others are as expected; see Store.
func (m *Memory) Replace(ctx context.Context, expect []Record, records ...Record) error {
	op, err := prepareReplace(expect, records)
	if err == nil {
		err = m.change(ctx, "Replace", func(e *edit) error {
			if err := e.asExpected(&op.expect); err != nil {
				return err
			}
			if err := e.mayPut(op.put.names(), func(i int) bool { return op.put.values[i] == nil }); err != nil {
				return err
			}
			e.put(&op.put)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("replace %d records: %w", len(records), err)
	}
	return nil
}

// put puts and deletes records.
func (e *edit) put(o *putOp) {
	for i, key := range o.keys {
		value := o.values[i]
		if value != nil {
			value = value[4:] // behind the checksum, which memory needs none of
		}
		e.record(string(key), value)
	}
}
