package insights

import (
	"bytes"
	"context"

	"resolute/agent/projection"
)

// leaveEach is after how many records it is asked whether anybody still waits.
const leaveEach = 4096

// each calls fn for what stands in a bucket from one time to before another, behind a cursor (nil for
// none), until fn reports false, or ctx ends. A bucket that isn't there yet is empty.
func each(ctx context.Context, view *projection.Bucket, name []byte, from, to int64, after []byte, fn func(k, v []byte) (more bool, err error)) error {
	b := view.Bucket(name)
	if b == nil {
		return nil
	}
	c, end := b.Cursor(), timeKey(to)
	k, v := c.Seek(timeKey(from))
	if after != nil && bytes.Compare(after, timeKey(from)) >= 0 {
		if k, v = c.Seek(after); bytes.Equal(k, after) {
			k, v = c.Next()
		}
	}
	for n := 0; k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
		if n++; n%leaveEach == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if more, err := fn(k, v); err != nil || !more {
			return err
		}
	}
	return nil
}

// eachCase calls fn for the cases that were opened in the period and asked for. The record is good until
// fn returns.
func (a *asked) eachCase(ctx context.Context, view *projection.Bucket, after []byte, fn func(k []byte, r *record) bool) error {
	var r record
	return each(ctx, view, bucketCases, a.from, a.to, after, func(k, v []byte) (bool, error) {
		if err := r.decodeFigures(k, v); err != nil {
			return false, err
		}
		return !a.wants(r.procedure, r.bundle) || fn(k, &r), nil
	})
}

// eachEffect calls fn for what was done in the period, asked for and not undone.
func (a *asked) eachEffect(ctx context.Context, view *projection.Bucket, after []byte, fn func(k []byte, e *effect) bool) error {
	return each(ctx, view, bucketEffects, a.from, a.to, after, func(k, v []byte) (bool, error) {
		e, err := decodeEffect(k, v)
		if err != nil || e.undone || !a.wants(e.procedure, e.bundle) {
			return err == nil, err
		}
		return fn(k, &e), nil
	})
}

// eachHappening calls fn for what happened from one time to before another and was asked for.
func (a *asked) eachHappening(ctx context.Context, view *projection.Bucket, name []byte, from int64, after []byte, fn func(k []byte, h *happening) bool) error {
	return each(ctx, view, name, from, a.to, after, func(k, v []byte) (bool, error) {
		h, err := decodeHappening(k, v)
		if err != nil || !a.wants(h.procedure, h.bundle) {
			return err == nil, err
		}
		return fn(k, &h), nil
	})
}

// empty reports whether nothing ever stood in a bucket.
func empty(view *projection.Bucket, name []byte) bool {
	b := view.Bucket(name)
	if b == nil {
		return true
	}
	k, _ := b.Cursor().First()
	return k == nil
}
