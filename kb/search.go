package kb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// Mode says which rankings a search uses.
type Mode string

// The modes of search.
const (
	Hybrid  Mode = "hybrid" // both, fused, behind corrections
	Keyword Mode = "keyword"
	Vector  Mode = "vector"
)

const (
	defaultK = 10
	maxK     = 200
	depth    = 60   // at least so many hits of each ranking are fused; how they are is told by the first so many
	maxQuery = 2000 // bytes; what a longer text asks is in its beginning, and each word costs a lookup
)

// Query is what to search for.
type Query struct {
	Text   string // plain words; nothing in it is syntax, and past 2000 bytes it isn't read
	K      int    // how many hits at most; 10 if 0, never above 200
	Mode   Mode   // Hybrid if empty
	Filter Filter
	// Floor is how relevant, from 0 to 1, the most relevant passage must be: below it the answer is
	// that nothing was found. 0 lets any answer through.
	Floor float64
	// Situation chooses the corrections that hold in it; nil means whoever looks around, who is shown
	// those of every scope.
	Situation *Situation
	Each      Unit // Passages if empty
	// Words is how many words at most are looked for, those that tell most; all if 0. Of a whole letter most
	// are everywhere, and each costs a look at all passages that have it. Meaning is always that of all.
	Words int
}

// Unit is what a hit stands for.
type Unit string

// The units of an answer.
const (
	Passages  Unit = "passages"  // neighbours are one hit
	Documents Unit = "documents" // each document is one hit, its best chunk; no corrections
)

// Hit is a passage that was found.
type Hit struct {
	DocumentID string   `json:"document_id"`
	ChunkID    string   `json:"chunk_id"` // of the chunk that ranks best
	Chunks     []string `json:"chunks"`   // all that the passage is made of, in reading order
	Title      string   `json:"title"`    // of the document
	Headings   []string `json:"headings"`
	Text       string   `json:"text"`
	// Score orders hits of one search and compares with nothing else: the fused score of a hybrid
	// search, BM25 of a keyword search, the cosine of a vector search.
	Score       float64  `json:"score"`
	Relevance   float64  `json:"relevance"`    // how well it fits the query, from 0 to 1; what Query.Floor is held against
	KeywordRank int      `json:"keyword_rank"` // from 1; 0 if the words didn't find it
	VectorRank  int      `json:"vector_rank"`  // from 1; 0 if the vectors didn't find it
	Similarity  float64  `json:"similarity"`   // cosine to the query; 0 where VectorRank is
	Matched     []string `json:"matched"`      // words of the query that the passage has, as the index knows them
	Source      string   `json:"source"`       // path that the document was imported from
	Citation    string   `json:"citation"`     // kb://document#heading@version
	Metadata
	Correction *Correction `json:"correction,omitempty"` // where the hit is one
}

// Quotable reports whether a customer may be shown the passage.
func (h Hit) Quotable() bool { return h.Audience != Internal }

