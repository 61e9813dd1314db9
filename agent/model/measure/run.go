package measure

import (
	"context"
	"fmt"
	"strings"

	"resolute/agent"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/scenario"
)

// Options tune a measurement; the zero value works.
type Options struct {
	Seed uint64
	Runs int // of the model for each scenario; 1 if 0
	// Folder leaves out the scenarios whose files are elsewhere, "" for none.
	Folder string
	// Before is called before each attempt with how many came before it, and of how many; nil for nothing.
	Before func(done, total int)
}

// Stages are a set made ready to be played.
type Stages struct {
	Set    string
	Driven *rehearsal.Stage // by the model
	Plain  *rehearsal.Stage // by procedures alone
}

// Minds gives the model for a scenario, so that a test may know which one is played.
type Minds func(sc *scenario.Scenario) agent.Model

// Always is the same model for each scenario.
func Always(m agent.Model) Minds { return func(*scenario.Scenario) agent.Model { return m } }

// Run plays all scenarios with the model, runs times each, and once with each agent that it is compared to.
// It fails when ctx ends.
func Run(ctx context.Context, s Stages, model string, minds Minds, o Options) (Report, error) {
	o.Runs = max(o.Runs, 1)
	r := Report{Set: s.Set, Version: s.Driven.Version(), Model: model, Seed: o.Seed, Runs: o.Runs}
	list := chosen(s.Driven.Scenarios(), o.Folder)
	plain := map[string]*scenario.Scenario{}
	for _, sc := range s.Plain.Scenarios() {
		plain[sc.Pos.File] = sc
	}
	r.Scenarios = len(list)
	agents := []played{
		{ByModel, o.Runs, func(sc *scenario.Scenario) (*rehearsal.Stage, *scenario.Scenario) {
			return s.Driven.WithModel(minds(sc)), sc
		}},
		{Nothing, 1, func(sc *scenario.Scenario) (*rehearsal.Stage, *scenario.Scenario) {
			return s.Driven.WithPlanner(Idle), sc
		}},
		{ByProcedure, 1, func(sc *scenario.Scenario) (*rehearsal.Stage, *scenario.Scenario) { return s.Plain, plain[sc.Pos.File] }},
	}
	done, total := 0, len(list)*(o.Runs+len(agents)-1)
	for _, sc := range list {
		it := Item{Scenario: sc.Name, File: sc.Pos.File, Expects: expects(&sc.Expect), Agents: map[string]Outcome{}}
		for _, a := range agents {
			var out Outcome
			for part := range a.runs {
				if o.Before != nil {
					o.Before(done, total)
				}
				done++
				stage, played := a.with(sc)
				if played == nil {
					return r, fmt.Errorf("%s: the procedures alone have no such scenario", sc.Pos)
				}
				made, err := stage.Attempt(ctx, played, o.Seed, uint64(part))
				if err != nil {
					return r, err
				}
				if made.Thought.Error.Code != "" && a.name == ByModel {
					r.Unavailable = made.Thought.Error.Detail
				}
				if made.Passed {
					out.Passed++
				}
				out.Attempts = append(out.Attempts, attemptOf(&made))
			}
			it.Agents[a.name] = out
		}
		r.Items = append(r.Items, it)
	}
	for _, a := range agents {
		r.Agents = append(r.Agents, figures(a.name, r.Items, a.runs))
	}
	return r, nil
}

// played is an agent, and how it plays a scenario.
type played struct {
	name string
	runs int
	with func(*scenario.Scenario) (*rehearsal.Stage, *scenario.Scenario)
}

// chosen are the scenarios below a folder that need no live plugin.
func chosen(all []*scenario.Scenario, folder string) (list []*scenario.Scenario) {
	for _, sc := range all {
		if !sc.Live && (folder == "" || strings.HasPrefix(sc.Pos.File, folder+"/")) {
			list = append(list, sc)
		}
	}
	return list
}

func expects(e *scenario.Expect) string {
	if e.Stop != "" {
		return fmt.Sprintf("%s (%s)", e.Status, e.Stop)
	}
	return string(e.Status)
}
