package model_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/plugins"
	"resolute/tools"
	"resolute/tools/protocol"
)

// mind is what a model says to a question; calls count from 1.
type mind func(call int, ask casefile.Consult) casefile.ModelAnswered

// rig is the engine over a journal on disk, with a plugin over HTTP and a model of a script.
type rig struct {
	testing.TB
	dir     string
	shop    *shop
	version *bundle.Bundle
	mu      sync.Mutex
	think   mind
	asked   []casefile.Consult

	store  *journal.Bolt
	engine *agent.Engine
	intake *intake.Intake
	stop   func()
}

// shop is the company behind the plugin.
type shop struct {
	mu       sync.Mutex
	orders   map[string]order
	done     []string // writes, as tool and arguments
	reads    int
	broken   bool // a refund says that it is done, and isn't
	received http.Handler
}

type order struct {
	ID            string `json:"id"`
	Email         string `json:"email"`
	Item          string `json:"item"`
	TotalCents    int    `json:"total_cents"`
	RefundedCents int    `json:"refunded_cents"`
	Note          string `json:"note"`
}

type ofOrder struct {
	OrderID string `json:"order_id"`
}

type refund struct {
	OrderID     string `json:"order_id"`
	AmountCents int    `json:"amount_cents" x-resolute:"money"`
}

type done struct {
	ID string `json:"id"`
}

func newShop() *shop {
	s := &shop{orders: map[string]order{"O-1": {ID: "O-1", Email: "ann@example.com", Item: "kettle", TotalCents: 3400}, "O-2": {ID: "O-2", Email: "ann@example.com", Item: "oven", TotalCents: 34000}}}
	p := plugins.New("shop", plugins.Options{Log: slog.New(slog.DiscardHandler)})
	find := func(_ context.Context, in ofOrder) (order, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reads++
		if o, ok := s.orders[in.OrderID]; ok {
			return o, nil
		}
		return order{}, plugins.Refuse("unknown", "there is no order %s", in.OrderID)
	}
	plugins.Register(p, plugins.Tool[ofOrder, order]{Name: "get_order", Description: "Reads an order.", Run: find})
	plugins.Register(p, plugins.Tool[ofOrder, order]{Name: "find_order", Description: "Reads any order.", Run: find})
	plugins.Register(p, plugins.Tool[refund, done]{Name: "refund_order", Description: "Pays an order back.", Effect: protocol.Write, Repeatable: true, Run: func(_ context.Context, in refund) (done, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		o, ok := s.orders[in.OrderID]
		if !ok || o.RefundedCents+in.AmountCents > o.TotalCents {
			return done{}, plugins.Refuse("too_much", "order %s can't be paid back %d", in.OrderID, in.AmountCents)
		}
		s.done = append(s.done, fmt.Sprintf("refund_order %s %d", in.OrderID, in.AmountCents))
		if !s.broken {
			o.RefundedCents += in.AmountCents
			s.orders[in.OrderID] = o
		}
		return done{ID: fmt.Sprint("R-", len(s.done))}, nil
	}})
	s.received = p.Handler()
	return s
}

func (s *shop) effects() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.done, "; ")
}

// bundleFiles is a bundle whose procedure a model drives.
func bundleFiles(url string) fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"resolute.yaml":   file("company: Fernhill\nmodel: {samples: 3}\n"),
		"authority.yaml":  file("default: act\n"),
		"tools/shop.yaml": file("plugin: shop\nurl: " + url + "\nallow_hosts: [127.0.0.1]\ntimeout: 5s\ntrusted: {get_order: [/id, /email, /total_cents, /refunded_cents]}\n"),
		"policies/refunds.yaml": file(`policy: refunds
applies_to: [shop.refund_order]
bind: {order_id: facts.order.id}
rules:
  - {id: own-order, deny: facts.order.email != case.customer.email, reason: A refund goes to whoever bought.}
  - {id: more-than-paid, deny: action.args.amount_cents > facts.order.total_cents, reason: Nobody gets back more than they paid.}
  - {id: over-100, approve: action.args.amount_cents > 10000, reason: Above 100.00 a person decides.}
`),
		"procedures/refund.yaml": file(`procedure: refund
goal: The order is paid back, and the customer knows it
start: {signals: [ticket.created]}
inputs:
  order_id: {type: string, pattern: 'O-[0-9]+', from: signal.data.order_id}
gather:
  order: {call: shop.get_order, with: {order_id: =inputs.order_id}}
drive: model
tools: [shop.find_order, shop.refund_order]
guidance: |
  Pay back the whole total, once.
done: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents > 0, reply: refunded}
otherwise: {escalate: no-way, to: default}
replies:
  refunded: We paid your order back.
`),
	}
}

