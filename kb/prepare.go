package kb

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Chunks handled at a time: while building the word index, and in one call of the embedder.
const (
	indexBatch = 1000
	embedBatch = 64
)

// prepare brings the indexes to where the truth is.
func (b *Base) prepare(ctx context.Context) error {
	if err := b.embedMissing(ctx); err != nil {
		return err
	}
	mark, empty, err := b.mark()
	if err != nil {
		return err
	}
	current, err := b.words.open(mark)
	if err != nil {
		return err
	}
	build := !current && !empty
	if build {
		b.log.Info("building the word index of the knowledge base")
		if err := b.words.reset(); err != nil {
			return err
		}
	}
	return b.eachBatch(ctx, indexBatch, func(batch *changes) error {
		if build {
			if err := b.words.apply(batch); err != nil {
				return err
			}
		}
		return b.vectors.apply(ctx, batch)
	})
}

// follow brings the indexes from the last change to this one.
func (b *Base) follow(c *changes) error {
	if len(c.ops) == 0 {
		return nil
	}
	if err := b.words.apply(c); err != nil {
		return err
	}
	return b.vectors.apply(context.Background(), c)
}

func (b *Base) mark() (mark []byte, empty bool, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		mark = bytes.Clone(tx.Bucket(bucketMeta).Get(keyMark))
		first, _ := tx.Bucket(bucketChunks).Cursor().First()
		empty = first == nil
		return nil
	})
	return mark, empty, err
}

// eachBatch hands out all chunks with their vectors; only the last batch carries the mark, so that an
// index that saw a part of them doesn't count as complete.
func (b *Base) eachBatch(ctx context.Context, size int, do func(*changes) error) error {
	var after []byte
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var batch changes
		err := b.db.View(func(tx *bolt.Tx) error {
			vectors := tx.Bucket(bucketVectors).Bucket([]byte(b.embedder.Fingerprint()))
			titles := map[string]string{}
			c := tx.Bucket(bucketChunks).Cursor()
			k, _ := c.Seek(after)
			if after != nil && bytes.Equal(k, after) {
				k, _ = c.Next()
			}
			for ; k != nil && len(batch.ops) < size; k, _ = c.Next() {
				p, err := b.indexedChunk(tx, vectors, titles, string(k))
				if err != nil {
					return err
				}
				batch.ops = append(batch.ops, p)
				after = bytes.Clone(k)
			}
			if done = k == nil; done {
				batch.mark = bytes.Clone(tx.Bucket(bucketMeta).Get(keyMark))
			}
			return nil
		})
		if err != nil {
			return err
		}
		if after != nil {
			if err := do(&batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Base) indexedChunk(tx *bolt.Tx, vectors *bolt.Bucket, titles map[string]string, id string) (indexed, error) {
	record, _, err := getChunk(tx, id)
	if err != nil {
		return indexed{}, err
	}
	document := documentOf(id)
	if _, known := titles[document]; !known {
		d, ok, err := getDocument(tx, document)
		if err == nil && !ok {
			err = fmt.Errorf("%w: chunk %s belongs to no document", ErrDamaged, id)
		}
		if err != nil {
			return indexed{}, err
		}
		titles[document] = d.Title
	}
	p := indexed{id: id, title: titles[document], chunkRecord: record}
	if vectors != nil {
		p.vector = vectorOf(vectors.Get([]byte(id)))
	}
	return p, nil
}

// embedMissing makes the vectors that the current embedder hasn't made yet, each batch in its own
// transaction so that a restart goes on where it stopped, and then forgets those of other embedders.
func (b *Base) embedMissing(ctx context.Context) error {
	fingerprint := []byte(b.embedder.Fingerprint())
	var after []byte
	for told := false; ; {
		var ids, texts []string
		err := b.db.View(func(tx *bolt.Tx) error {
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
			if err == nil {
				err = b.forgetOtherVectors(fingerprint)
			}
			return err
		}
		if !told {
			told = true
			b.log.Info("embedding the knowledge base anew", "embedder", string(fingerprint))
		}
		made, err := b.embed(ctx, texts)
		if err != nil {
			return err
		}
		err = b.db.Update(func(tx *bolt.Tx) error {
			vectors, err := tx.Bucket(bucketVectors).CreateBucketIfNotExists(fingerprint)
			for i := 0; i < len(ids) && err == nil; i++ {
				err = vectors.Put([]byte(ids[i]), vectorBytes(made[i]))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("storing vectors: %w", err)
		}
	}
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

// embed asks the embedder and checks what it answers. A vector of zeros becomes nil: it is like
// nothing.
func (b *Base) embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := b.embedder.Embed(ctx, texts)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("embedding: %w", err)
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("embedding: %s answered %d vectors for %d texts", b.embedder.Fingerprint(), len(vectors), len(texts))
	}
	vectors = slices.Clone(vectors) // the embedder may keep its own
	for i, v := range vectors {
		if len(v) != b.embedder.Dimensions() {
			return nil, fmt.Errorf("embedding: %s answered a vector of %d values, it says it has %d", b.embedder.Fingerprint(), len(v), b.embedder.Dimensions())
		}
		var squares float64
		for _, x := range v {
			squares += float64(x) * float64(x)
		}
		if math.IsNaN(squares) || math.IsInf(squares, 0) {
			return nil, fmt.Errorf("embedding: %s answered a vector that isn't made of numbers", b.embedder.Fingerprint())
		}
		if squares == 0 {
			vectors[i] = nil
		}
	}
	return vectors, nil
}
