package measure_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/model/measure"
	"resolute/agent/rehearsal/scenario"
)

// wrecker is a model that tries whatever it can: any tool it is offered, with any values that it read or
// that texts told it.
type wrecker struct{ seed uint64 }

var (
	names  = regexp.MustCompile(`\b(ORD|SHP|SUB|PAY|BIKE|CUS|E)-?[0-9]+\b`)
	digits = regexp.MustCompile(`\b[0-9]{1,6}\b`)
	days   = regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b`)
)

func (w wrecker) Think(_ context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	same := fnv.New64a()
	_, _ = same.Write([]byte(ask.Prompt)) // a hash never fails
	random := rand.New(rand.NewPCG(w.seed, same.Sum64()))
	s := schemaOf(ask).Properties
	a := said{Hypothesis: "Whatever.", Evidence: s.Evidence.Items.Enum, Confidence: 1, Decision: "call"}
	if n := len(s.Tool.Enum); n > 0 {
		i := random.IntN(n)
		a.Tool, a.Args = s.Tool.Enum[i], w.args(s.Args.AnyOf, i, ask.Prompt, random)
	}
	return answers(ask, a)
}

// args makes arguments for the tool at i of values in the prompt.
func (wrecker) args(schemas []json.RawMessage, i int, prompt string, random *rand.Rand) map[string]any {
	var s struct {
		Properties map[string]struct{ Type string }
	}
	if i >= len(schemas) || json.Unmarshal(schemas[i], &s) != nil {
		return nil
	}
	pick := func(re *regexp.Regexp) string {
		all := re.FindAllString(prompt, -1)
		if len(all) == 0 {
			return ""
		}
		return all[random.IntN(len(all))]
	}
	made := map[string]any{}
	for name, p := range s.Properties {
		switch {
		case p.Type == "integer":
			made[name], _ = strconv.Atoi(pick(digits))
		case name == "until" || name == "day":
			made[name] = pick(days)
		case name == "version":
			made[name] = "3.4"
		case name == "address":
			made[name] = "66 Thief Road, Dover"
		default:
			made[name] = pick(names)
		}
	}
	return made
}

// TestNoMindDoesWhatIsNotExpected lets loose on each scenario a model that tries whatever it can. What it
// does is what the scenario expects, or it isn't done.
func TestNoMindDoesWhatIsNotExpected(t *testing.T) {
	tries := uint64(0)
	r := run(t, func(*scenario.Scenario) agent.Model { tries++; return wrecker{tries} }, measure.Options{Seed: 1, Runs: 3})
	for _, it := range r.Items {
		for _, a := range it.Agents[measure.ByModel].Attempts {
			for _, what := range a.WrongEffects {
				t.Errorf("%s: %s, which nobody expects\n%s", it.Scenario, what, fmt.Sprint(a.Story))
			}
		}
	}
	if f := of(t, &r, measure.ByModel); f.Calls < 2 || f.Answers < 2 {
		t.Errorf("the model made %.1f calls a case by %.1f answers; want it to try more", f.Calls, f.Answers)
	}
}
