package sureness

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"

	"resolute/agent/casefile"
)

const (
	// Least is how many outcomes there have to be before they say anything.
	Least = 30
	// Kept is how many are looked back at.
	Kept = 2000

	perBin = 15 // outcomes of a bin, at least
	// prior is how many outcomes the raw number itself counts as in each bin: few others say little against
	// it, many overrule it.
	prior = 8
)

// Outcome is what a proposal came to.
type Outcome struct {
	Raw   float64 `json:"raw"`
	Value float64 `json:"value"` // what was made of it then
	Right bool    `json:"right"`
}

// Calibrate says what raw numbers were worth: in each bin of about as many outcomes, how many were right,
// pulled towards what the numbers said themselves where there are few. The order of the outcomes doesn't
// matter. With fewer than Least the calibration is the one that knows nothing.
func Calibrate(outcomes []Outcome) casefile.Calibration {
	if len(outcomes) < Least {
		return casefile.Calibration{}
	}
	sorted := slices.Clone(outcomes)
	slices.SortFunc(sorted, func(a, b Outcome) int { return cmp.Compare(share(a.Raw), share(b.Raw)) })
	per := max(perBin, len(sorted)/20)
	var bins []bin
	for from := 0; from < len(sorted); {
		to := min(from+per, len(sorted))
		if len(sorted)-to < per {
			to = len(sorted)
		}
		for to < len(sorted) && share(sorted[to].Raw) == share(sorted[to-1].Raw) {
			to++ // what is equally sure is worth the same
		}
		bins = pool(bins, binOf(sorted[from:to]))
		from = to
	}
	drawn := bins[:0:0]
	for _, b := range bins {
		drawn = pool(drawn, b.drawn())
	}
	c := casefile.Calibration{Of: len(sorted)}
	for i, b := range drawn {
		from := 0.0
		if i > 0 {
			from = round((drawn[i-1].high + b.low) / 2)
		}
		c.From, c.Right = append(c.From, from), append(c.Right, round(b.right()))
	}
	c.Version = versionOf(&c)
	return c
}

// bin are outcomes of which the raw numbers are next to each other.
type bin struct {
	low, high float64 // raw
	n, yes    float64 // yes of n
	raw       float64 // sum of the raw numbers
}

func binOf(list []Outcome) bin {
	b := bin{low: share(list[0].Raw), high: share(list[len(list)-1].Raw), n: float64(len(list))}
	for _, o := range list {
		b.raw += share(o.Raw)
		if o.Right {
			b.yes++
		}
	}
	return b
}

// drawn gives the bin with the raw numbers themselves counted in.
func (b bin) drawn() bin {
	b.yes += prior * b.raw / b.n
	b.n += prior
	return b
}

func (b bin) right() float64 { return b.yes / b.n }

// pool adds a bin behind others, and pools it with those that would say that who was less sure was more often
// right.
func pool(bins []bin, b bin) []bin {
	for len(bins) > 0 && bins[len(bins)-1].right() >= b.right() {
		last := bins[len(bins)-1]
		bins = bins[:len(bins)-1]
		b = bin{low: last.low, high: b.high, n: last.n + b.n, yes: last.yes + b.yes, raw: last.raw + b.raw}
	}
	return append(bins, b)
}

// round keeps what is journaled short.
func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// versionOf is a digest of what a calibration says.
func versionOf(c *casefile.Calibration) string {
	b, err := json.Marshal(struct {
		From, Right []float64
		Of          int
	}{c.From, c.Right, c.Of})
	if err != nil {
		return "" // no number in it is NaN
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
