package rehearsal

import (
	"context"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
	"resolute/tools/protocol"
)

// Attempt is what an agent made of a scenario, once.
type Attempt struct {
	Passed   bool
	Failures []string // what isn't met, with its place
	Status   casefile.Status
	Stop     casefile.StopCode
	Took     time.Duration // by the rehearsal's clock, which the model's time is part of
	Calls    int           // of tools, repeats not counted
	Wrong    []string      // writes that reached a plugin, and that the scenario doesn't expect
	Thought  Thought
	Sure     []float64 // how sure the model was of each thing that it did, in its order
	Story    []string
}

// Thought is what a model was asked for.
type Thought struct {
	Answers      int
	PromptTokens int
	Tokens       int // generated
	Took         time.Duration
	Unusable     int                 // answers that nothing was taken from
	Error        casefile.ModelError // the last one, its Code "" for none
}

// Attempt plays a scenario of the version once, as an agent does that may err: what it reads and the
// world has no answer to isn't found, and what it writes and the scenario doesn't name is wrong. Expect.Calls
// names each write as often as it is right, and the world's answers to it say with which arguments.
// Part makes its numbers others than those of other attempts under the seed. It fails when ctx ends.
func (s *Stage) Attempt(ctx context.Context, sc *scenario.Scenario, seed, part uint64) (Attempt, error) {
	w := s.set(sc, seed, part)
	w.life, w.lenient = ctx, true
	w.perform()
	if err := ctx.Err(); err != nil {
		return Attempt{}, err
	}
	a := Attempt{Failures: w.failures(), Took: w.now.Sub(sc.Now), Calls: len(w.called()), Wrong: w.wrong(), Story: w.story()}
	a.Passed = len(a.Failures) == 0 && len(a.Wrong) == 0
	if c := w.main(); c != nil {
		a.Status = c.Status
		if c.Stop != nil {
			a.Stop = c.Stop.Code
		}
	}
	for _, e := range w.entries() {
		a.read(&e)
	}
	return a, nil
}

// read notes what an entry says of the model.
func (a *Attempt) read(e *casefile.Entry) {
	switch d := e.Data.(type) {
	case *casefile.ModelAnswered:
		a.Thought.Answers += len(d.Answers)
		a.Thought.Took += tookFor(d.Answers)
		for _, one := range d.Answers {
			a.Thought.PromptTokens += one.PromptTokens
			a.Thought.Tokens += one.Tokens
		}
		if d.Error != nil {
			a.Thought.Error = *d.Error
		}
	case *casefile.ModelProposed:
		switch {
		case d.Problem != "":
			a.Thought.Unusable++
		case d.Use == casefile.UseDrive:
			a.Sure = append(a.Sure, d.Confidence.Value)
		}
	}
}

// effect is a write that reached its plugin.
type effect struct {
	key   string
	tool  string
	what  string // tool and arguments
	known bool   // the world has an answer to these arguments
}

// wrong are the effects that the scenario doesn't expect, sorted.
func (w *world) wrong() []string {
	left := map[string]int{}
	for _, tool := range w.Expect.Calls {
		left[tool]++
	}
	var list []string
	for _, e := range w.effects {
		op := w.ops[e.key]
		switch {
		case op != nil && (op.undoes || !op.done):
			continue
		case e.known && left[e.tool] > 0:
			left[e.tool]--
		default:
			list = append(list, e.what)
		}
	}
	slices.Sort(list)
	return list
}

// unanswered is what an agent gets that may err, for a call that the world has no answer to: a read
// finds nothing. A write counts as done, and as wrong.
func (w *world) unanswered(q casefile.Request, does string, why error) casefile.Answer {
	if does != string(protocol.Read) {
		w.effects = append(w.effects, effect{key: q.Key, tool: q.Tool, what: q.Tool + " " + shown(q.Args)})
	}
	return casefile.Answer{Outcome: casefile.OutcomeRefused, Status: 422, Code: "not_found", Detail: why.Error()}
}
