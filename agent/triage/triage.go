// Package triage finds the procedure for what a customer wrote, and says how sure it is.
//
// For now it compares the text with the procedures' examples, by words and by embedding, and turns
// the likeness into a score from 0 to 1 that also weighs the best rival and a fixed likeness that
// any text has with any other. What it learns from closed cases and corrections comes later,
// behind the same names.
package triage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"resolute/agent/casefile"
)

// Embedder turns texts into vectors of length 1.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Example is how a customer said what a procedure is for.
type Example struct{ Procedure, Text string }

// Classifier compares texts with examples. It is immutable.
type Classifier struct {
	embedder Embedder
	examples []example
	idf      map[string]float64
	unseen   float64 // idf of a word that no example has
}

type example struct {
	Example
	words  map[string]bool
	weight float64 // sum of the idf of words
	vector []float32
}

// Train makes a classifier of examples.
func Train(ctx context.Context, examples []Example, e Embedder) (*Classifier, error) {
	c := &Classifier{embedder: e, idf: map[string]float64{}}
	texts := make([]string, len(examples))
	for i, x := range examples {
		texts[i] = x.Text
		c.examples = append(c.examples, example{Example: x, words: words(x.Text)})
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed %d examples: %w", len(texts), err)
	}
	for _, x := range c.examples {
		for w := range x.words {
			c.idf[w]++
		}
	}
	n := float64(len(examples))
	for w, df := range c.idf {
		c.idf[w] = math.Log(1 + n/df)
	}
	c.unseen = math.Log(1 + n)
	for i := range c.examples {
		x := &c.examples[i]
		x.vector, x.weight = vectors[i], c.weigh(x.words)
	}
	return c, nil
}

// How likeness becomes a score; found with the built-in embedder on the demo's texts and on what
// customers write that no procedure is for (embed/testdata/intents.tsv).
const (
	background = 0.31 // likeness that what customers write has anyway
	sharpness  = 0.05
)

// Classify scores the procedures among which the text may fall, the surest first.
func (c *Classifier) Classify(ctx context.Context, text string, among []string) ([]casefile.Candidate, error) {
	vectors, err := c.embedder.Embed(ctx, []string{text})
	if err != nil {
		return nil, fmt.Errorf("embed the text: %w", err)
	}
	said := words(text)
	best := map[string]casefile.Candidate{}
	for i := range c.examples {
		x := &c.examples[i]
		if like := c.likeness(x, said, vectors[0]); like > best[x.Procedure].Score {
			best[x.Procedure] = casefile.Candidate{Procedure: x.Procedure, Score: like, Nearest: x.Text}
		}
	}
	list := make([]casefile.Candidate, len(among))
	sum := math.Exp(background / sharpness)
	for i, name := range among {
		list[i] = best[name]
		list[i].Procedure = name
		sum += math.Exp(list[i].Score / sharpness)
	}
	for i := range list {
		list[i].Score = math.Exp(list[i].Score/sharpness) / sum
	}
	slices.SortStableFunc(list, func(a, b casefile.Candidate) int { return cmp.Compare(b.Score, a.Score) })
	return list, nil
}

// likeness is the mean of the vectors' cosine and the share of words in common, by their weight.
func (c *Classifier) likeness(x *example, said map[string]bool, vector []float32) float64 {
	var dot, shared float64
	for i, v := range x.vector {
		dot += float64(v) * float64(vector[i])
	}
	for w := range said {
		if x.words[w] {
			shared += c.idf[w]
		}
	}
	if x.weight == 0 {
		return dot / 2
	}
	return dot/2 + shared/math.Sqrt(x.weight*max(c.weigh(said), x.weight))/2
}

func (c *Classifier) weigh(set map[string]bool) float64 {
	sum := 0.0
	for w := range set {
		if idf, ok := c.idf[w]; ok {
			sum += idf
		} else {
			sum += c.unseen / 2
		}
	}
	return sum
}

// words gives the words of a text, lowercased and without endings, common ones left out.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		w = stem(strings.Trim(w, "'"))
		if len(w) > 1 && !common[w] {
			set[w] = true
		}
	}
	return set
}

func stem(w string) string {
	for _, end := range []string{"'s", "ingly", "edly", "ing", "ied", "ies", "ed", "es", "ly", "s"} {
		if rest, ok := strings.CutSuffix(w, end); ok && len(rest) >= 3 {
			return rest
		}
	}
	return w
}

// common are words that say nothing about a problem.
var common = func() map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq("a an and are as at be been but by can could did do does for from get got had has have hello hey hi i if in is it its just me my no not of on or our please so thank that the their them then there they this to up us very was we were what when which will with would you your i'm i've don't it's ask about any all am dear regard order") {
		set[w] = true
	}
	return set
}()
