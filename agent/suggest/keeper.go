package suggest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/projection"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/source"
)

// Errors of a Keeper.
var (
	ErrNone        = errors.New("there is no such suggestion now: what it rested on changed, or the bundle says it already")
	ErrDismissed   = errors.New("the suggestion is dismissed")
	ErrRemade      = errors.New("the suggestion was made anew, since the active bundle or what it rests on changed; look at it and rehearse it again")
	ErrUnrehearsed = errors.New("exactly this candidate has not passed a rehearsal; rehearse it first")
	ErrAlone       = errors.New("who alone decided so doesn't accept what follows from it")
)

// Views is the journal's projections.
type Views interface {
	Current(ctx context.Context, name string) error
	Read(ctx context.Context, name string, fn func(view *projection.Bucket, to uint64) error) error
}

// Library keeps the versions of the bundle.
type Library interface {
	Active() (*bundle.Bundle, error)
	Files(ctx context.Context, version string) (map[string][]byte, error)
	Revise(ctx context.Context, base string, changed map[string][]byte) (bundle.Revision, source.Problems, error)
	Supersede(ctx context.Context, r bundle.Revision, by string, detail map[string]any, along ...journal.Record) error
}

// Records keeps values by kind and key; a journal.Store does.
type Records interface {
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
	Put(ctx context.Context, records ...journal.Record) error
}

// Rehearsals runs versions against their scenarios.
type Rehearsals interface {
	Start(ctx context.Context, o runs.Order) (runs.Run, error)
	Evidence(ctx context.Context, b *bundle.Bundle) (e runs.Evidence, found bool, err error)
}

// Deps are what a Keeper works with.
type Deps struct {
	Views      Views
	Library    Library
	Records    Records
	Rehearsals Rehearsals
	// Impact judges by a version again what was decided lately.
	Impact func(ctx context.Context, b *bundle.Bundle) (impact.Report, error)
	// Meaning gives a text's vector of unit length.
	Meaning func(text string) []float32
	Audit   func(actor, action, subject string, detail map[string]any) (journal.Record, error)
	Now     func() time.Time
	Log     *slog.Logger
}

// State is whether a suggestion waits for somebody.
type State string

// The states.
const (
	Open      State = "open"
	Dismissed State = "dismissed"
)

// Shown is a suggestion with the change as it would be.
type Shown struct {
	Suggestion
	State     State               `json:"state"`
	Base      string              `json:"base"`      // the active version, that it changes
	Candidate string              `json:"candidate"` // version that it would become
	Files     []bundle.FileChange `json:"files"`
	Rehearsal *runs.Evidence      `json:"rehearsal"`           // what exactly this candidate came to last, null for never
	Impact    *impact.Report      `json:"impact,omitempty"`    // of a rule's change, on what was decided in the last 30 days
	Dismissal *Dismissal          `json:"dismissal,omitempty"` // also of one that came back since

	revision bundle.Revision
}

// Keeper makes suggestions for the active version, and knows what became of them. It is safe for
// concurrent use.
type Keeper struct {
	Deps

	mu       sync.Mutex // of making, so that two who ask make them once
	active   *bundle.Bundle
	revision int64
	deeds    []Deed
	kept     Kept
	made     []Shown
	impacts  map[string]*impact.Report // by candidate
}

// NewKeeper makes a keeper.
func NewKeeper(d Deps) *Keeper { return &Keeper{Deps: d, revision: -1} }

// List gives the suggestions of a state.
func (k *Keeper) List(ctx context.Context, state State) ([]Shown, error) {
	all, err := k.all(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s Shown) bool { return s.State != state }), nil
}

// Get gives one suggestion, with its impact where it changes a rule.
func (k *Keeper) Get(ctx context.Context, id string) (Shown, error) {
	s, err := k.find(ctx, id)
	if err != nil {
		return s, err
	}
	if s.Kind == Loosen || s.Kind == Tighten {
		if s.Impact, err = k.impact(ctx, &s); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (k *Keeper) find(ctx context.Context, id string) (Shown, error) {
	all, err := k.all(ctx)
	if err != nil {
		return Shown{}, err
	}
	i := slices.IndexFunc(all, func(s Shown) bool { return s.ID == id })
	if i < 0 {
		return Shown{}, fmt.Errorf("%w: %.40q", ErrNone, id)
	}
	return all[i], nil
}

func (k *Keeper) impact(ctx context.Context, s *Shown) (*impact.Report, error) {
	k.mu.Lock()
	known := k.impacts[s.Candidate]
	k.mu.Unlock()
	if known != nil {
		return known, nil
	}
	report, err := k.Impact(ctx, s.revision.Bundle)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.impacts[s.Candidate] = &report
	return &report, nil
}

// followsFor is how long somebody waits for what people did just now. A view that is made anew may take
// longer.
const followsFor = 10 * time.Second

// follow waits until the view has what people did. It fails with projection.ErrBehind where that takes too
// long.
func (k *Keeper) follow(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, followsFor)
	defer cancel()
	err := k.Views.Current(within, ViewName)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", projection.ErrBehind, err)
	}
	return err
}

