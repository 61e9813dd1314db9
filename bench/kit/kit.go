package kit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/procedure"
	"resolute/agent/triage"
	"resolute/embed"
	"resolute/tools/protocol"
)

// Resolute is the engine over one data folder.
type Resolute struct {
	Store  *journal.Bolt
	Intake *intake.Intake
	Tools  *Tools

	engine  *agent.Engine
	planner *procedure.Planner
	version string
	ended   sync.Map // case → chan struct{}, of those that somebody waits for
	stop    context.CancelFunc
	drove   chan error
}

// Watch sees what the store was asked to write, before it does.
type Watch struct {
	Arrivals func([]journal.Arrival)
	Append   func(journal.Append)
}

// Open opens a data folder; Drive begins to work on its cases.
func Open(ctx context.Context, folder string, w Watch) (*Resolute, error) {
	b, problems := bundle.Load(ctx, Bundle(), "", bundle.Options{Pinned: map[string]protocol.Manifest{"bench": Manifest()}})
	if problems.Failed() {
		return nil, fmt.Errorf("the bundle of the bench: %w", problems.Error())
	}
	store, err := journal.Open(filepath.Join(folder, "journal.db"), journal.Options{})
	if err != nil {
		return nil, err
	}
	r := &Resolute{Store: store, Tools: NewTools(), version: b.Version, planner: procedure.NewPlanner(b.Procedures, b.Config.Limits.Asks)}
	if err := r.wire(ctx, b, w); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return r, nil
}

func (r *Resolute) wire(ctx context.Context, b *bundle.Bundle, w Watch) error {
	classifier, err := triage.Train(ctx, triage.Examples(b.Procedures), embed.Builtin())
	if err != nil {
		return err
	}
	book := &agent.Playbook{Version: b.Version, Planner: r.planner, Guard: b.Guard, Limits: agent.Limits{Steps: b.Config.Limits.Steps, Wall: b.Config.Limits.Wall}}
	route := triage.Book{Starting: r.planner.Starting, Classifier: classifier, Threshold: b.Config.Triage}
	store := watched{Bolt: r.Store, watch: w, parked: r.parked}
	r.engine = agent.New(agent.Deps{Store: store, Playbooks: one{book}, Tools: r.Tools, Knowledge: nothing{},
		Triage:   &triage.Router{Books: func(context.Context, string) (triage.Book, error) { return route, nil }, Now: time.Now},
		Outgoing: func() bool { return true }, Audit: people.NewAudit(r.Store, people.Options{}).Event,
		Now: time.Now, Salt: salt}, agent.Options{Log: slog.Default()})
	r.Intake = intake.New(intake.Deps{Store: store, Waits: r.waits, Now: time.Now, NewID: NewID, Salt: salt, Book: func() (intake.Book, error) {
		return intake.Book{Version: b.Version, ReopenWithin: b.Config.ReopenWithin, Correlations: r.planner.Correlations}, nil
	}, Backlog: r.Store.Runnable, MaxBacklog: 500_000})
	return nil
}

// Drive lets the engine work until Close.
func (r *Resolute) Drive() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.drove = stop, make(chan error, 1)
	go func() { r.drove <- r.engine.Run(ctx) }()
}

// Rest ends what Drive began.
func (r *Resolute) Rest() error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	r.stop = nil
	return <-r.drove
}

// Close ends everything.
func (r *Resolute) Close() error { return errors.Join(r.Rest(), r.Store.Close()) }

// Signal is one about an item.
func Signal(kind, item string) casefile.Signal {
	return casefile.Signal{Source: "bench", EventID: item, Type: kind, Data: casefile.Object{"item": item}}
}

// Accept takes in one signal about an item, and gives the case that it opened.
func (r *Resolute) Accept(ctx context.Context, kind, item string) (string, error) {
	receipts, err := r.Intake.AcceptOwn(ctx, []casefile.Signal{Signal(kind, item)})
	if err != nil {
		return "", err
	}
	return receipts[0].CaseID, nil
}

// Case takes in a signal and waits until the case of it is durably closed.
func (r *Resolute) Case(ctx context.Context, item string) error {
	id, err := r.Accept(ctx, SignalType, item)
	if err != nil {
		return err
	}
	return r.Await(ctx, id)
}

// Await waits until a case is durably closed.
func (r *Resolute) Await(ctx context.Context, id string) error {
	ch := make(chan struct{})
	if known, there := r.ended.LoadOrStore(id, ch); there {
		ch = known.(chan struct{})
	}
	defer r.ended.Delete(id)
	select {
	case <-ch:
		return nil
	case <-r.Store.Failed():
		return r.Store.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// parked tells who waits for the case, or will.
func (r *Resolute) parked(id string) {
	ch := make(chan struct{})
	if known, there := r.ended.LoadOrStore(id, ch); there {
		ch = known.(chan struct{})
	}
	close(ch)
}

func (r *Resolute) waits(ctx context.Context, id string, s *casefile.Signal) (bool, error) {
	c, err := r.engine.Load(ctx, id)
	if err != nil {
		return false, err
	}
	return r.planner.Waits(c, s, time.Now()), nil
}

// watched tells of cases that are closed.
type watched struct {
	*journal.Bolt
	watch  Watch
	parked func(id string)
}

func (w watched) Accept(ctx context.Context, arrivals []journal.Arrival) ([]journal.Receipt, error) {
	if w.watch.Arrivals != nil {
		w.watch.Arrivals(arrivals)
	}
	return w.Bolt.Accept(ctx, arrivals)
}

func (w watched) Append(ctx context.Context, a journal.Append) (journal.Appended, error) {
	if w.watch.Append != nil {
		w.watch.Append(a)
	}
	done, err := w.Bolt.Append(ctx, a)
	if err == nil && a.Park != nil {
		w.parked(a.CaseID)
	}
	return done, err
}

// one is the only playbook.
type one struct{ book *agent.Playbook }

func (o one) Playbook(context.Context, string) (*agent.Playbook, error) { return o.book, nil }

// nothing is known.
type nothing struct{}

func (nothing) Ground(context.Context, *casefile.Case, []string) ([]casefile.Passage, error) {
	return nil, nil
}

// NewID gives a UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

func salt() (s journal.Salt) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}