// Search answers the passages that fit the query best, best first, behind the corrections that fit it
// and hold in its situation. Nothing found is no error.
func (b *Base) Search(ctx context.Context, q Query) ([]Hit, error) {
	q, err := b.complete(q)
	if err != nil {
		return nil, err
	}
	if err := b.await(ctx); err != nil {
		return nil, err
	}
	if q.Text == "" {
		return []Hit{}, nil
	}
	hidden := b.classes.hidden(q.Filter)
	n := max(depth, 2*q.K)
	if q.Each == Documents {
		n = 5 * q.K // the chunks of one document may follow one another
	}
	var words, vectors []ranked
	var asked []float32
	var wordsErr, vectorsErr error
	var both sync.WaitGroup
	m := b.meaning.Load()
	if q.Mode != Vector {
		both.Go(func() {
			wordsErr = b.words.guarded(func() error {
				telling, err := b.words.telling(ctx, q.Text, q.Words)
				if err == nil {
					words, err = b.words.search(ctx, telling, n, hidden)
				}
				return err
			})
		})
	}
	if q.Mode != Keyword {
		both.Go(func() {
			if m, vectorsErr = b.answerer(ctx, q.Mode, m); m != nil {
				asked, vectors, vectorsErr = b.nearest(ctx, m, q, n, hidden)
			}
		})
	}
	both.Wait()
	if q.Mode != Keyword && m != nil && ctx.Err() == nil {
		b.renewal.set(func(r *renewal) { r.unanswered = vectorsErr })
	}
	if vectorsErr != nil && q.Mode == Hybrid && ctx.Err() == nil {
		b.log.Warn("a search goes by words alone", "error", vectorsErr)
		vectorsErr = nil
	}
	for _, err := range []error{wordsErr, vectorsErr, ctx.Err()} {
		if err != nil {
			return nil, err
		}
	}
	var terms map[string]float64
	err = b.words.guarded(func() (err error) {
		terms, err = b.words.terms(ctx, q.Text)
		return err
	})
	if err != nil {
		return nil, err
	}
	judge := judge{terms: terms, words: b.words, among: m.size()}
	var covered map[string]float64
	if q.Mode == Hybrid {
		if covered, err = b.covered(ctx, judge, words[:min(literalRead, len(words))]); err != nil {
			return nil, err
		}
	}
	hasVector := func(id string) bool { return m.index.has(ctx, id) } // asked only where vectors answered
	hits, err := b.passages(ctx, fuse(q.Mode, words, vectors, covered, hasVector), q)
	if err != nil {
		return nil, err
	}
	judge.all(hits)
	if q.Mode == Hybrid && q.Each == Passages {
		if hits, err = b.corrected(ctx, q, m, asked, judge, hits); err != nil {
			return nil, err
		}
	}
	if !reaches(hits, q.Floor) {
		return []Hit{}, nil
	}
	return hits, nil
}

// complete fills in what a query leaves open, and refuses what can't be answered.
func (b *Base) complete(q Query) (Query, error) {
	switch {
	case q.K < 0:
		return q, fmt.Errorf("a search for %d passages %w", q.K, ErrQuery)
	case q.K == 0:
		q.K = defaultK
	}
	q.K = min(q.K, maxK)
	if q.Mode == "" {
		q.Mode = Hybrid
	}
	if q.Mode != Hybrid && q.Mode != Keyword && q.Mode != Vector {
		return q, fmt.Errorf("a search in mode %q %w: the modes are %s, %s and %s", q.Mode, ErrQuery, Hybrid, Keyword, Vector)
	}
	if q.Each == "" {
		q.Each = Passages
	}
	if q.Each != Passages && q.Each != Documents {
		return q, fmt.Errorf("a search for %q %w: it is for %s or %s", q.Each, ErrQuery, Passages, Documents)
	}
	if !(q.Floor >= 0 && q.Floor <= 1) {
		return q, fmt.Errorf("a relevance of %v %w: it is from 0 to 1", q.Floor, ErrQuery)
	}
	if q.Filter.At.IsZero() {
		q.Filter.At = b.now()
	}
	q.Text = beginning(q.Text)
	return q, nil
}

// answerer gives what answers by meaning. A search by vectors alone waits for vectors that are being
// made for the first time, unless making them failed.
func (b *Base) answerer(ctx context.Context, mode Mode, m *meaning) (*meaning, error) {
	if m != nil || mode != Vector {
		return m, nil
	}
	select {
	case <-b.renewal.tried:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if m = b.meaning.Load(); m != nil {
		return m, nil
	}
	var err error
	b.renewal.set(func(r *renewal) { err = r.err })
	return nil, fmt.Errorf("%w: %w", ErrMeaning, err)
}

// nearest finds by meaning. Where words can answer, it doesn't wait long for an embedder.
func (b *Base) nearest(ctx context.Context, m *meaning, q Query, n int, hidden map[string]bool) (asked []float32, found []ranked, err error) {
	asking := ctx
	if q.Mode == Hybrid {
		within, cancel := context.WithTimeout(ctx, b.opts.Patience)
		defer cancel()
		asking = within
	}
	made, err := b.embed(asking, m.embedder, []string{q.Text})
	if err != nil || made[0] == nil {
		return nil, nil, err
	}
	found, err = m.index.search(ctx, made[0], n, hidden)
	return made[0], found, err
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
