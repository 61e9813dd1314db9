// Command resolute is an autonomous support agent that owns the outcome of a case.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"resolute/agent"
	"resolute/agent/authority"
	"resolute/agent/backup"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/checkpoint"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/learner"
	"resolute/agent/outbox"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/policy"
	"resolute/agent/precedent"
	"resolute/agent/projection"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/shadow"
	"resolute/agent/statuslink"
	"resolute/agent/suggest"
	"resolute/agent/triage"
	"resolute/agent/trial"
	"resolute/agent/usual"
	"resolute/embed"
	"resolute/kb"
	"resolute/plugins/demo"
	"resolute/tools"
	"resolute/tools/protocol"
	"resolute/ui/api"
	"resolute/ui/cli"
	"resolute/ui/metrics"
)

func main() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(400) // cases leave much short-lived garbage and little else; docs/measurements.md has what it buys
	}
	os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program, for main and for tests.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	starter, err := bundle.Starter()
	if err == nil {
		var story []demo.Step
		var files fs.FS
		if story, err = demo.Story(); err == nil {
			files, err = demo.Bundle()
		}
		if err == nil {
			p := &cli.Program{Assemble: assemble, Check: check, Rehearse: rehearse, Schema: bundle.Schema, Pack: bundle.Pack, Starter: starter, Env: env,
				Demo:  cli.Demo{Open: openDemo, Bundle: files, EnvURL: demo.EnvURL, Story: story, MonitorTitle: demo.MonitorTitle},
				Stdin: stdin, Stdout: stdout, Stderr: stderr, Now: time.Now, Version: version()}
			return p.Main(ctx, args)
		}
	}
	fmt.Fprintln(stderr, "resolute:", err)
	return 1
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}

func openDemo(path string) (cli.Company, error) { return demo.Open(path, demo.Options{}) }

// check is `resolute check`.
func check(ctx context.Context, files fs.FS, name string, env func(string) (string, bool), out io.Writer) (bool, error) {
	_, problems := bundle.Load(ctx, files, name, bundle.Options{Fetch: fetch, Lookup: func(kind, name string) (string, bool) {
		if kind == "env" {
			return env(name)
		}
		return "", false
	}})
	for _, p := range problems {
		if _, err := fmt.Fprintln(out, p); err != nil {
			return false, err
		}
	}
	return !problems.Failed(), nil
}

func fetch(ctx context.Context, p bundle.Plugin) (protocol.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return tools.FetchManifest(ctx, pluginOf(p, nil))
}

func pluginOf(p bundle.Plugin, manifest *protocol.Manifest) tools.Plugin {
	return tools.Plugin{Name: p.Name, URL: p.URL, Bearer: p.Bearer, Headers: p.Headers, AllowHosts: p.AllowHosts, Manifest: manifest,
		Timeout: p.Timeout, Retries: p.Retries, Concurrency: p.Concurrency, Effects: p.Effects, Trusted: p.TrustedFields()}
}

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
	past      *precedent.Keeper
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
	a := &appliance{Config: c, seams: seams, store: store, figures: figures, meter: meter, registry: tools.NewRegistry(tools.Options{Log: c.Log})}
	a.importing, a.endImport = context.WithCancel(context.Background())
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *appliance) wire(ctx context.Context) (err error) {
	builtin := embed.Builtin()
	base, err := knowledgeOptions(a.Embedder, builtin, a.Env)
	if err != nil {
		return err
	}
	base.Logger = a.Log
	if err := agent.Relist(ctx, a.store); err != nil {
		return err
	}
	if a.knowledge, err = kb.Open(a.Data, base); err != nil {
		return err
	}
	key, err := people.OpenKey(a.Data, people.Options{})
	if err != nil {
		return err
	}
	audit := people.NewAudit(a.store, people.Options{})
	if a.tokens, err = people.OpenTokens(ctx, a.store, audit, people.Options{}); err != nil {
		return err
	}
	house, err := a.openPeople(ctx, audit, key)
	if err != nil {
		return err
	}
	a.links = house.links
	if a.secrets, err = people.OpenSecrets(ctx, a.store, key, audit, people.Options{}); err != nil {
		return err
	}
	if a.runs, err = runs.Open(ctx, a.rehearsing(audit)); err != nil {
		return err
	}
	if a.library, err = bundle.OpenLibrary(ctx, bundle.LibraryOptions{Records: a.store, Fetch: fetch, Lookup: a.lookup, Activated: a.activated, Permit: a.permit, Now: time.Now,
		Audit: audit.Event}); err != nil {
		return err
	}
	earned, err := authority.Open(ctx, a.store, a.authority)
	if err != nil {
		return err
	}
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
	a.shelf = book.NewShelf(a.library, earned, builtin) // what triage calls sure was found on its vectors
	if a.learner, err = a.openLearner(ctx, builtin, audit); err != nil {
		return err
	}
	a.trier = a.openTrier(audit)
	callbacks, err := key.Derive("callbacks")
	if err != nil {
		return err
	}
	a.engine = agent.New(agent.Deps{Store: a.seams.engineStore(a.meter.Store(a.store)), Playbooks: a.shelf, Tools: a.seams.tools(a.meter.Tools(a.registry)), Knowledge: ground{a.knowledge, a.relevance},
		Triage:    &triage.Router{Books: a.learner.Triage, Now: time.Now},
		Pauses:    a.pauses,
		Usual:     a.usual,
		Callbacks: agent.Callbacks{Base: a.PublicURL + "/callbacks/", Key: callbacks}, Outgoing: a.outgoing, Evidence: earned, Audit: audit.Event, Now: time.Now, Salt: salt}, agent.Options{Log: a.Log})
	a.intake = intake.New(intake.Deps{Store: a.seams.intakeStore(a.meter.Intake(a.store)), Book: a.shelf.Intake, Waits: a.waits, Now: time.Now, NewID: newID, Salt: salt,
		Backlog: a.store.Runnable, MaxBacklog: a.MaxBacklog})
	a.past = precedent.NewKeeper(a.remembering(builtin))
	seed, err := key.Derive(checkpoint.Purpose)
	if err != nil {
		return err
	}
	checkpoints, err := checkpoint.NewKey(seed)
	if err != nil {
		return err
	}
	deps := api.Deps{
		Intake:      a.intake,
		Engine:      a.engine,
		Store:       a.store,
		Knowledge:   teacher{a.knowledge, a.trier},
		Bundles:     a.library,
		Tokens:      a.tokens,
		Accounts:    house.accounts,
		PublicURL:   a.PublicURL,
		Sessions:    house.sessions,
		Status:      house.links,
		Secrets:     a.secrets,
		Audit:       audit,
		Authority:   earned,
		Pauses:      a.pauses,
		Insights:    a.insights(audit),
		Rehearsals:  a.runs,
		Shadows:     a.shadows,
		Suggestions: suggest.NewKeeper(a.suggesting(audit, builtin)),
		Precedents:  a.past,
		Learner:     a.learner,
		Checkpoints: checkpoints,
		Manifests:   manifests{a.registry, a.library},
		Histories:   a.store,
		Backup:      a.backup,
		Metrics:     a.figures,
		Log:         a.Log,
		Version:     version(),
	}
	a.network, a.admin = beside(api.New(deps), a.console(deps, house)), api.NewAdmin(deps)
	return nil
}