// all gives every suggestion as it stands now.
func (k *Keeper) all(ctx context.Context) ([]Shown, error) {
	if err := k.follow(ctx); err != nil {
		return nil, fmt.Errorf("what people did can't be told: %w", err)
	}
	made, err := k.make(ctx)
	if err != nil {
		return nil, err
	}
	said, err := k.dismissals(ctx)
	if err != nil {
		return nil, err
	}
	for i := range made {
		s := &made[i]
		s.State, s.Dismissal = Open, said[s.ID]
		if s.Dismissal != nil && !s.Dismissal.outgrown(s.Evidence) {
			s.State = Dismissed
		}
		e, found, err := k.Rehearsals.Evidence(ctx, s.revision.Bundle)
		if err != nil {
			return nil, err
		}
		if found {
			s.Rehearsal = &e
		}
	}
	return made, nil
}

// make mines, unless nothing changed since it was done last.
func (k *Keeper) make(ctx context.Context) ([]Shown, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	active, err := k.Library.Active()
	if errors.Is(err, bundle.ErrNone) {
		return []Shown{}, nil
	}
	if err != nil {
		return nil, err
	}
	changed := active != k.active
	err = k.Views.Read(ctx, ViewName, func(view *projection.Bucket, _ uint64) error {
		revision, deeds, kept, err := deedsOf(view, k.revision)
		if err == nil && revision != k.revision {
			k.revision, k.deeds, k.kept, changed = revision, deeds, kept, true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what people did: %w", err)
	}
	if !changed {
		return slices.Clone(k.made), nil
	}
	files, err := k.Library.Files(ctx, active.Version)
	if err != nil {
		return nil, err
	}
	made := []Shown{}
	for _, s := range Mine(k.deeds, k.kept, View{active, files, k.Meaning}, Defaults(active)) {
		shown, ok, err := k.candidate(ctx, active.Version, s)
		if err != nil {
			return nil, err
		}
		if ok && len(made) < mostShown {
			made = append(made, shown)
		}
	}
	k.active, k.made, k.impacts = active, made, map[string]*impact.Report{}
	return slices.Clone(made), nil
}

// mostShown bounds the candidates that are kept compiled.
const mostShown = 50

// Thirty days are what an impact is told of.
const impactOf = 30 * 24 * time.Hour

// Lately is the period of an impact.
func Lately(now time.Time) impact.Period { return impact.Period{From: now.Add(-impactOf)} }

// Dismissal is that somebody doesn't want a suggestion.
type Dismissal struct {
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Note     string    `json:"note"`
	Evidence int       `json:"evidence"` // cases that it rested on then
}

// outgrown reports whether there is so much more evidence that somebody should look again: twice as
// much, and three cases at least.
func (d *Dismissal) outgrown(evidence int) bool {
	return evidence >= 2*d.Evidence && evidence >= d.Evidence+3
}

const kindDismissal = "suggestion.dismissed"

func (k *Keeper) dismissals(ctx context.Context) (map[string]*Dismissal, error) {
	const page = 200
	all := map[string]*Dismissal{}
	for after := ""; ; {
		list, err := k.Records.List(ctx, kindDismissal, after, page)
		if err != nil {
			return nil, fmt.Errorf("dismissed suggestions: %w", err)
		}
		for _, r := range list {
			d := &Dismissal{}
			if err := json.Unmarshal(r.Value, d); err != nil {
				return nil, fmt.Errorf("dismissed suggestion %s: %w", r.Key, err)
			}
			all[r.Key], after = d, r.Key
		}
		if len(list) < page {
			return all, nil
		}
	}
}

// Dismiss keeps a suggestion away until far more speaks for it.
func (k *Keeper) Dismiss(ctx context.Context, id, note string, who people.Principal) (Shown, error) {
	s, err := k.find(ctx, id)
	if err != nil {
		return s, err
	}
	if s.State == Dismissed {
		return s, fmt.Errorf("%w already, by %s", ErrDismissed, s.Dismissal.By)
	}
	s.State, s.Dismissal = Dismissed, &Dismissal{By: who.Actor(), At: k.Now().UTC(), Note: note, Evidence: s.Evidence}
	value, err := json.Marshal(s.Dismissal)
	if err != nil {
		return s, err
	}
	said, err := k.Audit(who.Actor(), "suggestion.dismissed", id, map[string]any{"title": s.Title, "note": note, "evidence": s.Evidence})
	if err != nil {
		return s, err
	}
	return s, k.Records.Put(ctx, journal.Record{Kind: kindDismissal, Key: id, Value: value}, said)
}
