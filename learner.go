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
	return learner.Open(ctx, learner.Deps{Store: a.store, Embedder: e, Book: a.shelf.Triage, Lessons: lessons{a.knowledge}, Rehearse: a.lowers, Audit: audit.Event,
		Busy: func() bool { return a.store.Runnable() > 0 }, Now: time.Now, Log: a.Log})
}

// lessons are the corrections that say which procedure the text of a case is for.
type lessons struct{ *kb.Base }

// At gives those that say anything about triage.
func (l lessons) At(ctx context.Context, now time.Time) ([]learner.Lesson, error) {
	list, err := l.Counting(ctx, now)
	return lessonsOf(list), err
}
