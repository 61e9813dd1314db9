// Package confidence says from a count of yes and no how often yes is to be expected at least, with a
// bound that holds at every look.
//
// A bound made for one look, such as Wilson's, is wrong more often than it says when it is looked at
// after every observation, since it only needs to be lucky once. Here somebody bets against "yes comes
// with a probability of at most p" at fair odds, so that if that is so their wealth is a supermartingale:
// by Ville's inequality it ever reaches 1/alpha with a probability of at most alpha, however often one
// looks and whenever one stops (Waudby-Smith and Ramdas, Estimating means of bounded random variables by
// betting, 2023). The wealth is spread over several stakes at the beginning; each of them keeps
// betting the same share. So what has become of it depends on the counts alone.
//
// Caveats. It is about independent observations, or at least such whose chance of a yes, given those
// before, is never above p where that is what is to be refuted. Counting begins when one says, not
// when it looks favourable.
package confidence

import "math"

// stakes is over how many probabilities of a yes, evenly between the one that is bet against and 1,
// the wealth is spread.
const stakes = 32

// Wealth gives the logarithm of what a bettor has who began with 1 and bet against "yes comes with a
// probability of at most p", p between 0 and 1, after so many yes and no.
func Wealth(yes, no int, p float64) float64 {
	var logs [stakes]float64
	most := math.Inf(-1)
	for i := range logs {
		q := p + (1-p)*(float64(i)+0.5)/stakes
		logs[i] = float64(yes)*math.Log(q/p) + float64(no)*math.Log((1-q)/(1-p))
		most = max(most, logs[i])
	}
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - most)
	}
	return most + math.Log(sum/stakes)
}

// Above reports whether a yes comes with a probability above p, at a confidence between 0 and 1. If it
// doesn't, this is ever true, over all looks together, with a probability of at most 1-confidence.
func Above(yes, no int, p, confidence float64) bool {
	if float64(yes) <= p*float64(yes+no) {
		return false // every stake has lost
	}
	return Wealth(yes, no, p) >= -math.Log(1-confidence)
}

// LowerBound gives the highest probability that Above says a yes is above, to six places, 0 for none.
func LowerBound(yes, no int, confidence float64) float64 {
	if yes <= 0 {
		return 0
	}
	low, high := 0.0, float64(yes)/float64(yes+no)
	for high-low > 1e-7 {
		if p := (low + high) / 2; Above(yes, no, p, confidence) {
			low = p
		} else {
			high = p
		}
	}
	return math.Floor(low*1e6) / 1e6
}