// beside gives the API its paths and the console the rest.
func beside(api, console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range []string{"/api/", "/callbacks/", "/healthz", "/readyz", "/metrics"} {
			if strings.HasPrefix(r.URL.Path, prefix) {
				api.ServeHTTP(w, r)
				return
			}
		}
		console.ServeHTTP(w, r)
	})
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

func (a *appliance) lookup(kind, name string) (string, bool) {
	if kind == "secret" {
		return a.secrets.Get(name)
	}
	return a.Env(name)
}

// activated makes a bundle's tools live and its knowledge searchable.
func (a *appliance) activated(ctx context.Context, b *bundle.Bundle) error {
	var live []tools.Plugin
	for _, p := range b.Plugins {
		resolved, err := p.Resolve(a.lookup)
		if err != nil {
			return err
		}
		manifest := b.Manifests[p.Name]
		live = append(live, pluginOf(resolved, &manifest))
	}
	if err := a.registry.Set(live); err != nil {
		return err
	}
	var documents []kb.Source
	for _, path := range slices.Sorted(maps.Keys(b.Knowledge)) { // two that would have one id always get the same two
		documents = append(documents, kb.Source{Path: path, Content: b.Knowledge[path]})
	}
	if len(documents) == 0 {
		return nil
	}
	a.imports.Go(func() {
		report, err := a.knowledge.Import(a.importing, documents)
		for _, f := range report.Failed {
			a.Log.Warn("a document of the bundle could not be read", "document", f.Source, "error", f.Detail)
		}
		if err != nil && !errors.Is(err, kb.ErrClosed) && a.importing.Err() == nil {
			a.Log.Error("the bundle's knowledge could not be imported", "error", err)
		}
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

func (a *appliance) channel() (outbox.Channel, error) {
	b, err := a.library.Active()
	if err != nil || b.Config.Webhook == "" {
		return nil, err
	}
	return a.seams.channel(outbox.Webhook{URL: b.Config.Webhook, Client: http.DefaultClient, Link: a.statusLink}), nil
}

func (a *appliance) outgoing() bool {
	channel, err := a.channel()
	return channel != nil || err != nil
}

// authority is what the active bundle lets the agent do by itself.
func (a *appliance) authority() (*policy.Authority, error) {
	b, err := a.library.Active()
	if err != nil {
		return nil, err
	}
	return b.Authority, nil
}

func (a *appliance) monitors() []*bundle.Monitor {
	b, err := a.library.Active()
	if err != nil {
		return nil
	}
	return b.Monitors
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func salt() (s journal.Salt) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}
