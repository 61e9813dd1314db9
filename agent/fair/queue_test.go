package fair

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func all(string) bool      { return true }
func wanted(v string) bool { return v[2:] != "gone" }

func TestClassesTakeTurns(t *testing.T) {
	q := New[string](all)
	for i := range 3 {
		q.Push("flood", fmt.Sprint("flood-", i))
	}
	q.Push("one", "one-0")
	q.Push("two", "two-0")
	q.Push("two", "two-1")
	var got []string
	for _, v, ok := q.Pop(); ok; _, v, ok = q.Pop() {
		got = append(got, v)
		if v == "one-0" {
			q.Push("one", "one-1") // behind the flood, which has waited longer
		}
	}
	want := []string{"flood-0", "one-0", "two-0", "flood-1", "one-1", "two-1", "flood-2"}
	if !slices.Equal(got, want) || q.size != 0 {
		t.Errorf("the queue served %v and has %d left, want %v and none", got, q.size, want)
	}
}

func TestUnwantedValuesTakeNobodysTurn(t *testing.T) {
	q := New[string](wanted)
	for _, v := range []string{"a-gone", "a-gone", "a-1", "a-2"} {
		q.Push("a", v)
	}
	q.Push("b", "b-gone")
	q.Push("c", "c-1")
	var got []string
	for _, v, ok := q.Pop(); ok; _, v, ok = q.Pop() {
		got = append(got, v)
	}
	if want := []string{"a-1", "c-1", "a-2"}; !slices.Equal(got, want) || q.size != 0 {
		t.Errorf("the queue served %v and has %d left, want %v and none", got, q.size, want)
	}
}

func TestWhatLeftIsDroppedAndTurnsStay(t *testing.T) {
	q := New[string](wanted)
	for _, v := range []string{"a-gone", "a-1", "a-2", "a-gone", "b-gone", "c-1", "b-1", "d-gone"} {
		q.Push(v[:1], v)
	}
	for range 4 {
		q.Left()
	}
	if q.size != 8 {
		t.Errorf("half of eight values left, and %d are in line: each drop has to pay for itself", q.size)
	}
	q.Push("d", "d-gone")
	q.Left()
	if q.size != 4 || len(q.lines) != 3 {
		t.Errorf("five of nine values left, and %d are in %d lines, want the 4 wanted ones in 3", q.size, len(q.lines))
	}
	var got []string
	for _, v, ok := q.Pop(); ok; _, v, ok = q.Pop() {
		got = append(got, v)
	}
	if want := []string{"a-1", "b-1", "c-1", "a-2"}; !slices.Equal(got, want) {
		t.Errorf("the queue served %v, want %v", got, want)
	}
}

// TestNobodyWaitsForMoreThanATurnOfEach: whoever is first in its class is served before any other
// class is served twice.
func TestNobodyWaitsForMoreThanATurnOfEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := New[int](func(int) bool { return true })
		pushed := map[int][]int{} // the model: a line for each class
		since := map[int]map[int]int{}
		serial := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				class := rapid.IntRange(0, 5).Draw(t, "class")
				if len(pushed[class]) == 0 {
					since[class] = map[int]int{}
				}
				serial++
				pushed[class] = append(pushed[class], serial*10+class)
				q.Push(class, serial*10+class)
				continue
			}
			who, v, ok := q.Pop()
			if !ok {
				for class, line := range pushed {
					if len(line) > 0 {
						t.Fatalf("the queue is empty, and class %d has %v", class, line)
					}
				}
				continue
			}
			class := v % 10
			if who != class {
				t.Fatalf("the queue says that %d is of class %d", v, who)
			}
			if len(pushed[class]) == 0 || pushed[class][0] != v {
				t.Fatalf("the queue served %d of class %d, which waits with %v", v, class, pushed[class])
			}
			pushed[class] = pushed[class][1:]
			since[class] = map[int]int{}
			for other, line := range pushed {
				if len(line) == 0 || other == class {
					continue
				}
				if since[other][class]++; since[other][class] > 1 {
					t.Fatalf("class %d was served twice while class %d waited", class, other)
				}
			}
		}
	})
}