// newRig starts it with a bundle that a test may change.
func newRig(t testing.TB, think mind, change ...func(fstest.MapFS)) *rig {
	t.Helper()
	r := &rig{TB: t, dir: t.TempDir(), shop: newShop(), think: think}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.shop.received.ServeHTTP(w, q) }))
	t.Cleanup(server.Close)
	files := bundleFiles(server.URL)
	for _, c := range change {
		c(files)
	}
	var problems interface{ Error() error }
	b, found := bundle.Load(t.Context(), files, "bundle", bundle.Options{MustFetch: true, Fetch: func(ctx context.Context, p bundle.Plugin) (protocol.Manifest, error) {
		return tools.FetchManifest(ctx, live(p, nil))
	}})
	if problems = found; found.Failed() {
		t.Fatal(problems.Error())
	}
	r.version = b
	r.start()
	t.Cleanup(func() { r.stop() })
	return r
}

func live(p bundle.Plugin, m *protocol.Manifest) tools.Plugin {
	return tools.Plugin{Name: p.Name, URL: p.URL, AllowHosts: p.AllowHosts, Manifest: m, Timeout: p.Timeout, Retries: p.Retries, Trusted: p.TrustedFields()}
}

type plainEmbedder struct{}

func (plainEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	list := make([][]float32, len(texts))
	for i := range list {
		list[i] = []float32{1}
	}
	return list, nil
}

// Think is the model.
func (r *rig) Think(_ context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	r.mu.Lock()
	r.asked = append(r.asked, ask)
	n, think := len(r.asked), r.think
	r.mu.Unlock()
	return think(n, ask)
}

func (r *rig) thinks(think mind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.think = think
}

// consults are the questions to the model so far.
func (r *rig) consults() []casefile.Consult {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]casefile.Consult(nil), r.asked...)
}

// Ground is a knowledge of two passages, one of which no customer may see.
func (r *rig) Ground(context.Context, *casefile.Case, []string) ([]casefile.Passage, error) {
	return []casefile.Passage{{Address: "kb://refunds#how@1", Title: "Refunds", Text: "A refund takes five days.", Score: 0.8}, {Address: "kb://margins@1", Title: "Margins", Text: "We earn 40 percent.", Score: 0.7, Internal: true}}, nil
}

// start opens the journal and drives the cases that are in it.
func (r *rig) start() {
	r.Helper()
	var err error
	if r.store, err = journal.Open(filepath.Join(r.dir, "journal.db"), journal.Options{LockWait: 5 * time.Second}); err != nil {
		r.Fatal(err)
	}
	k, err := book.New(r.Context(), r.version, plainEmbedder{})
	if err != nil {
		r.Fatal(err)
	}
	alone := book.Alone{Book: k}
	registry := tools.NewRegistry(tools.Options{Log: slog.New(slog.DiscardHandler)})
	var plugged []tools.Plugin
	for _, p := range r.version.Plugins {
		m := r.version.Manifests[p.Name]
		plugged = append(plugged, live(*p, &m))
	}
	if err := registry.Set(plugged); err != nil {
		r.Fatal(err)
	}
	salt := func() (s journal.Salt) {
		_, _ = rand.Read(s[:])
		return s
	}
	audit := people.NewAudit(r.store, people.Options{})
	r.engine = agent.New(agent.Deps{Store: r.store, Playbooks: alone, Tools: registry, Knowledge: r, Triage: alone.Router(time.Now), Model: r,
		Callbacks: agent.Callbacks{Base: "http://127.0.0.1:1/", Key: []byte("k")}, Outgoing: func() bool { return true }, Audit: audit.Event, Now: time.Now, Salt: salt}, agent.Options{})
	r.intake = intake.New(intake.Deps{Store: r.store, Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() }, Salt: salt, Book: alone.Intake, Waits: alone.Waits(r.store, time.Now)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.Error(err)
		}
		registry.Close()
		if err := r.store.Close(); err != nil {
			r.Error(err)
		}
	})
}

