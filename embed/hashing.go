package embed

import (
	"context"
	"math"
	"sync"
)

const (
	hashingDimensions  = 256
	hashingFingerprint = "hashing/1/256" // rises with every change that moves a vector
)

// Weights of the feature classes. Whole words carry the meaning; pairs tell word order; pieces of
// words forgive typing errors and inflection, and are many, so each counts little.
const (
	wordWeight  = 1.0
	pairWeight  = 0.7
	pieceWeight = 0.25
	stopDamping = 0.1 // what a stop word counts, compared with any other
)

// HashingEmbedder embeds by signed feature hashing (Weinberger et al. 2009, "Feature Hashing for
// Large Scale Multitask Learning"): lowercased, lightly stemmed words, pairs of neighbours, and the
// pieces of 3 to 5 characters in each word are hashed to 256 signed counters, weighted by
// 1+log(count), and scaled to unit length.
//
// It has no training and knows no meaning: two texts are alike as far as they share words or parts
// of words, so a synonym or a paraphrase in other words is not found, and since many features share
// a counter, unrelated texts have a cosine that is small rather than zero (mostly below 0.2). It is
// for English; other languages work without stemming and stop words. What it has is speed, no file
// to load, and the same vector on every machine, up to rounding.
type HashingEmbedder struct {
	scratch sync.Pool // of *features
}

var _ Embedder = (*HashingEmbedder)(nil)

// Hashing returns the hashing embedder.
func Hashing() *HashingEmbedder {
	return &HashingEmbedder{scratch: sync.Pool{New: func() any { return newFeatures() }}}
}

// Dimensions is 256.
func (h *HashingEmbedder) Dimensions() int { return hashingDimensions }

// Fingerprint names the method and its version.
func (h *HashingEmbedder) Fingerprint() string { return hashingFingerprint }

// Embed answers one vector per text. It fails only when ctx is done.
func (h *HashingEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	values := make([]float32, len(texts)*hashingDimensions)
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vectors[i] = values[i*hashingDimensions : (i+1)*hashingDimensions : (i+1)*hashingDimensions]
		h.EmbedInto(vectors[i], text)
	}
	return vectors, nil
}

// EmbedInto writes the vector of text to dst, which must have room for Dimensions values. It
// allocates nothing once its scratch space has grown to the texts it sees.
func (h *HashingEmbedder) EmbedInto(dst []float32, text string) {
	dst = dst[:hashingDimensions]
	clear(dst)
	f := h.scratch.Get().(*features)
	f.read(text)
	for _, slot := range f.used {
		e := f.table[slot]
		weight := e.weight * float32(1+math.Log(float64(e.count)))
		if e.key>>63 == 1 {
			weight = -weight
		}
		dst[e.key%hashingDimensions] += weight
	}
	f.reset()
	if len(f.table) <= maxPooledTable {
		h.scratch.Put(f)
	}

	var squares float64
	for _, v := range dst {
		squares += float64(v) * float64(v)
	}
	if squares == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(squares))
	for i := range dst {
		dst[i] *= scale
	}
}
