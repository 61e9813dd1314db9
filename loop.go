package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"resolute/agent"
	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/triage"
)

// openLoop makes what takes signals in and what drives their cases.
func (a *appliance) openLoop(key *people.Key, earned *authority.Ledger, audit *people.Audit) error {
	callbacks, err := key.Derive("callbacks")
	if err != nil {
		return err
	}
	a.engine = agent.New(agent.Deps{
		Store:     a.seams.engineStore(a.meter.Store(a.store)),
		Playbooks: a.shelf,
		Tools:     a.seams.tools(a.meter.Tools(a.registry)),
		Knowledge: ground{a.knowledge, a.relevance},
		Triage:    &triage.Router{Books: a.learner.Triage, Now: time.Now},
		Model:     a.sureness.Around(a.model),
		Pauses:    a.pauses,
		Usual:     a.usual,
		Callbacks: agent.Callbacks{Base: a.PublicURL + "/callbacks/", Key: callbacks},
		Outgoing:  a.outgoing,
		Evidence:  earned,
		Audit:     audit.Event,
		Now:       time.Now,
		Salt:      salt,
	}, agent.Options{Log: a.Log, Thinkers: a.Model.Parallel})
	a.intake = intake.New(intake.Deps{
		Store:      a.seams.intakeStore(a.meter.Intake(a.store)),
		Book:       a.shelf.Intake,
		Waits:      a.waits,
		Now:        time.Now,
		NewID:      newID,
		Salt:       salt,
		Backlog:    a.store.Runnable,
		MaxBacklog: a.MaxBacklog,
	})
	return nil
}

// waits reports whether a case waits for a signal.
func (a *appliance) waits(ctx context.Context, caseID string, s *casefile.Signal) (bool, error) {
	c, err := a.engine.Load(ctx, caseID)
	if err != nil {
		return false, err
	}
	book, err := a.shelf.Book(ctx, c.Bundle)
	if err != nil {
		return false, err
	}
	return book.Planner.Waits(c, s, time.Now()), nil
}

// How long work in the background waits at a time for live cases, and how often it looks.
const (
	longestYield = time.Second
	yieldLook    = 5 * time.Millisecond
)

// liveFirst waits while cases wait for their turn. On a server that is never idle what is behind them goes
// on slowly, and does go on.
func (a *appliance) liveFirst(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, longestYield)
	defer cancel()
	look := time.NewTicker(yieldLook)
	defer look.Stop()
	for a.working.Load() && a.store.Runnable() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func salt() (s journal.Salt) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}