// restart ends the engine where it stands, and starts another one on the same file.
func (r *rig) restart() {
	r.Helper()
	r.stop()
	r.start()
}

// send takes a signal in and gives its case.
func (r *rig) send(kind, id string, data casefile.Object) string {
	r.Helper()
	data["customer"] = map[string]any{"email": "ann@example.com", "name": "Ann"}
	if data["thread"] == nil {
		data["thread"] = "t-1"
	}
	receipts, err := r.intake.Accept(r.Context(), []casefile.Signal{{Source: "test", EventID: id, Type: kind, Data: data}}, people.Principal{ID: "desk", Name: "desk", Role: people.Ingest})
	if err != nil {
		r.Fatal(err)
	}
	return receipts[0].CaseID
}

func (r *rig) ticket(orderID string) string {
	return r.send("ticket.created", "1", casefile.Object{"text": "My " + orderID + " arrived broken.", "order_id": orderID})
}

// settled waits until the case stands at one of the statuses.
func (r *rig) settled(id string, statuses ...casefile.Status) *casefile.Case {
	r.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		c, err := r.engine.Load(r.Context(), id)
		if err != nil {
			r.Fatal(err)
		}
		for _, s := range statuses {
			if c.Status == s {
				return c
			}
		}
		if time.Now().After(deadline) || c.Status == casefile.Escalated || c.Status.Ended() {
			r.Fatalf("the case is %s %s, want %v\n%s", c.Status, plainStop(c), statuses, r.journal(id))
		}
	}
}

func plainStop(c *casefile.Case) string {
	if c.Stop == nil {
		return ""
	}
	return string(c.Stop.Code) + ": " + c.Stop.Detail
}

// journal gives the case's entries, a line each.
func (r *rig) journal(id string) string {
	r.Helper()
	entries, err := r.store.Entries(r.Context(), id, 0, 500)
	if err != nil {
		r.Fatal(err)
	}
	var b strings.Builder
	for i := range entries {
		data, _ := json.Marshal(entries[i].Data)
		if len(data) > 600 {
			data = data[:600]
		}
		fmt.Fprintf(&b, "%d %s %s\n", entries[i].Seq, entries[i].Data.Kind(), data)
	}
	return b.String()
}

// entries gives those of a kind.
func entriesOf[T casefile.Data](r *rig, id string) (list []T) {
	r.Helper()
	entries, err := r.store.Entries(r.Context(), id, 0, 500)
	if err != nil {
		r.Fatal(err)
	}
	for i := range entries {
		if d, ok := entries[i].Data.(T); ok {
			list = append(list, d)
		}
	}
	return list
}

func (r *rig) decide(id string, d agent.Decide) {
	r.Helper()
	if _, err := r.engine.Decide(r.Context(), id, d, people.Principal{ID: "p-1", Kind: people.KindUser, Name: "olga", Role: people.Approver}); err != nil {
		r.Fatalf("%s: %v", d.Decision, err)
	}
}

// says gives answers of one text, as many as were asked for.
func says(ask casefile.Consult, text string) casefile.ModelAnswered {
	said := casefile.ModelAnswered{Model: "m"}
	for range ask.Samples {
		said.Answers = append(said.Answers, casefile.ModelAnswer{Text: text, PromptTokens: 10, Tokens: 5})
	}
	return said
}

func fails(code string, temporary bool) casefile.ModelAnswered {
	return casefile.ModelAnswered{Error: &casefile.ModelError{Code: code, Detail: "the model is " + code, Temporary: temporary}}
}

// answers that drive.
func drives(decision, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"hypothesis":"The order arrived broken","evidence":["facts.order"],"confidence":0.9,"decision":"` + decision + `"` + more + `}`
}

func refunds(orderID string, cents int) string {
	return drives("call", fmt.Sprintf(`"tool":"shop.refund_order","args":{"order_id":%q,"amount_cents":%d}`, orderID, cents))
}

const tells = `"sentences":[{"text":"We paid your order back.","evidence":["facts.order"]}]`

// sensible refunds the order once, and says so.
func sensible(_ int, ask casefile.Consult) casefile.ModelAnswered {
	switch {
	case strings.Contains(ask.Prompt, "id=done.1"):
		return says(ask, drives("reply", tells))
	case strings.Contains(ask.Prompt, `"id":"O-2"`):
		return says(ask, refunds("O-2", 34000))
	}
	return says(ask, refunds("O-1", 3400))
}
