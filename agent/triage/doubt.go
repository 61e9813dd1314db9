package triage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Doubt is what is odd about examples. They are learned from all the same.
type Doubt struct {
	Source string // of the example
	Detail string
}

// Doubts finds texts that are examples of more than one procedure, and procedures with one example
// alone: nothing can be held back of those to see how sure they are.
func Doubts(examples []Example) []Doubt {
	var list []Doubt
	first := map[string]Example{}
	only := map[string]Example{}
	count := map[string]int{}
	for _, x := range examples {
		said := strings.Join(strings.Fields(strings.ToLower(x.Text)), " ")
		if other, ok := first[said]; !ok {
			first[said] = x
		} else if other.Procedure != x.Procedure {
			list = append(list, Doubt{x.Source, fmt.Sprintf("%q is an example of %s, and of %s too%s: keep one", x.Text, called(x.Procedure), called(other.Procedure), at(other.Source))})
		}
		if x.Procedure != "" {
			count[x.Procedure]++
			only[x.Procedure] = x
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(count), cmp.Compare[string]) {
		if count[name] == 1 {
			list = append(list, Doubt{only[name].Source, fmt.Sprintf("%s has a single example: give it five or more", name)})
		}
	}
	return list
}

func called(procedure string) string {
	if procedure == "" {
		return "none of them"
	}
	return procedure
}

func at(source string) string {
	if source == "" {
		return ""
	}
	return " (" + source + ")"
}
