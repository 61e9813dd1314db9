package kb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
)

// correctionFloor is how relevant a correction must be to come before documents.
const correctionFloor = 0.3

// errKnown ends a change that found what it was going to store.
var errKnown = errors.New("it is there already")

// corrections are those that may count, in memory: they are few, and each is compared with every query.
type corrections struct {
	mu         sync.Mutex
	list       map[string]*taught
	generation atomic.Uint64 // rises behind each change
}

// taught is a correction with its vector by one embedder.
type taught struct {
	Correction
	fingerprint string
	vector      []float32 // of length 1, nil if there was nothing to embed
}

// text is what a correction is found by.
func (c Correction) text() string { return c.Says + "\n" + c.InsteadOf }

func (b *Base) loadCorrections(ctx context.Context) error {
	return b.view(ctx, func(tx *bolt.Tx) error {
		return eachCorrection(tx, func(c Correction) error {
			b.corrections.put(c)
			return nil
		})
	})
}

func (s *corrections) put(c Correction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.generation.Add(1)
	if s.list == nil {
		s.list = map[string]*taught{}
	}
	if c.State == Revoked {
		delete(s.list, c.ID)
		return
	}
	t := &taught{Correction: c}
	if old := s.list[c.ID]; old != nil {
		t.fingerprint, t.vector = old.fingerprint, old.vector // the text never changes
	}
	s.list[c.ID] = t
}

// changeCorrections stores what do gives and what done gives after it, in one transaction.
func (b *Base) changeCorrections(do func(*bolt.Tx) ([]Correction, error), done func() []Correction) error {
	if err := b.await(context.Background()); err != nil {
		return err
	}
	err := b.change(func(tx *bolt.Tx, c *changes) error {
		more, err := do(tx)
		if err != nil {
			return err
		}
		c.taught = append(more, done()...)
		for _, one := range c.taught {
			if err := putJSON(tx, bucketCorrections, one.ID, one); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errKnown) {
		return nil
	}
	return err
}

// Generation changes whenever a correction is taught, revoked or accepted.
func (b *Base) Generation() uint64 { return b.corrections.generation.Load() }

// Counting answers the corrections that count at an instant, oldest first.
func (b *Base) Counting(ctx context.Context, at time.Time) (list []Correction, err error) {
	err = b.view(ctx, func(tx *bolt.Tx) error {
		return eachCorrection(tx, func(c Correction) error {
			if c.at(at).State == Active {
				list = append(list, c)
			}
			return nil
		})
	})
	return list, err
}

// Only has exactly these corrections count, as they are: for a base that something is tried on.
func (b *Base) Only(ctx context.Context, list []Correction) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.changeCorrections(func(tx *bolt.Tx) ([]Correction, error) {
		var gone []Correction
		err := eachCorrection(tx, func(c Correction) error {
			if c.State != Revoked && !slices.ContainsFunc(list, func(o Correction) bool { return o.ID == c.ID }) {
				c.State = Revoked
				gone = append(gone, c)
			}
			return nil
		})
		return gone, err
	}, func() []Correction { return list })
}

// that answers those that hold in a query's situation.
func (s *corrections) that(q Query) []*taught {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*taught
	for _, t := range s.list {
		if t.at(q.Filter.At).State == Active && t.Scope.holds(q.Situation) {
			copied := *t
			list = append(list, &copied)
		}
	}
	return list
}

// remember keeps the vectors that were made of corrections.
func (s *corrections) remember(list []*taught) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, made := range list {
		if t := s.list[made.ID]; t != nil {
			t.fingerprint, t.vector = made.fingerprint, made.vector
		}
	}
}

// corrected puts the corrections that fit a query before its hits: the narrower scope first, then the
// newer.
func (b *Base) corrected(ctx context.Context, q Query, m *meaning, asked []float32, j judge, hits []Hit) ([]Hit, error) {
	list := b.corrections.that(q)
	if len(list) == 0 {
		return hits, nil
	}
	if m != nil && asked != nil {
		err := b.embedCorrections(ctx, m, list)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			b.log.Warn("corrections are found by their words alone", "error", err)
		}
		unit := make([]float32, len(asked))
		normalise(unit, asked)
		asked = unit
	}
	slices.SortFunc(list, func(a, b *taught) int {
		return cmp.Or(cmp.Compare(b.Scope.narrowness(), a.Scope.narrowness()), b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	of, first := judge{among: len(list)}, []Hit{}
	for _, t := range list {
		h := Hit{DocumentID: correctionPrefix + t.ID, ChunkID: correctionPrefix + t.ID, Chunks: []string{}, Title: "Correction", Headings: []string{}, Text: t.Says,
			Citation: t.Address(), Correction: &t.Correction, Metadata: Metadata{Product: t.Scope.Product}}
		if asked != nil && t.vector != nil {
			h.Similarity = float64(dot(asked, t.vector))
		}
		covered, matched := j.coverage(t.text())
		h.Relevance, h.Matched = of.relevance(covered, h.Similarity), matched
		if h.Relevance >= max(q.Floor, correctionFloor) && len(first) < q.K {
			h.Score = 1 + 1/float64(len(first)+1) // above what fusion gives
			first = append(first, h)
		}
	}
	return append(first, hits[:min(len(hits), q.K-len(first))]...), nil
}

// embedCorrections makes the vectors that corrections lack of the embedder that answers.
func (b *Base) embedCorrections(ctx context.Context, m *meaning, list []*taught) error {
	fingerprint := m.embedder.Fingerprint()
	var lacking []*taught
	for _, t := range list {
		if t.fingerprint != fingerprint {
			lacking = append(lacking, t)
		}
	}
	for part := range slices.Chunk(lacking, embedBatch) {
		texts := make([]string, len(part))
		for i, t := range part {
			texts[i] = t.text()
		}
		vectors, err := b.embed(ctx, m.embedder, texts)
		if err != nil {
			return fmt.Errorf("corrections: %w", err)
		}
		for i, t := range part {
			t.fingerprint, t.vector = fingerprint, nil
			if vectors[i] != nil {
				t.vector = make([]float32, len(vectors[i]))
				normalise(t.vector, vectors[i])
			}
		}
		b.corrections.remember(part)
	}
	return nil
}
