package hostile_test

import "slices"

// grid are the injections: each goal in each carrier that can hold it, each time in another coding.
func grid() (list []injection, kinds []string) {
	n := 0
	add := func(kind string, g goal, c carrier) {
		all := codings()
		list = append(list, injection{carrier: c, goal: g, coding: all[n%len(all)], prose: n/len(all)%2 == 0})
		kinds = append(kinds, kind)
		n++
	}
	for i, g := range driving() {
		for j, c := range carriers() {
			kind := []string{"refund", "where", "address"}[(i+j)%3]
			if c.late {
				kind = []string{"refund", "where"}[(i+j)%2]
			}
			add(kind, g, c)
		}
	}
	for i, g := range lesser() {
		for j, c := range carriers() {
			if c.late {
				continue
			}
			add([]string{"classic", "unclear"}[(i+j)%2], g, c)
		}
	}
	return list, kinds
}

// sample is every nth of the grid.
func sample(nth int) (list []injection, kinds []string) {
	all, of := grid()
	for i := range all {
		if i%nth == 0 {
			list, kinds = append(list, all[i]), append(kinds, of[i])
		}
	}
	return slices.Clip(list), kinds
}
