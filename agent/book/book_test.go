package book_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// nowhere is an embedder of texts that are all alike.
type nowhere struct{}

func (nowhere) Embed(_ context.Context, texts []string) ([][]float32, error) {
	list := make([][]float32, len(texts))
	for i := range list {
		list[i] = []float32{1}
	}
	return list, nil
}

// TestProceduresLookThingsUp: the version's own procedures see its tables, before any other is active.
func TestProceduresLookThingsUp(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	v, problems := bundle.Load(t.Context(), fstest.MapFS{
		"resolute.yaml":     file("company: C\n"),
		"tables/limits.csv": file("kind,cents\nbig,100\n"),
		"tools/shop.yaml":   file("plugin: shop\nurl: http://127.0.0.1:1\nallow_hosts: [127.0.0.1]\n"),
		"procedures/p.yaml": file("procedure: p\ngoal: g\nstart: {signals: [a]}\nhypotheses:\n" +
			"  - {name: h, when: 'tables.limits.exists(l, l.cents == 100)', do: [{call: shop.note}], verify: {call: shop.get, as: after, check: facts.after.done}}\n"),
	}, "b", bundle.Options{Fetch: func(context.Context, bundle.Plugin) (protocol.Manifest, error) {
		return protocol.Manifest{Name: "shop", Version: "1", Operations: true, Tools: []protocol.Tool{
			{Name: "note", Effect: "write", InputSchema: []byte(`{"type":"object"}`)},
			{Name: "get", Effect: "read", InputSchema: []byte(`{"type":"object"}`), OutputSchema: []byte(`{"type":"object","properties":{"done":{"type":"boolean"}}}`)},
		}}, nil
	}})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	k, err := book.New(t.Context(), v, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	c := casefile.New("case-1")
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for i, d := range []casefile.Data{&casefile.SignalReceived{Signal: casefile.Signal{Type: "a"}}, &casefile.CaseOpened{Bundle: v.Version}, &casefile.ProcedureChosen{Procedure: "p", Goal: "g"}} {
		c.Fold(&casefile.Entry{Seq: uint64(i + 1), Case: c.ID, At: now, Data: d})
	}
	for range 10 {
		note, ok := k.Planner.Plan(c, now).(casefile.Note)
		if !ok {
			break
		}
		c.Fold(&casefile.Entry{Seq: c.Seq + 1, Case: c.ID, At: now, Data: note.Data})
	}
	if h := c.Current(); h == nil || h.Name != "h" {
		t.Errorf("a hypothesis for what its table says was not chosen: %+v", h)
	}
}
