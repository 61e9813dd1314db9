package hostile_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/model/ollamatest"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/policy"
	"resolute/tools"
	"resolute/tools/protocol"
	"resolute/ui/api"
)

// house is resolute with a bundle, its people and the shop. One goroutine does all that happens in
// it, and the clock moves when it is told to.
type house struct {
	testing.TB
	*truth
	rand     *rand.Rand
	now      time.Time
	ids      atomic.Uint64
	names    int
	shop     *shop
	store    journal.Store
	book     *turnable
	engine   *agent.Engine
	registry *tools.Registry
	handler  http.Handler
	tokens   *people.Tokens
	together int // cases that are worked on at once; 0: one

	// Of houses whose procedures ask a model.
	papers papers
	brain  *brain
	server *ollamatest.Server
	hold   <-chan struct{} // until then the model doesn't answer; nil: it does at once

	secrets map[string]string // of tokens, by whose they are
}

// Who has a token: two systems that send signals, of which nobody vouches for what comes from the
// form, and the staff.
const (
	desk, form            = "desk", "form"
	vic, olga, otto       = "vic", "olga", "otto"
	pia, ada              = "pia", "ada"
	stranger              = "stranger" // has none
	ingest, viewer, oper  = people.Ingest, people.Viewer, people.Operator
	approver, admin, none = people.Approver, people.Admin, people.Role("")
)

func roleOf(who string) people.Role {
	switch who {
	case desk, form:
		return ingest
	case vic:
		return viewer
	case olga, otto:
		return oper
	case pia:
		return approver
	case ada:
		return admin
	}
	return none
}

// turnable is the bundle's book with a planner that attackers may turn.
type turnable struct {
	book.Alone
	planner  *planner
	playbook *agent.Playbook
}

func (k *turnable) Playbook(context.Context, string) (*agent.Playbook, error) { return k.playbook, nil }

var files = sync.OnceValues(func() (*bundle.Bundle, error) { return load(os.DirFS("bundle")) })

func load(files fs.FS) (*bundle.Bundle, error) {
	b, problems := bundle.Load(context.Background(), files, "bundle", bundle.Options{})
	if problems.Failed() {
		return nil, problems.Error()
	}
	return b, nil
}

func newBook(b *bundle.Bundle) (*turnable, error) {
	k, err := book.New(context.Background(), b, noEmbedder{})
	if err != nil {
		return nil, err
	}
	t := &turnable{book.Alone{Book: k}, &planner{k.Planner, map[string]script{}}, new(*k.Playbook)}
	t.playbook.Planner = t.planner
	return t, nil
}

// noEmbedder is for a bundle whose procedures start by their signals alone.
type noEmbedder struct{}

func (noEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	return make([][]float32, len(texts)), nil
}

// tighten makes another version of the policies the active one, for the cases that are open too.
func (k *turnable) tighten(active *bundle.Bundle) {
	k.playbook.Guard = policy.NewPinned(k.Guard, active.Guard, k.planner.Gathers)
}

func newHouse(t testing.TB, seed uint64) *house {
	t.Helper()
	b, err := files()
	must(t, err)
	k, err := newBook(b)
	must(t, err)
	h := open(t, seed, k, journal.NewMemory(journal.MemoryOptions{}))
	h.furnish(agent.Deps{Playbooks: h.book, Triage: h.book.Router(h.clock), Knowledge: noKnowledge{}}, agent.Options{})
	return h
}

// open is a house without an engine.
func open(t testing.TB, seed uint64, k *turnable, store journal.Store) *house {
	return &house{TB: t, truth: newTruth(), rand: rand.New(rand.NewPCG(seed, 6)), now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
		shop: openShop(t), store: store, book: k, secrets: map[string]string{}}
}

func (h *house) clock() time.Time { return h.now }

