package kb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"
)

// Mode says which rankings a search uses.
type Mode string

// The modes of search.
const (
	Hybrid  Mode = "hybrid" // both, fused
	Keyword Mode = "keyword"
	Vector  Mode = "vector"
)

const (
	defaultK  = 10
	maxK      = 200
	depth     = 50   // at least so many hits of each ranking are fused
	maxQuery  = 2000 // bytes; what a longer text asks is in its beginning, and each word costs a lookup
	fusedRank = 60   // k of reciprocal rank fusion
)

// Query is what to search for.
type Query struct {
	Text string // plain words; nothing in it is syntax, and past 2000 bytes it isn't read
	K    int    // how many hits at most; 10 if 0, never above 200
	Mode Mode   // Hybrid if empty
}

// Hit is a passage that was found.
type Hit struct {
	DocumentID string   `json:"document_id"`
	ChunkID    string   `json:"chunk_id"`
	Title      string   `json:"title"` // of the document
	Headings   []string `json:"headings"`
	Text       string   `json:"text"`
	// Score orders hits of one search and compares with nothing else: the fused score of a hybrid
	// search, BM25 of a keyword search, the cosine of a vector search.
	Score       float64 `json:"score"`
	KeywordRank int     `json:"keyword_rank"` // from 1; 0 if the words didn't find it
	VectorRank  int     `json:"vector_rank"`  // from 1; 0 if the vectors didn't find it
	Similarity  float64 `json:"similarity"`   // cosine to the query; 0 where VectorRank is
	Source      string  `json:"source"`       // path that the document was imported from
	Citation    string  `json:"citation"`     // kb://document#heading@version
}

// Search answers the passages that fit the query best, best first. Rankings are fused by reciprocal
// rank: the sum of 1/(60+rank) (Cormack et al. 2009, "Reciprocal Rank Fusion Outperforms Condorcet").
// Nothing found is no error.
func (b *Base) Search(ctx context.Context, q Query) ([]Hit, error) {
	if q.K < 0 {
		return nil, fmt.Errorf("a search for %d passages %w", q.K, ErrQuery)
	}
	if q.K == 0 {
		q.K = defaultK
	}
	q.K = min(q.K, maxK)
	if q.Mode == "" {
		q.Mode = Hybrid
	}
	if q.Mode != Hybrid && q.Mode != Keyword && q.Mode != Vector {
		return nil, fmt.Errorf("a search in mode %q %w: the modes are %s, %s and %s", q.Mode, ErrQuery, Hybrid, Keyword, Vector)
	}
	if err := b.await(ctx); err != nil {
		return nil, err
	}
	text := beginning(q.Text)
	if text == "" {
		return []Hit{}, nil
	}
	n := max(depth, 2*q.K)
	var words, vectors []ranked
	var err error
	if q.Mode != Vector {
		if words, err = b.words.search(ctx, text, n); err != nil {
			return nil, err
		}
	}
	if q.Mode != Keyword {
		if vectors, err = b.nearest(ctx, text, n); err != nil {
			return nil, err
		}
	}
	return b.passages(ctx, fuse(q.Mode, words, vectors), q.K)
}

func (b *Base) nearest(ctx context.Context, text string, n int) ([]ranked, error) {
	made, err := b.embed(ctx, []string{text})
	if err != nil || made[0] == nil {
		return nil, err
	}
	return b.vectors.search(ctx, made[0], n)
}

// beginning is what is read of a query.
func beginning(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, " "))
	if len(text) <= maxQuery {
		return text
	}
	at := maxQuery
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at]
}

// fuse joins two rankings to hits that have their id, score and ranks.
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

func byScore(found []ranked) {
	slices.SortFunc(found, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
	})
}

// passages fills the first k hits from the truth. One that is no longer there, because an import is
// under way, is passed over.
func (b *Base) passages(ctx context.Context, hits []Hit, k int) ([]Hit, error) {
	found := make([]Hit, 0, min(k, len(hits)))
	err := b.view(ctx, func(tx *bolt.Tx) error {
		for _, h := range hits {
			if len(found) == k {
				return nil
			}
			chunk, ok, err := getChunk(tx, h.ChunkID)
			if err != nil {
				return err
			}
			d, known, err := getDocument(tx, documentOf(h.ChunkID))
			if err != nil {
				return err
			}
			if !ok || !known {
				continue
			}
			h.DocumentID, h.Title, h.Source = d.ID, d.Title, d.Source
			h.Headings, h.Text = append([]string{}, chunk.Headings...), chunk.Text
			h.Citation = address(d.Document, chunk)
			found = append(found, h)
		}
		return nil
	})
	return found, err
}
