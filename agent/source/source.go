// Package source reads a bundle's YAML files strictly and remembers where everything stands, so
// that every error names file, line and column. It imports nothing of ours.
//
// A Node is a place in a file. Reading it never fails: what is wrong is added to the file's
// Problems, at its place, and a zero value is given instead, so that one pass finds all errors.
//
// Caveats. Anchors and aliases are refused: they hide what a reviewer should see, and are the way
// to make a small file huge. All scalars are read as they are written; what a value means is up to
// who asks for it, so `on:` and `no` are strings unless a bool is asked for.
package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file; Line and Col count from 1, Col in bytes.
type Pos struct {
	File string
	Line int
	Col  int
}

// String gives file:line:col.
func (p Pos) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, max(p.Line, 1), max(p.Col, 1))
}

// Problem is something wrong at a place.
type Problem struct {
	Pos
	Message string
	Warning bool // worth knowing; the file works all the same
}

// String gives file:line:col: message.
func (p Problem) String() string {
	if p.Warning {
		return p.Pos.String() + ": warning: " + p.Message
	}
	return p.Pos.String() + ": " + p.Message
}

// Problems are all that was found.
type Problems []Problem

// Add adds an error.
func (ps *Problems) Add(at Pos, format string, args ...any) {
	*ps = append(*ps, Problem{Pos: at, Message: fmt.Sprintf(format, args...)})
}

// Warn adds a warning.
func (ps *Problems) Warn(at Pos, format string, args ...any) {
	*ps = append(*ps, Problem{Pos: at, Message: fmt.Sprintf(format, args...), Warning: true})
}

// Failed reports whether there is an error among them.
func (ps Problems) Failed() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
}

// Sort orders by file and place.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// Error joins the errors, a line each; nil if there are none.
func (ps Problems) Error() error {
	var lines []string
	for _, p := range ps {
		if !p.Warning {
			lines = append(lines, p.String())
		}
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(lines, "\n"))
}

// Nearest gives a hint for a name that isn't among the known ones: the most alike, if any is.
func Nearest(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the number of edits (insert, delete, replace, swap) between two words.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
