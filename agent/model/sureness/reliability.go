package sureness

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Reliability says how far what was said of proposals is from what they came to.
type Reliability struct {
	Of    int     `json:"of"`    // outcomes
	Right float64 `json:"right"` // share of them
	Said  float64 `json:"said"`  // mean of what was said
	// ECE is the expected calibration error: over ten bins of equal width, how far the share that was right is from the mean
	// that was said, weighed by their outcomes (Guo et al. 2017, On Calibration of Modern Neural Networks).
	ECE float64 `json:"ece"`
	// Low and High are the bounds between which nine of ten samples drawn from these outcomes have it.
	Low  float64 `json:"ece_low"`
	High float64 `json:"ece_high"`
	// Chance is what it would be on average if each number were the truth: so few outcomes can't show less.
	Chance float64   `json:"ece_by_chance"`
	Bins   []OfRange `json:"bins"` // those that have outcomes, ascending
}

// OfRange are the outcomes of which a number from From on and below To was said.
type OfRange struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count int     `json:"count"`
	Said  float64 `json:"said"`  // mean
	Right float64 `json:"right"` // share
}

const (
	ranges = 10
	draws  = 200
)

// Reliable measures what was said of outcomes. The same outcomes in the same order give the same.
func Reliable(outcomes []Outcome) Reliability {
	r := Reliability{Of: len(outcomes), Bins: []OfRange{}}
	if len(outcomes) == 0 {
		return r
	}
	var count, said, right [ranges]float64
	for _, o := range outcomes {
		b := rangeOf(o.Value)
		count[b]++
		said[b] += share(o.Value)
		if o.Right {
			right[b]++
		}
	}
	n := float64(len(outcomes))
	for b := range ranges {
		r.Right += right[b] / n
		r.Said += said[b] / n
		if count[b] > 0 {
			r.Bins = append(r.Bins, OfRange{From: float64(b) / ranges, To: float64(b+1) / ranges, Count: int(count[b]), Said: said[b] / count[b], Right: right[b] / count[b]})
		}
	}
	r.ECE = ece(outcomes)
	random := rand.New(rand.NewPCG(9, uint64(len(outcomes))))
	drawn, again := make([]Outcome, len(outcomes)), make([]float64, draws)
	for i := range again {
		for k := range drawn {
			drawn[k] = outcomes[random.IntN(len(outcomes))]
		}
		again[i] = ece(drawn)
		for k, o := range outcomes {
			drawn[k] = Outcome{Value: o.Value, Right: random.Float64() < share(o.Value)}
		}
		r.Chance += ece(drawn) / draws
	}
	slices.Sort(again)
	r.Low, r.High = again[draws/20], again[draws-1-draws/20]
	return r
}

func rangeOf(x float64) int { return min(int(share(x)*ranges), ranges-1) }

func ece(outcomes []Outcome) float64 {
	var off [ranges]float64
	for _, o := range outcomes {
		b := rangeOf(o.Value)
		off[b] += share(o.Value)
		if o.Right {
			off[b]--
		}
	}
	sum := 0.0
	for _, x := range off {
		sum += math.Abs(x)
	}
	return sum / float64(len(outcomes))
}
