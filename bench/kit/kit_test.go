package kit_test

import (
	"testing"

	"resolute/bench/kit"
)

func TestACaseMakesFiveDurableCalls(t *testing.T) {
	commits, err := kit.Record(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	steps, entries := 0, 0
	for i, c := range commits {
		steps += c.Steps
		for _, e := range c.Entries {
			if entries++; len(e) == 0 {
				t.Errorf("commit %d has an entry without content", i)
			}
		}
		t.Logf("commit %d: %d entries, %d steps", i, len(c.Entries), c.Steps)
	}
	if steps != kit.Steps || entries <= 2*kit.Steps {
		t.Errorf("a case wrote %d entries with %d calls; an intent and an answer for each of %d calls were expected", entries, steps, kit.Steps)
	}
}
