package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent/casefile"
	"resolute/ui/cli"
)

// worker is a plugin that does an item once per key, and notes the order. While it is stalled it takes
// calls of do and answers none.
type worker struct {
	name  string
	mu    sync.Mutex
	did   []string       // items in the order of their effects
	count map[string]int // of effects, by item
	byKey map[string]bool
	stall chan struct{} // nil: it answers
	taken int           // calls of do that came while it was stalled
	dumb  chan struct{} // not nil: it never says its manifest, and tells when it was asked
}

const workerTools = `{"name":%q,"version":"1","operations":true,"tools":[
{"name":"read","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"output_schema":{"type":"object","properties":{"item":{"type":"string"},"done":{"type":"boolean"}},"required":["item","done"]},"effect":"read","idempotent":true,"async":false,"timeout_ms":60000},
{"name":"do","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"effect":"write","idempotent":true,"async":false,"timeout_ms":60000}]}`

func newWorker(t testing.TB, name string) (*worker, string) {
	w := &worker{name: name, byKey: map[string]bool{}, count: map[string]int{}}
	server := httptest.NewServer(w)
	t.Cleanup(func() {
		w.answer()
		server.CloseClientConnections()
		server.Close()
	})
	return w, server.URL
}

// hang makes it answer no call of do until answer.
func (w *worker) hang() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stall = make(chan struct{})
}

func (w *worker) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stall != nil {
		close(w.stall)
		w.stall = nil
	}
}

