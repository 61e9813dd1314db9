package rehearsal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/rehearsal"
	"resolute/tools"
	"resolute/tools/protocol"
)

// The bank does a call again that comes again, and tells what became of one; the till does neither, and
// the mint the first alone.
const (
	bankManifest = `{"name": "bank", "version": "1", "operations": true, "tools": [
	{"name": "get_account", "effect": "read", "idempotent": true, "timeout_ms": 2000, "input_schema": {"type": "object", "properties": {"account_id": {"type": "string"}}, "required": ["account_id"]}},
	{"name": "credit", "effect": "write", "timeout_ms": 2000, "input_schema": {"type": "object", "properties": {"account_id": {"type": "string"}, "amount_cents": {"type": "integer"}}}},
	{"name": "uncredit", "effect": "write", "timeout_ms": 2000, "input_schema": {"type": "object", "properties": {"account_id": {"type": "string"}}}},
	{"name": "print", "effect": "write", "async": true, "timeout_ms": 2000, "input_schema": {"type": "object", "properties": {"account_id": {"type": "string"}}},
	 "output_schema": {"type": "object", "properties": {"account_id": {"type": "string"}, "pages": {"type": "integer"}}, "required": ["account_id", "pages"]}}]}`
	tillManifest = `{"name": "till", "version": "1", "operations": false, "tools": [
	{"name": "pay", "effect": "write", "timeout_ms": 2000, "input_schema": {"type": "object", "properties": {"account_id": {"type": "string"}}}}]}`
	mintManifest = `{"name": "mint", "version": "1", "operations": false, "tools": [
	{"name": "coin", "effect": "write", "idempotent": true, "timeout_ms": 2000, "input_schema": {"type": "object", "properties": {"account_id": {"type": "string"}}}}]}`
)

const procedureText = `procedure: %[1]s
goal: The account shows it
start: {signals: [test.%[1]s]}
inputs:
  account_id: {type: string, pattern: 'ACC-[0-9]+', from: signal.data.account_id, ask: Which account?}
gather:
  account: {call: bank.get_account, with: {account_id: =inputs.account_id}}
hypotheses:
  - name: owed
    do:
      - %[2]s
    verify: {call: bank.get_account, with: {account_id: =inputs.account_id}, as: after, check: facts.after.done, within: 10s}
    reply: done
  - name: else
    do:
      - {call: till.pay, with: {account_id: =facts.account.id}}
    verify: {call: bank.get_account, with: {account_id: =inputs.account_id}, as: after, check: facts.after.done, within: 10s}
otherwise: {escalate: not-done}
replies: {done: It is done.}
`

const scenarioText = `rehearsal: %[1]s
now: 2026-03-01T10:00:00Z
signals: [{type: test.%[1]s, data: {account_id: ACC-1, customer: {id: C-1}}}]
world:
  bank.get_account: [{args: {account_id: ACC-1}, result: {id: ACC-1, done: false}}, {args: {account_id: ACC-1}, result: {id: ACC-1, done: true}}]
expect: {status: resolved, calls: [%[2]s], never: [%[3]s], reply_contains: [It is done], within: 10m}
`

