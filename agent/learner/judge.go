package learner

import (
	"fmt"
	"math"

	"resolute/agent/triage"
)

// Score is how a version does on texts that nobody learned from.
type Score struct {
	Texts     int     `json:"texts"`
	Authors   int     `json:"authors"` // of which the bundle's authors wrote; asked about while they were held back in turn
	Told      int     `json:"told"`    // of which the surest procedure is the right one, however sure
	Right     int     `json:"right"`   // taken on for the procedure that they are for
	Wrong     int     `json:"wrong"`   // taken on for another one, or though they are for none
	People    int     `json:"people"`  // left to a person
	Threshold float64 `json:"threshold"`
	// Surprise is how little it expected what those that were held back are for, in nats a text: its mean
	// logarithmic loss. 0 if none were.
	Surprise float64 `json:"surprise"`
}

// verdict is what a classifier does with a text.
type verdict int

const (
	left verdict = iota
	right
	wrong
)

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

// worse says in what a version is worse than the one before it on the same texts, "" for in nothing: as
// fewer does by the stated share of what it takes on, or it is more surprised by what those that were held
// back are for. There is no allowance for chance: what isn't at least as good stays out.
func worse(after, before Score, rate float64) string {
	if why := fewer(after, before, after.allowed(rate)); why != "" {
		return why
	}
	if after.Surprise > before.Surprise {
		return fmt.Sprintf("what %d texts that were held back are for surprises it by %.3f, the one before it by %.3f", after.Texts-after.Authors, after.Surprise, before.Surprise)
	}
	return ""
}

// fewer says in what a version is worse by the number of texts, "" for in nothing: they are too few, it takes
// on fewer the right way, or sends more the wrong way and more than are allowed.
func fewer(after, before Score, allowed float64) string {
	switch {
	case after.Texts < leastJudges:
		return fmt.Sprintf("%d texts say how it does, held back or examples of the bundle's authors; %d have to", after.Texts, leastJudges)
	case after.Right < before.Right:
		return fmt.Sprintf("of %d texts that it hasn't learned from it takes %d on the right way, the one before it %d", after.Texts, after.Right, before.Right)
	case after.Wrong > before.Wrong && float64(after.Wrong) > allowed:
		return fmt.Sprintf("of %d texts that it hasn't learned from it sends %d the wrong way, the one before it %d", after.Texts, after.Wrong, before.Wrong)
	}
	return ""
}

// allowed is how many may go the wrong way, by the stated share of what is taken on.
func (s *Score) allowed(rate float64) float64 { return rate * float64(s.Wrong+s.Right) }

// chance is McNemar's exact test, two-sided: how probable so uneven a number of texts is, among those that
// one takes on rightly and the other doesn't, were each as probable.
func chance(after, before []answer) float64 {
	gained, lost := 0, 0
	for i := range after {
		switch {
		case after[i].verdict == right && before[i].verdict != right:
			gained++
		case after[i].verdict != right && before[i].verdict == right:
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
