package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/checkpoint"
	"resolute/agent/impact"
	"resolute/agent/insights"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/listing"
	"resolute/agent/model/ollama"
	"resolute/agent/model/ollamatest"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/shadow"
	"resolute/agent/statuslink"
	"resolute/embed"
	"resolute/kb"
	"resolute/tools/protocol"
	"resolute/ui/api"
)

// engine is the engine as far as the API sees it: cases are read from the store, decisions and
// results go where its functions say.
type engine struct {
	hasty    string
	store    agent.Store
	load     func(id string) (*casefile.Case, error)
	decide   func(id string, d agent.Decide, who people.Principal) (*casefile.Case, error)
	complete func(token string, body protocol.CallbackBody) error
}

func (e *engine) Load(ctx context.Context, id string) (*casefile.Case, error) {
	if e.load != nil {
		return e.load(id)
	}
	return agent.Load(ctx, e.store, id)
}

func (e *engine) Decide(_ context.Context, id string, d agent.Decide, who people.Principal) (*casefile.Case, error) {
	return e.decide(id, d, who)
}

func (e *engine) Hasty(people.Principal) string { return e.hasty }

func (e *engine) Complete(_ context.Context, token string, body protocol.CallbackBody) error {
	return e.complete(token, body)
}

// taker is an intake made of a function.
type taker func(signals []casefile.Signal, from people.Principal) ([]journal.Receipt, error)

func (f taker) Accept(_ context.Context, signals []casefile.Signal, from people.Principal) ([]journal.Receipt, error) {
	return f(signals, from)
}

// house is the API over a real store, real people, real knowledge and the bundle to begin with.
type house struct {
	t      testing.TB
	deps   api.Deps
	store  *journal.Bolt
	engine *engine
	server *httptest.Server
	tokens map[people.Role]string
	log    *bytes.Buffer
}

func newHouse(t testing.TB) *house {
	t.Helper()
	dir := t.TempDir()
	ctx := context.Background()
	h := &house{t: t, tokens: map[people.Role]string{}, log: &bytes.Buffer{}}
	var err error
	h.store, err = journal.Open(filepath.Join(dir, "journal.db"), journal.Options{})
	h.must(err)
	t.Cleanup(func() { _ = h.store.Close() }) // the test is over
	knowledge, err := kb.Open(dir, kb.Options{Embedder: embed.Builtin()})
	h.must(err)
	t.Cleanup(func() { _ = knowledge.Close() }) // the test is over
	key, err := people.OpenKey(dir, people.Options{})
	h.must(err)
	audit := people.NewAudit(h.store, people.Options{})
	tokens, err := people.OpenTokens(ctx, h.store, audit, people.Options{})
	h.must(err)
	accounts, err := people.OpenAccounts(ctx, h.store, audit, people.Options{})
	h.must(err)
	sessions, err := people.OpenSessions(ctx, h.store, accounts, people.Options{})
	h.must(err)
	secrets, err := people.OpenSecrets(ctx, h.store, key, audit, people.Options{})
	h.must(err)
	library, err := bundle.OpenLibrary(ctx, bundle.LibraryOptions{Records: h.store, Now: time.Now,
		Fetch: func(context.Context, bundle.Plugin) (protocol.Manifest, error) {
			return protocol.Manifest{}, errors.New("no plugin runs")
		},
		Lookup:    func(string, string) (string, bool) { return "http://127.0.0.1:1", true },
		Activated: func(context.Context, *bundle.Bundle) error { return nil },
		Audit:     audit.Event})
	h.must(err)
	h.engine = &engine{store: h.store}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	in := intake.New(intake.Deps{Store: h.store, Now: time.Now, NewID: newID, Salt: func() journal.Salt { return journal.Salt{} },
		Book: func() (intake.Book, error) {
			return intake.Book{Version: "v", Correlations: func(*casefile.Signal, time.Time) ([]casefile.Correlation, bool) { return nil, false }}, nil
		},
		Waits: func(context.Context, string, *casefile.Signal) (bool, error) { return false, nil }})
	checkpoints, err := checkpoint.NewKey(make([]byte, 32))
	h.must(err)
	paused, err := pauses.Open(ctx, pauses.Deps{Records: h.store, Audit: audit.Event, Now: time.Now, Known: func(p casefile.Pause) error {
		if p.Tool == "shop.typo" {
			return errors.New("no plugin offers it")
		}
		return nil
	}})
	h.must(err)
	rehearsals, err := runs.Open(ctx, runs.Deps{Records: h.store, Audit: audit.Event, NewID: newID, Now: time.Now, Log: slog.New(slog.DiscardHandler), Yield: func(context.Context) {}, Rehearse: rehearsed})
	h.must(err)
	t.Cleanup(rehearsals.Close)
	shadows, err := shadow.Open(ctx, shadow.Deps{Store: h.store, Audit: audit.Event, Now: time.Now, Log: slog.New(slog.DiscardHandler), Active: func() string {
		if b, err := library.Active(); err == nil {
			return b.Version
		}
		return ""
	}})
	h.must(err)
	views := h.views(dir)
	address, err := url.Parse(ollamatest.Start(t, ollamatest.Config{}).URL)
	h.must(err)
	model := ollama.New(ollama.Options{Address: address, Choice: func() ollama.Choice { return ollama.Choice{Name: ollamatest.DefaultModel} }, Now: time.Now})
	t.Cleanup(model.Close)
	h.deps = api.Deps{
		Model:       model,
		Pauses:      paused,
		Insights:    insights.New(insights.Deps{Views: views, House: nobodys{}, Deeds: deedsOf(audit), Records: h.store, Now: time.Now}),
		Rehearsals:  rehearsals,
		Shadows:     shadows,
		Suggestions: suggesting{rehearsals},
		Precedents:  remembering{},
		Intake:      in,
		Engine:      h.engine,
		Store:       h.store,
		Listing:     listing.New(views),
		Knowledge:   knowledge,
		Bundles:     library,
		Tokens:      tokens,
		Accounts:    accounts,
		Sessions:    sessions,
		Status:      statuslink.New([]byte("key"), "", h.store, time.Now),
		Secrets:     secrets,
		Audit:       audit,
		Checkpoints: checkpoints,
		Manifests:   drifting{},
		Learner:     wise{},
		Impact: func(ctx context.Context, b *bundle.Bundle, p impact.Period) (impact.Report, error) {
			return impact.Replay(ctx, h.store, impact.Candidate{Version: b.Version, Currency: b.Config.Currency, Guard: b.Guard, Effect: b.Effect}, p)
		},
		Metrics: prometheus.NewRegistry(),
		Log:     slog.New(slog.NewTextHandler(h.log, nil)),
		Version: "test",
	}
	for _, role := range people.Roles() {
		_, h.tokens[role], err = tokens.Create(ctx, people.NewToken{Role: role, Name: string(role)}, "user:test")
		h.must(err)
	}
	h.serve()
	return h
}