// files are a bundle with a procedure and a scenario for each way in which plugins behave.
func files() fstest.MapFS {
	m := fstest.MapFS{}
	put := func(name, text string) { m[name] = &fstest.MapFile{Data: []byte(text)} }
	put("resolute.yaml", "company: Test\n")
	put("authority.yaml", "default: act\n")
	put("tools/bank.yaml", "plugin: bank\nurl: ${env.NOWHERE}\nmanifest: bank.json\ntrusted: {get_account: [/id]}\n")
	put("tools/bank.json", bankManifest)
	put("tools/till.yaml", "plugin: till\nurl: ${env.NOWHERE}\nmanifest: till.json\n")
	put("tools/till.json", tillManifest)
	put("tools/mint.yaml", "plugin: mint\nurl: ${env.NOWHERE}\nmanifest: mint.json\n")
	put("tools/mint.json", mintManifest)
	put("policies/all.yaml", "policy: all\napplies_to: [bank.*, till.*, mint.*]\nbind: {account_id: facts.account.id}\n")
	for name, call := range map[string]string{
		"credit": "{call: bank.credit, with: {account_id: =facts.account.id, amount_cents: 500}, undo: {call: bank.uncredit, with: {account_id: =facts.account.id}}}",
		"print":  "{call: bank.print, with: {account_id: =facts.account.id}, within: 2h}",
		"coin":   "{call: mint.coin, with: {account_id: =facts.account.id}}",
		"pay":    "{call: till.pay, with: {account_id: =facts.account.id}}",
		"half": "{call: bank.credit, with: {account_id: =facts.account.id}, undo: {call: bank.uncredit, with: {account_id: =facts.account.id}}}\n" +
			"      - {call: mint.coin, with: {account_id: =facts.account.id}}",
	} {
		tool, never := "bank."+name, "till.pay"
		switch name {
		case "pay":
			tool, never = "till.pay", "bank.credit"
		case "coin":
			tool = "mint.coin"
		}
		put("procedures/"+name+".yaml", fmt.Sprintf(procedureText, name, call))
		put("rehearsals/"+name+".yaml", fmt.Sprintf(scenarioText, name, tool, never))
	}
	put("rehearsals/half.yaml", `rehearsal: half of it can be taken back
now: 2026-03-01T10:00:00Z
signals: [{type: test.half, data: {account_id: ACC-1, customer: {id: C-1}}}]
world: {bank.get_account: [{result: {id: ACC-1, done: false}}]}
expect: {status: escalated, stop: check.failed, calls: [bank.credit, mint.coin, bank.uncredit], never: [till.pay], within: 10m}
`)
	return m
}

type noVectors struct{}

func (noVectors) Embed(_ context.Context, texts []string) ([][]float32, error) {
	return make([][]float32, len(texts)), nil
}

// stage makes a bundle ready; nobody listens where its plugins are.
func stage(t testing.TB, m fstest.MapFS) *rehearsal.Stage {
	t.Helper()
	b, problems := bundle.Load(t.Context(), m, "bundle", bundle.Options{})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	registry := tools.NewRegistry(tools.Options{Log: slog.New(slog.DiscardHandler)})
	var live []tools.Plugin
	for _, p := range b.Plugins {
		var manifest protocol.Manifest
		if err := json.Unmarshal(m["tools/"+p.Name+".json"].Data, &manifest); err != nil {
			t.Fatal(err)
		}
		live = append(live, tools.Plugin{Name: p.Name, URL: "http://127.0.0.1:1", Manifest: &manifest, Retries: 3})
	}
	if err := registry.Set(live); err != nil {
		t.Fatal(err)
	}
	k, err := book.New(t.Context(), b, noVectors{})
	if err != nil {
		t.Fatal(err)
	}
	s := rehearsal.NewStage(k, registry, rehearsal.NoKnowledge{})
	if problems := s.Problems(); problems.Failed() {
		t.Fatal(problems.Error())
	}
	return s
}

