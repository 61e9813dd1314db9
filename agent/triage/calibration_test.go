package triage_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"resolute/agent/triage"
	"resolute/agent/triage/triagetest"
	"resolute/embed"
)

var draws = flag.Int("draws", 2, "how often texts are drawn to measure calibration and what goes wrong")

// heard is what a classifier said of a text, and whether the surest was right.
type heard struct {
	score  float64
	right  bool
	weight float64
}

func ask(t *testing.T, c *triage.Classifier, x triage.Example, weight float64) heard {
	t.Helper()
	d, err := c.Decide(t.Context(), x.Text)
	if err != nil {
		t.Fatal(err)
	}
	return heard{d.Candidates[0].Score, d.Candidates[0].Procedure == x.Procedure, weight}
}

// ece is the expected calibration error over 15 bins of equal width.
func ece(list []heard) float64 {
	var off [15]float64
	all := 0.0
	for _, h := range list {
		b := min(int(h.score*15), 14)
		off[b] += h.score * h.weight
		if h.right {
			off[b] -= h.weight
		}
		all += h.weight
	}
	sum := 0.0
	for _, x := range off {
		sum += math.Abs(x) / all
	}
	return sum
}

// flawless is what ece would be on average if each score were the truth: so few texts can't show less.
func flawless(list []heard) float64 {
	const times = 20
	r := rand.New(rand.NewPCG(1, 1))
	sum := 0.0
	for range times {
		truth := make([]heard, len(list))
		for i, h := range list {
			truth[i] = heard{h.score, r.Float64() < h.score, h.weight}
		}
		sum += ece(truth) / times
	}
	return sum
}

// Once some hundred texts are known, scores are the probabilities that they say they are.
func TestScoresAreProbabilities(t *testing.T) {
	for _, c := range []struct {
		texts int
		most  float64
	}{{100, 0.12}, {300, 0.05}, {1000, 0.03}} {
		for seed := range uint64(*draws) {
			w := triagetest.NewTraffic(t, seed)
			learned := make([]triage.Example, c.texts)
			for i := range learned {
				learned[i] = w.Next(w.Float64() * 0.999)
			}
			made, err := triage.Train(t.Context(), learned, embed.Builtin())
			if err != nil {
				t.Fatal(err)
			}
			var list []heard
			for range 1500 {
				list = append(list, ask(t, made, w.Next(w.Float64()*0.999), 1))
			}
			off := ece(list)
			t.Logf("%d texts, seed %d: calibration error %.3f on 1,500 others, %.3f if scores were the truth", c.texts, seed, off, flawless(list))
			if off > c.most {
				t.Errorf("%d texts, seed %d: calibration error %.3f, want %.2f at most", c.texts, seed, off, c.most)
			}
		}
	}
}

// With five examples of each of six procedures nothing can be proven, so little is taken on, and far less of
// it goes wrong than from 0.7 on. A fifth of what arrives is for none: for other intents, or beside any point.
func TestLittleIsTakenOnWhileLittleIsKnown(t *testing.T) {
	const procedures, each, strangers = 6, 5, 0.2
	strange := triagetest.NewTraffic(t, 0).Strange
	by := map[string][]triage.Example{}
	var names []string
	for _, x := range triagetest.Intents(t) {
		if by[x.Procedure] == nil {
			names = append(names, x.Procedure)
		}
		by[x.Procedure] = append(by[x.Procedure], x)
	}
	var all, single, least float64
	var list []heard
	var taken, wrong, takenAt07, wrongAt07 float64
	n := 6 * *draws
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 5))
		order := r.Perm(len(names))
		var learned, known, none []triage.Example
		for i, k := range order {
			for j, x := range r.Perm(len(by[names[k]])) {
				x := by[names[k]][x]
				switch {
				case i >= procedures:
					none = append(none, triage.Example{Text: x.Text})
				case j < each:
					learned = append(learned, x)
				default:
					known = append(known, x)
				}
			}
		}
		for _, text := range strange {
			none = append(none, triage.Example{Text: text})
		}
		made, err := triage.Train(t.Context(), learned, embed.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		var drawn []heard
		for _, x := range known {
			drawn = append(drawn, ask(t, made, x, 1))
		}
		for _, x := range none {
			drawn = append(drawn, ask(t, made, x, strangers/(1-strangers)*float64(len(known))/float64(len(none))))
		}
		for _, h := range drawn {
			all += h.weight
			for at, sum := range map[float64][2]*float64{made.Likely(): {&taken, &wrong}, 0.7: {&takenAt07, &wrongAt07}} {
				if h.score >= at {
					*sum[0] += h.weight
					if !h.right {
						*sum[1] += h.weight
					}
				}
			}
		}
		single += ece(drawn) / float64(n)
		least += made.Likely() / float64(n)
		list = append(list, drawn...)
	}
	t.Logf("%d draws: from %.3f on %.3f are taken on and %.3f of these go wrong; from 0.7 on %.3f and %.3f; calibration error %.3f a draw, %.3f of all together, which would be %.3f were scores the truth",
		n, least, taken/all, wrong/taken, takenAt07/all, wrongAt07/takenAt07, single, ece(list), flawless(list))
	if wrong/taken > 0.12 || wrong/taken > wrongAt07/takenAt07 {
		t.Errorf("%.3f of what is taken on goes wrong, and %.3f from 0.7 on; want few, and fewer than that", wrong/taken, wrongAt07/takenAt07)
	}
}
