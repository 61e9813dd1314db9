package tools_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/casefile"
	"resolute/tools"
	"resolute/tools/protocol"
)

func TestToolTellsWhatTheEngineNeeds(t *testing.T) {
	m := shopManifest()
	m.Tools[0].TimeoutMS = 0
	m.Tools[2].TimeoutMS = 60_000
	p := shopAt("http://127.0.0.1:1")
	p.Manifest, p.Timeout, p.Retries = &m, 3*time.Second, 2
	p.Effects = map[string]protocol.Effect{"refund": protocol.Irreversible}
	p.Trusted = map[string][]string{"quote": {"/refunded_cents"}}
	r := registry(t, tools.Options{}, p)
	hash, _ := tools.Hash(m)
	const slot = time.Second // the longest wait for one is part of the time to an answer
	for _, want := range []casefile.Tool{
		{Name: "shop.quote", Effect: "read", Idempotent: true, Operations: true, Timeout: slot + 3*time.Second, Retries: 2, Manifest: hash},
		{Name: "shop.refund", Effect: "irreversible", Idempotent: true, Operations: true, Timeout: slot + 5*time.Second, Retries: 2, Manifest: hash},
		{Name: "shop.invoice", Effect: "write", Idempotent: true, Async: true, Operations: true, Timeout: slot + time.Minute, Retries: 2, Manifest: hash},
	} {
		got, ok := r.Tool(want.Name)
		if d := cmp.Diff(want, got); !ok || d != "" {
			t.Errorf("%s is there: %v, and told as (-want +got):\n%s", want.Name, ok, d)
		}
	}
	if _, ok := r.Tool("shop.nope"); ok {
		t.Error("a tool that nobody offers is there")
	}
	if in, out := r.Schemas("shop.refund"); string(in) != refundInput || string(out) != refundOutput {
		t.Errorf("the schemas are %s and %s, not those of the manifest", in, out)
	}
	if got := r.Trusted("shop.quote"); !cmp.Equal(got, []string{"/refunded_cents"}) || r.Trusted("shop.refund") != nil {
		t.Errorf("trusted fields of shop.quote are %v", got)
	}
	p.Manifest = &protocol.Manifest{Name: "shop", Tools: []protocol.Tool{{Name: "quote", Effect: "read"}}}
	p.Timeout, p.Effects, p.Trusted = 0, nil, nil
	if err := r.Set([]tools.Plugin{p}); err != nil {
		t.Fatal(err)
	}
	if got, _ := r.Tool("shop.quote"); got.Timeout != slot+tools.DefaultTimeout {
		t.Errorf("without any timeout it is %v, want the default of %v and the wait for a slot", got.Timeout, tools.DefaultTimeout)
	}
	if _, ok := r.Tool("shop.refund"); ok {
		t.Error("a tool that the new manifest doesn't have is still there")
	}
}

func TestSetRefusesAllOrNothing(t *testing.T) {
	good := shopAt("http://127.0.0.1:1")
	for want, change := range map[string]func(p *tools.Plugin){
		"no manifest is pinned":              func(p *tools.Plugin) { p.Manifest = nil },
		"it has no name":                     func(p *tools.Plugin) { p.Name = "" },
		"it is there twice":                  func(p *tools.Plugin) { p.Name = "shop" },
		"effects: the manifest has no tool":  func(p *tools.Plugin) { p.Effects = map[string]protocol.Effect{"nope": "read"} },
		"not read, write or irreversible":    func(p *tools.Plugin) { p.Effects = map[string]protocol.Effect{"quote": "maybe"} },
		"trusted: the manifest has no tool":  func(p *tools.Plugin) { p.Trusted = map[string][]string{"nope": {"/a"}} },
		"not a JSON Pointer":                 func(p *tools.Plugin) { p.Trusted = map[string][]string{"quote": {"a"}} },
		"belongs to the protocol":            func(p *tools.Plugin) { p.Headers = map[string]string{"idempotency-key": "x"} },
		"is not the name of a header":        func(p *tools.Plugin) { p.Headers = map[string]string{"a b": "x"} },
		"perhaps a line break":               func(p *tools.Plugin) { p.Bearer = "s3cret\n" },
		"breaks the plugin protocol":         func(p *tools.Plugin) { p.Manifest = &protocol.Manifest{} },
		"another plugin has a tool shop.a.b": func(p *tools.Plugin) { p.Name, p.Manifest = "shop.a", oneTool("b") },
	} {
		r := registry(t, tools.Options{}, good)
		first, bad := good, good
		first.Manifest = oneTool("a.b")
		bad.Name = "other"
		change(&bad)
		err := r.Set([]tools.Plugin{first, bad})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "plugin "+bad.Name+": ") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error %v, want one that names the plugin and says %q", err, want)
		}
		if _, ok := r.Tool("shop.quote"); !ok {
			t.Errorf("%s: what was live before is gone", want)
		}
	}
}

func oneTool(name string) *protocol.Manifest {
	return &protocol.Manifest{Name: "x", Tools: []protocol.Tool{{Name: name, Effect: "read"}}}
}