// furnish puts the engine in, with what else it needs.
func (h *house) furnish(d agent.Deps, o agent.Options) {
	h.Helper()
	t, b, clock := h.TB, h.book.Bundle, h.clock
	h.shop.manifest = func(plugin string) protocol.Manifest { return b.Manifests[plugin] }
	h.registry = tools.NewRegistry(tools.Options{Now: clock, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(h.registry.Close)
	must(t, h.registry.Set(h.plugins(b)))
	audit := people.NewAudit(h.store, people.Options{})
	var err error
	h.tokens, err = people.OpenTokens(t.Context(), h.store, audit, people.Options{Now: clock})
	must(t, err)
	for _, who := range []string{desk, form, vic, olga, otto, pia, ada} {
		_, h.secrets[who], err = h.tokens.Create(t.Context(), people.NewToken{Role: roleOf(who), Name: who, Untrusted: who == form}, "user:test")
		must(t, err)
	}
	paused, err := pauses.Open(t.Context(), pauses.Deps{Records: h.store, Audit: audit.Event, Known: func(casefile.Pause) error { return nil }, Now: clock})
	must(t, err)
	d.Store, d.Tools, d.Pauses = h.store, h.registry, paused
	d.Callbacks, d.Outgoing = agent.Callbacks{Base: callbacks, Key: []byte("a key that nobody outside has")}, func() bool { return true }
	d.Audit, d.Now, d.Salt = audit.Event, clock, h.salt
	h.engine = agent.New(d, o)
	in := intake.New(intake.Deps{Store: h.store, Now: clock, NewID: h.newID, Salt: h.salt, Book: h.book.Intake, Waits: h.book.Waits(h.store, clock)})
	h.handler = api.New(api.Deps{Intake: in, Engine: h.engine, Store: h.store, Listing: unlisted{}, Tokens: h.tokens, Audit: audit, Pauses: paused,
		Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Version: "test"})
}

const callbacks = "http://resolute.example/callbacks/"

func (h *house) plugins(b *bundle.Bundle) (live []tools.Plugin) {
	for _, p := range b.Plugins {
		manifest := b.Manifests[p.Name]
		resolved, err := p.Resolve(func(string, string) (string, bool) { return h.shop.server.URL, true })
		must(h, err)
		live = append(live, tools.Plugin{Name: p.Name, URL: resolved.URL, AllowHosts: p.AllowHosts, Manifest: &manifest, Timeout: p.Timeout, Retries: p.Retries, Trusted: p.TrustedFields()})
	}
	return live
}

// unlisted is a listing that knows no case: each is looked at.
type unlisted struct{ api.Listing }

func (unlisted) Wait(context.Context, uint64) error { return errors.New("nothing is listed") }

type noKnowledge struct{}

func (noKnowledge) Ground(context.Context, *casefile.Case, []string) ([]casefile.Passage, error) {
	return nil, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newID gives ids that ascend, as UUIDv7 do.
func (h *house) newID() string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], uint64(h.now.UnixMilli())<<16)
	binary.BigEndian.PutUint64(u[8:], h.ids.Add(1))
	u[6], u[8] = 0x70, 0x80
	return u.String()
}

func (h *house) salt() (s journal.Salt) {
	binary.BigEndian.PutUint64(s[:], h.ids.Add(1))
	return s
}

// settle has the engine do all that there is to do now.
func (h *house) settle() {
	h.Helper()
	ctx := context.Background()
	for range 1000 {
		_, err := h.store.Due(ctx, h.now)
		must(h, err)
		leases, err := h.store.Claim(ctx, "engine", max(h.together, 8), h.now, 5*time.Minute)
		must(h, err)
		if len(leases) == 0 {
			return
		}
		h.drive(ctx, leases)
	}
	h.Fatal("the engine doesn't come to rest")
}

func (h *house) drive(ctx context.Context, leases []journal.Lease) {
	h.Helper()
	if h.together == 0 {
		for _, l := range leases {
			must(h, h.engine.Drive(ctx, ctx, l))
		}
		return
	}
	errs := make([]error, len(leases))
	var wg sync.WaitGroup
	for i, l := range leases {
		wg.Go(func() { errs[i] = h.engine.Drive(ctx, ctx, l) })
	}
	wg.Wait()
	must(h, errors.Join(errs...))
}

// pass lets time pass, in pieces, so that timers fire about when they are due.
func (h *house) pass(d time.Duration) {
	h.Helper()
	for range 8 {
		h.now = h.now.Add(d / 8)
		h.settle()
	}
}

