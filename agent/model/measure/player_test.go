package measure_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/model/measure"
	"resolute/agent/rehearsal/scenario"
)

// move is what a player decides in one turn: one of its texts is there.
type move struct {
	Call     string         `yaml:"call"`
	Args     map[string]any `yaml:"args"`
	Reply    string         `yaml:"reply"`
	Evidence []string       `yaml:"evidence"`
	Close    string         `yaml:"close"`
	Wait     string         `yaml:"wait"`
	Escalate string         `yaml:"escalate"`
}

// solutions are the moves that win each scenario.
func solutions(t testing.TB) map[string][]move {
	t.Helper()
	text, err := os.ReadFile("testdata/solutions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]move{}
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// said is an answer that drives, as the model planner asks for it.
type said struct {
	Hypothesis string     `json:"hypothesis"`
	Evidence   []string   `json:"evidence"`
	Confidence float64    `json:"confidence"`
	Decision   string     `json:"decision"`
	Tool       string     `json:"tool,omitempty"`
	Args       any        `json:"args,omitempty"`
	Text       string     `json:"text,omitempty"`
	Sentences  []sentence `json:"sentences,omitempty"`
	For        string     `json:"for,omitempty"`
}

type sentence struct {
	Text     string   `json:"text"`
	Evidence []string `json:"evidence"`
}

// asked is what is read of the schema that an answer has to fit.
type asked struct {
	Properties struct {
		Evidence struct{ Items struct{ Enum []string } }
		Tool     struct{ Enum []string }
		Args     struct{ AnyOf []json.RawMessage }
	}
}

func schemaOf(ask casefile.Consult) (s asked) {
	_ = json.Unmarshal(ask.Schema, &s) // a schema of another kind names nothing
	return s
}

func (m move) said(ask casefile.Consult) said {
	cited := schemaOf(ask).Properties.Evidence.Items.Enum
	a := said{Hypothesis: "It is as the facts say.", Evidence: cited, Confidence: 1}
	switch {
	case m.Call != "":
		a.Decision, a.Tool, a.Args = "call", m.Call, m.Args
	case m.Reply != "":
		a.Decision, a.Sentences = "reply", []sentence{{m.Reply, m.Evidence}}
	case m.Close != "":
		a.Decision = "close"
	case m.Wait != "":
		a.Decision, a.For = "wait", m.Wait
	default:
		a.Decision, a.Text = "escalate", m.Escalate
	}
	return a
}

// answers gives a model's answer to a question, one for each sample.
func answers(ask casefile.Consult, a said) casefile.ModelAnswered {
	text, err := json.Marshal(a)
	if err != nil {
		return casefile.ModelAnswered{Error: &casefile.ModelError{Code: "dropped", Detail: err.Error()}}
	}
	made := casefile.ModelAnswered{Use: ask.Use, Model: "player", Source: ask.Source, System: ask.System, Prompt: ask.Prompt, Repair: ask.Repair}
	for range max(ask.Samples, 1) {
		made.Answers = append(made.Answers, casefile.ModelAnswer{Text: string(text), PromptTokens: len(ask.Prompt) / 4, Tokens: len(text) / 4, DurationMS: 250})
	}
	return made
}

// player makes its moves in turn, the next one when it is asked something new.
type player struct {
	moves []move
	made  int
}

func (p *player) Think(_ context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	if ask.Earlier == 0 && ask.Repair == nil {
		p.made++
	}
	if p.made > len(p.moves) {
		return answers(ask, move{Escalate: "nothing is left to do"}.said(ask))
	}
	return answers(ask, p.moves[p.made-1].said(ask))
}

// perfect is a player of each scenario who knows how it is won.
func perfect(t testing.TB) measure.Minds {
	known := solutions(t)
	return func(sc *scenario.Scenario) agent.Model {
		moves, ok := known[sc.Name]
		if !ok {
			t.Errorf("nobody knows how %q is won; add it to testdata/solutions.yaml", sc.Name)
		}
		return &player{moves: moves}
	}
}

// written are the writes among a player's moves.
func written(moves []move) (list []string) {
	for _, m := range moves {
		if m.Call != "" && !strings.Contains(m.Call, ".get_") && !slices.Contains(list, m.Call) {
			list = append(list, m.Call)
		}
	}
	return list
}
