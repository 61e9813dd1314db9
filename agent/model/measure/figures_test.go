package measure

import (
	"math"
	"testing"
)

// TestPassOfKAttempts holds pass^k against counting by hand: of four attempts three passed.
func TestPassOfKAttempts(t *testing.T) {
	for _, tt := range []struct {
		n, c, k int
		want    float64
	}{
		{4, 3, 1, 0.75}, {4, 3, 2, 0.5}, {4, 3, 3, 0.25}, {4, 3, 4, 0}, {4, 4, 4, 1}, {1, 0, 1, 0}, {2, 2, 3, 0},
	} {
		if got := passHat(tt.n, tt.c, tt.k); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("pass^%d of %d attempts of which %d passed is %v, want %v", tt.k, tt.n, tt.c, got, tt.want)
		}
	}
}
