package kb

import (
	"context"
	"errors"
	"fmt"
	"sync"

	chromem "github.com/philippgille/chromem-go"
)

// vectorIndex is the meaning side of search: the cosine between the query's vector and every chunk's.
// It lives in memory and is filled from the truth.
type vectorIndex struct {
	mu     sync.RWMutex // chromem's own lock doesn't cover counting before a query
	chunks *chromem.Collection
	err    error
}

func newVectorIndex() *vectorIndex {
	// Vectors are always given: text is embedded outside, where no lock is held.
	never := func(context.Context, string) ([]float32, error) {
		return nil, errors.New("a chunk without its vector reached the vector index")
	}
	v := &vectorIndex{}
	v.chunks, v.err = chromem.NewDB().CreateCollection("chunks", nil, never)
	return v
}

// apply carries changes out. What is already there under the same id is replaced.
func (v *vectorIndex) apply(ctx context.Context, c *changes) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil {
		return v.err
	}
	for _, op := range c.ops {
		var err error
		switch {
		case op.removed:
			err = v.chunks.Delete(ctx, nil, nil, op.id)
		case op.vector != nil:
			err = v.chunks.AddDocument(ctx, chromem.Document{ID: op.id, Embedding: op.vector})
		}
		if err != nil {
			return fmt.Errorf("changing the vector of %s: %w", op.id, err)
		}
	}
	return nil
}

// search answers the n chunks nearest to vector that are at all alike.
func (v *vectorIndex) search(ctx context.Context, vector []float32, n int) ([]ranked, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.err != nil {
		return nil, v.err
	}
	if n = min(n, v.chunks.Count()); n == 0 {
		return nil, nil
	}
	results, err := v.chunks.QueryEmbedding(ctx, vector, n, nil, nil)
	if err == nil {
		err = ctx.Err() // chromem answers what it had so far when it is cancelled
	}
	if err != nil {
		return nil, fmt.Errorf("searching the vectors: %w", err)
	}
	found := make([]ranked, 0, len(results))
	for _, r := range results {
		if r.Similarity > 0 {
			found = append(found, ranked{id: r.ID, score: float64(r.Similarity)})
		}
	}
	byScore(found)
	return found, nil
}
