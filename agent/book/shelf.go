package book

import (
	"context"
	"sync"
	"sync/atomic"

	"resolute/agent"
	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/intake"
	"resolute/agent/policy"
	"resolute/agent/triage"
)

// Versions are the stored versions of the bundle; bundle.Library is.
type Versions interface {
	Get(ctx context.Context, version string) (*bundle.Bundle, error) // "" is the active one
	Active() (*bundle.Bundle, error)
}

// Earned says how far the agent may go by what it has shown so far; authority.Ledger does.
type Earned interface {
	View(file *policy.Authority) authority.View
}

// Shelf gives the book of each version, as engine, intake and triage read it while another may be
// active.
type Shelf struct {
	versions Versions
	earned   Earned
	embedder triage.Embedder
	made     sync.Map // version → *edition
}

// edition is a book with the playbook that was last made of it.
type edition struct {
	*Book
	last atomic.Pointer[underActive]
}

// underActive is the playbook of a version's cases while a version is active and the agent may go as far
// as it may.
type underActive struct {
	active   *bundle.Bundle
	view     authority.View
	playbook *agent.Playbook
}

// NewShelf makes a shelf; the embedder makes the vectors that triage compares.
func NewShelf(v Versions, earned Earned, e triage.Embedder) *Shelf {
	return &Shelf{versions: v, earned: earned, embedder: e}
}

// Book gives a version's book; "" is the active one.
func (s *Shelf) Book(ctx context.Context, version string) (*Book, error) {
	k, err := s.edition(ctx, version)
	if err != nil {
		return nil, err
	}
	return k.Book, nil
}

func (s *Shelf) edition(ctx context.Context, version string) (*edition, error) {
	v, err := s.versions.Get(ctx, version)
	if err != nil {
		return nil, err
	}
	if made, ok := s.made.Load(v.Version); ok && made.(*edition).Bundle == v { // with the manifests that it has now
		return made.(*edition), nil
	}
	k := &edition{}
	if k.Book, err = New(ctx, v, s.embedder); err != nil {
		return nil, err
	}
	s.made.Store(v.Version, k)
	return k, nil
}

// Playbook is agent.Playbooks. A case of an older version keeps its procedures, looks things up in the
// active tables, and is judged by the active policies too.
func (s *Shelf) Playbook(ctx context.Context, version string) (*agent.Playbook, error) {
	k, err := s.edition(ctx, version)
	if err != nil {
		return nil, err
	}
	active, err := s.versions.Active()
	if err != nil {
		return nil, err
	}
	made, view := k.last.Load(), s.earned.View(active.Authority)
	if made == nil || made.active != active || made.view != view {
		made = &underActive{active: active, view: view, playbook: new(*k.Playbook)}
		made.playbook.Authority = view
		if active.Version != k.Version {
			made.playbook.Recalls = k.Recalls || active.Recalls
			made.playbook.Planner = k.Model.WithTables(active.Tables)
			made.playbook.Guard = policy.NewPinned(k.Guard.WithTables(active.Tables).WithTools(active.GuardTools), active.Guard, k.Planner.Gathers)
		}
		k.last.Store(made)
	}
	return made.playbook, nil
}

// Triage is what a version says about triage.
func (s *Shelf) Triage(ctx context.Context, version string) (triage.Book, error) {
	k, err := s.Book(ctx, version)
	if err != nil {
		return triage.Book{}, err
	}
	return k.Triage(), nil
}

// Intake is what the active version says about intake.
func (s *Shelf) Intake() (intake.Book, error) {
	k, err := s.Book(context.Background(), "")
	if err != nil {
		return intake.Book{}, err
	}
	return k.Intake(), nil
}
