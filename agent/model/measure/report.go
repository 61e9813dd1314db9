package measure

import (
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/sureness"
	"resolute/agent/rehearsal"
)

// Report is what agents made of a set.
type Report struct {
	Set       string    `json:"set"`
	Version   string    `json:"version"` // of the bundle
	Model     string    `json:"model"`
	Seed      uint64    `json:"seed"`
	Runs      int       `json:"runs"` // of the model, for each scenario
	Scenarios int       `json:"scenarios"`
	Agents    []Figures `json:"agents"` // the model first
	Items     []Item    `json:"items"`  // in the order of the files
	// Unavailable is the last thing that kept the model from an answer, "" if nothing did.
	Unavailable string `json:"unavailable,omitempty"`
}

// The agents.
const (
	ByModel     = "model"
	Nothing     = "do nothing"
	ByProcedure = "procedures alone"
)

// Figures are what one agent came to.
type Figures struct {
	Agent        string    `json:"agent"`
	Attempts     int       `json:"attempts"`
	AsExpected   int       `json:"as_expected"`
	Resolved     int       `json:"resolved"`
	Escalated    int       `json:"escalated"`
	Other        int       `json:"other"` // closed, waiting, or with a person for approval
	WrongEffects int       `json:"wrong_effects"`
	Calls        float64   `json:"calls"`         // of tools, per case
	Answers      float64   `json:"answers"`       // of the model, per case
	Unusable     float64   `json:"unusable"`      // of those nothing was taken from, per case
	PromptTokens float64   `json:"prompt_tokens"` // per case
	Tokens       float64   `json:"tokens"`        // generated, per case
	ModelSeconds float64   `json:"model_seconds"` // per case
	Pass         []float64 `json:"pass"`          // pass^1 to pass^k
	// Sureness is what the model's last confidence in each attempt was worth, by whether the attempt passed; nil
	// where it proposed nothing.
	Sureness *sureness.Reliability `json:"sureness"`
}

// Item is what agents made of one scenario.
type Item struct {
	Scenario string             `json:"scenario"`
	File     string             `json:"file"`
	Expects  string             `json:"expects"` // status, with the stop code if one is expected
	Agents   map[string]Outcome `json:"agents"`
}

// Outcome is what one agent made of one scenario.
type Outcome struct {
	Passed   int       `json:"passed"` // of its attempts
	Attempts []Attempt `json:"attempts"`
}

// Attempt is one try at a scenario.
type Attempt struct {
	Passed       bool              `json:"passed"`
	Status       casefile.Status   `json:"status"`
	Stop         casefile.StopCode `json:"stop,omitempty"`
	Failures     []string          `json:"failures,omitempty"`
	WrongEffects []string          `json:"wrong_effects,omitempty"`
	Calls        int               `json:"calls"`
	Answers      int               `json:"answers"`
	Unusable     int               `json:"unusable"`
	PromptTokens int               `json:"prompt_tokens"`
	Tokens       int               `json:"tokens"`
	ModelSeconds float64           `json:"model_seconds"`
	Sure         []float64         `json:"sure,omitempty"`  // of each thing that it did
	Story        []string          `json:"story,omitempty"` // of what did not pass
}

func attemptOf(a *rehearsal.Attempt) Attempt {
	made := Attempt{Passed: a.Passed, Status: a.Status, Stop: a.Stop, Failures: a.Failures, WrongEffects: a.Wrong, Calls: a.Calls, Answers: a.Thought.Answers,
		Unusable: a.Thought.Unusable, PromptTokens: a.Thought.PromptTokens, Tokens: a.Thought.Tokens, ModelSeconds: a.Thought.Took.Round(time.Millisecond).Seconds(), Sure: a.Sure}
	if !a.Passed {
		made.Story = a.Story
	}
	return made
}

// figures are what an agent came to, of its attempts at each scenario.
func figures(agent string, items []Item, runs int) Figures {
	f := Figures{Agent: agent, Pass: make([]float64, runs)}
	var sure []sureness.Outcome
	for _, it := range items {
		o := it.Agents[agent]
		for i := range o.Attempts {
			a := &o.Attempts[i]
			f.add(a)
			if n := len(a.Sure); n > 0 {
				sure = append(sure, sureness.Outcome{Value: a.Sure[n-1], Right: a.Passed})
			}
		}
		for k := range f.Pass {
			f.Pass[k] += passHat(len(o.Attempts), o.Passed, k+1)
		}
	}
	if n := float64(f.Attempts); n > 0 {
		for k := range f.Pass {
			f.Pass[k] /= float64(len(items))
		}
		for _, sum := range []*float64{&f.Calls, &f.Answers, &f.Unusable, &f.PromptTokens, &f.Tokens, &f.ModelSeconds} {
			*sum /= n
		}
	}
	if len(sure) > 0 {
		r := sureness.Reliable(sure)
		f.Sureness = &r
	}
	return f
}

func (f *Figures) add(a *Attempt) {
	f.Attempts++
	if a.Passed {
		f.AsExpected++
	}
	switch a.Status {
	case casefile.Resolved:
		f.Resolved++
	case casefile.Escalated:
		f.Escalated++
	default:
		f.Other++
	}
	f.WrongEffects += len(a.WrongEffects)
	f.Calls += float64(a.Calls)
	f.Answers += float64(a.Answers)
	f.Unusable += float64(a.Unusable)
	f.PromptTokens += float64(a.PromptTokens)
	f.Tokens += float64(a.Tokens)
	f.ModelSeconds += a.ModelSeconds
}

// passHat estimates how likely it is that k attempts all pass, from n of which c did.
func passHat(n, c, k int) float64 {
	if k > n {
		return 0
	}
	p := 1.0
	for i := range k {
		p *= float64(max(c-i, 0)) / float64(n-i)
	}
	return p
}
