package measure_test

import (
	"strings"
	"testing"

	"resolute/agent/model/measure"
)

func run(t *testing.T, minds measure.Minds, o measure.Options) measure.Report {
	t.Helper()
	r, err := measure.Run(t.Context(), stages(t), "player", minds, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func of(t *testing.T, r *measure.Report, agent string) measure.Figures {
	t.Helper()
	for _, f := range r.Agents {
		if f.Agent == agent {
			return f
		}
	}
	t.Fatalf("the report has no agent %q", agent)
	return measure.Figures{}
}

// leastScenarios is how many a model is chosen by.
const leastScenarios = 60

// TestEachScenarioCanBeWon plays them as somebody does who knows how: what a model doesn't win is its own
// fault. Doing nothing wins none where something is to be done, and the procedures alone some.
func TestEachScenarioCanBeWon(t *testing.T) {
	r := run(t, perfect(t), measure.Options{Seed: 1})
	if r.Scenarios < leastScenarios {
		t.Errorf("there are %d scenarios, want at least %d", r.Scenarios, leastScenarios)
	}
	for _, it := range r.Items {
		for _, a := range it.Agents[measure.ByModel].Attempts {
			if !a.Passed {
				t.Errorf("%s isn't won: %v %v\n%s", it.Scenario, a.Failures, a.WrongEffects, strings.Join(a.Story, "\n"))
			}
		}
		if idle := it.Agents[measure.Nothing]; idle.Passed > 0 && !strings.HasPrefix(it.Expects, "escalated") {
			t.Errorf("%s is won by doing nothing, and %s is expected", it.Scenario, it.Expects)
		}
	}
	for _, agent := range []string{measure.ByModel, measure.Nothing, measure.ByProcedure} {
		if f := of(t, &r, agent); f.WrongEffects != 0 {
			t.Errorf("%s had %d wrong effects, want none", agent, f.WrongEffects)
		}
	}
	perfect, idle, plain := of(t, &r, measure.ByModel), of(t, &r, measure.Nothing), of(t, &r, measure.ByProcedure)
	if plain.AsExpected <= idle.AsExpected || plain.AsExpected >= perfect.AsExpected {
		t.Errorf("as expected end %d by doing nothing, %d by the procedures alone, %d by a perfect player; want each more than the one before", idle.AsExpected, plain.AsExpected, perfect.AsExpected)
	}
	if perfect.Answers == 0 || perfect.Tokens == 0 || perfect.ModelSeconds == 0 || perfect.Pass[0] != 1 {
		t.Errorf("a perfect player has the figures %+v, want what it took and pass^1 of 1", perfect)
	}
	if s := perfect.Sureness; s == nil || s.Right != 1 {
		t.Errorf("a perfect player's confidences are worth %+v, want them held against attempts that all passed", s)
	}
	if idle.Answers != 0 || plain.Answers != 0 {
		t.Errorf("doing nothing took %v answers of the model a case, the procedures alone %v; want none", idle.Answers, plain.Answers)
	}
}

// TestSolutionsSayWhatScenariosExpect holds what a perfect player writes against expect.calls: what isn't
// there would be a wrong effect of a model that is right.
func TestSolutionsSayWhatScenariosExpect(t *testing.T) {
	known := solutions(t)
	for _, sc := range stages(t).Plain.Scenarios() {
		if got, want := strings.Join(written(known[sc.Name]), " "), strings.Join(sc.Expect.Calls, " "); got != want && sc.Expect.Status != "approval" {
			t.Errorf("%s is won by %q, and %q is expected", sc.Name, got, want)
		}
	}
}
