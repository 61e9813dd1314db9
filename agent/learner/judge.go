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
	Told      int     `json:"told"`   // of which the surest procedure is the right one, however sure
	Right     int     `json:"right"`  // taken on for the procedure that they are for
	Wrong     int     `json:"wrong"`  // taken on for another one, or though they are for none
	People    int     `json:"people"` // left to a person
	Threshold float64 `json:"threshold"`
	// Surprise is how little it expected what they are for, in nats a text: its mean logarithmic loss.
	Surprise float64 `json:"surprise"`
}

// verdicts are what a classifier does with each text.
type verdicts []verdict

type verdict int

const (
	left verdict = iota
	right
	wrong
)

// try asks a classifier about texts that it hasn't learned from, as it would be for cases of a version of
// the bundle.
func try(ctx context.Context, book triage.Book, c *triage.Classifier, texts []triage.Example) (verdicts, Score, error) {
	book.Classifier = c
	least, _ := book.Least()
	s := Score{Texts: len(texts), Threshold: least}
	list := make(verdicts, len(texts))
	for i, x := range texts {
		d, err := c.Decide(ctx, x.Text)
		if err != nil {
			return nil, s, err
		}
		if len(d.Candidates) > 0 && d.Candidates[0].Procedure == x.Procedure {
			s.Told++
		}
		s.Surprise -= math.Log(max(expected(d, x.Procedure), leastExpected)) / float64(len(texts))
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

// leastExpected bounds what one text can count for.
const leastExpected = 0.001

// expected is the probability that was given to what turned out: a procedure, or "" for none.
func expected(d triage.Decision, procedure string) float64 {
	none := 1.0
	for _, c := range d.Candidates {
		if c.Procedure == procedure {
			return c.Score
		}
		none -= c.Score
	}
	if procedure == "" {
		return none
	}
	return 0
}

// worse says in what a version is worse than the one before it on the same texts, "" for in nothing: it
// takes on fewer the right way, sends more the wrong way and more than the stated share of what it takes
// on, or is more surprised by what they are for. There is no allowance for chance: what isn't at least as
// good stays out.
func worse(after, before Score, rate float64) string {
	switch {
	case after.Right < before.Right:
		return fmt.Sprintf("of %d texts that were held back it takes %d on the right way, the one before it %d", after.Texts, after.Right, before.Right)
	case after.Wrong > before.Wrong && float64(after.Wrong) > rate*float64(after.Wrong+after.Right):
		return fmt.Sprintf("of %d texts that were held back it sends %d the wrong way, the one before it %d", after.Texts, after.Wrong, before.Wrong)
	case after.Surprise > before.Surprise:
		return fmt.Sprintf("what %d texts that were held back are for surprises it by %.3f, the one before it by %.3f", after.Texts, after.Surprise, before.Surprise)
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