// ask makes a request to the API. Body is encoded as JSON, unless it is bytes.
func (h *house) ask(who, method, path string, header map[string]string, body any) (status int, answer []byte) {
	h.Helper()
	raw, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		raw, err = json.Marshal(body)
		must(h, err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	if secret := h.secrets[who]; secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	h.answered(who, method+" "+path, w.Body.Bytes())
	return w.Code, w.Body.Bytes()
}

// signal posts an event, by what was given to a system. It gives the case, "" if it was refused.
func (h *house) signal(who string, event map[string]any) (caseID string) {
	h.Helper()
	status, answer := h.ask(who, "POST", "/api/v1/signals", nil, event)
	return h.receipt(who, event["data"], status, answer)
}

func (h *house) receipt(who string, data any, status int, answer []byte) string {
	h.Helper()
	if status != http.StatusAccepted {
		return ""
	}
	var r struct {
		SignalID  string `json:"signal_id"`
		CaseID    string `json:"case_id"`
		Duplicate bool
	}
	must(h, json.Unmarshal(answer, &r))
	if !r.Duplicate {
		h.accepted(who, r.CaseID, r.SignalID, data)
	}
	return r.CaseID
}

// decide clicks, by what the person sees.
func (h *house) decide(who, caseID string, decision map[string]any) (status int) {
	h.Helper()
	h.clicks(who, caseID, decision)
	status, _ = h.ask(who, "POST", "/api/v1/cases/"+caseID+"/decisions", nil, decision)
	h.clicked(who, caseID, decision, status)
	return status
}

// approve is a person's yes to what a case waits for.
func (h *house) approve(who, caseID string) (status int) {
	h.Helper()
	return h.decide(who, caseID, map[string]any{"decision": "approve", "hash": h.hash(caseID)})
}

func (h *house) load(caseID string) *casefile.Case {
	h.Helper()
	c, err := h.engine.Load(context.Background(), caseID)
	must(h, err)
	return c
}

func (h *house) hash(caseID string) string {
	h.Helper()
	if a := h.load(caseID).Approval; a != nil {
		return a.Hash
	}
	return ""
}

// person is a customer of the shop.
type person struct{ id, email string }

func (p person) claim() map[string]any { return map[string]any{"id": p.id, "email": p.email} }

// customer is somebody new.
func (h *house) customer(name string) person {
	h.names++
	p := person{fmt.Sprintf("%s-%d", name, h.names), fmt.Sprintf("%s-%d@example.com", name, h.names)}
	h.shop.accounts[p.id] = &account{ID: p.id}
	return p
}

// order is one that somebody bought, of so many cents.
func (h *house) order(owner person, total int64) *order {
	h.names++
	o := &order{ID: fmt.Sprintf("ORD-%07d", h.names), Owner: owner.email, Item: fmt.Sprintf("thing no. %d", h.names), Total: total}
	was := *o
	o.first = &was
	h.shop.orders[o.ID] = o
	return o
}

// ticket is what a system sends that somebody wrote to.
func (h *house) ticket(claim person, kind string, more ...any) map[string]any {
	return h.event("ticket.created", claim, append([]any{"kind", kind}, more...)...)
}

func (h *house) event(eventType string, claim person, more ...any) map[string]any {
	h.names++
	data := map[string]any{"customer": claim.claim(), "text": "Please help me."}
	for i := 0; i+1 < len(more); i += 2 {
		data[more[i].(string)] = more[i+1]
	}
	return map[string]any{"specversion": "1.0", "id": fmt.Sprintf("event-%d", h.names), "source": "tickets", "type": eventType, "data": data}
}

// cents is an amount below what needs a person.
func (h *house) cents() int64 { return 500 + int64(h.rand.IntN(8500)) }

// wants is what its owner says, through a system that vouches for them.
func (h *house) wants(owner person, kind string, o *order, more ...any) (caseID string) {
	h.Helper()
	about := owner.id
	if o != nil {
		about = o.ID
		more = append([]any{"order_id", o.ID}, more...)
	}
	h.wished(kind, about)
	return h.signal(desk, h.ticket(owner, kind, more...))
}

func (h *house) token(callback string) string { return strings.TrimPrefix(callback, callbacks) }

func copyFiles(into fstest.MapFS) error {
	files := os.DirFS("bundle")
	return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		into[path] = &fstest.MapFile{Data: b}
		return err
	})
}
