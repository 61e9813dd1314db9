package insights

import "slices"

// fewNumbers is up to how many are sorted by comparing them.
const fewNumbers = 1000

// ascending sorts numbers as slices.Sort does. Many it puts in order byte by byte, the lowest first, which takes as
// many steps as there are bytes in which they differ.
func ascending(list []int64) {
	if len(list) <= fewNumbers {
		slices.Sort(list)
		return
	}
	digit := func(n int64, at int) byte { return byte((uint64(n) ^ 1<<63) >> (8 * at)) } // negative ones are less
	var counts [8][256]int
	for _, n := range list {
		for at := range counts {
			counts[at][digit(n, at)]++
		}
	}
	from, to := list, make([]int64, len(list))
	for at := range counts {
		places := &counts[at]
		if places[digit(list[0], at)] == len(list) {
			continue // all are alike here
		}
		sum := 0
		for d, n := range places {
			places[d], sum = sum, sum+n
		}
		for _, n := range from {
			d := digit(n, at)
			to[places[d]] = n
			places[d]++
		}
		from, to = to, from
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
}
