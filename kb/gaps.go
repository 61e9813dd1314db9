package kb

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Missing is something that cases asked for and no document says: gaps that ask alike.
type Missing struct {
	Query string    `json:"query"` // the one that is most like the others
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
	Cases []string  `json:"cases"` // the newest, at most 10
	Other []string  `json:"other"` // other ways in which it was asked, at most 5
}

const (
	readGaps    = 500 // of which gaps are put together
	alike       = 0.6 // the cosine from which two searches ask the same
	namedCases  = 10
	namedOthers = 5
)

// Missing answers what is missing most, at most limit things (20 if 0). A gap that a search by now
// finds something for, at the relevance floor, isn't one any more.
func (b *Base) Missing(ctx context.Context, floor float64, limit int) ([]Missing, error) {
	if limit <= 0 {
		limit = 20
	}
	gaps, err := b.newestGaps(ctx)
	if err != nil || len(gaps) == 0 {
		return []Missing{}, err
	}
	queries := make([]string, len(gaps))
	for i, g := range gaps {
		queries[i] = beginning(g.Query)
	}
	vectors := make([][]float32, len(queries))
	if m := b.meaning.Load(); m != nil {
		made, err := b.embed(ctx, m.embedder, queries)
		if err != nil && ctx.Err() == nil {
			b.log.Warn("gaps are put together by their words alone", "error", err)
		}
		for i, v := range made {
			if v != nil {
				vectors[i] = make([]float32, len(v))
				normalise(vectors[i], v)
			}
		}
	}
	found := []Missing{}
	for _, members := range clusters(queries, vectors) {
		if len(found) == limit {
			break
		}
		missing := together(gaps, vectors, members)
		hits, err := b.Search(ctx, Query{Text: missing.Query, K: 1, Floor: floor})
		if err != nil {
			return nil, err
		}
		if len(hits) == 0 {
			found = append(found, missing)
		}
	}
	return found, nil
}

// newestGaps reads the newest gaps, newest first.
func (b *Base) newestGaps(ctx context.Context) (gaps []Gap, err error) {
	err = b.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketGaps).Cursor()
		for k, v := c.Last(); k != nil && len(gaps) < readGaps; k, v = c.Prev() {
			var g Gap
			if err := json.Unmarshal(v, &g); err != nil {
				return fmt.Errorf("%w: reading a gap: %w", errRecord, err)
			}
			gaps = append(gaps, g)
		}
		return nil
	})
	return gaps, err
}

// clusters puts searches that ask alike together, the largest cluster first: each search joins the
// first cluster whose founder it is like, else founds one.
func clusters(queries []string, vectors [][]float32) [][]int {
	var all [][]int
	for i := range queries {
		joined := false
		for c, members := range all {
			founder := members[0]
			if queries[i] == queries[founder] || vectors[i] != nil && vectors[founder] != nil && dot(vectors[i], vectors[founder]) >= alike {
				all[c], joined = append(members, i), true
				break
			}
		}
		if !joined {
			all = append(all, []int{i})
		}
	}
	slices.SortStableFunc(all, func(a, b []int) int { return cmp.Compare(len(b), len(a)) })
	return all
}

// together describes a cluster of gaps, which are newest first.
func together(gaps []Gap, vectors [][]float32, members []int) Missing {
	m := Missing{Count: len(members), Last: gaps[members[0]].At, Cases: []string{}, Other: []string{}}
	best := float32(-1)
	for _, i := range members {
		var likeness float32
		for _, k := range members {
			if vectors[i] != nil && vectors[k] != nil {
				likeness += dot(vectors[i], vectors[k])
			}
		}
		if likeness > best {
			best, m.Query = likeness, gaps[i].Query
		}
		if id := gaps[i].Case; len(m.Cases) < namedCases && !slices.Contains(m.Cases, id) {
			m.Cases = append(m.Cases, id)
		}
	}
	for _, i := range members {
		if q := gaps[i].Query; q != m.Query && len(m.Other) < namedOthers && !slices.Contains(m.Other, q) {
			m.Other = append(m.Other, q)
		}
	}
	return m
}
