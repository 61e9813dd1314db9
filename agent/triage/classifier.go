package triage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"resolute/agent/casefile"
)

// Classifier says which procedure a text is for. It is immutable.
type Classifier struct {
	embedder  Embedder
	examples  []Example
	names     []string       // of the procedures, by class
	class     map[string]int // by name
	learned   *learned
	unlearned []Decision // by example; none where it wasn't asked about while it was held back
	scale     scale
	familiar  float64 // probability of being for any procedure from which on a text is no stranger
	threshold float64
	likely    float64
	errorRate float64
	said      map[string]string // texts that were taught, folded, with the procedure that they are for
	version   string
}

// Version names what it was made of: the same texts, embedder and options give the same.
func (c *Classifier) Version() string { return c.version }

// Examples are the texts that it learned from.
func (c *Classifier) Examples() []Example { return slices.Clone(c.examples) }

// Threshold is the score from which on, of what is taken on, at most the share errorRate goes the
// wrong way. It is 0 where too few texts were held back to say so.
func (c *Classifier) Threshold() (score, errorRate float64) { return c.threshold, c.errorRate }

// Likely is the score from which on, by what it thinks itself, at most the stated share of what is taken on
// goes the wrong way. It is for where too few texts are known to prove that of any score.
func (c *Classifier) Likely() float64 { return c.likely }

// Decision is what a classifier says about a text.
type Decision struct {
	Candidates []casefile.Candidate // the surest first; those that stand no chance may be missing
	Stranger   bool                 // it is for no procedure, rather than for any
}

// Decide says which procedure of all a text is for.
func (c *Classifier) Decide(ctx context.Context, text string) (Decision, error) {
	list, err := c.Classify(ctx, text, c.names)
	if err != nil {
		return Decision{}, err
	}
	sum := 0.0
	for _, x := range list {
		sum += x.Score
	}
	return Decision{Candidates: list, Stranger: sum < c.familiar}, nil
}

// Classify scores the procedures among which the text may fall, the surest first. A score is the
// probability that the text is for the procedure; what is missing to one, that it is for none of
// these. A procedure without examples scores 0, as do those that stand no chance beside others. A text
// that was taught word for word is certain.
func (c *Classifier) Classify(ctx context.Context, text string, among []string) ([]casefile.Candidate, error) {
	t, err := c.read(ctx, text)
	if err != nil {
		return nil, err
	}
	classes := make([]int, 0, len(among))
	for _, name := range among {
		if k, ok := c.class[name]; ok {
			classes = append(classes, k)
		}
	}
	slices.Sort(classes) // the order in which they are named must not matter
	standings := c.learned.stand(t, classes)
	shares := c.scale.shares(standings)
	by := make(map[string]casefile.Candidate, len(standings))
	for i, s := range standings {
		by[c.names[s.class]] = c.candidate(&s, shares[i])
	}
	list := make([]casefile.Candidate, len(among))
	for i, name := range among {
		list[i] = by[name]
		list[i].Procedure = name
	}
	c.recall(text, list)
	slices.SortStableFunc(list, func(a, b casefile.Candidate) int { return cmp.Compare(b.Score, a.Score) })
	return list, nil
}

func (c *Classifier) read(ctx context.Context, s string) (*text, error) {
	vectors, err := c.embedder.Embed(ctx, []string{s})
	if err != nil {
		return nil, fmt.Errorf("embed the text: %w", err)
	}
	return &text{meaning: vectors[0], words: c.learned.vocabulary.vector(terms(s))}, nil
}

func (c *Classifier) all() []int {
	all := make([]int, len(c.names))
	for k := range all {
		all[k] = k
	}
	return all
}
