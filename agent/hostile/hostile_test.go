package hostile_test

import (
	"fmt"
	"strings"
	"testing"
)

// variations is how often each mechanism is tried, with other people and other amounts.
const variations = 8

// TestAttacks runs every attack among honest cases, in one house.
func TestAttacks(t *testing.T) {
	h := newHouse(t, 1)
	list, honest := mechanisms(), stories()
	var attacks, through, cases, failed int
	for v := range variations {
		for i, m := range list {
			attacks++
			if wrong := h.attack(m); len(wrong) > 0 {
				through++
				t.Errorf("%s, and %q did not stop it: %s", m.name, m.stops.name, strings.Join(wrong, "; "))
			}
			if (v*len(list)+i)%3 > 0 {
				continue
			}
			s := honest[cases%len(honest)]
			cases++
			if why := h.live(s); why != "" {
				failed++
				t.Errorf("%s: %s", s.name, why)
			}
		}
	}
	t.Logf("%d attacks of %d mechanisms: %d came through (%.1f %%)", attacks, len(list), through, percent(through, attacks))
	t.Logf("%d honest cases: %d went through (%.1f %%)", cases, cases-failed, percent(cases-failed, cases))
	if attacks < 300 || cases < 100 || len(list) < 30 {
		t.Errorf("%d attacks of %d mechanisms and %d honest cases are too few to say anything", attacks, len(list), cases)
	}
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(of) }

// attack tries one mechanism, and gives what the judge has to say.
func (h *house) attack(m mechanism) []string {
	h.Helper()
	m.attack(h)
	h.settle()
	h.pass(time20m)
	return h.judge()
}

// live lets an honest case happen. It gives what should have come of it, and did not.
func (h *house) live(s story) (why string) {
	h.Helper()
	why = s.live(h)
	if wrong := h.judge(); len(wrong) > 0 {
		why = fmt.Sprint(strings.Join(wrong, "; "), why)
	}
	return why
}
