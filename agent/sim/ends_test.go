package sim_test

import (
	"maps"
	"slices"
	"testing"

	"resolute/agent/sim"
)

// TestSameSignalsSameEnd delivers the same signals in their order, in any order, and again and again:
// where nothing else goes wrong, the same comes of them.
func TestSameSignalsSameEnd(t *testing.T) {
	n := 25
	if testing.Short() || sim.Raced {
		n = 8
	}
	for seed := range uint64(n) {
		var ends []map[string]string
		for delivery := range uint64(4) {
			r := runOf(t, func(book *sim.Book) sim.Report { return sim.Deliveries(book, seed+1, delivery, bubble{}) })
			if r.Violation != nil {
				t.Fatalf("seed %d, delivery %d breaks a promise: %s", seed+1, delivery, r.Violation)
			}
			ends = append(ends, r.Ends)
		}
		for delivery, end := range ends[1:] {
			if !maps.Equal(end, ends[0]) {
				t.Errorf("seed %d: delivered in order the signals lead to\n%v\nand in order %d to\n%v", seed+1, sorted(ends[0]), delivery+1, sorted(end))
			}
		}
	}
}

func sorted(m map[string]string) (list []string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+" → "+m[k])
	}
	return list
}
