package kb

import (
	"cmp"
	"math"
	"slices"
)

// What the words' ranking counts in fusion, compared with the vectors'. Measured on the dev questions of
// testdata/retrieval; docs/measurements.md has the steps.
const (
	wordsWeigh = 0.4
	// A passage that has more than this part of what the query's words tell is the more in front, by so
	// many standard deviations for all of it: a query in a passage's own words, as a title or a code is,
	// is not to be lost among what means alike.
	literalFrom = 0.5
	literalGain = 5
	literalRead = 10 // of the words' ranking, since passages must be read for it
)

// fuse joins two rankings to hits that have their id, score and ranks. How far a score stands out of
// its ranking, in standard deviations, makes scores of different kinds comparable; a ranking that
// doesn't have the chunk counts it as its last. It was measured against reciprocal rank fusion, which
// takes the first of a weak ranking for as good as the first of a strong one. A chunk that has no
// vector, as meanwhile the vectors are made anew, is ranked by its words alone: its place among them
// counts as its place among the vectors. covered says which part of what the query's words tell some
// chunks have.
func fuse(mode Mode, words, vectors []ranked, covered map[string]float64, has func(id string) bool) []Hit {
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
	byWords, byVectors := newOutstanding(words), newOutstanding(vectors)
	for i, r := range words {
		h := hit(r.id)
		h.KeywordRank, h.Score = i+1, r.score
	}
	for i, r := range vectors {
		h := hit(r.id)
		h.VectorRank, h.Similarity = i+1, r.score
		if mode == Vector {
			h.Score = r.score
		}
	}
	if mode == Hybrid {
		for i := range hits {
			h := &hits[i]
			saying := byWords.of(h.KeywordRank > 0, h.Score)
			meaning := byVectors.of(h.VectorRank > 0, h.Similarity)
			if h.VectorRank == 0 && len(vectors) > 0 && !has(h.ChunkID) {
				meaning = byVectors.of(true, vectors[min(h.KeywordRank, len(vectors))-1].score)
			}
			stands := wordsWeigh*saying + meaning + literalGain*max(0, covered[h.ChunkID]-literalFrom)/(1-literalFrom)
			h.Score = 1 / (1 + math.Exp(-stands)) // the same order, from 0 to 1
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(min(b.KeywordRank, 1), min(a.KeywordRank, 1)), cmp.Compare(a.ChunkID, b.ChunkID))
	})
	return hits
}

// outstanding tells how far scores stand out of the beginning of a ranking.
type outstanding struct{ mean, deviation, last float64 }

// newOutstanding takes the first scores of a ranking, as many in every search, so that how much is
// asked for doesn't change the order.
func newOutstanding(ranking []ranked) outstanding {
	if len(ranking) == 0 {
		return outstanding{deviation: 1}
	}
	ranking = ranking[:min(len(ranking), depth)]
	var o outstanding
	for _, r := range ranking {
		o.mean += r.score / float64(len(ranking))
	}
	for _, r := range ranking {
		o.deviation += (r.score - o.mean) * (r.score - o.mean) / float64(len(ranking))
	}
	if o.deviation = math.Sqrt(o.deviation); o.deviation == 0 {
		o.deviation = 1
	}
	o.last = ranking[len(ranking)-1].score
	return o
}

func (o outstanding) of(there bool, score float64) float64 {
	if !there {
		score = o.last
	}
	return (score - o.mean) / o.deviation
}
