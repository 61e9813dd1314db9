package sim

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/outbox"
	"resolute/tools"
)

//go:embed bundle
var bundleFiles embed.FS

// Book is the bundle that runs are handled under. It is made once for many runs.
type Book struct{ book.Alone }

// OpenBook loads the bundle.
func OpenBook(ctx context.Context) (*Book, error) {
	files, err := fs.Sub(bundleFiles, "bundle")
	if err != nil {
		return nil, err
	}
	b, problems := bundle.Load(ctx, files, "bundle", bundle.Options{})
	if problems.Failed() {
		return nil, problems.Error()
	}
	k, err := book.New(ctx, b, noEmbedder{})
	if err != nil {
		return nil, err
	}
	return &Book{book.Alone{Book: k}}, nil
}

// noEmbedder is for a bundle without examples.
type noEmbedder struct{}

func (noEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	return make([][]float32, len(texts)), nil
}

// leaseTime is short, so that leases are lost while a slow plugin is waited for.
const leaseTime = 4 * time.Second

// process is one life of resolute.
type process struct {
	store    *store
	registry *tools.Registry
	engine   *agent.Engine
	intake   *intake.Intake
	outbox   *outbox.Outbox
	ctx      context.Context // ends when it is told to stop
	stop     context.CancelFunc
}

// start begins a life on what the last one left.
func (s *Sim) start(m *journal.Memory) {
	p := &process{store: &store{m, s}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.registry = tools.NewRegistry(tools.Options{Now: s.clock.Now, Random: s.numbers.Next, Log: slog.New(slog.DiscardHandler), Dial: s.Dial})
	var live []tools.Plugin
	for _, b := range s.book.Plugins {
		manifest := s.book.Manifests[b.Name]
		live = append(live, tools.Plugin{Name: b.Name, URL: b.URL, Manifest: &manifest, Timeout: b.Timeout, Retries: b.Retries, Trusted: b.TrustedFields()})
	}
	if err := p.registry.Set(live); err != nil {
		s.fail("the bundle is sound", "%v", err)
	}
	p.engine = agent.New(agent.Deps{Store: p.store, Playbooks: s.book, Tools: p.registry, Knowledge: s, Triage: s.book.Router(s.clock.Now),
		Callbacks: agent.Callbacks{Base: callbackBase, Key: []byte("a key for simulations")}, Outgoing: func() bool { return true }, Audit: audit, Now: s.clock.Now, Salt: s.numbers.Salt},
		agent.Options{Lease: leaseTime, Together: s.together})
	p.intake = intake.New(intake.Deps{Store: p.store, Book: s.book.Intake, Waits: s.book.Waits(p.store, s.clock.Now), Now: s.clock.Now, NewID: s.newID, Salt: s.numbers.Salt})
	p.outbox = &outbox.Outbox{Store: p.store, Channel: func() (outbox.Channel, error) { return s, nil }, Together: s.together, Now: s.clock.Now, Log: slog.New(slog.DiscardHandler)}
	s.process = p
}

// audit makes the record of a decision; the journal says the same of it, and is what is checked.
func audit(actor, action, caseID string, detail map[string]any) (journal.Record, error) {
	return journal.Record{Kind: journal.KindAudit, Key: fmt.Sprint(caseID, detail["seq"], action, actor), Value: []byte(actor)}, nil
}

// work is what one of the engine's workers does with a lease.
func (s *Sim) work(l journal.Lease) {
	p := s.process
	if err := p.engine.Drive(p.ctx, context.Background(), l); err != nil {
		p.store.Release(l)
		s.log("%s: gives %s back: %v", s.running.name, short(l.CaseID), err)
		if !errors.Is(err, journal.ErrStopped) && !errors.Is(err, journal.ErrLeaseLost) && p.ctx.Err() == nil {
			s.fail("a case can be advanced", "case %s: %v", l.CaseID, err)
		}
	}
}

// Ground is agent.Knowledge.
func (s *Sim) Ground(_ context.Context, _ *casefile.Case, queries []string) ([]casefile.Passage, error) {
	if !s.calm && s.has("knowledge fails") && s.OneIn(4) {
		s.cover("knowledge fails")
		return nil, errors.New("the index is being rebuilt")
	}
	return []casefile.Passage{{Address: "kb://goods#damaged@1", Title: "Damaged goods", Text: "A new one, or the money.", Score: 0.9, Query: queries[0]}}, nil
}

func (s *Sim) newID() string { return s.numbers.ID(s.clock.Now()) }

// die ends the process: kill it, and begin the next on what is durable.
func (s *Sim) die(how string) {
	for _, t := range s.tasks {
		s.log("%s dies at %s", t.name, t.at)
	}
	s.killAll()
	s.cover(how)
	s.log("the process is %s, and begins again", how)
	s.process.stop()
	s.model.restarted()
	s.senders.lost(s.clock.Now())
	for _, p := range s.postings {
		p.due = maxTime(p.due, s.clock.Now())
	}
	s.stopping = time.Time{}
	s.start(s.process.store.Memory.Reopen(journal.MemoryOptions{Before: s.beforeWrite}))
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func nameOf(what string, n int) string { return fmt.Sprintf("%s-%d", what, n) }
