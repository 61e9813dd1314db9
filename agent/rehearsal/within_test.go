package rehearsal_test

import (
	"strings"
	"testing"

	"resolute/agent/rehearsal"
)

// What comes about after its time has not come about, also where it was calls that took the time.
func TestWithinIsHeld(t *testing.T) {
	for within, want := range map[string]bool{"1ms": false, "1h": true} {
		m := files()
		for name, f := range m {
			if strings.HasPrefix(name, "rehearsals/") {
				f.Data = []byte(strings.Replace(string(f.Data), "within: 10m", "within: "+within, 1))
			}
		}
		r, late := rehearse(t, m, rehearsal.Options{Seed: 1}), 0
		for _, it := range r.Items {
			if it.Passed != want {
				t.Errorf("%s within %s: passed %v, %v", it.Rehearsal, within, it.Passed, it.Failures)
			}
			if strings.Contains(strings.Join(it.Failures, "\n"), "what is expected within 1ms came about after") {
				late++
			}
		}
		if want == (late > 0) {
			t.Errorf("within %s: %d of %d are called late", within, late, len(r.Items))
		}
	}
}
