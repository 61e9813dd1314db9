package main

import (
	"context"
	"time"

	"resolute/agent/learner"
	"resolute/agent/people"
	"resolute/embed"
	"resolute/kb"
)

// openLearner opens what triage learns from the journal and from corrections.
func (a *appliance) openLearner(ctx context.Context, e *embed.Static, audit *people.Audit) (*learner.Learner, error) {
	return learner.Open(ctx, learner.Deps{Store: a.store, Embedder: e, Book: a.shelf.Triage, Lessons: lessons{a.knowledge}, Audit: audit.Event,
		Busy: func() bool { return a.store.Runnable() > 0 }, Now: time.Now, Log: a.Log})
}

// lessons are the corrections that say which procedure the text of a case is for.
type lessons struct{ *kb.Base }

// At gives those that hold in a procedure and nothing narrower: what is so for one customer or product
// says nothing about what others write.
func (l lessons) At(ctx context.Context, now time.Time) ([]learner.Lesson, error) {
	list, err := l.Counting(ctx, now)
	if err != nil {
		return nil, err
	}
	var teach []learner.Lesson
	for _, c := range list {
		if c.Scope.Procedure == "" || c.Scope.Product != "" || c.Scope.Customer != "" || c.FromCase == "" {
			continue
		}
		for _, from := range append([]string{c.FromCase}, c.FromCases...) {
			teach = append(teach, learner.Lesson{ID: c.ID, Procedure: c.Scope.Procedure, Case: from, At: c.At, ExpiresAt: c.ExpiresAt})
		}
	}
	return teach, nil
}
