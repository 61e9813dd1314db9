package tools_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/tools"
	"resolute/tools/protocol"
)

func TestSendCarriesWhatTheProtocolSays(t *testing.T) {
	var got *http.Request
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		got, body = q, string(b)
		_, _ = io.WriteString(w, `{"refunded_cents":1}`)
	}))
	t.Cleanup(srv.Close)
	p := shopAt(srv.URL + "/v1/")
	p.Headers = map[string]string{"x-shop": "fernhill"}
	r := registry(t, tools.Options{Random: func() uint64 { return 0xabc }}, p)

	call := refund()
	call.Step, call.Callback = "do/a\r\nX-Evil: 1/0/e1", "https://desk.example/callbacks/token"
	if a := r.Send(t.Context(), call); a.Outcome != casefile.OutcomeDone {
		t.Fatalf("the call ended %+v, want it done", a)
	}
	if got.Method != "POST" || got.URL.Path != "/v1/tools/refund" || body != `{"amount_cents":500,"order_id":"ORD-1001"}` {
		t.Errorf("the plugin got %s %s %s", got.Method, got.URL.Path, body)
	}
	for name, want := range map[string]string{
		"Idempotency-Key": "key-1", "Resolute-Case": call.Case, "Resolute-Step": "do/a  X-Evil: 1/0/e1",
		"Resolute-Callback": call.Callback, "traceparent": "00-0190f3c86c1e7d3a8f000123456789ab-0000000000000abc-01",
		"Authorization": "Bearer s3cret", "X-Shop": "fernhill", "Content-Type": "application/json", "Accept-Encoding": "", "X-Evil": "",
	} {
		if g := got.Header.Get(name); g != want {
			t.Errorf("header %s is %q, want %q", name, g, want)
		}
	}

	read := casefile.Request{Case: "not a uuid", Step: "gather/quote/r1", Tool: "shop.quote"}
	r.Send(t.Context(), read)
	trace := got.Header.Get("traceparent")
	if _, there := got.Header["Idempotency-Key"]; there || body != "{}" || len(trace) != 55 || strings.Contains(trace, strings.Repeat("0", 32)) {
		t.Errorf("a read without arguments came with key %q, body %s, trace %s; want no key, {} and a trace id", got.Header["Idempotency-Key"], body, trace)
	}
}

// TestOneTryIsOneRequest: a server that closes a kept-alive connection when the second request
// has come is what makes net/http send a request again by itself.
func TestOneTryIsOneRequest(t *testing.T) {
	for name, last := range map[string]func(c net.Conn){
		"closed": func(c net.Conn) { _ = c.Close() },
		"reset":  func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
	} {
		for _, tool := range []string{"shop.refund", "shop.quote"} {
			t.Run(name+" "+tool, func(t *testing.T) {
				var requests atomic.Int32
				url := rawServer(t, func(c net.Conn) {
					in := bufio.NewReader(c)
					for n := 0; ; n++ {
						q, err := http.ReadRequest(in)
						if err != nil {
							return
						}
						_, _ = io.Copy(io.Discard, q.Body)
						requests.Add(1)
						if n == 1 {
							last(c)
							return
						}
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"refunded_cents\":1}")
					}
				})
				r := registry(t, tools.Options{}, shopAt(url))
				call := refund()
				call.Tool = tool
				if a := r.Send(t.Context(), call); a.Outcome != casefile.OutcomeDone {
					t.Fatalf("the first call ended %+v, want it done", a)
				}
				if a := r.Send(t.Context(), call); a.Outcome != casefile.OutcomeUnknown || a.Code != tools.CodeNoAnswer || a.Status != 0 {
					t.Errorf("a call whose connection was cut ended %+v, want unknown", a)
				}
				if n := requests.Load(); n != 2 {
					t.Errorf("two tries made %d requests on the wire", n)
				}
			})
		}
	}
}

