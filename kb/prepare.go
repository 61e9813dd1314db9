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

// prepare brings the word index to where the truth is, and loads the vectors that can answer.
func (b *Base) prepare(ctx context.Context) error {
	mark, empty, err := b.mark()
	if err != nil {
		return err
	}
	current := false
	_ = b.words.guarded(func() (err error) { // whatever is wrong with it, building it anew is the cure
		current, err = b.words.open(mark)
		return err
	})
	build := !current && !empty
	if build {
		b.log.Info("building the word index of the knowledge base")
		if err := b.words.guarded(b.words.reset); err != nil {
			return err
		}
	}
	if err := b.loadCorrections(ctx); err != nil {
		return err
	}
	if err := b.firstTry(ctx); err != nil {
		return err
	}
	answers, err := b.answering(ctx)
	if err != nil {
		return err
	}
	err = b.eachBatch(ctx, answers, indexBatch, func(batch *changes) error {
		if build {
			if err := b.words.guarded(func() error { return b.words.apply(batch) }); err != nil {
				return err
			}
		}
		if answers == nil {
			return nil
		}
		return answers.index.apply(ctx, batch)
	})
	if err == nil {
		b.meaning.Store(answers)
	}
	return err
}

// follow brings the indexes from the last change to this one. Vectors of a former embedder lose what
// is gone; what is new comes with the vectors that are being made.
func (b *Base) follow(c *changes) error {
	for _, t := range c.taught {
		b.corrections.put(t)
	}
	if len(c.ops) == 0 {
		return nil
	}
	if err := b.words.guarded(func() error { return b.words.apply(c) }); err != nil {
		return err
	}
	m := b.meaning.Load()
	switch {
	case m == nil:
		return nil
	case !m.former:
		return m.index.apply(context.Background(), c)
	}
	gone := changes{ops: slices.DeleteFunc(slices.Clone(c.ops), func(op indexed) bool { return !op.removed })}
	return m.index.apply(context.Background(), &gone)
}

func (b *Base) mark() (mark []byte, empty bool, err error) {
	err = b.view(context.Background(), func(tx *bolt.Tx) error {
		mark = bytes.Clone(tx.Bucket(bucketMeta).Get(keyMark))
		first, _ := tx.Bucket(bucketChunks).Cursor().First()
		empty = first == nil
		return nil
	})
	return mark, empty, err
}

// eachBatch hands out all chunks with their vectors of one embedder, or none; only the last batch carries the mark, so that an
// index that saw a part of them doesn't count as complete.
func (b *Base) eachBatch(ctx context.Context, of *meaning, size int, do func(*changes) error) error {
	var after []byte
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var batch changes
		err := b.view(ctx, func(tx *bolt.Tx) error {
			var vectors *bolt.Bucket
			if of != nil {
				vectors = tx.Bucket(bucketVectors).Bucket([]byte(of.embedder.Fingerprint()))
			}
			documents := map[string]storedDocument{}
			c := tx.Bucket(bucketChunks).Cursor()
			k, _ := c.Seek(after)
			if after != nil && bytes.Equal(k, after) {
				k, _ = c.Next()
			}
			for ; k != nil && len(batch.ops) < size; k, _ = c.Next() {
				p, err := b.indexedChunk(tx, vectors, documents, string(k))
				if err == nil && of != nil && !sound(p.vector, of.embedder.Dimensions()) {
					err = fmt.Errorf("%w: the vector of chunk %s", errRecord, k)
				}
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

// sound reports whether a stored vector is one: nil, or so many numbers.
func sound(v []float32, dimensions int) bool {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	return v == nil || len(v) == dimensions && !math.IsNaN(squares) && !math.IsInf(squares, 0)
}

func (b *Base) indexedChunk(tx *bolt.Tx, vectors *bolt.Bucket, documents map[string]storedDocument, id string) (indexed, error) {
	record, _, err := getChunk(tx, id)
	if err != nil {
		return indexed{}, err
	}
	d, known := documents[documentOf(id)]
	if !known {
		var ok bool
		if d, ok, err = getDocument(tx, documentOf(id)); err == nil && !ok {
			err = fmt.Errorf("%w: chunk %s belongs to no document", errRecord, id)
		}
		if err != nil {
			return indexed{}, err
		}
		documents[d.ID] = d
		b.classes.add(d.class(), d.Metadata)
	}
	p := indexed{id: id, title: d.Title, class: d.class(), chunkRecord: record}
	if vectors != nil {
		p.vector = vectorOf(vectors.Get([]byte(id)))
	}
	return p, nil
}

// embed asks the embedder and checks what it answers. A vector of zeros becomes nil: it is like
// nothing.
func (b *Base) embed(ctx context.Context, e Embedder, texts []string) ([][]float32, error) {
	vectors, err := e.Embed(ctx, texts)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("embedding: %w", err)
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("embedding: %s answered %d vectors for %d texts", e.Fingerprint(), len(vectors), len(texts))
	}
	vectors = slices.Clone(vectors) // the embedder may keep its own
	for i, v := range vectors {
		if len(v) != e.Dimensions() {
			return nil, fmt.Errorf("embedding: %s answered a vector of %d values, it says it has %d", e.Fingerprint(), len(v), e.Dimensions())
		}
		var squares float64
		for _, x := range v {
			squares += float64(x) * float64(x)
		}
		if math.IsNaN(squares) || math.IsInf(squares, 0) {
			return nil, fmt.Errorf("embedding: %s answered a vector that isn't made of numbers", e.Fingerprint())
		}
		if squares == 0 {
			vectors[i] = nil
		}
	}
	return vectors, nil
}
