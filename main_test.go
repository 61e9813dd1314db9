package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/ollamatest"
	"resolute/plugins/demo"
	"resolute/ui/cli"
)

// TestMain lets the test binary be the program, or a judge, in a process of its own, and removes what
// tests built.
func TestMain(m *testing.M) {
	if os.Getenv(programVar) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
	}
	if ledger := os.Getenv(judgeVar); ledger != "" {
		fmt.Fprintln(os.Stderr, "resolute: the judge:", beJudge(ledger))
		os.Exit(1)
	}
	code := m.Run()
	for _, dir := range builds {
		_ = os.RemoveAll(dir) // in the folder for temporary files
	}
	os.Exit(code)
}

// rig is the whole appliance at work for the demo company, driven through its API.
type rig struct {
	t       testing.TB
	company *demo.Company
	url     string // of the company
	app     cli.Appliance
	lies    liar
	mu      sync.Mutex
	calls   []string // requests to tools, as PLUGIN.TOOL
}

// liar answers in place of the company where it reports true.
type liar func(w http.ResponseWriter, r *http.Request) bool

func newRig(t testing.TB) *rig {
	t.Helper()
	return newRigWith(t, quietMonitors)
}

// quietMonitors lets monitors find nothing: the cases are those that a test sends.
func quietMonitors(w http.ResponseWriter, q *http.Request) bool {
	if !strings.HasSuffix(q.URL.Path, "/tools/list_shipments") {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"items":[]}`)) // whoever left can't be told
	return true
}

// newRigWith has a liar from the start: monitors call as soon as the appliance runs.
func newRigWith(t testing.TB, lies liar) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, lies: lies}
	var err error
	if r.company, err = demo.Open(filepath.Join(dir, "company.db"), demo.Options{InvoiceDelay: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	r.url = server.URL
	callbacks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.app.Handler().ServeHTTP(w, q) }))
	env := func(name string) (string, bool) { return r.url, name == demo.EnvURL }
	if r.app, err = assemble(t.Context(), cli.Config{Data: filepath.Join(dir, "data"), PublicURL: callbacks.URL, Env: env, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	files, err := demo.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.app.Apply(t.Context(), files, "bundle"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the appliance ended with %v", err)
		}
		if err := r.app.Close(); err != nil {
			t.Error(err)
		}
		callbacks.Close()
		server.Close()
		if err := r.company.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// ServeHTTP is the company, as far as nobody lies in its place.
func (r *rig) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if plugin, tool, ok := strings.Cut(strings.TrimPrefix(q.URL.Path, "/"), "/tools/"); ok {
		r.mu.Lock()
		r.calls = append(r.calls, plugin+"."+tool)
		r.mu.Unlock()
	}
	if r.lies == nil || !r.lies(w, q) {
		r.company.Handler().ServeHTTP(w, q)
	}
}

// called tells how often a tool was called.
func (r *rig) called(tool string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if c == tool {
			n++
		}
	}
	return n
}

// do calls the API as the folder's owner.
func (r *rig) do(method, path string, in, out any) int {
	r.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	q := httptest.NewRequest(method, path, bytes.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.app.Admin().ServeHTTP(w, q)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			r.t.Fatalf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
		}
	}
	return w.Code
}

// send posts a signal and gives its case.
func (r *rig) send(s demo.Signal) string {
	r.t.Helper()
	var ack struct {
		CaseID string `json:"case_id"`
	}
	in := map[string]any{"specversion": "1.0", "id": s.ID, "source": s.Source, "type": s.Type, "data": s.Data}
	if code := r.do("POST", "/api/v1/signals", in, &ack); code != 202 || ack.CaseID == "" {
		r.t.Fatalf("signal %s: %d", s.ID, code)
	}
	return ack.CaseID
}

type caseAnswer struct {
	Status  casefile.Status
	Stop    *casefile.Stop
	Outcome string
	Pending *struct {
		Approval struct{ Hash string }
		Shadowed struct {
			Hash   string
			Action casefile.Action
		}
	}
	Attempts []casefile.Attempt
	Reply    *casefile.Reply
}

func (c caseAnswer) String() string {
	if c.Stop == nil {
		return string(c.Status) + " " + c.Outcome
	}
	return fmt.Sprint(c.Status, " ", c.Stop.Code, " ", c.Stop.Rule, " (", c.Stop.Detail, ")")
}

// settled waits until the case is at an end or a stop of the statuses.
func (r *rig) settled(id string, statuses ...casefile.Status) caseAnswer {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var c caseAnswer
		r.do("GET", "/api/v1/cases/"+id, nil, &c)
		for _, s := range statuses {
			if c.Status == s {
				return c
			}
		}
		if c.Status.Ended() || c.Status == casefile.Escalated || time.Now().After(deadline) {
			r.t.Fatalf("case %s is %v, want %v", id, c, statuses)
		}
	}
}

// story gives the signals of a story.
func story(t testing.TB, name string) (signals []demo.Signal) {
	t.Helper()
	steps, err := demo.Story()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.Story == name {
			signals = append(signals, s.Signal)
		}
	}
	if signals == nil {
		t.Fatalf("there is no story %s", name)
	}
	return signals
}

// effects gives what a case did by the company's ledger, as tool and arguments.
func (r *rig) effects(caseID string) []string {
	r.t.Helper()
	rows, err := r.company.Ledger()
	if err != nil {
		r.t.Fatal(err)
	}
	var list []string
	for _, e := range rows {
		if e.Case == caseID {
			list = append(list, e.Tool+" "+string(e.Args))
		}
	}
	return list
}

func TestDemoTellsItsStory(t *testing.T) {
	data, err := os.MkdirTemp("", "rd") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(data)
	steps, err := demo.Story()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{demo.MonitorTitle: "resolved"}
	for _, s := range steps {
		if s.Expect != "" {
			want[s.Title] = s.Expect
		}
	}
	model := ollamatest.Start(t, ollamatest.Config{})
	env := map[string]string{"OLLAMA_HOST": model.URL, "RESOLUTE_MODEL": "ollama/" + ollamatest.DefaultModel}
	var first, second, errs bytes.Buffer
	for i, out := range []*bytes.Buffer{&first, &second} { // the second run goes on where the first ended
		args := []string{"demo", "--addr", "127.0.0.1:0", "--data", data, "--no-browser", "--exit-when-done"}
		if code := run(t.Context(), args, func(name string) (string, bool) { value, ok := env[name]; return value, ok }, strings.NewReader(""), out, &errs); code != 0 {
			t.Fatalf("run %d: exit %d\n%s%s", i+1, code, out, &errs)
		}
		for title, status := range want {
			if line := lineWith(out.String(), title); !strings.Contains(line, " "+status+" ") {
				t.Errorf("run %d: %q should be %s: %s", i+1, title, status, line)
			}
		}
	}
	a, b := lineWith(first.String(), "effects in the company"), lineWith(second.String(), "effects in the company")
	if a == "" || a != b {
		t.Errorf("the second run changed the company:\n%s\n%s", a, b)
	}
	if chats := model.Chats(); len(chats) > 0 {
		t.Errorf("a model is there, and was asked %d times in cases that procedures cover, the first: %.500s", len(chats), chats[0].Prompt)
	}
	if line := lineWith(first.String(), "shop.refund_order"); !strings.Contains(line, "shop.refund_order 127.00") {
		t.Errorf("refunds should be 64.00 + 29.00 + 34.00, whatever the mail of the injection says: %s", line)
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func TestContradictingEventsEndTheSameInAnyOrder(t *testing.T) {
	events := story(t, "contradicting-events")
	failed, succeeded := events[0], events[1]
	var want string
	for i, order := range [][]demo.Signal{{failed, succeeded}, {succeeded, failed}, {failed, failed, succeeded}, {succeeded, failed, succeeded, failed}} {
		for _, together := range []bool{false, true} {
			t.Run(fmt.Sprint(i, together), func(t *testing.T) {
				r := newRig(t)
				defer r.replaysTheSame()
				id := ""
				for _, s := range order {
					if got := r.send(s); id == "" {
						id = got
					} else if got != id {
						t.Errorf("an event about the same payment went to case %s, want %s", got, id)
					}
					if !together {
						r.settled(id, casefile.Resolved)
					}
				}
				end := r.settled(id, casefile.Resolved)
				got := strings.Join(r.effects(id), "\n")
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("effects %q, in another order %q (%v)", got, want, end)
				}
			})
		}
	}
}

func TestClosedMeansVerified(t *testing.T) {
	r := newRigWith(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !strings.HasSuffix(q.URL.Path, "/ops/tools/replay_webhook") {
			return false
		}
		_, _ = io.WriteString(w, `{"id":"WHD-6001","customer_id":"CUS-110","customer_email":"x@example.com","event":"e","endpoint":"u","status":"delivered","last_code":200,"attempts":5,"endpoint_healthy":true}`)
		return true
	})
	c := r.settled(r.send(story(t, "webhook-replayed")[0]), casefile.Escalated, casefile.Waiting)
	for c.Status == casefile.Waiting { // the check is read again for a while
		time.Sleep(50 * time.Millisecond)
		c = r.settled(r.send(story(t, "webhook-replayed")[0]), casefile.Escalated, casefile.Waiting, casefile.Resolved)
	}
	if c.Status != casefile.Escalated || c.Stop.Code != casefile.StopCheckFailed {
		t.Errorf("the tool said 200 and did nothing, and the case is %v", c)
	}
}

func TestNeverTheSameFailureTwice(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	res, err := http.Post(r.url+"/faults", "application/json", strings.NewReader(`{"tool":"shop.create_replacement","kind":"reject","count":5}`))
	if err != nil || res.StatusCode >= 300 {
		t.Fatal(res, err)
	}
	c := r.settled(r.send(story(t, "smashed-blender")[0]), casefile.Resolved)
	if n := r.called("shop.create_replacement"); n != 1 || c.Outcome != "refundable" {
		t.Errorf("a final no: called %d times, then %v; want 1 and the next hypothesis", n, c)
	}
}

func TestUnknownOutcomeIsDoneOnce(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "gateway-timeout")[0])
	c := r.settled(id, casefile.Resolved)
	if got := r.effects(id); len(got) != 1 || !strings.HasPrefix(got[0], "billing.retry_payment") {
		t.Errorf("the answer of a charge got lost: effects %q, case %v; want one charge", got, c)
	}
}

func TestApprovalIsAskedOnceAndActsOnce(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "duplicate-charge")[0])
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	if n := r.called("billing.refund_payment"); n != 0 {
		t.Fatalf("it acted %d times before anybody approved", n)
	}
	var wg sync.WaitGroup
	codes := make(chan int, 8)
	for range 8 {
		wg.Go(func() {
			codes <- r.do("POST", "/api/v1/cases/"+id+"/decisions", map[string]any{"decision": "approve", "hash": hash}, nil)
		})
	}
	wg.Wait()
	close(codes)
	took := 0
	for code := range codes {
		if code == 200 {
			took++
		} else if code != 409 {
			t.Errorf("a second click answers %d, want 409", code)
		}
	}
	c := r.settled(id, casefile.Resolved)
	if n := r.called("billing.refund_payment"); took != 1 || n != 1 || c.Reply == nil {
		t.Errorf("8 clicks: %d took, %d calls, reply %v; want 1, 1 and one", took, n, c.Reply)
	}
}

func TestEveryDecisionExplainsItself(t *testing.T) {
	r := newRig(t)
	id := r.send(story(t, "locked-out")[0])
	r.settled(id, casefile.Resolved)
	var j struct {
		Items []struct {
			Seq      uint64
			Kind     casefile.Kind
			Actor    string
			Data     map[string]any
			Evidence []string
			Versions casefile.Versions
		}
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal?limit=200", nil, &j)
	kinds := map[casefile.Kind]int{}
	intended := map[string]bool{}
	for i, e := range j.Items {
		kinds[e.Kind]++
		if e.Seq != uint64(i+1) || e.Actor == "" || e.Versions.Bundle == "" && i > 1 {
			t.Errorf("entry %d has seq %d, actor %q, versions %+v", i+1, e.Seq, e.Actor, e.Versions)
		}
		call, _ := e.Data["call"].(map[string]any)
		switch e.Kind {
		case casefile.KindCallIntended:
			callID, _ := call["id"].(string)
			intended[callID] = true
			if e.Versions.Manifest == "" || call["effect"] == "write" && (e.Versions.Policy == "" || e.Data["verdict"] == nil || call["idempotency_key"] == "") {
				t.Errorf("the intent of %v doesn't say under what it was decided: %+v", callID, e.Versions)
			}
		case casefile.KindCallAnswered:
			if callID, _ := e.Data["id"].(string); !intended[callID] {
				t.Errorf("an answer to %s, which nobody intended", callID)
			}
		case casefile.KindHypothesisChosen, casefile.KindCheckRead:
			if len(e.Evidence) == 0 {
				t.Errorf("%s rests on nothing", e.Kind)
			}
		}
	}
	for kind, n := range map[casefile.Kind]int{casefile.KindProcedureChosen: 1, casefile.KindHypothesisChosen: 2, casefile.KindHypothesisFailed: 1, casefile.KindHypothesisEnded: 1, casefile.KindReplyWritten: 1, casefile.KindCaseResolved: 1} {
		if kinds[kind] != n {
			t.Errorf("%d entries of %s, want %d", kinds[kind], kind, n)
		}
	}
	if got := r.effects(id); len(got) != 3 {
		t.Errorf("effects %q, want the first fix, its undo, and the second", got)
	}
}
