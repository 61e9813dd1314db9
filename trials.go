package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/learner"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/triage"
	"resolute/agent/trial"
	"resolute/embed"
	"resolute/kb"
)

// openTrier makes what tries corrections on the rehearsals of the active version.
func (a *appliance) openTrier(audit *people.Audit) *trial.Trier {
	return trial.New(trial.Deps{Corrections: standing{a.knowledge, audit}, Open: a.openTrial, Log: a.Log})
}

// standing are the corrections that count.
type standing struct {
	*kb.Base
	audit *people.Audit
}

// Standing gives those that were tried, and those that weren't.
func (s standing) Standing(ctx context.Context) (tried, untried []string, err error) {
	list, err := s.Counting(ctx, time.Now())
	for i := range list {
		if list[i].TriedAt.IsZero() {
			untried = append(untried, list[i].ID)
		} else {
			tried = append(tried, list[i].ID)
		}
	}
	return tried, untried, err
}

// Hold takes one out of work, and writes that into the audit.
func (s standing) Hold(ctx context.Context, id, why string) error {
	if _, err := s.Base.Hold(ctx, id, why); err != nil {
		return err
	}
	return s.audit.Record(ctx, casefile.ActorSystem, "correction.held", id, map[string]any{"why": why})
}

// trialStage is the active version, on knowledge of its own in which only what is tried counts.
type trialStage struct {
	house  *appliance
	bundle *bundle.Bundle
	rehearsed
	knowledge *kb.Base // nil where no procedure asks it
	end       func() error
}

// openTrial makes the active version ready; nil where nothing can be rehearsed.
func (a *appliance) openTrial(ctx context.Context) (trial.Stage, error) {
	b, err := a.library.Active()
	if errors.Is(err, bundle.ErrNone) || err == nil && len(b.Rehearsals) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	embedder := embed.Builtin()
	knowledge, end, err := knowledgeOf(ctx, b, embedder)
	if err != nil {
		return nil, err
	}
	s := &trialStage{house: a, bundle: b, end: end}
	if g, ok := knowledge.(ground); ok {
		s.knowledge = g.Base
	}
	nothing := func(string, string) (string, bool) { return "", false } // nothing live is called
	if s.rehearsed, err = stageOf(ctx, b, embedder, knowledge, nothing); err != nil {
		return nil, errors.Join(err, end())
	}
	return s, nil
}

// Rehearse plays the version's rehearsals with some corrections at work in triage and knowledge.
func (s *trialStage) Rehearse(ctx context.Context, ids []string) (rehearsal.Report, error) {
	list, err := s.house.knowledge.Counting(ctx, time.Now())
	if err != nil {
		return rehearsal.Report{}, err
	}
	list = slices.DeleteFunc(list, func(c kb.Correction) bool { return !slices.Contains(ids, c.ID) })
	if s.knowledge != nil {
		if err := s.knowledge.Only(ctx, list); err != nil {
			return rehearsal.Report{}, err
		}
	}
	book, err := s.house.learner.Under(ctx, s.bundle.Version, lessonsOf(list))
	if err != nil {
		return rehearsal.Report{}, err
	}
	return s.by(ctx, book)
}

// by plays the version's rehearsals by a triage, behind live work.
func (s *trialStage) by(ctx context.Context, b triage.Book) (rehearsal.Report, error) {
	return s.WithTriage(b).Rehearse(ctx, rehearsal.Options{Seed: 1, Scripted: true, Parallel: 1, Before: func(ctx context.Context, _, _ int) { s.house.liveFirst(ctx) }})
}

// errMoved is that another version of the bundle was activated meanwhile.
var errMoved = errors.New("another version of the bundle was activated meanwhile")

// lowers plays the active version's rehearsals by two triages, with all that counts at work, and says which
// pass by the first and fail by the second.
func (a *appliance) lowers(ctx context.Context, before, after triage.Book) (why string, err error) {
	opened, err := a.openTrial(ctx)
	if err != nil || opened == nil {
		return "", err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	s := opened.(*trialStage)
	if s.bundle.Version != before.Version {
		return "", errMoved
	}
	if s.knowledge != nil {
		list, err := a.knowledge.Counting(ctx, time.Now())
		if err != nil {
			return "", err
		}
		if err := s.knowledge.Only(ctx, list); err != nil {
			return "", err
		}
	}
	was, err := s.by(ctx, before)
	if err != nil {
		return "", err
	}
	is, err := s.by(ctx, after)
	if err != nil {
		return "", err
	}
	return trial.Lowers(was, is), nil
}

// Close ends what was made for it.
func (s *trialStage) Close() error {
	s.registry.Close()
	return s.end()
}

// tellWithin is how long who teaches a correction waits for what comes of its trial.
const tellWithin = time.Second

// teacher keeps what people teach, and has it tried.
type teacher struct {
	*kb.Base
	trier *trial.Trier
}

// Teach keeps a correction. It is at work at once; if its trial is over soon, the answer says what came of
// it.
func (t teacher) Teach(ctx context.Context, c kb.Correction, by string) (kb.Correction, error) {
	c, err := t.Base.Teach(ctx, c, by)
	if err != nil || c.State != kb.Active || !c.TriedAt.IsZero() {
		return c, err
	}
	within, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	t.trier.Settle(within)
	if told, err := t.Correction(context.WithoutCancel(ctx), c.ID); err == nil {
		c = told // else it is kept all the same
	}
	return c, nil
}

// lessonsOf gives what corrections say about triage: those that hold in a procedure and nothing narrower,
// as what is so for one customer or product says nothing about what others write.
func lessonsOf(list []kb.Correction) (teach []learner.Lesson) {
	for _, c := range list {
		if c.Scope.Procedure == "" || c.Scope.Product != "" || c.Scope.Customer != "" || c.FromCase == "" {
			continue
		}
		for _, from := range append([]string{c.FromCase}, c.FromCases...) {
			teach = append(teach, learner.Lesson{ID: c.ID, Procedure: c.Scope.Procedure, Case: from, At: c.At, ExpiresAt: c.ExpiresAt})
		}
	}
	return teach
}
