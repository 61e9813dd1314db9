package triage

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sure makes a witness whose surest class has probability p, and is right or not.
func sure(p float64, right bool) witness {
	w := witness{own: -1, weight: 1, list: []standing{{traits: traits{math.Log(p / (1 - p))}}}}
	if right {
		w.own = 0
	}
	return w
}

// What is certified on some draws must hold for what else is drawn: the rate is exceeded no more often
// than the confidence allows.
func TestThresholdKeepsTheStatedRate(t *testing.T) {
	const draws, rate = 400, 0.03
	random := rand.New(rand.NewPCG(1, 1))
	one := scale{1}
	broken, none := 0, 0
	for range draws {
		var list []witness
		for range 600 {
			p := 1 - 0.5*math.Pow(random.Float64(), 3)
			list = append(list, sure(min(p, 0.999), random.Float64() < p))
		}
		at := threshold(&one, list, rate)
		if at == 0 {
			none++
			continue
		}
		var taken, wrong float64
		for i := range 20000 { // the truth: a score is the probability of being right
			u := (float64(i) + 0.5) / 20000
			if p := 1 - 0.5*u*u*u; min(p, 0.999) >= at {
				taken++
				wrong += 1 - p
			}
		}
		if wrong/taken > rate {
			broken++
		}
	}
	t.Logf("of %d thresholds %d let more than %.2f go wrong; %d times none was given", draws, broken, rate, none)
	if share := float64(broken) / draws; share > 2*(1-confidence) {
		t.Errorf("the stated rate is exceeded in %.3f of the draws, want it to hold with confidence %.2f", share, confidence)
	}
	if none > draws/10 {
		t.Errorf("no threshold was found in %d of %d draws, although most texts are surely right", none, draws)
	}
}

func TestThresholdSaysNothingOnLittle(t *testing.T) {
	one := scale{1}
	var list []witness
	for range 110 {
		list = append(list, sure(0.99, true))
	}
	if at := threshold(&one, list, 0.03); at == 0 {
		t.Error("110 right of 110 give no threshold, although they prove that less than 0.03 go wrong")
	}
	if at := threshold(&one, list, 0.003); at != 0 {
		t.Errorf("110 texts prove that less than 0.003 go wrong, from %v on", at)
	}
	if at := threshold(&one, nil, 0.03); at != 0 {
		t.Errorf("no text at all proves something, from %v on", at)
	}
	for i := range list {
		list[i].own = -1
	}
	if at := threshold(&one, list, 0.03); at != 0 {
		t.Errorf("110 wrong of 110 are taken on from %v on", at)
	}
}

// A few heavy witnesses don't count as many.
func TestThresholdHeedsWeights(t *testing.T) {
	one := scale{1}
	var list []witness
	for range 30 {
		w := sure(0.99, true)
		w.weight = 10
		list = append(list, w)
	}
	if at := threshold(&one, list, 0.03); at != 0 {
		t.Errorf("30 texts that weigh 10 each prove as much as 300, from %v on", at)
	}
}

func TestTail(t *testing.T) {
	for _, c := range []struct {
		k       int
		n, p, q float64
	}{{0, 100, 0.03, math.Pow(0.97, 100)}, {1, 2, 0.5, 0.75}, {3, 3, 0.2, 1}} {
		if got := tail(c.k, c.n, c.p); math.Abs(got-c.q) > 1e-9 {
			t.Errorf("at most %d of %v, each with %v: %v, want %v", c.k, c.n, c.p, got, c.q)
		}
	}
}

// The weights that texts were drawn by are found again; few texts leave them as they usually are.
func TestFitScale(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	truth := scale{3, -1, 5, 0.5}
	draw := func(n int) (list []witness) {
		for range n {
			w := witness{own: -1, weight: 1}
			for k := range 4 {
				w.list = append(w.list, standing{class: k, traits: traits{random.NormFloat64(), random.NormFloat64(), random.Float64(), 1}})
			}
			u := random.Float64()
			for k, p := range truth.shares(w.list) {
				if u -= p; u < 0 {
					w.own = k
					break
				}
			}
			list = append(list, w)
		}
		return list
	}
	got := fitScale(draw(20000), scale{}, traits{0.1, 0.1, 0.1, 0.1})
	for i := range truth {
		if math.Abs(got[i]-truth[i]) > 0.3 {
			t.Fatalf("weights %.2f, want about %.2f", got, truth)
		}
	}
	usual := scale{1, 1, 1, 1}
	if got = fitScale(nil, usual, holdScale); got != usual {
		t.Errorf("without a witness the weights are %v, want %v", got, usual)
	}
	if got = fitScale(draw(2), usual, traits{100, 100, 100, 100}); math.Abs(got[0]-1) > 0.1 {
		t.Errorf("two witnesses overrule what is firmly held: %v", got)
	}
}

func TestFamiliarityPartsStrangers(t *testing.T) {
	one := scale{1}
	var known, strange []witness
	for i := range 100 {
		known = append(known, sure(0.5+float64(i)*0.004, true))
		strange = append(strange, sure(0.1+float64(i)*0.003, false))
	}
	if at := familiarity(&one, known, strange); at <= 0.397 || at >= 0.5 {
		t.Errorf("strangers are told up to %v, want between 0.397 and 0.5", at)
	}
	if at := familiarity(&one, known, nil); at != 0 {
		t.Errorf("without strangers everything below %v is one", at)
	}
}

// While nothing can be proven, what is likely to keep the rate is from what scores say and from how it went.
func TestLikely(t *testing.T) {
	one := scale{1}
	var list []witness
	for i := range 50 {
		list = append(list, sure(0.999-float64(i)*0.005, true))
	}
	at := likely(&one, list, 0.03)
	if at < 0.93 || at > 0.95 { // half the way from 1 to it is 3 %
		t.Errorf("it is likely from %v on, want about 0.94", at)
	}
	list[4].own = -1
	if with := likely(&one, list, 0.03); with <= at {
		t.Errorf("with an error near the top it is %v, want it stricter than %v", with, at)
	}
	if at := likely(&one, nil, 0.03); at != 0.97 {
		t.Errorf("without a witness it is %v, want 0.97", at)
	}
}
