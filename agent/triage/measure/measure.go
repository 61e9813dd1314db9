// Package measure tells how good triage is, by texts whose procedure is known.
//
// The figures: accuracy is the share of all test texts that are told right, those out of scope by
// being called so; in-scope accuracy is that of the texts that are for some label; out-of-scope
// recall the share of the others that are called so. Coverage is the share of all that scores at
// least the threshold, and error at the threshold the share of those that goes the wrong way. ECE is
// the expected calibration error of the surest label's score over 15 bins of equal width (Guo et al.
// 2017, "On Calibration of Modern Neural Networks"); a text out of scope is right for no label.
package measure

import (
	"context"
	"math"
	"time"

	"resolute/agent/triage"
)

// Figures are shares from 0 to 1 and times.
type Figures struct {
	Accuracy         float64 `json:"accuracy"`
	InScope          float64 `json:"in_scope_accuracy"`
	OutOfScopeRecall float64 `json:"out_of_scope_recall"` // 0 where no text is out of scope
	ErrorAtThreshold float64 `json:"error_at_threshold"`
	Coverage         float64 `json:"coverage"`
	ECE              float64 `json:"ece"`
	TrainSeconds     float64 `json:"train_seconds"`
	MsPerDecision    float64 `json:"ms_per_decision"`
}

// Run trains on a set and measures. It answers the classifier too.
func Run(ctx context.Context, s *Set, e triage.Embedder, now func() time.Time) (Figures, *triage.Classifier, error) {
	trainer := triage.Trainer{Embedder: e}
	if !s.strangers() {
		trainer.Strangers = -1
	}
	start := now()
	c, err := trainer.Train(ctx, s.Train, s.Dev)
	if err != nil {
		return Figures{}, nil, err
	}
	trained := now()
	decisions := make([]triage.Decision, len(s.Test))
	for i, x := range s.Test {
		if decisions[i], err = c.Decide(ctx, x.Text); err != nil {
			return Figures{}, nil, err
		}
	}
	f := sum(s.Test, decisions, c)
	f.TrainSeconds = trained.Sub(start).Seconds()
	f.MsPerDecision = float64(now().Sub(trained).Microseconds()) / 1000 / float64(len(s.Test))
	return f, c, nil
}

// bins is how many there are for the calibration error.
const bins = 15

func sum(test []triage.Example, decisions []triage.Decision, c *triage.Classifier) Figures {
	var right, known, knownRight, strangersTold, taken, wrong float64
	var binned [bins]struct{ n, score, right float64 }
	threshold, _ := c.Threshold()
	for i, x := range test {
		d, score, said := decisions[i], 0.0, ""
		if len(d.Candidates) > 0 {
			score, said = d.Candidates[0].Score, d.Candidates[0].Procedure
		}
		isRight := x.Procedure != "" && said == x.Procedure
		b := &binned[min(int(score*bins), bins-1)]
		b.n++
		b.score += score
		b.right += one(isRight)
		if threshold > 0 && score >= threshold {
			taken++
			wrong += one(!isRight)
		}
		if x.Procedure == "" {
			strangersTold += one(d.Stranger)
			right += one(d.Stranger)
			continue
		}
		known++
		knownRight += one(isRight && !d.Stranger)
		right += one(isRight && !d.Stranger)
	}
	n := float64(len(test))
	f := Figures{Accuracy: right / n, InScope: knownRight / max(known, 1), OutOfScopeRecall: strangersTold / max(n-known, 1),
		ErrorAtThreshold: wrong / max(taken, 1), Coverage: taken / n}
	for _, b := range binned {
		f.ECE += math.Abs(b.score-b.right) / n
	}
	return f
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
