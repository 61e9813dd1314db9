package embed

import (
	"context"
	_ "embed"
	"math"
	"sync"
)

//go:embed builtin.table
var builtinTable []byte

// Static embeds by the mean of learned vectors, one for each token and for each frequent pair of
// neighbours, scaled to unit length. What a token counts is the length of its vector. The vectors
// were distilled from a sentence encoder (README.md says how), so a paraphrase in other words is
// near, but the order of words beyond pairs is not seen, nor any language but English.
type Static struct {
	table   *table
	scratch sync.Pool // of *scratch
}

// scratch is what one call of EmbedInto works with.
type scratch struct {
	reader reader
	rows   []uint16
}

var _ Embedder = (*Static)(nil)

// maxPooledTokens keeps one huge text from holding its scratch space for good.
const maxPooledTokens = 1 << 16

// Builtin returns the embedder whose table is compiled in.
func Builtin() *Static {
	t, err := parseTable(builtinTable)
	if err != nil {
		panic("embed: the table that was compiled in is broken, build again from a sound checkout: " + err.Error())
	}
	return newStatic(t)
}

func newStatic(t *table) *Static {
	return &Static{table: t, scratch: sync.Pool{New: func() any { return new(scratch) }}}
}

// Dimensions is the number of values in a vector.
func (s *Static) Dimensions() int { return dimensions }

// Fingerprint names the method and the content of its table.
func (s *Static) Fingerprint() string { return s.table.fingerprint }

// Embed answers one vector per text. It fails only when ctx is done.
func (s *Static) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	values := make([]float32, len(texts)*dimensions)
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vectors[i] = values[i*dimensions : (i+1)*dimensions : (i+1)*dimensions]
		s.EmbedInto(vectors[i], text)
	}
	return vectors, nil
}

// EmbedInto writes the vector of text to dst, which must have room for Dimensions values. It
// allocates nothing once its scratch space has grown to the texts it sees.
func (s *Static) EmbedInto(dst []float32, text string) {
	sum := (*[dimensions]float32)(dst)
	c := s.scratch.Get().(*scratch)
	tokens := s.table.vocabulary.read(&c.reader, text)
	c.rows = s.table.appendRows(c.rows[:0], tokens)
	s.table.sum(sum, c.rows)
	if cap(c.rows) <= maxPooledTokens {
		s.scratch.Put(c)
	}
	toUnitLength(sum[:])
}

func toUnitLength(v []float32) {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	if squares == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(squares))
	for i := range v {
		v[i] *= scale
	}
}