func rehearse(t testing.TB, m fstest.MapFS, o rehearsal.Options) rehearsal.Report {
	t.Helper()
	r, err := stage(t, m).Rehearse(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFaultsBreakNoPromise has every kind of fault befall calls to a plugin that does a call again
// which comes again, and to one that can't even tell what became of one.
func TestFaultsBreakNoPromise(t *testing.T) {
	seen := map[string]int{}
	for _, it := range rehearse(t, files(), rehearsal.Options{Seed: 3, Faults: true}).Items {
		if !it.Passed {
			t.Errorf("%s:\n%s\n%s", it.Rehearsal, strings.Join(it.Failures, "\n"), strings.Join(it.Story, "\n"))
			continue
		}
		for kind, times := range it.Faults.ByKind {
			seen[kind] += times
		}
		if it.Rehearsal == "pay" && it.Faults.ByPeople == 0 {
			t.Error("the till can't tell what became of a call, and no fault left the case to a person")
		}
	}
	for _, kind := range []string{"timeout", "timeout_after_effect", "error", "reject", "slow", "duplicate_callback", "late_callback", "garbage", "crash_before", "crash_after"} {
		if seen[kind] == 0 {
			t.Errorf("the fault %s never befell a call", kind)
		}
	}
}

// TestFaultsOfAScenario has a scenario name its faults, and looks at what they led to.
func TestFaultsOfAScenario(t *testing.T) {
	for _, tt := range []struct{ fault, scenario, story string }{
		{"{tool: bank.credit, kind: timeout_after_effect}", "credit", "no answer within"},
		{"{tool: bank.credit, kind: error}", "credit", "answered 500"},
		{"{tool: bank.credit, kind: garbage}", "credit", "garbage"},
		{"{tool: bank.get_account, on: 2, kind: crash_after}", "credit", "the process ended"},
		{"{tool: bank.print, kind: late_callback}", "print", "accepted"},
		{"{tool: bank.credit, kind: reject}", "credit", "rejected"},
	} {
		m := files()
		file := m["rehearsals/"+tt.scenario+".yaml"]
		text := strings.Replace(string(file.Data), "expect:", "faults: ["+tt.fault+"]\nexpect:", 1)
		if strings.Contains(tt.fault, "reject") {
			text = strings.Replace(text, "calls: [bank.credit], never: [till.pay], reply_contains: [It is done]", "calls: [bank.credit, till.pay]", 1)
		}
		file.Data = []byte(text)
		for _, it := range rehearse(t, m, rehearsal.Options{}).Items {
			if it.Rehearsal != tt.scenario {
				continue
			}
			story := strings.Join(it.Story, "\n")
			if !it.Passed || !strings.Contains(story, tt.story) {
				t.Errorf("with %s: %v, want it met and %q in\n%s", tt.fault, it.Failures, tt.story, story)
			}
		}
	}
}

// BenchmarkScenarios is how long a scenario takes, faults aside.
func BenchmarkScenarios(b *testing.B) {
	s := stage(b, files())
	b.ResetTimer()
	began := time.Now()
	for i := range b.N {
		if r, err := s.Rehearse(b.Context(), rehearsal.Options{Seed: uint64(i)}); err != nil || !r.Passed {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.N*len(s.Scenarios()))/time.Since(began).Seconds(), "scenarios/s")
}

// TestTheWorldGoesOnByItself has a case wait until the world is another, which no write made so.
func TestTheWorldGoesOnByItself(t *testing.T) {
	m := files()
	text := `procedure: later
goal: The account shows it
start: {signals: [test.later]}
inputs:
  account_id: {type: string, from: signal.data.account_id}
gather:
  account: {call: bank.get_account, with: {account_id: =inputs.account_id}}
hypotheses:
  - name: in-time
    do:
      - {wait: {for: bank.booked, match: signal.data.account_id == inputs.account_id, within: 8h}}
    verify: {call: bank.get_account, with: {account_id: =inputs.account_id}, as: after, check: facts.after.done, within: 10s}
otherwise: {escalate: not-done}
`
	m["procedures/later.yaml"] = &fstest.MapFile{Data: []byte(text)}
	for _, tt := range []struct{ from, expect string }{
		{"2h", "{status: resolved, within: 4h}"},
		{"4h", "{status: escalated, within: 72h}"},
	} {
		m["rehearsals/later.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil, `rehearsal: later
now: 2026-03-01T10:00:00Z
signals: [{type: test.later, data: {account_id: ACC-1, customer: {id: C-1}}}, {at: 3h, type: bank.booked, data: {account_id: ACC-1, customer: {id: C-1}}}]
world:
  bank.get_account: [{result: {id: ACC-1, done: false}}, {from: %s, result: {id: ACC-1, done: true}}]
expect: %s
`, tt.from, tt.expect)}
		for _, it := range rehearse(t, m, rehearsal.Options{}).Items {
			if it.Rehearsal == "later" && !it.Passed {
				t.Errorf("booked from %s on: %v, want it as expected:\n%s", tt.from, it.Failures, strings.Join(it.Story, "\n"))
			}
		}
	}
}
