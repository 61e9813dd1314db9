package insights

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Numbers are put in the order in which comparing them puts them, few or many, whatever they are.
func TestAscending(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3), rapid.Int64Range(0, math.MaxUint32), rapid.Just(int64(math.MinInt64)))
		some := rapid.SliceOfN(number, 1, 50).Draw(t, "numbers")
		var list []int64
		for i := range rapid.IntRange(1, 2*fewNumbers).Draw(t, "many") {
			list = append(list, some[i%len(some)]+int64(i%13))
		}
		want := slices.Clone(list)
		slices.Sort(want)
		if ascending(list); !slices.Equal(list, want) {
			t.Fatalf("%d numbers should be in order", len(list))
		}
	})
}
