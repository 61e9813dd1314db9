package tools_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/casefile"
	"resolute/tools"
	"resolute/tools/protocol"
)

// shop is a plugin whose manifest a test changes.
type shop struct {
	manifest atomic.Pointer[protocol.Manifest]
	asked    chan struct{} // a value for each time the manifest was asked for
	calls    atomic.Int32
}

func (s *shop) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == "/manifest" {
		_ = json.NewEncoder(w).Encode(s.manifest.Load())
		s.asked <- struct{}{}
		return
	}
	s.calls.Add(1)
	_, _ = io.WriteString(w, `{"refunded_cents":1}`)
}

func startShop(t *testing.T) (*shop, *httptest.Server) {
	t.Helper()
	s := &shop{asked: make(chan struct{}, 1000)}
	m := shopManifest()
	s.manifest.Store(&m)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv
}

func TestChangedToolsAreHeld(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *protocol.Manifest)
		noted  bool
		tools  []string
	}{
		"nothing":         {func(*protocol.Manifest) {}, false, nil},
		"order":           {func(m *protocol.Manifest) { slices.Reverse(m.Tools) }, false, nil},
		"layout":          {func(m *protocol.Manifest) { m.Tools[1].InputSchema = relaid(m.Tools[1].InputSchema) }, false, nil},
		"version":         {func(m *protocol.Manifest) { m.Version = "2" }, true, nil},
		"words":           {func(m *protocol.Manifest) { m.Tools[1].Title = "Give it back" }, true, nil},
		"a tool more":     {func(m *protocol.Manifest) { m.Tools = append(m.Tools, protocol.Tool{Name: "new", Effect: "read"}) }, true, nil},
		"input schema":    {func(m *protocol.Manifest) { m.Tools[1].InputSchema = json.RawMessage(`{}`) }, true, []string{"shop.refund"}},
		"output schema":   {func(m *protocol.Manifest) { m.Tools[1].OutputSchema = nil }, true, []string{"shop.refund"}},
		"effect":          {func(m *protocol.Manifest) { m.Tools[1].Effect = protocol.Irreversible }, true, []string{"shop.refund"}},
		"idempotent":      {func(m *protocol.Manifest) { m.Tools[1].Idempotent = false }, true, []string{"shop.refund"}},
		"gone":            {func(m *protocol.Manifest) { m.Tools = m.Tools[:1] }, true, []string{"shop.invoice", "shop.refund"}},
		"a read and more": {func(m *protocol.Manifest) { m.Tools[0].InputSchema, m.Tools[1].Async = nil, true }, true, []string{"shop.quote", "shop.refund"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, srv := startShop(t)
			r := registry(t, tools.Options{Now: func() time.Time { return noon }}, shopAt(srv.URL))
			if len(r.Changed()) != 0 {
				t.Fatal("a plugin that nobody looked at counts as changed")
			}
			m := shopManifest()
			pinned, _ := tools.Hash(m)
			c.change(&m)
			now, _ := tools.Hash(m)
			s.manifest.Store(&m)
			if err := r.Check(t.Context()); err != nil {
				t.Fatalf("the manifest can't be checked: %v", err)
			}
			var want []tools.Change
			if c.noted {
				want = []tools.Change{{Plugin: "shop", Pinned: pinned, Now: now, Version: m.Version, Tools: c.tools, SeenAt: noon}}
			}
			if d := cmp.Diff(want, r.Changed()); d != "" {
				t.Errorf("what is noticed differs (-want +got):\n%s", d)
			}
			otherwise := c.tools
			if more := map[string]string{"words": "shop.refund", "a tool more": "shop.new"}[name]; more != "" {
				otherwise = []string{more}
			}
			var differs []string
			for _, x := range r.States()[0].Differs {
				if differs = append(differs, x.Tool); (x.Was == nil) != (name == "a tool more") || (x.Now == nil) != (name == "gone") {
					t.Errorf("%s was %v and is %v", x.Tool, x.Was, x.Now)
				}
			}
			if !slices.Equal(differs, otherwise) {
				t.Errorf("what differs is %q, want %q", differs, otherwise)
			}
			for tool, effect := range map[string]string{"shop.quote": "read", "shop.refund": "write", "shop.invoice": "write"} {
				call := refund()
				call.Tool = tool
				a := r.Send(t.Context(), call)
				if held := effect == "write" && slices.Contains(c.tools, tool); held != (a.Outcome == casefile.OutcomeError && a.Code == tools.CodeManifestChanged) {
					t.Errorf("%s: %+v, want it held: %v", tool, a, held)
				}
			}
			// The new manifest, once applied, is what counts; nobody has to look again.
			p := shopAt(srv.URL)
			p.Manifest = &m
			if err := r.Set([]tools.Plugin{p}); err != nil {
				t.Fatal(err)
			}
			if len(r.Changed()) != 0 {
				t.Errorf("after the new manifest was applied: %+v, want no change", r.Changed())
			}
		})
	}
}

