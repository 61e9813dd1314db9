package triage

import (
	"math"
	"math/rand/v2"
)

// text is a text as numbers.
type text struct {
	meaning []float32 // the embedding, of length 1 or zero
	words   []feature
}

// plane separates the texts of one class from all others. It is linear in the embedding and in
// the words.
type plane struct {
	meaning []float32
	words   []float32 // by term; nil where words don't count
	bias    float32
}

// margin is above 0 on the side of the class.
func (p *plane) margin(t *text) float32 {
	sum := dot(p.meaning, t.meaning) + p.bias
	if p.words != nil {
		for _, f := range t.words {
			sum += p.words[f.id] * f.value
		}
	}
	return sum
}

// fit finds the plane of a linear support vector machine with squared hinge loss by dual
// coordinate descent with shrinking (Hsieh et al. 2008, "A Dual Coordinate Descent Method for
// Large-scale Linear SVM", algorithm 3). cost is what an error costs against the plane's
// steepness; terms the size of the vocabulary, 0 to leave words out; sides says of each text whether it
// is of the class (1), of another (-1), or says nothing about it (0).
func fit(texts []*text, sides []float32, terms int, cost float64, random *rand.Rand) plane {
	const rounds, precise = 30, 0.05
	n := len(texts)
	p := plane{}
	if n > 0 {
		p.meaning = make([]float32, len(texts[0].meaning))
	}
	if terms > 0 {
		p.words = make([]float32, terms)
	}
	alpha, squares, open := make([]float32, n), make([]float32, n), make([]int32, 0, n)
	diagonal := float32(1 / (2 * cost))
	for i, t := range texts {
		squares[i] = dot(t.meaning, t.meaning) + 1 + diagonal
		if terms > 0 {
			for _, f := range t.words {
				squares[i] += f.value * f.value
			}
		}
		if sides[i] != 0 {
			open = append(open, int32(i))
		}
	}
	bound := float32(math.Inf(1))
	for range rounds {
		random.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		var highest, lowest float32 = float32(math.Inf(-1)), float32(math.Inf(1))
		kept := 0
		for _, i := range open {
			t := texts[i]
			gradient := sides[i]*p.margin(t) - 1 + diagonal*alpha[i]
			projected := gradient
			if alpha[i] == 0 {
				if gradient > bound {
					continue // it won't count again
				}
				projected = min(gradient, 0)
			}
			open[kept] = i
			kept++
			highest, lowest = max(highest, projected), min(lowest, projected)
			if projected > 1e-6 || projected < -1e-6 {
				next := max(alpha[i]-gradient/squares[i], 0)
				step := (next - alpha[i]) * sides[i]
				alpha[i] = next
				add(p.meaning, t.meaning, step)
				if terms > 0 {
					for _, f := range t.words {
						p.words[f.id] += step * f.value
					}
				}
				p.bias += step
			}
		}
		open = open[:kept]
		if highest-lowest < precise {
			break
		}
		if bound = highest; bound <= 0 {
			bound = float32(math.Inf(1))
		}
	}
	return p
}

func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

func add(a, b []float32, scale float32) {
	b = b[:len(a)]
	for i := range a {
		a[i] += scale * b[i]
	}
}
