package kb

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// What relevance is made of, chosen so that thresholds.relevance 0.3 parts questions that are answered
// from those that aren't; docs/measurements.md has on what and how well.
const (
	sayingPower = 3     // of the covered part: half of what the words tell is little, all of it is all
	chanceSlope = 0.035 // by how much the best likeness by chance grows when there are e times as many passages
	chanceFrom  = 60    // passages, up to which nothing is taken off
)

// judge tells how well passages fit a query.
type judge struct {
	terms map[string]float64 // words of the query, with what each tells: its inverse document frequency
	words *wordIndex
	among int // passages that were compared by meaning
}

// all fills in the relevance of hits, and the words by which they fit.
func (j judge) all(hits []Hit) {
	for i := range hits {
		h := &hits[i]
		covered, matched := j.coverage(spoken(h.Title, h.Headings, h.Text))
		h.Relevance, h.Matched = j.relevance(covered, h.Similarity), matched
	}
}

// covered is which part of what the query's words tell is in chunks.
func (b *Base) covered(ctx context.Context, j judge, chunks []ranked) (map[string]float64, error) {
	parts := make(map[string]float64, len(chunks))
	err := b.view(ctx, func(tx *bolt.Tx) error {
		for _, r := range chunks {
			chunk, ok, err := getChunk(tx, r.id)
			if err != nil {
				return err
			}
			if !ok { // an import has replaced it meanwhile
				continue
			}
			d, _, err := getDocument(tx, documentOf(r.id))
			if err != nil {
				return err
			}
			parts[r.id], _ = j.coverage(spoken(d.Title, chunk.Headings, chunk.Text))
		}
		return nil
	})
	return parts, err
}

// spoken is what of a passage is searched by words.
func spoken(title string, headings []string, text string) string {
	return title + "\n" + strings.Join(headings, "\n") + "\n" + text
}

// coverage is which part of what the query's words tell is in a text, from 0 to 1, and which words.
func (j judge) coverage(text string) (part float64, matched []string) {
	matched = []string{}
	var all, found float64
	for _, weight := range j.terms {
		all += weight
	}
	if all == 0 {
		return 0, matched
	}
	for _, term := range j.words.analyze(text) {
		weight, asked := j.terms[term]
		if asked && !slices.Contains(matched, term) {
			found += weight
			matched = append(matched, term)
		}
	}
	slices.Sort(matched)
	return found / all, matched
}

// relevance joins the two ways in which a passage can fit: by the query's telling words, and by
// meaning. Either is enough, and each makes up for what the other lacks. Of many passages one is always
// somewhat like a query that has nothing to do with any, the more of them the more: that is taken off.
func (j judge) relevance(covered, similarity float64) float64 {
	chance := chanceSlope * math.Log(max(1, float64(j.among)/chanceFrom))
	return 1 - (1-math.Pow(covered, sayingPower))*(1-max(0, similarity-chance))
}

// reaches reports whether any hit is as relevant as floor.
func reaches(hits []Hit, floor float64) bool {
	return slices.ContainsFunc(hits, func(h Hit) bool { return h.Relevance >= floor })
}

// analyze answers the words of a text as the index knows them.
func (w *wordIndex) analyze(text string) []string {
	tokens := w.english.Analyze([]byte(text))
	words := make([]string, len(tokens))
	for k, t := range tokens {
		words[k] = string(t.Term)
	}
	return words
}

// terms answers the words of a query with their inverse document frequencies, as BM25 has them.
func (w *wordIndex) terms(ctx context.Context, text string) (map[string]float64, error) {
	terms := map[string]float64{}
	i := w.get()
	if i == nil { // corrections may be there to be found, and all words tell the same
		for _, term := range w.analyze(text) {
			terms[term] = 1
		}
		return terms, nil
	}
	advanced, err := i.Advanced()
	if err != nil {
		return nil, err
	}
	reader, err := advanced.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // it was read
	all, err := reader.DocCount()
	if err != nil {
		return nil, err
	}
	for _, term := range w.analyze(text) {
		if _, known := terms[term]; known {
			continue
		}
		with := uint64(0)
		for _, field := range []string{fieldText, fieldHeadings} {
			rows, err := reader.TermFieldReader(ctx, []byte(term), field, false, false, false)
			if err != nil {
				return nil, err
			}
			with = max(with, rows.Count())
			if err := rows.Close(); err != nil {
				return nil, err
			}
		}
		terms[term] = math.Log(1 + (float64(all)-float64(with)+0.5)/(float64(with)+0.5))
	}
	return terms, nil
}

// telling gives the words of a text that tell most, as many as are wanted; all if that is 0.
func (w *wordIndex) telling(ctx context.Context, text string, most int) (string, error) {
	all := strings.Fields(text)
	slices.Sort(all)
	all = slices.Compact(all)
	if most == 0 || len(all) <= most {
		return text, nil
	}
	terms, err := w.terms(ctx, text)
	if err != nil {
		return "", err
	}
	weight := func(word string) (sum float64) {
		for _, term := range w.analyze(word) {
			sum = max(sum, terms[term])
		}
		return sum
	}
	weights := make(map[string]float64, len(all))
	for _, word := range all {
		weights[word] = weight(word)
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(weights[b], weights[a]) })
	return strings.Join(all[:most], " "), nil
}
