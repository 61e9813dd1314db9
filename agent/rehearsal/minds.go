package rehearsal

import (
	"context"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
)

// WithModel is the stage whose plans ask this model. Without it they are told that there is none.
func (s *Stage) WithModel(m agent.Model) *Stage {
	next := *s
	next.model = m
	return &next
}

// WithPlanner is the stage with a planner that is made of the version's own.
func (s *Stage) WithPlanner(of func(agent.Planner) agent.Planner) *Stage {
	next := *s
	next.planner = of(s.book.Book.Playbook.Planner)
	return &next
}

// mind gives the model to a run, nil where there is none.
func (r *run) mind() agent.Model {
	if r.stage.model == nil {
		return nil
	}
	return thinking{r, r.stage.model}
}

// thinking lets the time that a model takes pass by the clock of its run.
type thinking struct {
	run   *run
	model agent.Model
}

// Think asks the model.
func (t thinking) Think(ctx context.Context, caseID string, ask casefile.Consult) casefile.ModelAnswered {
	said := t.model.Think(ctx, caseID, ask)
	t.run.now = t.run.now.Add(tookFor(said.Answers))
	return said
}

func tookFor(answers []casefile.ModelAnswer) (took time.Duration) {
	for _, a := range answers {
		took += time.Duration(a.DurationMS) * time.Millisecond
	}
	return took
}
