// Package kit is resolute's engine, store, intake, planner and guard, put together as the program
// does it, with tools that are answered in process.
package kit

import (
	"encoding/json"
	"fmt"
	"testing/fstest"

	"resolute/tools/protocol"
)

// SignalType is what begins a case.
const SignalType = "bench"

// Steps is how many calls a case makes, one after the other.
const Steps = 5

const itemProcedure = `procedure: bench
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

// askingProcedure waits for the customer, for days.
const askingProcedure = `procedure: asking
goal: The customer has answered
start: {signals: [bench.ask]}
hypotheses:
  - name: unanswered
    do:
      - {ask: {text: Which item is it?, as: item, within: 720h}}
      - {call: bench.write, with: {item: =facts.item}}
    verify: {call: bench.check, with: {item: =facts.item}, as: after, check: facts.after.done}
otherwise: {escalate: no}
`

// Bundle is a case of five calls, the fifth of which reads what the fourth wrote; and one that waits
// for its customer. The plugin's address is ${env.BENCH}.
func Bundle() fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"resolute.yaml":          "company: Bench\n",
		"authority.yaml":         "default: act\n",
		"procedures/bench.yaml":  itemProcedure,
		"procedures/asking.yaml": askingProcedure,
		"tools/bench.yaml":       "plugin: bench\nurl: ${env.BENCH}\nallow_hosts: [127.0.0.1]\nconcurrency: 256\nmanifest: bench.json\n",
		"tools/bench.json":       string(ManifestJSON()),
		"policies/bench.yaml":    "policy: bench\napplies_to: [bench.write]\nbind: {item: facts.c.item}\nrules:\n  - {id: done, deny: facts.c.done}\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// ToolNames are the tools of the plugin in the order of a case.
func ToolNames() []string { return []string{"a", "b", "c", "write", "check"} }

// Manifest is what the plugin offers.
func Manifest() protocol.Manifest {
	m := protocol.Manifest{Name: "bench", Version: "1", Operations: true}
	for _, name := range ToolNames() {
		t := protocol.Tool{Name: name, Effect: protocol.Read, Idempotent: true, TimeoutMS: 30_000,
			InputSchema:  json.RawMessage(`{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]}`),
			OutputSchema: json.RawMessage(`{"type":"object","properties":{"item":{"type":"string"},"done":{"type":"boolean"}},"required":["item","done"]}`)}
		if name == "write" {
			t.Effect = protocol.Write
		}
		m.Tools = append(m.Tools, t)
	}
	return m
}

// ManifestJSON is Manifest as the plugin says it.
func ManifestJSON() []byte {
	b, err := json.Marshal(Manifest())
	if err != nil {
		panic(fmt.Sprintf("a manifest always has JSON: %v", err))
	}
	return b
}
