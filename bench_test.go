package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal"
	"resolute/ui/cli"
)

// benchPlugin answers five tools at once; the fifth reads what the fourth wrote, and tells checked.
func benchPlugin(checked func()) http.Handler {
	var done sync.Map
	tools := `{"name":"%s","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"output_schema":{"type":"object","properties":{"item":{"type":"string"},"done":{"type":"boolean"}},"required":["item","done"]},"effect":"%s","idempotent":true,"async":false,"timeout_ms":5000}`
	var list []string
	for name, effect := range map[string]string{"a": "read", "b": "read", "c": "read", "write": "write", "check": "read"} {
		list = append(list, fmt.Sprintf(tools, name, effect))
	}
	manifest := `{"name":"bench","version":"1","operations":true,"tools":[` + strings.Join(list, ",") + `]}`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/manifest" {
			_, _ = io.WriteString(w, manifest)
			return
		}
		var in struct{ Item string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if r.URL.Path == "/tools/write" {
			done.Store(in.Item, true)
		}
		_, is := done.Load(in.Item)
		_, _ = fmt.Fprintf(w, `{"item":%q,"done":%v}`, in.Item, is)
		if r.URL.Path == "/tools/check" {
			checked()
		}
	})
}

// benchBundle is a case of five calls, one after the other.
const benchProcedure = `procedure: bench
goal: The item is done
start: {signals: [bench]}
inputs: {item: {type: string, from: signal.data.item}}
gather:
  a: {call: bench.a, with: {item: =inputs.item}}
  b: {call: bench.b, with: {item: =facts.a.item}}
  c: {call: bench.c, with: {item: =facts.b.item}}
hypotheses:
  - name: undone
    do:
      - {call: bench.write, with: {item: =facts.c.item}}
    verify: {call: bench.check, with: {item: =inputs.item}, as: after, check: facts.after.done}
otherwise: {escalate: no}
`

// BenchmarkCases measures whole cases of five calls over loopback HTTP: signal, five calls, each
// journaled before it is sent and after it is answered, verified end. 256 are under way at once.
func BenchmarkCases(b *testing.B) { handled(b, func(*appliance) {}) }

// BenchmarkCasesBesideAShadow measures the same while another version runs beside the active one.
func BenchmarkCasesBesideAShadow(b *testing.B) {
	var version string
	a := handled(b, func(a *appliance) {
		files := benchFiles()
		files["policies/bench.yaml"] = &fstest.MapFile{Data: append(files["policies/bench.yaml"].Data, "  - {id: never, deny: facts.a.done}\n"...)}
		draft, err := a.library.Store(b.Context(), files, "user:bench")
		if err == nil {
			version = draft.Version
			_, err = a.shadows.Start(b.Context(), version, "user:bench")
		}
		if err != nil {
			b.Fatal(err)
		}
	})
	r, err := a.shadows.Report(b.Context(), version)
	if err != nil || r.Diverged+r.Unplayed > 0 {
		b.Fatalf("the shadow saw %+v: %v", r, err)
	}
	b.ReportMetric(float64(r.Cases)/float64(b.N), "compared/case") // by the end of the run
}

// BenchmarkReplay measures how long it takes to let such cases happen again, out of the journal that they
// were handled in.
func BenchmarkReplay(b *testing.B) {
	a := handled(b, func(*appliance) {})
	active, err := a.library.Active()
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.StartTimer()
	r, err := a.rehearse(b.Context(), active, rehearsal.Options{Cases: []string{rehearsal.All}})
	b.StopTimer()
	if err != nil || r.Replays.Same != b.N {
		b.Fatalf("of %d cases %+v: %v", b.N, r.Replays, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

func benchFiles() fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{"resolute.yaml": "company: Bench\n", "authority.yaml": "default: act\n", "procedures/bench.yaml": benchProcedure,
		"tools/bench.yaml":    "plugin: bench\nurl: ${env.BENCH}\nallow_hosts: [127.0.0.1]\nconcurrency: 256\n",
		"policies/bench.yaml": "policy: bench\napplies_to: [bench.write]\nbind: {item: facts.c.item}\nrules:\n  - {id: done, deny: facts.c.done}\n"} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// handled has b.N cases handled once the appliance is prepared, and gives the appliance that did.
func handled(b *testing.B, prepare func(*appliance)) *appliance {
	const underWay = 256
	slots := make(chan struct{}, underWay)
	server := httptest.NewServer(benchPlugin(func() { <-slots }))
	defer server.Close()
	app, err := assemble(b.Context(), cli.Config{Data: b.TempDir(), Env: func(string) (string, bool) { return server.URL, true }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := app.Apply(b.Context(), benchFiles(), "bench"); err != nil {
		b.Fatal(err)
	}
	prepare(app.(*appliance))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	b.ResetTimer()
	start := time.Now()
	for i := range b.N {
		slots <- struct{}{}
		item := fmt.Sprint("item-", i)
		body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"bench","type":"bench","data":{"item":%q}}`, item, item)
		go func() {
			q := httptest.NewRequest("POST", "/api/v1/signals", strings.NewReader(body))
			q.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			if app.Admin().ServeHTTP(w, q); w.Code != http.StatusAccepted {
				b.Errorf("signal: %d %s", w.Code, w.Body)
			}
		}()
	}
	for range underWay { // until the last ones are checked
		slots <- struct{}{}
	}
	store := app.(*appliance).store
	for working := true; working; {
		ids, _, err := store.Open(ctx, casefile.Working, "", 1)
		if err != nil {
			b.Fatal(err)
		}
		working = len(ids) > 0
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "cases/s")
	b.StopTimer()
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	b.Cleanup(func() {
		if err := app.Close(); err != nil {
			b.Error(err)
		}
	})
	return app.(*appliance)
}

// BenchmarkCallsAlone measures the five calls of BenchmarkCases and nothing else.
func BenchmarkCallsAlone(b *testing.B) {
	server := httptest.NewServer(benchPlugin(func() {}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	start := time.Now()
	parallel(b, func() {
		for _, tool := range []string{"a", "b", "c", "write", "check"} {
			res, err := client.Post(server.URL+"/tools/"+tool, "application/json", strings.NewReader(`{"item":"x"}`))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "cases/s")
}

// parallel runs f b.N times, 64 at once.
func parallel(b *testing.B, f func()) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				f()
			}
		})
	}
	wg.Wait()
}
