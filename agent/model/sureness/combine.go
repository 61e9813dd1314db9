package sureness

import (
	"math"

	"resolute/agent/casefile"
)

// The weights of what speaks for a proposal. They are a prior, made so that with the usual threshold of
// 0.8 no proposal is sure enough with which a third of the samples disagree, nor one of which a half isn't
// borne out, whatever else speaks for it. What a model states of itself is known to be too high and tells little apart
// (Xiong et al. 2024, Can LLMs Express Their Uncertainty?), while samples that agree tell much (Wang et al.
// 2023, Self-Consistency).
const (
	weightAgreement = 0.50
	weightCoverage  = 0.30
	weightStated    = 0.12
	weightRetrieval = 0.08
)

// Combine gives how sure a proposal is by its parts, from 0 to 1: their weighted mean.
func Combine(c casefile.Confidence) float64 {
	return share(weightAgreement*share(c.Agreement) + weightCoverage*share(c.Coverage) + weightStated*share(c.Stated) + weightRetrieval*share(c.Retrieval))
}

// share holds a number between 0 and 1; what is none is 0.
func share(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 1)
}

// Value gives what a raw number is worth by a calibration; nil, or one that knows nothing, leaves it as it
// is.
func Value(c *casefile.Calibration, raw float64) float64 {
	raw = share(raw)
	if c == nil || c.Version == "" || len(c.From) == 0 || len(c.From) != len(c.Right) {
		return raw
	}
	at := 0
	for at+1 < len(c.From) && c.From[at+1] <= raw {
		at++
	}
	return share(c.Right[at])
}
