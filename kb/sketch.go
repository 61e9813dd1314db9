package kb

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// sketcher makes 1-bit sketches of vectors: the signs of a vector's values after a random rotation.
// The rotation spreads what a vector says evenly over the bits, so that the number of bits in which
// two sketches differ tells the angle between the vectors (Charikar 2002, "Similarity Estimation
// Techniques from Rounding Algorithms"; rotations by Hadamard matrices as in Andoni et al. 2015,
// "Practical and Optimal LSH for Angular Distance").
type sketcher struct {
	dimensions int
	width      int         // of a rotation: dimensions rounded up to a power of two, at least 64
	signs      [][]float32 // of each round, width values of 1 or -1
}

// rounds of sign flips and Hadamard transforms in a rotation.
const rounds = 3

func newSketcher(dimensions int) *sketcher {
	width := 64
	for width < dimensions {
		width *= 2
	}
	s := &sketcher{dimensions: dimensions, width: width}
	random := rand.New(rand.NewPCG(0x7265736f6c757465, uint64(dimensions)))
	for range rounds {
		signs := make([]float32, width)
		for i := range signs {
			signs[i] = 1 - 2*float32(random.IntN(2))
		}
		s.signs = append(s.signs, signs)
	}
	return s
}

// words is the length of a sketch in 64-bit words.
func (s *sketcher) words() int { return s.width / 64 }

// sketch writes the sketch of vector to out. work has room for width values.
func (s *sketcher) sketch(out []uint64, vector, work []float32) {
	clear(work)
	copy(work, vector)
	for _, signs := range s.signs {
		for i, sign := range signs {
			work[i] *= sign
		}
		hadamard(work)
	}
	for w := range out {
		var word uint64
		for i, x := range work[64*w : 64*w+64] {
			word |= uint64(math.Float32bits(x)>>31) << i
		}
		out[w] = word
	}
}

// hadamard multiplies v by the Hadamard matrix of its length, a power of two, not normalised.
func hadamard(v []float32) {
	for half := 1; half < len(v); half *= 2 {
		for at := 0; at < len(v); at += 2 * half {
			a, b := v[at:at+half], v[at+half:at+2*half]
			for i := range a {
				a[i], b[i] = a[i]+b[i], a[i]-b[i]
			}
		}
	}
}

// distances writes how many bits of each sketch in all, which stand one after the other, differ from
// those of one.
func distances(out []uint16, all, one []uint64) {
	if len(one) == 4 { // 256 dimensions, the usual case: four words fit into registers
		a, b, c, d := one[0], one[1], one[2], one[3]
		for i := range out {
			s := all[4*i : 4*i+4 : 4*i+4]
			out[i] = uint16(bits.OnesCount64(s[0]^a) + bits.OnesCount64(s[1]^b) + bits.OnesCount64(s[2]^c) + bits.OnesCount64(s[3]^d))
		}
		return
	}
	n := len(one)
	for i := range out {
		differ := 0
		for k, word := range all[n*i : n*i+n] {
			differ += bits.OnesCount64(word ^ one[k])
		}
		out[i] = uint16(differ)
	}
}
