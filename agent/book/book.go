// Package book makes a version of the bundle into what engine, intake and triage read of it, so that
// live cases, simulations and rehearsals are handled by the same.
package book

import (
	"context"
	"fmt"
	"time"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/model"
	"resolute/agent/procedure"
	"resolute/agent/triage"
)

// Book is a version, ready to handle cases. It is immutable.
type Book struct {
	*bundle.Bundle
	Planner  *procedure.Planner
	Model    *model.Planner  // Planner with what the version uses a model for
	Playbook *agent.Playbook // of the version alone, whatever else is active

	classifier *triage.Classifier
}

// New makes a book of a version whose problems have not failed. The embedder makes the vectors that
// triage compares.
func New(ctx context.Context, b *bundle.Bundle, e triage.Embedder) (*Book, error) {
	k := &Book{Bundle: b, Planner: procedure.NewPlanner(b.Procedures, b.Config.Limits.Asks)}
	k.Model = model.New(k.Planner, b.ModelOptions())
	var err error
	if k.classifier, err = triage.Train(ctx, triage.Examples(b.Procedures), e); err != nil {
		return nil, fmt.Errorf("triage of bundle %.12s: %w", b.Version, err)
	}
	k.Playbook = &agent.Playbook{Version: b.Version, Prompts: b.Prompts, Planner: k.Model, Guard: b.Guard, Recalls: b.Recalls, Limits: agent.Limits{Steps: b.Config.Limits.Steps, Wall: b.Config.Limits.Wall}, Queues: map[string]agent.Queue{}}
	for _, q := range b.Config.Queues {
		k.Playbook.Queues[q.Name] = agent.Queue{Notify: q.Notify, Due: q.Due, Remind: q.Remind}
	}
	return k, nil
}

// Triage is what the version says about triage.
func (k *Book) Triage() triage.Book {
	return triage.Book{Version: k.Version, Procedures: k.Procedures, Starting: k.Planner.Starting, Classifier: k.classifier, Threshold: k.Config.Triage, Stated: k.Config.TriageStated}
}

// Intake is what the version says about intake.
func (k *Book) Intake() intake.Book {
	return intake.Book{Version: k.Version, ReopenWithin: k.Config.ReopenWithin, Correlations: k.Planner.Correlations}
}

// Alone is a book that handles every case, whatever version it opened under.
type Alone struct{ *Book }

// Playbook is agent.Playbooks.
func (a Alone) Playbook(context.Context, string) (*agent.Playbook, error) {
	return a.Book.Playbook, nil
}

// Router chooses procedures by the book.
func (a Alone) Router(now func() time.Time) *triage.Router {
	return &triage.Router{Books: func(context.Context, string) (triage.Book, error) { return a.Triage(), nil }, Now: now}
}

// Intake is for intake.Deps.
func (a Alone) Intake() (intake.Book, error) { return a.Book.Intake(), nil }

// Waits tells intake whether a case waits for a signal.
func (a Alone) Waits(cases agent.Loader, now func() time.Time) func(context.Context, string, *casefile.Signal) (bool, error) {
	return func(ctx context.Context, caseID string, s *casefile.Signal) (bool, error) {
		c, err := agent.Load(ctx, cases, caseID)
		if err != nil {
			return false, err
		}
		return a.Planner.Waits(c, s, now()), nil
	}
}
