package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

const (
	batch = 1_000                  // entries that are looked at in one transaction
	pace  = 100 * time.Millisecond // between two looks at a journal that grows all the time
	yield = 4                      // times as long as a batch took is rested while others commit
	mends = 8                      // times at most the file is made anew: what breaks more often, or before all is followed again, isn't the file
)

// Run follows the journal until ctx ends, or no view can go further.
func (v *Views) Run(ctx context.Context) {
	if v.db == nil {
		return // Open said why
	}
	committed, cancel := v.feed.Committed()
	defer cancel()
	if err := v.dropOthers(); err != nil {
		v.log.Warn("views of other versions are still in the file", "file", v.path, "error", err)
	}
	whole, left := true, mends
	for ctx.Err() == nil {
		began := time.Now()
		more, err := v.look(ctx)
		switch {
		case errors.Is(err, ErrDamaged) && whole && left > 0:
			whole, left = false, left-1
			more, err = true, v.mend(ctx, err)
		case err == nil && !more:
			whole = true
		}
		if err != nil && ctx.Err() == nil {
			v.stop(v.going(), err)
		}
		if err != nil {
			return
		}
		v.rest(ctx, more, time.Since(began), committed)
	}
}

// rest waits until it is time to look again.
func (v *Views) rest(ctx context.Context, more bool, took time.Duration, committed <-chan struct{}) {
	if !more {
		select {
		case <-ctx.Done():
			return
		case <-v.hurry:
			return
		case <-committed:
			took = pace // others come with it
		}
	} else {
		select {
		case <-committed:
			took *= yield
		default:
		}
	}
	timer := time.NewTimer(took)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-v.hurry:
	case <-timer.C:
	}
}

// going gives the views that can go on.
func (v *Views) going() []*view {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(v.views), func(p *view) bool { return p.err != nil })
}

// look hands a batch to each group of views that go equally far, those that go furthest first: one that is
// made anew doesn't hold up the others. It reports whether there may be more.
func (v *Views) look(ctx context.Context) (more bool, err error) {
	v.mu.Lock()
	broken := v.broken
	v.mu.Unlock()
	if broken != nil {
		return false, broken
	}
	groups := map[uint64][]*view{}
	for _, p := range v.going() { // how far they go is changed by nobody else
		groups[p.to] = append(groups[p.to], p)
	}
	for _, after := range slices.Backward(slices.Sorted(maps.Keys(groups))) {
		full, err := v.follow(ctx, after, groups[after])
		if err != nil {
			return false, err
		}
		more = more || full
	}
	return more, nil
}

// follow hands the entries behind an offset to views that go there.
func (v *Views) follow(ctx context.Context, after uint64, group []*view) (full bool, err error) {
	var kinds []casefile.Kind
	for _, p := range group {
		kinds = append(kinds, p.Kinds...)
	}
	slices.Sort(kinds)
	entries, read, err := v.feed.FeedOf(ctx, after, batch, slices.Compact(kinds)...)
	if err != nil || read == after {
		return false, err
	}
	entries = slices.DeleteFunc(entries, func(e casefile.Entry) bool { return e.Data == nil })
	m, err := v.markAt(ctx, read)
	if err != nil {
		return false, err
	}
	for len(group) > 0 {
		bad, err := v.apply(group, entries, m)
		if bad == nil {
			if err == nil {
				v.moveTo(group, read)
			}
			return read == after+batch, err
		}
		v.stop([]*view{bad}, err)
		group = slices.DeleteFunc(group, func(p *view) bool { return p == bad })
	}
	return false, nil
}

// apply changes views in one transaction. It names the one that can't be changed, where it is that.
func (v *Views) apply(group []*view, entries []casefile.Entry, m mark) (bad *view, err error) {
	err = v.guarded(func() error {
		return v.db.Update(func(tx *bbolt.Tx) error {
			for _, p := range group {
				b := Over(tx.Bucket(p.bucket))
				if err := p.Apply(b.Bucket(bucketData), wanted(entries, p.Kinds)); err != nil {
					if !errors.Is(err, ErrDamaged) {
						bad = p
					}
					return fmt.Errorf("entries up to %d: %w", m.to, err)
				}
				if err := m.put(b); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return bad, err
}

// wanted gives the entries of some kinds.
func wanted(entries []casefile.Entry, kinds []casefile.Kind) []casefile.Entry {
	list := make([]casefile.Entry, 0, len(entries))
	for i := range entries {
		if slices.Contains(kinds, entries[i].Data.Kind()) {
			list = append(list, entries[i])
		}
	}
	return list
}

// moveTo notes how far views go, and tells who waits.
func (v *Views) moveTo(group []*view, to uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range group {
		p.to = to
	}
	v.tell()
}

// stop ends views that can't go on, and says so. What they have stays readable.
func (v *Views) stop(group []*view, why error) {
	for _, p := range group {
		v.log.Error("a view of the journal goes no further until the server starts again", "view", p.Name, "error", why)
	}
	v.halt(group, why)
}

// halt ends views, and tells who waits.
func (v *Views) halt(group []*view, why error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range group {
		if p.err == nil {
			p.err = why
		}
	}
	v.tell()
}

// tell wakes who waits. Whoever calls it holds mu.
func (v *Views) tell() {
	close(v.moved)
	v.moved = make(chan struct{})
}

// mend makes a damaged file anew. Readers wait until there is an empty one; what they met in the one before
// is over.
func (v *Views) mend(ctx context.Context, why error) error {
	v.files.Lock()
	defer v.files.Unlock()
	v.mu.Lock()
	v.broken = nil
	for _, p := range v.views {
		p.to = 0
	}
	v.mu.Unlock()
	return v.anew(ctx, why)
}

// dropOthers drops the views of other versions, and those that nothing makes any more.
func (v *Views) dropOthers() error {
	var names [][]byte
	err := v.guarded(func() error {
		return v.db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
				if !bytes.Equal(name, bucketFile) && !slices.ContainsFunc(v.views, func(p *view) bool { return bytes.Equal(p.bucket, name) }) {
					names = append(names, bytes.Clone(name))
				}
				return nil
			})
		})
	})
	for _, name := range names {
		if err == nil {
			err = v.guarded(func() error { return v.db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket(name) }) })
		}
	}
	return err
}
