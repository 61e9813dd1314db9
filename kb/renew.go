package kb

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// renewal is the making of vectors by an embedder that hasn't made them yet.
type renewal struct {
	tried chan struct{} // closed when the first try is over
	first sync.Once     // closes tried
	again chan struct{} // holds one when chunks without vectors were stored

	mu          sync.Mutex
	pending     bool
	done, total int   // chunks
	err         error // why the last try to make them failed
	unanswered  error // why the last search couldn't go by meaning
}

// trouble is what is wrong at the moment.
func (r *renewal) trouble() (err error) {
	r.set(func(r *renewal) { err = cmp.Or(r.err, r.unanswered) })
	return err
}

func (r *renewal) set(change func(*renewal)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

// ask tells that there are chunks without vectors.
func (r *renewal) ask() {
	r.set(func(r *renewal) { r.pending = true })
	select {
	case r.again <- struct{}{}:
	default: // it was asked already
	}
}

// failed notes that a try failed, which the first search by vectors alone may wait for.
func (r *renewal) failed(err error) {
	r.set(func(r *renewal) { r.pending, r.err = true, err })
	r.first.Do(func() { close(r.tried) })
}

// lacking counts the chunks that an embedder made no vector of, all if it is nil, and names the
// embedders beside it that vectors are stored of.
func (b *Base) lacking(ctx context.Context, of Embedder) (lacking, total int, others []string, err error) {
	fingerprint := ""
	if of != nil {
		fingerprint = of.Fingerprint()
	}
	err = b.view(ctx, func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketVectors)
		vectors := all.Bucket([]byte(fingerprint))
		c := tx.Bucket(bucketChunks).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if total++; vectors == nil || vectors.Get(k) == nil {
				lacking++
			}
		}
		return all.ForEachBucket(func(name []byte) error {
			if string(name) != fingerprint {
				others = append(others, string(name))
			}
			return nil
		})
	})
	return lacking, total, others, err
}

