package kb

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// renewal is the making of vectors by an embedder that hasn't made them yet.
type renewal struct {
	tried chan struct{} // closed when the first try is over

	mu          sync.Mutex
	pending     bool
	done, total int // chunks
	err         error
}

func (r *renewal) set(change func(*renewal)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

// State says how a base stands.
type State struct {
	Documents int    `json:"documents"`
	Chunks    int    `json:"chunks"`
	Embedder  string `json:"embedder"` // fingerprint of the one that is wanted
	// Renewing tells that its vectors are still being made, of which Embedded are there. Answering is
	// the fingerprint of the embedder whose vectors answer meanwhile; empty if words alone do.
	Renewing  bool   `json:"renewing"`
	Embedded  int    `json:"embedded,omitempty"`
	Answering string `json:"answering"`
	Trouble   string `json:"trouble,omitempty"` // why the last try to make them failed; it is tried again
}

// State answers how the base stands.
func (b *Base) State(ctx context.Context) (State, error) {
	s := State{Embedder: b.embedder.Fingerprint()}
	if err := b.await(ctx); err != nil {
		return s, err
	}
	if m := b.meaning.Load(); m != nil {
		s.Answering = m.embedder.Fingerprint()
	}
	b.renewal.set(func(r *renewal) {
		if s.Renewing, s.Embedded = r.pending, r.done; r.err != nil {
			s.Trouble = r.err.Error()
		}
	})
	err := b.view(ctx, func(tx *bolt.Tx) error {
		b.counted.mu.Lock()
		defer b.counted.mu.Unlock()
		if c := &b.counted; !c.known || c.at != tx.ID() {
			c.documents, c.chunks = tx.Bucket(bucketDocuments).Stats().KeyN, tx.Bucket(bucketChunks).Stats().KeyN
			c.known, c.at = true, tx.ID()
		}
		s.Documents, s.Chunks = b.counted.documents, b.counted.chunks
		return nil
	})
	return s, err
}

// counted is what was counted in a transaction: counting walks all pages.
type counted struct {
	mu                sync.Mutex
	known             bool
	at                int // the transaction's id
	documents, chunks int
}

// answering says whose vectors can answer: the embedder's, if there are all of them, else those of a
// former one that can still be asked, else nobody's.
func (b *Base) answering(ctx context.Context) (*meaning, error) {
	var lacking, total int
	var former []string
	err := b.view(ctx, func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketVectors)
		vectors := all.Bucket([]byte(b.embedder.Fingerprint()))
		c := tx.Bucket(bucketChunks).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if total++; vectors == nil || vectors.Get(k) == nil {
				lacking++
			}
		}
		return all.ForEachBucket(func(name []byte) error {
			if string(name) != b.embedder.Fingerprint() {
				former = append(former, string(name))
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if lacking == 0 {
		return &meaning{embedder: b.embedder, index: newVectorIndex(b.embedder.Dimensions())}, nil
	}
	b.renewal.set(func(r *renewal) { r.pending, r.done, r.total = true, total-lacking, total })
	for _, fingerprint := range former {
		if b.opts.Former == nil {
			break
		}
		if e, ok := b.opts.Former(fingerprint); ok && e.Fingerprint() == fingerprint {
			return &meaning{embedder: e, index: newVectorIndex(e.Dimensions()), former: true}, nil
		}
	}
	return nil, nil
}

// renew makes the vectors that the embedder hasn't made yet, trying again while that fails, and then
// lets them answer.
func (b *Base) renew(ctx context.Context) {
	pending := false
	b.renewal.set(func(r *renewal) { pending = r.pending })
	first := true
	tried := func() {
		if first {
			first = false
			close(b.renewal.tried)
		}
	}
	defer tried()
	if !pending {
		if err := b.forgetOtherVectors([]byte(b.embedder.Fingerprint())); err != nil {
			b.log.Warn("the vectors of a former embedder couldn't be removed", "error", err)
		}
		return
	}
	b.log.Info("embedding the knowledge base anew", "embedder", b.embedder.Fingerprint())
	for {
		err := b.embedMissing(ctx)
		if err == nil {
			err = b.exchange(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		b.renewal.set(func(r *renewal) { r.pending, r.err = err != nil, err })
		tried()
		if err == nil {
			b.log.Info("the knowledge base is embedded anew", "embedder", b.embedder.Fingerprint())
			return
		}
		b.log.Error("the knowledge base can't be embedded anew; it is tried again", "embedder", b.embedder.Fingerprint(), "in", b.opts.Retry, "error", err)
		retry := time.NewTimer(b.opts.Retry)
		select {
		case <-ctx.Done():
			retry.Stop()
			return
		case <-retry.C:
		}
	}
}

// embedMissing makes the vectors that the embedder hasn't made yet, each batch in its own transaction
// so that a restart goes on where it stopped.
func (b *Base) embedMissing(ctx context.Context) error {
	fingerprint := []byte(b.embedder.Fingerprint())
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
		made, err := b.embed(ctx, b.embedder, texts)
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
	err := b.db.Update(func(tx *bolt.Tx) error {
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
	next := &meaning{embedder: b.embedder, index: newVectorIndex(b.embedder.Dimensions())}
	err := b.eachBatch(ctx, next, indexBatch, func(batch *changes) error { return next.index.apply(ctx, batch) })
	if err != nil {
		return err
	}
	b.meaning.Store(next)
	return b.forgetOtherVectors([]byte(b.embedder.Fingerprint()))
}

func (b *Base) forgetOtherVectors(keep []byte) error {
	var others [][]byte
	err := b.db.View(func(tx *bolt.Tx) error {
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
	return b.db.Update(func(tx *bolt.Tx) error {
		for _, name := range others {
			if err := tx.Bucket(bucketVectors).DeleteBucket(name); err != nil {
				return fmt.Errorf("removing the vectors of %s: %w", name, err)
			}
		}
		return nil
	})
}
