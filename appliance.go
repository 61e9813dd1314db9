package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"resolute/agent"
	"resolute/agent/backup"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/learner"
	"resolute/agent/model/ollama"
	"resolute/agent/model/sureness"
	"resolute/agent/outbox"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/precedent"
	"resolute/agent/projection"
	"resolute/agent/redact"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/shadow"
	"resolute/agent/statuslink"
	"resolute/agent/trial"
	"resolute/agent/usual"
	"resolute/embed"
	"resolute/kb"
	"resolute/tools"
	"resolute/ui/api"
	"resolute/ui/cli"
	"resolute/ui/metrics"
)

// appliance is resolute over one data folder: the parts list.
type appliance struct {
	cli.Config
	seams     seams
	store     *journal.Bolt
	figures   *prometheus.Registry
	meter     *metrics.Meter
	knowledge *kb.Base
	registry  *tools.Registry
	library   *bundle.Library
	secrets   *people.Secrets
	tokens    *people.Tokens
	links     *statuslink.Links // of customers
	shelf     *book.Shelf
	learner   *learner.Learner
	trier     *trial.Trier // of corrections
	pauses    *pauses.Keeper
	runs      *runs.Keeper // of rehearsals
	shadows   *shadow.Keeper
	usual     *usual.Tracker
	views     *projection.Views
	sureness  *sureness.Keeper               // of what models propose
	hidden    atomic.Pointer[bundle.Library] // that says what isn't logged; nil before it is open
	past      *precedent.Keeper
	model     *ollama.Client
	judging   *impact.Turns // past decisions again
	engine    *agent.Engine
	intake    *intake.Intake
	network   http.Handler
	admin     http.Handler
	imports   sync.WaitGroup
	importing context.Context // ends with Run: what isn't imported then is when it starts again
	endImport context.CancelFunc
	working   atomic.Bool // cases are driven
}

// assemble opens the data folder and wires the parts.
func assemble(ctx context.Context, c cli.Config) (cli.Appliance, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, err
	}
	seams := newSeams(c.Env)
	figures := prometheus.NewRegistry()
	meter := metrics.New(figures)
	store, err := journal.Open(filepath.Join(c.Data, "journal.db"), journal.Options{Holder: c.PublicURL, Commit: seams.commit(), Observe: meter.Commit})
	if err != nil {
		return nil, err
	}
	figures.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), metrics.Open(store))
	a := &appliance{Config: c, seams: seams, store: store, figures: figures, meter: meter, judging: impact.NewTurns(store)}
	a.Log = slog.New(redact.NewHandler(c.Log.Handler(), a.redacted))
	a.registry = tools.NewRegistry(tools.Options{Log: a.Log})
	a.importing, a.endImport = context.WithCancel(context.Background())
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// redacted is what the active bundle wants in no log.
func (a *appliance) redacted() redact.Redactor {
	if l := a.hidden.Load(); l != nil {
		if b, err := l.Active(); err == nil {
			return b.Config.Redact
		}
	}
	return redact.Redactor{}
}

// wire opens the parts, each on those before it.
func (a *appliance) wire(ctx context.Context) error {
	if err := agent.Relist(ctx, a.store); err != nil {
		return err
	}
	builtin := embed.Builtin()
	if err := a.openKnowledge(builtin); err != nil {
		return err
	}
	key, err := people.OpenKey(a.Data, people.Options{})
	if err != nil {
		return err
	}
	audit := people.NewAudit(a.store, people.Options{})
	house, err := a.openPeople(ctx, audit, key)
	if err != nil {
		return err
	}
	a.links = house.links
	earned, err := a.openBundles(ctx, audit, builtin)
	if err != nil {
		return err
	}
	if err := a.openBeside(ctx, audit, builtin); err != nil {
		return err
	}
	if err := a.openModel(); err != nil {
		return err
	}
	if err := a.openLoop(key, earned, audit); err != nil {
		return err
	}
	a.past = precedent.NewKeeper(a.remembering(builtin))
	deps, err := a.surface(house, key, earned, audit, builtin)
	if err != nil {
		return err
	}
	a.network, a.admin = beside(api.New(deps), a.console(deps, house)), api.NewAdmin(deps)
	return nil
}

// openBeside opens what works beside the loop: it follows the journal, or is asked.
func (a *appliance) openBeside(ctx context.Context, audit *people.Audit, builtin *embed.Static) (err error) {
	if a.usual, err = usual.Open(ctx, usual.Deps{Store: a.store, Spike: a.spike, Now: time.Now, Log: a.Log}); err != nil {
		return err
	}
	if a.pauses, err = pauses.Open(ctx, pauses.Deps{Records: a.store, Audit: audit.Event, Known: a.pausable, Now: time.Now}); err != nil {
		return err
	}
	if err := a.openViews(ctx); err != nil {
		return err
	}
	if a.shadows, err = shadow.Open(ctx, a.shadowing(audit)); err != nil {
		return err
	}
	if a.learner, err = a.openLearner(ctx, builtin, audit); err != nil {
		return err
	}
	a.trier = a.openTrier(audit)
	return nil
}

func (a *appliance) Handler() http.Handler { return a.network }
func (a *appliance) Admin() http.Handler   { return a.admin }

// Run drives cases, delivers messages, runs monitors and watches manifests.
func (a *appliance) Run(ctx context.Context) error {
	if err := a.library.Down(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &outbox.Outbox{Store: a.seams.outboxStore(a.meter.Outbox(a.store)), Channel: a.channel, Notices: outbox.Told{Client: http.DefaultClient}, Now: time.Now, Log: a.Log}
	monitors := &intake.Monitors{List: a.monitors, Call: a.registry.Send, Accept: a.intake.AcceptOwn, Records: a.seams.findings(a.store), Now: time.Now, Log: a.Log}
	var beside sync.WaitGroup
	for _, part := range []func(context.Context){
		out.Run,
		monitors.Run,
		a.registry.Watch,
		a.tokens.Run,
		usage{a.store, a.knowledge, a.Log}.Run,
		a.usual.Run,
		a.views.Run,
		a.shadows.Run,
		a.learner.Run,
		a.trier.Run,
		a.past.Run,
	} {
		beside.Go(func() { part(ctx) })
	}
	a.working.Store(true)
	err := a.engine.Run(ctx)
	a.working.Store(false)
	cancel()
	a.endImport()
	beside.Wait()
	return errors.Join(err, a.store.Err())
}

func (a *appliance) Close() error {
	a.imports.Wait()
	a.endImport()
	if a.runs != nil {
		a.runs.Close()
	}
	if a.model != nil {
		a.model.Close()
	}
	a.registry.Close()
	var err error
	if a.knowledge != nil {
		err = a.knowledge.Close()
	}
	if a.views != nil {
		a.views.Close()
	}
	return errors.Join(err, a.store.Close())
}

// backup writes a backup of the data folder.
func (a *appliance) backup(ctx context.Context, w io.Writer) error {
	return backup.Write(ctx, w, backup.Info{MadeAt: time.Now().UTC(), MadeBy: version()}, a.store, a.knowledge)
}
