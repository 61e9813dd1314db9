package report

import (
	"fmt"
	"strings"
)

// Point is the unit of a value on the cost curve: what costs how many µs at how many stored cases.
func Point(what string, stored int) string { return fmt.Sprintf("µs/%s at %d", what, stored) }

// point reads what Point wrote; what is "" of any other unit.
func point(unit string) (what string, stored int) {
	what, _, _ = strings.Cut(strings.TrimPrefix(unit, "µs/"), " at ")
	if _, err := fmt.Sscanf(unit, "µs/"+what+" at %d", &stored); err != nil {
		return "", 0
	}
	return what, stored
}

func kind(unit string) string {
	what, _ := point(unit)
	return what
}
