package projection

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// Read runs fn on a view as it is at one moment, with the offset that it goes to. The bucket, and what is
// read from it, is good until fn returns; a view that is being made anew goes less far than the journal.
func (v *Views) Read(ctx context.Context, name string, fn func(view *Bucket, to uint64) error) error {
	p, err := v.find(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	v.files.RLock()
	defer v.files.RUnlock()
	if v.db == nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		return p.err
	}
	err = v.guarded(func() error {
		return v.db.View(func(tx *bbolt.Tx) error {
			b := Over(tx.Bucket(p.bucket))
			m, err := readMark(b)
			if err != nil {
				return err
			}
			return fn(b.Bucket(bucketData), m.to)
		})
	})
	if errors.Is(err, ErrDamaged) {
		v.mu.Lock()
		v.broken = err
		v.mu.Unlock()
		v.now()
	}
	return err
}

// Wait returns when a view goes to an offset, or further. It fails when ctx ends, or when the view goes
// no further.
func (v *Views) Wait(ctx context.Context, name string, offset uint64) error {
	p, err := v.find(name)
	if err != nil {
		return err
	}
	for {
		v.mu.Lock()
		to, err, moved, sound := p.to, p.err, v.moved, v.broken == nil
		v.mu.Unlock()
		switch {
		case sound && to >= offset:
			return nil
		case err != nil:
			return fmt.Errorf("the view %s goes to entry %d and no further: %w", name, to, err)
		}
		v.now()
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("the view %s goes to entry %d of %d: %w", name, to, offset, ctx.Err())
		}
	}
}

// Current waits until a view goes as far as the journal does when it is called.
func (v *Views) Current(ctx context.Context, name string) error {
	_, last, err := v.feed.Feed(ctx, 0, 0)
	if err != nil {
		return err
	}
	return v.Wait(ctx, name, last)
}

// now lets Run look at once.
func (v *Views) now() {
	select {
	case v.hurry <- struct{}{}:
	default:
	}
}
