package hostile_test

import (
	"slices"
	"strings"
	"testing"
)

// mechanism is a way to attack.
type mechanism struct {
	name   string
	stops  *guard // what alone stands between it and its effect
	attack func(h *house)
}

// guard is something in the real packages that stops attacks. Edits take it away.
type guard struct {
	name  string
	edits []edit
}

// edit is a text in a file and what stands in its place without the guard: GONE is true then.
type edit struct{ file, was, without string }

func protects(name string, edits ...edit) *guard { return &guard{name, edits} }

// ands lets a condition hold only while its guard is there.
func ands(file, condition string) edit {
	open := strings.LastIndexAny(condition, ":{")
	head, tail := strings.TrimRight(condition[:open], " "), condition[open:]
	if tail[0] == '{' {
		tail = " " + tail
	}
	return edit{file, condition, head + " && !GONE" + tail}
}

func mechanisms() []mechanism {
	return slices.Concat(planners(), words(), writers(), senders(), outsiders(), insiders())
}

// room is a house with the attacks that make sense in it.
type room struct {
	open       func(t testing.TB, seed uint64) *house
	mechanisms func() []mechanism
}

func rooms() []room { return []room{{newHouse, mechanisms}, {newThinkingHouse, models}} }

// guards gives each guard once.
func guards() (list []*guard) {
	for _, r := range rooms() {
		for _, m := range r.mechanisms() {
			if !slices.Contains(list, m.stops) {
				list = append(list, m.stops)
			}
		}
	}
	return list
}
