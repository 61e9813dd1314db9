package kb

import (
	"cmp"
	"slices"
)

// fusedRank is k of reciprocal rank fusion.
const fusedRank = 60

// fuse joins two rankings to hits that have their id, score and ranks. Rankings are fused by
// reciprocal rank: the sum of 1/(60+rank) (Cormack et al. 2009, "Reciprocal Rank Fusion Outperforms
// Condorcet").
func fuse(mode Mode, words, vectors []ranked) []Hit {
	hits := make([]Hit, 0, len(words)+len(vectors))
	at := make(map[string]int, len(words)+len(vectors))
	hit := func(id string) *Hit {
		i, ok := at[id]
		if !ok {
			i = len(hits)
			at[id] = i
			hits = append(hits, Hit{ChunkID: id})
		}
		return &hits[i]
	}
	add := func(h *Hit, score float64, rank int) {
		if mode == Hybrid {
			score = 1 / float64(fusedRank+rank)
		}
		h.Score += score
	}
	for i, r := range words {
		h := hit(r.id)
		h.KeywordRank = i + 1
		add(h, r.score, h.KeywordRank)
	}
	for i, r := range vectors {
		h := hit(r.id)
		h.VectorRank, h.Similarity = i+1, r.score
		add(h, r.score, h.VectorRank)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ChunkID, b.ChunkID))
	})
	return hits
}