// serve serves the dependencies as they are now.
func (h *house) serve() {
	h.server = httptest.NewServer(api.New(h.deps))
	h.t.Cleanup(h.server.Close)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
}

// problem is the answer as a problem document; what isn't one fails the test.
func (h *house) problem(name string, a answered) (p struct {
	Type, Title, Detail, Instance string
	Status                        int
	Errors                        []struct{ Pointer, Parameter, Detail string }
}) {
	h.t.Helper()
	if got := a.header.Get("Content-Type"); got != protocol.ContentProblem {
		h.t.Errorf("%s: answered %d with %q %.200s, want a problem document", name, a.status, got, a.body)
		return p
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Status != a.status || p.Title == "" || p.Type == "" || p.Detail == "" {
		h.t.Errorf("%s: the problem is %s (%v), want type, title, detail and the status %d", name, a.body, err, a.status)
	}
	return p
}

func (h *house) do(role people.Role, method, path, contentType, body string, headers ...string) answered {
	h.t.Helper()
	req, err := http.NewRequest(method, h.server.URL+path, strings.NewReader(body))
	h.must(err)
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+h.tokens[role])
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := *h.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	h.must(err)
	b, err := io.ReadAll(res.Body)
	h.must(err)
	h.must(res.Body.Close())
	return answered{res.StatusCode, res.Header, string(b)}
}

// get wants 200 and decodes the answer.
func (h *house) get(path string, into any) {
	h.t.Helper()
	a := h.do(people.Admin, "GET", path, "", "")
	if a.status != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s, want 200", path, a.status, a.body)
	}
	h.must(json.Unmarshal([]byte(a.body), into))
}

// signal sends one event and gives its case.
func (h *house) signal(id, data string) (caseID string) {
	h.t.Helper()
	a := h.do(people.Ingest, "POST", "/api/v1/signals", "application/cloudevents+json", `{"specversion":"1.0","id":"`+id+`","source":"s","type":"t","data":`+data+`}`)
	var ack struct {
		CaseID string `json:"case_id"`
	}
	if err := json.Unmarshal([]byte(a.body), &ack); err != nil || a.status != http.StatusAccepted || ack.CaseID == "" {
		h.t.Fatalf("signal %s: %d %s, want 202 with its case", id, a.status, a.body)
	}
	return ack.CaseID
}

// drifting is a shop that says another thing of itself than the bundle has.
type drifting struct{}

func (drifting) Drifted(context.Context) []bundle.Drift {
	return []bundle.Drift{{Plugin: "shop", Pinned: "abd", Now: "abc", Version: "2", Tools: []string{"shop.refund_order"}, SeenAt: time.Now()}}
}

func (drifting) Accept(_ context.Context, plugin, hash, _ string) error {
	if plugin != "shop" {
		return bundle.ErrPlugin
	}
	if hash != "abc" {
		return bundle.ErrMoved
	}
	return nil
}

// rehearsed is what any version comes to: one scenario passes, and another doesn't.
func rehearsed(_ context.Context, b *bundle.Bundle, o rehearsal.Options) (rehearsal.Report, error) {
	r := rehearsal.Report{Version: b.Version, Seed: o.Seed, LeftOut: []string{"live"}}
	r.Items = []rehearsal.Item{{Rehearsal: "good", Passed: true, Failures: []string{}, Took: casefile.Duration(time.Minute), Faults: &rehearsal.FaultTally{ByKind: map[string]int{"slow": 1}}},
		{Rehearsal: "bad", Failures: []string{"bad.yaml:3:1: status resolved is expected"}, File: "rehearsals/bad.yaml", Status: casefile.Escalated, Stop: casefile.StopPolicyDeny, Story: []string{"0s  signal t"}}}
	return r, nil
}