// answering says whose vectors can answer: the embedder's, if there are all of them, else those of a
// former one that can still be asked, else nobody's.
func (b *Base) answering(ctx context.Context) (*meaning, error) {
	wanted := b.wanted()
	lacking, total, former, err := b.lacking(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if wanted != nil && lacking == 0 {
		return &meaning{embedder: wanted, index: newVectorIndex(wanted.Dimensions())}, nil
	}
	b.renewal.set(func(r *renewal) { r.pending, r.done, r.total = true, total-lacking, total })
	for _, fingerprint := range former {
		if b.opts.Former == nil {
			break
		}
		if e, ok := b.opts.Former(ctx, fingerprint); ok && e.Fingerprint() == fingerprint {
			return &meaning{embedder: e, index: newVectorIndex(e.Dimensions()), former: true}, nil
		}
	}
	return nil, nil
}

// renew makes the vectors that the embedder hasn't made yet, trying again while that fails, and then
// lets them answer; and again whenever chunks were stored without, until ctx ends.
func (b *Base) renew(ctx context.Context) {
	defer b.renewal.first.Do(func() { close(b.renewal.tried) })
	pending := false
	b.renewal.set(func(r *renewal) { pending = r.pending })
	if !pending {
		if err := b.forgetOtherVectors([]byte(b.wanted().Fingerprint())); err != nil {
			b.log.Warn("the vectors of a former embedder couldn't be removed", "error", err)
		}
	}
	for {
		if pending && !b.makeMissing(ctx) {
			return
		}
		b.renewal.first.Do(func() { close(b.renewal.tried) })
		select {
		case <-ctx.Done():
			return
		case <-b.renewal.again:
			pending = true
		}
	}
}

// makeMissing makes all vectors that are missing. It reports false when ctx ended before.
func (b *Base) makeMissing(ctx context.Context) bool {
	fingerprint := b.wanted().Fingerprint()
	b.log.Info("making the vectors of the knowledge base that are missing", "embedder", fingerprint)
	said := ""
	for {
		err := b.embedMissing(ctx)
		if err == nil {
			err = b.exchange(ctx)
		}
		if ctx.Err() != nil {
			return false
		}
		if b.spoilt.Load() != nil { // no other try can be better
			b.renewal.failed(err)
			return false
		}
		if err == nil {
			b.renewal.set(func(r *renewal) { r.pending, r.err = len(r.again) > 0, nil })
			b.log.Info("the knowledge base has all its vectors", "embedder", fingerprint)
			return true
		}
		b.renewal.failed(err)
		if said != err.Error() {
			said = err.Error()
			b.log.Error("the vectors of the knowledge base can't be made; it is tried again", "embedder", fingerprint, "every", b.opts.Retry.String(), "error", err)
		}
		if !pause(ctx, b.opts.Retry) {
			return false
		}
	}
}

// embedMissing makes the vectors that the embedder hasn't made yet, each batch in its own transaction
// so that a restart goes on where it stopped.
func (b *Base) embedMissing(ctx context.Context) error {
	wanted := b.wanted()
	fingerprint := []byte(wanted.Fingerprint())
	lacking, total, _, err := b.lacking(ctx, wanted)
	if err != nil {
		return err
	}
	b.renewal.set(func(r *renewal) { r.done, r.total = total-lacking, total })
	var after []byte
	for {
		var ids, texts []string
		err := b.view(ctx, func(tx *bolt.Tx) error {
			vectors := tx.Bucket(bucketVectors).Bucket(fingerprint)
			c := tx.Bucket(bucketChunks).Cursor()
			for k, _ := c.Seek(after); k != nil && len(ids) < embedBatch; k, _ = c.Next() {
				after = bytes.Clone(k)
				if vectors != nil && vectors.Get(k) != nil {
					continue
				}
				record, _, err := getChunk(tx, string(k))
				if err != nil {
					return err
				}
				ids, texts = append(ids, string(k)), append(texts, record.meaning())
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		made, err := b.embed(ctx, wanted, texts)
		if err != nil {
			return err
		}
		if err := b.storeVectors(fingerprint, ids, made); err != nil {
			return fmt.Errorf("storing vectors: %w", err)
		}
		b.renewal.set(func(r *renewal) { r.done, r.err = r.done+len(ids), nil })
	}
}

// storeVectors stores the vectors of chunks that are still there. It moves no mark: the word index
// doesn't know of vectors.
func (b *Base) storeVectors(fingerprint []byte, ids []string, made [][]float32) error {
	b.write.Lock()
	defer b.write.Unlock()
	if b.broken != nil {
		return b.broken
	}
	err := b.update(func(tx *bolt.Tx) error {
		vectors, err := tx.Bucket(bucketVectors).CreateBucketIfNotExists(fingerprint)
		for i := 0; i < len(ids) && err == nil; i++ {
			if tx.Bucket(bucketChunks).Get([]byte(ids[i])) != nil {
				err = vectors.Put([]byte(ids[i]), vectorBytes(made[i]))
			}
		}
		return err
	})
	if err != nil {
		b.broken = fmt.Errorf("a commit to the knowledge base failed, it takes no changes until it is opened again: %w", err)
		return b.broken
	}
	return nil
}

// exchange lets the new vectors answer. Nothing changes meanwhile, so that none is missed.
func (b *Base) exchange(ctx context.Context) error {
	b.write.Lock()
	defer b.write.Unlock()
	wanted := b.wanted()
	next := &meaning{embedder: wanted, index: newVectorIndex(wanted.Dimensions())}
	err := b.eachBatch(ctx, next, indexBatch, func(batch *changes) error { return next.index.apply(ctx, batch) })
	if err != nil {
		return err
	}
	b.meaning.Store(next)
	return b.forgetOtherVectors([]byte(wanted.Fingerprint()))
}

func (b *Base) forgetOtherVectors(keep []byte) error {
	var others [][]byte
	err := b.view(context.Background(), func(tx *bolt.Tx) error {
		return tx.Bucket(bucketVectors).ForEachBucket(func(name []byte) error {
			if !bytes.Equal(name, keep) {
				others = append(others, bytes.Clone(name))
			}
			return nil
		})
	})
	if err != nil || len(others) == 0 {
		return err
	}
	return b.update(func(tx *bolt.Tx) error {
		for _, name := range others {
			if err := tx.Bucket(bucketVectors).DeleteBucket(name); err != nil {
				return fmt.Errorf("removing the vectors of %s: %w", name, err)
			}
		}
		return nil
	})
}
