// Package embed turns text into vectors whose cosine says how alike two texts are.
//
// An Embedder's vectors can be compared only with vectors of the same fingerprint; whoever stores
// them stores the fingerprint beside them and embeds anew when it differs.
package embed

import "context"

// Embedder turns texts into vectors of unit length. It is safe for concurrent use.
type Embedder interface {
	// Embed answers one vector per text, in order, each with Dimensions values and of length 1, or
	// all zeros for a text in which nothing could be read. It returns early, with the context's
	// error, once ctx is done.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Dimensions is the number of values in each vector.
	Dimensions() int
	// Fingerprint names what the vectors depend on: the method, its version and its parameters.
	Fingerprint() string
}
