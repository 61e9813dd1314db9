package kb

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// maker makes the vectors of one import. Once its embedder failed it makes no more: documents are
// stored without, and get their vectors in the background.
type maker struct {
	base     *Base
	embedder Embedder // nil if it wasn't reached yet
	failed   error    // why it makes no more
	said     bool
	made     map[string][]float32 // of a batch's texts
}

func (b *Base) newMaker() *maker {
	m := &maker{base: b, embedder: b.wanted()}
	if m.embedder == nil {
		b.renewal.set(func(r *renewal) { m.failed = cmp.Or(r.err, ErrMeaning) })
	}
	return m
}

// later leaves vectors that weren't made to the background.
func (m *maker) later() {
	if !m.said {
		m.said = true
		m.base.log.Warn("documents were imported without vectors; words find them, and the vectors are made when the embedder answers", "error", m.failed)
	}
	m.base.renewal.ask()
}

// make makes the vectors of texts. Its error is the context's.
func (m *maker) make(ctx context.Context, texts []string) error {
	for part := range slices.Chunk(texts, embedBatch) {
		if m.failed != nil {
			return ctx.Err()
		}
		vectors, err := m.base.embed(ctx, m.embedder, part)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			m.failed = err
			return nil
		}
		for i, text := range part {
			m.made[text] = vectors[i]
		}
	}
	return nil
}

// of answers the stored bytes of a chunk's vector, not nil but empty for the zero vector, nil if there
// are none.
func (m *maker) of(tx *bolt.Tx, chunk string) []byte {
	if m.embedder == nil {
		return nil
	}
	vectors := tx.Bucket(bucketVectors).Bucket([]byte(m.embedder.Fingerprint()))
	if vectors == nil {
		return nil
	}
	return vectors.Get([]byte(chunk))
}

// put stores a chunk's vector.
func (m *maker) put(tx *bolt.Tx, p indexed) error {
	vectors, err := tx.Bucket(bucketVectors).CreateBucketIfNotExists([]byte(m.embedder.Fingerprint()))
	if err != nil {
		return fmt.Errorf("making room for vectors: %w", err)
	}
	if err := vectors.Put([]byte(p.id), vectorBytes(p.vector)); err != nil {
		return fmt.Errorf("storing the vector of %s: %w", p.id, err)
	}
	return nil
}