func relaid(raw json.RawMessage) json.RawMessage {
	var v any
	_ = json.Unmarshal(raw, &v)
	b, _ := json.MarshalIndent(v, "", "  ")
	return b
}

func TestWatchLooksAtOnceRegularlyAndWhenAPluginIsBack(t *testing.T) {
	s, srv := startShop(t)
	watch := func(r *tools.Registry) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Watch(ctx) }()
		return func() { cancel(); <-done }
	}
	often := registry(t, tools.Options{CheckEvery: time.Millisecond}, shopAt(srv.URL))
	stop := watch(often)
	for range 3 {
		<-s.asked
	}
	stop()

	s, _ = startShop(t)
	var down atomic.Bool
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if down.Load() && q.URL.Path != "/manifest" {
			panic(http.ErrAbortHandler)
		}
		s.ServeHTTP(w, q)
	}))
	t.Cleanup(front.Close)
	rare := registry(t, tools.Options{CheckEvery: time.Hour}, shopAt(front.URL))
	stop = watch(rare)
	<-s.asked // at once
	<-s.asked // after Set
	down.Store(true)
	if a := rare.Send(t.Context(), refund()); a.Outcome != casefile.OutcomeUnknown {
		t.Fatalf("the plugin is down, and the call ended %+v", a)
	}
	down.Store(false)
	if a := rare.Send(t.Context(), refund()); a.Outcome != casefile.OutcomeDone {
		t.Fatalf("the plugin is back, and the call ended %+v", a)
	}
	<-s.asked // since it is back
	stop()
}

func TestCheckKeepsWhatItKnowsOfAPluginThatIsDown(t *testing.T) {
	s, srv := startShop(t)
	r := registry(t, tools.Options{}, shopAt(srv.URL))
	m := shopManifest()
	m.Tools[1].Effect = protocol.Irreversible
	s.manifest.Store(&m)
	if err := r.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	if err := r.Check(t.Context()); !errors.Is(err, tools.ErrUnreachable) || !strings.Contains(err.Error(), "shop") {
		t.Errorf("the plugin is down, and the check says %v", err)
	}
	if len(r.Changed()) != 1 {
		t.Errorf("changed: %+v, want the change that was seen before", r.Changed())
	}
}

func TestFetchManifest(t *testing.T) {
	body, status := "", 200
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "Bearer s3cret" || q.URL.Path != "/manifest" {
			t.Errorf("the plugin got %s with authorization %q", q.URL.Path, q.Header.Get("Authorization"))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	p := shopAt(srv.URL)
	p.Manifest = nil

	good, _ := json.Marshal(shopManifest())
	body = string(good)
	m, err := tools.FetchManifest(t.Context(), p)
	if d := cmp.Diff(shopManifest(), m); err != nil || d != "" {
		t.Errorf("a good manifest: error %v (-want +got):\n%s", err, d)
	}
	for _, b := range []string{"", "<html>", "{}", `{"name":"shop","tools":[{"name":"a","effect":"none"}]}`,
		`{"name":"shop","tools":[{"name":"a","effect":"read","input_schema":{"type":5}}]}`,
		`{"name":"shop","tools":[{"name":"..","effect":"read"}]}`, `{"name":"shop","tools":[{"name":"a/b","effect":"read"}]}`,
		`{"name":"shop","tools":[{"name":"a","effect":"read","timeout_ms":9223372036854775807}]}`,
		`{"name":"shop","x":"` + strings.Repeat("x", protocol.MaxAnswer) + `"}`} {
		body = b
		if _, err := tools.FetchManifest(t.Context(), p); !errors.Is(err, protocol.ErrManifest) {
			t.Errorf("manifest %.60s: error %v, want ErrManifest", b, err)
		}
	}
	body, status = string(good), 302
	if _, err := tools.FetchManifest(t.Context(), p); !errors.Is(err, protocol.ErrManifest) || !strings.Contains(err.Error(), "302") {
		t.Errorf("a redirect: error %v, want ErrManifest with the status", err)
	}
	p.AllowHosts = nil
	if _, err := tools.FetchManifest(t.Context(), p); err == nil || errors.Is(err, tools.ErrUnreachable) || !strings.Contains(err.Error(), "allow_hosts") {
		t.Errorf("loopback isn't listed: error %v, want one about allow_hosts", err)
	}
	srv.Close()
	p.AllowHosts = []string{"127.0.0.1"}
	if _, err := tools.FetchManifest(t.Context(), p); !errors.Is(err, tools.ErrUnreachable) {
		t.Errorf("the plugin is down: error %v, want ErrUnreachable", err)
	}
	if s := fmt.Sprintf("%v %+v", p, p); strings.Contains(s, "s3cret") {
		t.Errorf("a plugin prints its secret: %s", s)
	}
}
