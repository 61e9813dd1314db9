//go:build !race

package embed

import "testing"

// Not under the race detector: there a sync.Pool loses things at random.
func TestEmbeddingAllocatesNothing(t *testing.T) {
	s := Builtin()
	dst := make([]float32, s.Dimensions())
	for _, text := range []string{passage(), "Où est ma commande n° 42 ? 我的订单在哪里", ""} {
		s.EmbedInto(dst, text)
		if n := testing.AllocsPerRun(100, func() { s.EmbedInto(dst, text) }); n != 0 {
			t.Errorf("%.30q: %v allocations, want none", text, n)
		}
	}
}
