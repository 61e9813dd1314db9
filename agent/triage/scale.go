package triage

import "math"

// scale turns what speaks for classes into shares of one, with a share left for none of them: a
// conditional logit with an outside option of utility 0 (McFadden 1974). What speaks for a class is
// weighed the same whichever class it is, so a rival more makes nobody surer.
type scale traits

// weigh adds up what speaks for a class.
func (s *scale) weigh(t *traits) float64 {
	sum := 0.0
	for i, w := range s {
		sum += w * t[i]
	}
	return sum
}

// shares gives each its share; what is missing to one is the share of none.
func (s *scale) shares(list []standing) []float64 {
	shares := make([]float64, len(list))
	highest := 0.0
	for i := range list {
		shares[i] = s.weigh(&list[i].traits)
		highest = max(highest, shares[i])
	}
	sum := math.Exp(-highest)
	for i, u := range shares {
		shares[i] = math.Exp(u - highest)
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

// witness is a text that was held back from learning: what spoke for which class, and which one it
// was, if any of these.
type witness struct {
	list   []standing
	own    int // index in list, -1 for none of them
	weight float64
	of     int // index among the texts that are learned from in the end, -1 for none of these
}

// fitScale finds the weights that make what is known of the witnesses likeliest, starting from and
// held to usual as if by some witnesses: few say little against it, many overrule it. By Newton's
// method.
func fitScale(witnesses []witness, usual scale, hold traits) scale {
	s := usual
	worth := func(s scale) float64 {
		sum := 0.0
		for _, w := range witnesses {
			shares := s.shares(w.list)
			p := 1.0
			if w.own >= 0 {
				p = shares[w.own]
			} else {
				for _, x := range shares {
					p -= x
				}
			}
			sum += w.weight * math.Log(max(p, 1e-12))
		}
		for i := range s {
			sum -= hold[i] * (s[i] - usual[i]) * (s[i] - usual[i]) / 2
		}
		return sum
	}
	now := worth(s)
	for range 50 {
		var gradient traits
		var curve [len(traits{})][len(traits{})]float64
		for i := range s {
			gradient[i] = -hold[i] * (s[i] - usual[i])
			curve[i][i] = hold[i]
		}
		for _, w := range witnesses {
			shares := s.shares(w.list)
			var mean traits
			for k, p := range shares {
				for i, x := range w.list[k].traits {
					mean[i] += p * x
				}
			}
			for i := range s {
				if w.own >= 0 {
					gradient[i] += w.weight * w.list[w.own].traits[i]
				}
				gradient[i] -= w.weight * mean[i]
				for j := range i + 1 {
					sum := -mean[i] * mean[j]
					for k, p := range shares {
						sum += p * w.list[k].traits[i] * w.list[k].traits[j]
					}
					curve[i][j] += w.weight * sum
				}
			}
		}
		step := solve(curve, gradient)
		better := false
		for try := 0; try < 20 && !better; try++ {
			next := s
			for i := range s {
				next[i] += step[i]
				step[i] /= 2
			}
			if value := worth(next); value > now+1e-9 {
				better, s, now = true, next, value
			}
		}
		if !better {
			break
		}
	}
	return s
}

// solve gives the x of a·x = b for a symmetric, positive a of which the lower half is read
// (Cholesky).
func solve(a [len(traits{})][len(traits{})]float64, b traits) traits {
	for i := range b {
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(max(sum, 1e-12))
			} else {
				a[i][j] = sum / a[j][j]
			}
		}
	}
	for i := range b {
		for k := range i {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	for i := len(b) - 1; i >= 0; i-- {
		for k := i + 1; k < len(b); k++ {
			b[i] -= a[k][i] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}
