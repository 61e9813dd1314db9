package kit

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"resolute/agent/casefile"
)

// Tools answers the calls in process.
type Tools struct {
	Calls   atomic.Int64 // how many were answered
	tools   map[string]casefile.Tool
	written sync.Map // item → true, until it is checked
}

// NewTools makes the tools of the bundle.
func NewTools() *Tools {
	t := &Tools{tools: map[string]casefile.Tool{}}
	for _, tool := range Manifest().Tools {
		name := "bench." + tool.Name
		t.tools[name] = casefile.Tool{Name: name, Effect: string(tool.Effect), Idempotent: true, Operations: true, Timeout: 30 * time.Second, Retries: 3, Manifest: "1"}
	}
	return t
}

// Tool gives one of the five.
func (t *Tools) Tool(name string) (casefile.Tool, bool) {
	tool, ok := t.tools[name]
	return tool, ok
}

// ValidateArgs takes anything: the steps of the peers have no schemas either.
func (t *Tools) ValidateArgs(string, casefile.Object) error { return nil }

// Send answers a call: what was written shows in the next check.
func (t *Tools) Send(_ context.Context, r casefile.Request) casefile.Answer {
	item, _ := r.Args["item"].(string)
	done := false
	switch r.Tool {
	case "bench.write":
		t.written.Store(item, true)
		done = true
	case "bench.check":
		_, done = t.written.LoadAndDelete(item)
	}
	t.Calls.Add(1)
	return casefile.Answer{Outcome: casefile.OutcomeDone, Status: 200, Result: casefile.Value{V: map[string]any{"item": item, "done": done}}}
}

// Ask never has to be asked: no outcome is unknown.
func (t *Tools) Ask(context.Context, string, string) casefile.Answer {
	return casefile.Answer{Outcome: casefile.OutcomeUnknown, Unseen: true}
}

// DecodeResult is for callbacks, of which there are none.
func (t *Tools) DecodeResult(_ string, raw json.RawMessage) (casefile.Value, error) {
	v, err := casefile.DecodeValue(raw)
	return casefile.Value{V: v}, err
}
