package confidence_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"resolute/agent/confidence"
)

// stream gives the look at which a stream of so likely a yes first passes the bar, 0 for never.
func stream(seed uint64, p, bar float64, after, looks int) int {
	r := rand.New(rand.NewPCG(seed, 1))
	yes := 0
	for n := 1; n <= looks; n++ {
		if r.Float64() < p {
			yes++
		}
		if n >= after && confidence.Above(yes, n-yes, bar, 0.95) {
			return n
		}
	}
	return 0
}

// Of a thousand streams just below the bar, looked at after each decision, at most one in twenty is
// ever promoted.
func TestStreamsBelowTheBarStayThere(t *testing.T) {
	const bar, agreement, looks = 0.9, 0.9 - 1e-4, 1000
	promoted := 0
	for seed := range uint64(1000) {
		if stream(seed, agreement, bar, 1, looks) > 0 {
			promoted++
		}
	}
	t.Logf("true agreement %v, bar %v: %d of 1000 streams of %d decisions were ever promoted", agreement, bar, promoted, looks)
	if promoted > 50 {
		t.Errorf("%d of 1000 streams just below the bar were promoted, want at most 50", promoted)
	}
}

// Who agrees is promoted in reasonable time.
func TestStreamsAboveTheBarPass(t *testing.T) {
	var at []int
	for seed := range uint64(1000) {
		if n := stream(seed, 0.98, 0.9, 30, 500); n > 0 {
			at = append(at, n)
		}
	}
	slices.Sort(at)
	if len(at) < 990 {
		t.Fatalf("%d of 1000 streams of true agreement 0.98 pass the bar of 0.90 within 500 decisions, want nearly all", len(at))
	}
	t.Logf("true agreement 0.98, bar 0.90: %d of 1000 pass within 500 decisions; median %d, nine tenths within %d, first %d, last %d",
		len(at), at[len(at)/2], at[len(at)*9/10], at[0], at[len(at)-1])
	if at[len(at)/2] > 150 {
		t.Errorf("half of them take %d decisions or more, want at most 150", at[len(at)/2])
	}
}

// The bettor's wealth is a martingale at the bar itself: what it is now is what it is expected to be
// after the next observation. This is all that the promise rests on.
func TestWealthIsFair(t *testing.T) {
	for _, p := range []float64{0.01, 0.5, 0.9, 0.99} {
		for yes := range 40 {
			for no := range 20 {
				now := math.Exp(confidence.Wealth(yes, no, p))
				next := p*math.Exp(confidence.Wealth(yes+1, no, p)) + (1-p)*math.Exp(confidence.Wealth(yes, no+1, p))
				if math.Abs(next-now) > 1e-9*now {
					t.Fatalf("bet against %v after %d yes and %d no: %v, and %v is expected next; want the same", p, yes, no, now, next)
				}
			}
		}
	}
	if w := confidence.Wealth(0, 0, 0.9); math.Abs(w) > 1e-12 {
		t.Errorf("the bettor begins with e^%v, want 1", w)
	}
}

// The bound is where Above turns: all that is below it is refuted, nothing above.
func TestLowerBound(t *testing.T) {
	for _, n := range []int{0, 1, 5, 30, 200, 3000} {
		for _, no := range []int{0, 1, 4, n / 10, n} {
			bound := confidence.LowerBound(n, no, 0.95)
			if bound < 0 || n > 0 && bound > float64(n)/float64(n+no) {
				t.Errorf("%d yes and %d no: at least %v, want no more than their share", n, no, bound)
			}
			for p := 0.005; p < 1; p += 0.005 {
				if got, want := confidence.Above(n, no, p, 0.95), p <= bound; got != want && math.Abs(p-bound) > 1e-5 {
					t.Errorf("%d yes and %d no: above %.3f is %v, and the bound is %v", n, no, p, got, bound)
				}
			}
		}
	}
	if more, fewer := confidence.LowerBound(50, 1, 0.95), confidence.LowerBound(50, 2, 0.95); more <= fewer {
		t.Errorf("one no more raised the bound from %v to %v", more, fewer)
	}
}

func BenchmarkAbove(b *testing.B) {
	for b.Loop() {
		confidence.Above(120, 3, 0.9, 0.95)
	}
}

func BenchmarkLowerBound(b *testing.B) {
	for b.Loop() {
		confidence.LowerBound(120, 3, 0.95)
	}
}
