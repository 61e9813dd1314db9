package learner

import (
	"context"
	"fmt"
	"math"

	"resolute/agent/triage"
)

// Score is how a version does on texts that nobody learned from.
type Score struct {
	Texts     int     `json:"texts"`
	Right     int     `json:"right"`  // taken on for the procedure that they are for
	Wrong     int     `json:"wrong"`  // taken on for another one, or though they are for none
	People    int     `json:"people"` // left to a person
	Threshold float64 `json:"threshold"`
}

// verdicts are what a classifier does with each text.
type verdicts []verdict

type verdict int

const (
	left verdict = iota
	right
	wrong
)

// try asks a classifier about texts that it hasn't learned from. threshold is the bundle's; the stricter
// of the two counts, as for cases.
func try(ctx context.Context, c *triage.Classifier, threshold float64, texts []triage.Example) (verdicts, Score, error) {
	least, _ := c.Threshold()
	s := Score{Texts: len(texts), Threshold: max(least, threshold)}
	list := make(verdicts, len(texts))
	for i, x := range texts {
		d, err := c.Decide(ctx, x.Text)
		if err != nil {
			return nil, s, err
		}
		switch {
		case len(d.Candidates) == 0 || d.Candidates[0].Score < s.Threshold:
			s.People++
		case d.Candidates[0].Procedure == x.Procedure:
			list[i] = right
			s.Right++
		default:
			list[i] = wrong
			s.Wrong++
		}
	}
	return list, s, nil
}

// worse says in what a version is worse than the one before it on the same texts, "" for in nothing: it
// takes on fewer the right way, or sends more the wrong way and more than the stated share of what it takes
// on. There is no allowance for chance: what isn't at least as good stays out.
func worse(after, before Score, rate float64) string {
	switch {
	case after.Right < before.Right:
		return fmt.Sprintf("of %d texts that were held back it takes %d on the right way, the one before it %d", after.Texts, after.Right, before.Right)
	case after.Wrong > before.Wrong && float64(after.Wrong) > rate*float64(after.Wrong+after.Right):
		return fmt.Sprintf("of %d texts that were held back it sends %d the wrong way, the one before it %d", after.Texts, after.Wrong, before.Wrong)
	}
	return ""
}

// chance is McNemar's exact test, two-sided: how probable so uneven a number of texts is, among those that
// one takes on rightly and the other doesn't, were each as probable.
func chance(after, before verdicts) float64 {
	gained, lost := 0, 0
	for i := range after {
		switch {
		case after[i] == right && before[i] != right:
			gained++
		case after[i] != right && before[i] == right:
			lost++
		}
	}
	n := gained + lost
	all, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for k := range min(gained, lost) + 1 {
		in, _ := math.Lgamma(float64(k + 1))
		out, _ := math.Lgamma(float64(n - k + 1))
		sum += math.Exp(all - in - out - float64(n)*math.Ln2)
	}
	return min(2*sum, 1)
}
