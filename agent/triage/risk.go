package triage

import (
	"cmp"
	"math"
	"slices"
)

// verdict is what was said of a witness: how sure, and whether it was right.
type verdict struct {
	score, sum float64 // of the surest, and of all
	right      bool
	weight     float64
}

func hear(s *scale, w *witness) verdict {
	v := verdict{weight: w.weight}
	for i, p := range s.shares(w.list) {
		v.sum += p
		if p > v.score {
			v.score, v.right = p, i == w.own
		}
	}
	return v
}

// confidence is how sure it is that the error rate is kept to.
const confidence = 0.95

// threshold is the lowest score from which on at most the share rate of what is taken on goes wrong,
// judged by an upper bound of that share that holds with confidence: risk control by a binomial tail
// (Angelopoulos et al. 2021, "Learn then Test", and 2022, "Conformal Risk Control", whose loss here is
// taken on and wrong, among what is taken on). The bound is met at single scores, so it relies on
// errors growing rarer with the score. 0 if the witnesses are too few to say so of any score.
func threshold(s *scale, witnesses []witness, rate float64) float64 {
	heard := make([]verdict, len(witnesses))
	for i := range witnesses {
		heard[i] = hear(s, &witnesses[i])
	}
	slices.SortFunc(heard, func(a, b verdict) int { return cmp.Compare(b.score, a.score) })
	var taken, squares, wrong, lowest float64
	for i, v := range heard {
		taken += v.weight
		squares += v.weight * v.weight
		if !v.right {
			wrong += v.weight
		}
		if i+1 < len(heard) && heard[i+1].score == v.score {
			continue
		}
		// Weighted witnesses say as much as so many that all weigh the same.
		n := taken * taken / squares
		if wrong/taken < rate && tail(int(math.Ceil(wrong/taken*n-1e-9)), n, rate) <= 1-confidence {
			lowest = v.score
		}
	}
	return lowest
}

// likely is the lowest score from which on the share of what is taken on that goes wrong is at most rate,
// by what the scores say and by how the witnesses went: what is to be expected, and proven of nothing.
func likely(s *scale, witnesses []witness, rate float64) float64 {
	heard := make([]verdict, len(witnesses))
	for i := range witnesses {
		heard[i] = hear(s, &witnesses[i])
	}
	slices.SortFunc(heard, func(a, b verdict) int { return cmp.Compare(b.score, a.score) })
	lowest := 1 - rate
	var taken, feared, wrong float64
	for i, v := range heard {
		taken += v.weight
		feared += v.weight * (1 - v.score)
		if !v.right {
			wrong += v.weight
		}
		if i+1 < len(heard) && heard[i+1].score == v.score {
			continue
		}
		if max(feared, wrong) > rate*taken {
			break // single errors among few would else shut out what lies below them for good
		}
		lowest = min(lowest, v.score)
	}
	return lowest
}

// tail is the probability that at most k of n go wrong where each does with probability p.
func tail(k int, n, p float64) float64 {
	all, _ := math.Lgamma(n + 1)
	sum := 0.0
	for i := range k + 1 {
		x := float64(i)
		in, _ := math.Lgamma(x + 1)
		out, _ := math.Lgamma(n - x + 1)
		sum += math.Exp(all - in - out + x*math.Log(p) + (n-x)*math.Log1p(-p))
	}
	return sum
}

// familiarity is the probability of being for any procedure that parts strangers from the rest best:
// where the shares of both that are on their side of it add up to the most. 0 without strangers.
func familiarity(s *scale, known, strange []witness) float64 {
	if len(known) == 0 || len(strange) == 0 {
		return 0
	}
	heard := make([]verdict, 0, len(known)+len(strange))
	for i := range known {
		v := hear(s, &known[i])
		v.weight = -1 / float64(len(known)) // what it costs to call it a stranger
		heard = append(heard, v)
	}
	for i := range strange {
		v := hear(s, &strange[i])
		v.weight = 1 / float64(len(strange))
		heard = append(heard, v)
	}
	slices.SortFunc(heard, func(a, b verdict) int { return cmp.Compare(a.sum, b.sum) })
	var gain, most, at float64
	for i, v := range heard {
		gain += v.weight
		if gain > most && (i+1 == len(heard) || heard[i+1].sum > v.sum) {
			most = gain
			at = v.sum
			if i+1 < len(heard) {
				at = (v.sum + heard[i+1].sum) / 2
			}
		}
	}
	return at
}
