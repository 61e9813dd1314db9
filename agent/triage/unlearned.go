package triage

import (
	"resolute/agent/casefile"
)

// Unlearned is what is said of its i-th example by what was learned of others alone: the surest procedure,
// and the one that the example is of. It was held back from learning for that, in turn with others, whoever
// wrote the same text. ok is false for an example that is for no procedure, that is the only one of its
// procedure, or that was taught later; of very many some aren't asked about either.
func (c *Classifier) Unlearned(i int) (d Decision, ok bool) {
	if i < 0 || i >= len(c.unlearned) {
		return Decision{}, false
	}
	d = c.unlearned[i]
	return d, len(d.Candidates) > 0
}

// hearUnlearned keeps what was said of examples while they were held back.
func (c *Classifier) hearUnlearned(known []witness) {
	c.unlearned = make([]Decision, len(c.examples))
	for _, w := range known {
		if w.of < 0 || w.own < 0 {
			continue
		}
		shares, best, sum := c.scale.shares(w.list), 0, 0.0
		for k, p := range shares {
			sum += p
			if p > shares[best] {
				best = k
			}
		}
		d := Decision{Candidates: []casefile.Candidate{c.candidate(&w.list[best], shares[best])}, Stranger: sum < c.familiar}
		if best != w.own {
			d.Candidates = append(d.Candidates, c.candidate(&w.list[w.own], shares[w.own]))
		}
		c.unlearned[w.of] = d
	}
}

func (c *Classifier) candidate(s *standing, score float64) casefile.Candidate {
	return casefile.Candidate{Procedure: c.names[s.class], Score: score, Nearest: c.examples[s.nearest].name()}
}