func (w *worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var in struct{ Item string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch path := r.URL.Path; {
	case path == "/manifest" && w.dumb != nil:
		close(w.dumb)
		<-r.Context().Done()
	case path == "/manifest":
		_, _ = fmt.Fprintf(rw, workerTools, w.name)
	case strings.HasPrefix(path, "/operations/"):
		if !w.byKey[strings.TrimPrefix(path, "/operations/")] {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(rw, `{"status":"done","result":{}}`)
	case path == "/tools/read":
		_, _ = fmt.Fprintf(rw, `{"item":%q,"done":%v}`, in.Item, w.count[in.Item] > 0)
	case path == "/tools/do":
		if stall := w.stall; stall != nil {
			w.taken++
			w.mu.Unlock()
			<-stall // and then it is done, whether anybody still waits or not
			w.mu.Lock()
		}
		if key := r.Header.Get("Idempotency-Key"); !w.byKey[key] {
			w.byKey[key] = true
			w.did = append(w.did, in.Item)
			w.count[in.Item]++
		}
		_, _ = io.WriteString(rw, "{}")
	}
}

func (w *worker) times(item string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count[item]
}

func (w *worker) stalled() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.taken
}

// workBundle has a procedure for each plugin: signal NAME.work makes NAME do the item, and sees that it
// is done. Plugins may have any number of calls at once: what bounds them is the engine.
func workBundle(names ...string) map[string]string {
	files := map[string]string{"resolute.yaml": "company: Workshop\n", "authority.yaml": "default: act\n"}
	for _, name := range names {
		in := strings.NewReplacer("NAME", name, "ENV", strings.ToUpper(name))
		files["tools/"+name+".yaml"] = in.Replace("plugin: NAME\nurl: ${env.ENV_URL}\nallow_hosts: [127.0.0.1]\nconcurrency: 1000\n")
		files["policies/"+name+".yaml"] = in.Replace("policy: NAME\napplies_to: [NAME.do]\nbind: {item: facts.now_it_is.item}\n")
		files["procedures/"+name+".yaml"] = in.Replace(`procedure: NAME
goal: The item is done
start: {signals: [NAME.work]}
inputs:
  item: {type: string, from: signal.data.item}
gather:
  now_it_is: {call: NAME.read, with: {item: =inputs.item}}
hypotheses:
  - name: undone
    when: "!facts.now_it_is.done"
    do:
      - {call: NAME.do, with: {item: =inputs.item}}
    verify: {call: NAME.read, with: {item: =inputs.item}, as: after, check: facts.after.done}
otherwise: {escalate: done-before}
`)
	}
	return files
}

// workshop is the appliance over one data folder, with workers as plugins.
type workshop struct {
	t    testing.TB
	data string
	env  map[string]string
	app  cli.Appliance
	stop func()
}

func openWorkshop(t testing.TB, data string, env map[string]string, bundle map[string]string) *workshop {
	t.Helper()
	s := &workshop{t: t, data: data, env: env}
	var err error
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	if s.app, err = assemble(t.Context(), cli.Config{Data: data, Env: lookup, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name, text := range bundle {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if _, err := s.app.Apply(t.Context(), files, "bundle"); err != nil {
		t.Fatal(err)
	}
	s.stop = func() {
		if err := s.app.Close(); err != nil {
			t.Error(err)
		}
	}
	return s
}

// run lets it drive cases until stop.
func (s *workshop) run() {
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.app.Run(ctx) }()
	s.stop = func() {
		end()
		if err := <-ended; err != nil {
			s.t.Errorf("the appliance ended with %v", err)
		}
		if err := s.app.Close(); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *workshop) request(method, path, contentType, body string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	q.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	s.app.Admin().ServeHTTP(w, q)
	return w
}

// work sends signals that want items done by a worker, and gives their cases.
func (s *workshop) work(worker, customer string, items ...string) []string {
	s.t.Helper()
	var events []string
	for _, item := range items {
		events = append(events, fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"shop","type":"%s.work","data":{"customer":{"id":%q},"item":%q}}`, item, worker, customer, item))
	}
	w := s.request("POST", "/api/v1/signals", "application/cloudevents-batch+json", "["+strings.Join(events, ",")+"]")
	var acks []struct {
		CaseID string `json:"case_id"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &acks); err != nil || w.Code != http.StatusAccepted || len(acks) != len(items) {
		s.t.Fatalf("%d signals: %d %s", len(items), w.Code, w.Body)
	}
	var ids []string
	for _, a := range acks {
		ids = append(ids, a.CaseID)
	}
	return ids
}

func (s *workshop) status(id string) (c struct {
	Status casefile.Status
	Stop   *casefile.Stop
}) {
	s.t.Helper()
	if w := s.request("GET", "/api/v1/cases/"+id, "", ""); json.Unmarshal(w.Body.Bytes(), &c) != nil {
		s.t.Fatalf("case %s: %d %s", id, w.Code, w.Body)
	}
	return c
}

// resolved waits until all cases are.
func (s *workshop) resolved(ids []string) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); len(ids) > 0; {
		c := s.status(ids[0])
		switch {
		case c.Status == casefile.Resolved:
			ids = ids[1:]
		case c.Status == casefile.Escalated || time.Now().After(deadline):
			s.t.Fatalf("case %s is %s %+v, and %d more are left", ids[0], c.Status, c.Stop, len(ids)-1)
		default:
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func items(prefix string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("%s-%04d", prefix, i))
	}
	return list
}

// TestHungPluginHoldsUpNoOther: more cases wait for a plugin that hangs than there are workers, its bundle
// lets it have any number of calls, and those of another one are resolved all the while.
func TestHungPluginHoldsUpNoOther(t *testing.T) {
	slow, slowURL := newWorker(t, "slow")
	well, wellURL := newWorker(t, "well")
	s := openWorkshop(t, t.TempDir(), map[string]string{"SLOW_URL": slowURL, "WELL_URL": wellURL}, workBundle("slow", "well"))
	s.run()
	defer func() { slow.answer(); s.stop() }()
	slow.hang()
	hung := s.work("slow", "c1", items("slow", 2000)...)
	for deadline := time.Now().Add(time.Minute); slow.stalled() < 100; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls are with the plugin that hangs, want its share", slow.stalled())
		}
	}
	done := s.work("well", "c1", items("well", 200)...) // of the same customer, so that turns don't help
	s.resolved(done)
	if n := slow.stalled(); n > 512 {
		t.Errorf("the plugin that hangs has %d calls of 1024 workers, want at most half", n)
	}
	for _, id := range done {
		if n := well.times(id); n > 1 {
			t.Errorf("%s was done %d times", id, n)
		}
	}
	slow.answer()
	s.resolved(hung)
	for _, item := range items("slow", 2000) {
		if n := slow.times(item); n != 1 {
			t.Errorf("%s was done %d times, want once", item, n)
		}
	}
}

// TestFloodOfOneCustomerHoldsUpNoOther: over a restart too.
func TestFloodOfOneCustomerHoldsUpNoOther(t *testing.T) {
	well, url := newWorker(t, "well")
	data, env, bundle := t.TempDir(), map[string]string{"WELL_URL": url}, workBundle("well")
	s := openWorkshop(t, data, env, bundle)
	flood := s.work("well", "flooder", items("flood", 1500)...)
	one := s.work("well", "somebody", "one")
	s.stop()
	s = openWorkshop(t, data, env, bundle)
	s.run()
	defer func() { s.stop() }()
	s.resolved(append(one, flood...))
	well.mu.Lock()
	defer well.mu.Unlock()
	if at := slices.Index(well.did, "one"); at < 0 || at > 700 {
		t.Errorf("behind 1,500 cases of one customer, the one of another was done %dth; want among those that begin first", at+1)
	}
}