func TestNoAnswerIsUnknown(t *testing.T) {
	_, srv := serve(t, func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body) // else the server doesn't notice that the client leaves
		switch q.Header.Get(protocol.HeaderStep) {
		case "hangs":
			<-q.Context().Done()
		case "breaks off":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"refunded_cents":1}`)
		case "breaks off a refusal":
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(422)
		}
	})
	for _, step := range []string{"hangs", "breaks off", "breaks off a refusal"} {
		m := shopManifest()
		m.Tools[1].TimeoutMS = 50
		p := shopAt(srv.URL)
		p.Manifest = &m
		fast := registry(t, tools.Options{}, p)
		call := refund()
		call.Step = step
		if a := fast.Send(t.Context(), call); a.Outcome != casefile.OutcomeUnknown || a.Code != tools.CodeNoAnswer || a.Detail == "" {
			t.Errorf("a plugin that %s: %+v, want unknown", step, a)
		}
	}
}

func TestNothingSentIsNotDone(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + gone.Addr().String()
	gone.Close()
	hangUp := rawServer(t, func(c net.Conn) { _ = c.Close() })
	silent := rawServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	failing := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no name server") }}
	m := shopManifest()
	m.Tools[1].TimeoutMS = 50
	for name, url := range map[string]string{
		"nobody listens":        refused,
		"no such host":          "http://shop.example",
		"TLS is cut":            strings.Replace(hangUp, "http:", "https:", 1),
		"TLS is never answered": strings.Replace(silent, "http:", "https:", 1),
	} {
		p := shopAt(url)
		p.Manifest = &m
		r := registry(t, tools.Options{Resolver: failing}, p)
		if a := r.Send(t.Context(), refund()); a.Outcome != casefile.OutcomeNotDone || a.Code != tools.CodeUnreachable {
			t.Errorf("%s: %+v, want not-done", name, a)
		}
		if a := r.Ask(t.Context(), "shop.refund", "key-1"); a.Outcome != casefile.OutcomeUnknown || a.Unseen || a.Detail == "" {
			t.Errorf("%s: the question ended %+v, want unknown: it proves nothing", name, a)
		}
	}
}

func TestCallsThatTheRegistryCantMake(t *testing.T) {
	m := shopManifest()
	m.Operations = false
	p := shopAt("http://127.0.0.1:1")
	p.Manifest = &m
	r := registry(t, tools.Options{}, p)
	call := refund()
	call.Tool = "shop.nope"
	if a := r.Send(t.Context(), call); a.Outcome != casefile.OutcomeError || a.Code != tools.CodeNoTool {
		t.Errorf("an unknown tool: %+v, want an error", a)
	}
	if a := r.Ask(t.Context(), "shop.nope", "key-1"); a.Outcome != casefile.OutcomeUnknown || a.Unseen {
		t.Errorf("asked about an unknown tool: %+v, want unknown", a)
	}
	if a := r.Ask(t.Context(), "shop.refund", "key-1"); a.Outcome != casefile.OutcomeUnknown || a.Unseen || a.Code != "" {
		t.Errorf("asked where the manifest has no operations: %+v, want unknown and nothing sent", a)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := r.Send(ctx, refund()); a.Outcome != casefile.OutcomeNotDone || a.Code != tools.CodeCancelled {
		t.Errorf("a call that was given up before it was sent: %+v, want not-done", a)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	entered, release := make(chan struct{}, 10), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		entered <- struct{}{}
		<-release
		_, _ = io.WriteString(w, `{"refunded_cents":1}`)
	}))
	t.Cleanup(srv.Close)
	p := shopAt(srv.URL)
	p.Concurrency = 2
	r := registry(t, tools.Options{}, p)
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			if a := r.Send(t.Context(), refund()); a.Outcome != casefile.OutcomeDone {
				t.Errorf("a call within the bound ended %+v", a)
			}
		})
	}
	<-entered
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if a := r.Send(ctx, refund()); a.Outcome != casefile.OutcomeNotDone || a.Code != tools.CodeCancelled {
		t.Errorf("a call beyond the bound, given up: %+v, want not-done", a)
	}
	if len(entered) != 0 {
		t.Error("the plugin got a third call while two were running")
	}
	close(release)
	calls.Wait()
}

func TestBreakerStopsCallsToADeadPlugin(t *testing.T) {
	var connections atomic.Int32
	url := rawServer(t, func(c net.Conn) { connections.Add(1); _ = c.Close() })
	r := registry(t, tools.Options{}, shopAt(url))
	for range 5 {
		if a := r.Send(t.Context(), refund()); a.Outcome != casefile.OutcomeUnknown {
			t.Fatalf("a plugin that hangs up: %+v, want unknown", a)
		}
	}
	a := r.Send(t.Context(), refund())
	if n := connections.Load(); a.Outcome != casefile.OutcomeNotDone || a.Code != tools.CodeBreakerOpen || n != 5 {
		t.Errorf("after five calls without an answer: %+v and %d connections, want not-done and none more", a, n)
	}
	p := shopAt(url)
	p.Bearer = "new"
	if err := r.Set([]tools.Plugin{p}); err != nil {
		t.Fatal(err)
	}
	if a := r.Send(t.Context(), refund()); a.Code != tools.CodeBreakerOpen {
		t.Errorf("another token for the same address gave %+v, want the breaker to stay open", a)
	}
	p.AllowHosts = []string{"127.0.0.1", "localhost"}
	if err := r.Set([]tools.Plugin{p}); err != nil {
		t.Fatal(err)
	}
	if a := r.Send(t.Context(), refund()); a.Code == tools.CodeBreakerOpen {
		t.Errorf("another way to the plugin began with an open breaker: %+v", a)
	}
}

func TestErrorsOfThePluginDontOpenTheBreaker(t *testing.T) {
	r, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	for range 8 {
		if a := r.Send(t.Context(), refund()); a.Status != 500 {
			t.Fatalf("%+v, want the plugin's 500: it does answer", a)
		}
	}
}

func TestSetKeepsConnections(t *testing.T) {
	var connections atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"refunded_cents":1}`) }))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	r := registry(t, tools.Options{}, shopAt(srv.URL))
	for range 3 {
		r.Send(t.Context(), refund())
		if err := r.Set([]tools.Plugin{shopAt(srv.URL)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("three calls, the same plugin set again between them, took %d connections, want 1", n)
	}
}

// rawServer hands each connection to h and gives its address as http URL.
func rawServer(t *testing.T, h func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			work.Go(func() { h(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	return "http://" + l.Addr().String()
}
