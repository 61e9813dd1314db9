package tools_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/tools"
	"resolute/tools/protocol"
)

const (
	refundInput  = `{"type":"object","properties":{"order_id":{"type":"string"},"amount_cents":{"type":"integer","minimum":1}},"required":["order_id","amount_cents"],"additionalProperties":false}`
	refundOutput = `{"type":"object","properties":{"refunded_cents":{"type":"integer"},"rate":{"type":"number"}},"required":["refunded_cents"]}`
)

// shopManifest has a read, a write and an asynchronous write, whose timeouts are short enough for
// a test to wait for.
func shopManifest() protocol.Manifest {
	tool := func(name string, effect protocol.Effect, async bool) protocol.Tool {
		return protocol.Tool{Name: name, Effect: effect, Async: async, Idempotent: true, TimeoutMS: 5000,
			InputSchema: json.RawMessage(refundInput), OutputSchema: json.RawMessage(refundOutput)}
	}
	return protocol.Manifest{Name: "shop", Version: "1", Operations: true, Tools: []protocol.Tool{
		tool("quote", protocol.Read, false), tool("refund", protocol.Write, false), tool("invoice", protocol.Write, true),
	}}
}

func shopAt(url string) tools.Plugin {
	m := shopManifest()
	return tools.Plugin{Name: "shop", URL: url, AllowHosts: []string{"127.0.0.1"}, Manifest: &m, Bearer: "s3cret"}
}

func refund() casefile.Request {
	return casefile.Request{Case: "0190f3c8-6c1e-7d3a-8f00-0123456789ab", Step: "do/refundable/0/e1", Tool: "shop.refund",
		Args: casefile.Object{"order_id": "ORD-1001", "amount_cents": int64(500)}, Key: "key-1"}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// registry makes a registry with these plugins live.
func registry(t testing.TB, o tools.Options, plugins ...tools.Plugin) *tools.Registry {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet()
	}
	r := tools.NewRegistry(o)
	if err := r.Set(plugins); err != nil {
		t.Fatalf("the registry refuses good plugins: %v", err)
	}
	t.Cleanup(r.Close)
	return r
}

// serve starts a plugin server whose every request h answers, and a registry that has it as shop.
func serve(t testing.TB, h http.HandlerFunc) (*tools.Registry, *httptest.Server) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return registry(t, tools.Options{Now: func() time.Time { return noon }}, shopAt(srv.URL)), srv
}

// noon is now, where a test needs to know.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
