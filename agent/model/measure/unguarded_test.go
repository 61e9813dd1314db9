package measure_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent"
	"resolute/agent/model/measure"
	"resolute/agent/rehearsal/scenario"
)

// unguarded is a bundle whose policies are taken away, and in which every write is allowed.
type unguarded struct{ fs.FS }

func (u unguarded) Open(name string) (fs.File, error) {
	if name == "policies" || strings.HasPrefix(name, "policies/") {
		return fstest.MapFS{"policies/all.yaml": {Data: []byte("policy: all\napplies_to: [shop.*, care.*]\n")}}.Open(name)
	}
	return u.FS.Open(name)
}

// TestWrongEffectsAreCounted takes the guard's rules away from a model that tries whatever it can: what it
// does then is counted as wrong, and no scenario in which it did is as expected.
func TestWrongEffectsAreCounted(t *testing.T) {
	set, err := measure.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	s := stage(t, unguarded{set.Files})
	tries := uint64(0)
	r, err := measure.Run(t.Context(), measure.Stages{Driven: s, Plain: s}, "wrecker", func(*scenario.Scenario) agent.Model { tries++; return wrecker{tries} }, measure.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if f := of(t, &r, measure.ByModel); f.WrongEffects == 0 {
		t.Errorf("without rules the model had no wrong effect in %d attempts by %.1f calls each; want them counted", f.Attempts, f.Calls)
	}
	for _, it := range r.Items {
		for _, a := range it.Agents[measure.ByModel].Attempts {
			if a.Passed && len(a.WrongEffects) > 0 {
				t.Errorf("%s is as expected with %v", it.Scenario, a.WrongEffects)
			}
		}
	}
}
