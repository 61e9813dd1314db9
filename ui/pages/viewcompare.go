package pages

import (
	"fmt"
	"slices"
	"strings"

	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

type comparePage struct {
	Shell Shell
	A, B  RunRow // the earlier first
	Say   string
	Notes []string
	Rows  []CompareRow
	More  int
}

// CompareRow is a rehearsal that came to something else.
type CompareRow struct {
	Name string
	What []string // differs
	A, B *ItemView
}

// mostCompared is how many rehearsals that differ a page shows.
const mostCompared = 30

// compare finds the rehearsals that came to something else, those first that don't pass any more.
func (p *comparePage) compare(a, b *runs.Told) {
	before, after := byName(a.Items), byName(b.Items)
	var names []string
	for _, items := range [][]rehearsal.Item{a.Items, b.Items} {
		for i := range items {
			names = append(names, items[i].Rehearsal)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	same := 0
	rank := map[string]int{}
	for _, name := range names {
		x, y := before[name], after[name]
		what := differs(x, y)
		if len(what) == 0 {
			same++
			continue
		}
		row := CompareRow{Name: name, What: what}
		if x != nil {
			v := itemView(x)
			v.Story = nil // where it parts is said above both
			row.A, row.Name = &v, v.Name
		}
		if y != nil {
			v := itemView(y)
			v.Story = nil
			row.B, row.Name = &v, v.Name
		}
		switch {
		case y != nil && !y.Passed && (x == nil || x.Passed):
			rank[row.Name] = 0
		case y != nil && !y.Passed:
			rank[row.Name] = 1
		default:
			rank[row.Name] = 2
		}
		p.Rows = append(p.Rows, row)
	}
	slices.SortStableFunc(p.Rows, func(a, b CompareRow) int { return rank[a.Name] - rank[b.Name] })
	p.Say = fmt.Sprintf("%d of %s came to something else; %d are the same in both.", len(p.Rows), plural(len(names), "rehearsal"), same)
	if len(p.Rows) > mostCompared {
		p.More = len(p.Rows) - mostCompared
		p.Rows = p.Rows[:mostCompared]
	}
	if a.Replays() != b.Replays() {
		p.Notes = append(p.Notes, "One run replays recorded cases and the other plays scenarios, so nothing in them is alike.")
	}
	if a.Faults != b.Faults {
		p.Notes = append(p.Notes, "Only one of them injects faults.")
	}
	if a.Seed != b.Seed {
		p.Notes = append(p.Notes, fmt.Sprintf("Their seeds are %d and %d, so times and faults differ too.", a.Seed, b.Seed))
	}
	if a.Shortened != "" || b.Shortened != "" {
		p.Notes = append(p.Notes, "Not all of what happened was kept: "+strings.Join(slices.DeleteFunc([]string{a.Shortened, b.Shortened}, func(s string) bool { return s == "" }), "; ")+".")
	}
}

func byName(items []rehearsal.Item) map[string]*rehearsal.Item {
	all := make(map[string]*rehearsal.Item, len(items))
	for i := range items {
		all[items[i].Rehearsal] = &items[i]
	}
	return all
}

// differs says in what two outcomes of a rehearsal differ, nil for nothing.
func differs(a, b *rehearsal.Item) []string {
	switch {
	case a == nil:
		return []string{"only in the later one"}
	case b == nil:
		return []string{"only in the earlier one"}
	}
	var what []string
	add := func(name, was, is string) {
		if was != is {
			what = append(what, fmt.Sprintf("%s: %s, then %s", name, orNone(was), orNone(is)))
		}
	}
	x, y := itemView(a), itemView(b)
	add("outcome", x.Say, y.Say)
	add("ended", x.Ended, y.Ended)
	add("took", x.Took, y.Took)
	switch d, e := x.Divergence, y.Divergence; {
	case d != nil && e != nil && d.Step != e.Step:
		what = append(what, fmt.Sprintf("diverges at %s, then at %s", strings.ToLower(d.Step), strings.ToLower(e.Step)))
	case d != nil && e != nil && d.Now != e.Now:
		what = append(what, "does something else at "+strings.ToLower(d.Step))
	}
	if x.Divergence == nil && y.Divergence == nil && !slices.Equal(x.Failures, y.Failures) && x.Say == y.Say {
		what = append(what, "fails otherwise")
	}
	if len(a.Story) > 0 && len(b.Story) > 0 {
		if i := diverging(a.Story, b.Story); i >= 0 {
			what = append(what, fmt.Sprintf("the story parts at its line %d: %s, then %s", i+1, lineOf(a.Story, i), lineOf(b.Story, i)))
		}
	}
	return what
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// diverging is the first line in which two stories differ, -1 for none.
func diverging(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func lineOf(story []string, i int) string {
	if i >= len(story) {
		return "its end"
	}
	return fmt.Sprintf("“%s”", shorten(strings.TrimSpace(story[i]), 160))
}
