package hostile_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
)

// timed is a model whose own time is taken.
type timed struct {
	agent.Model
	took *atomic.Int64
}

// Think is agent.Model's.
func (m timed) Think(ctx context.Context, caseID string, ask casefile.Consult) casefile.ModelAnswered {
	began := time.Now()
	defer func() { m.took.Add(int64(time.Since(began))) }()
	return m.Model.Think(ctx, caseID, ask)
}

// BenchmarkTurn is what a turn costs beside the model's own time: a turn is a decision of the model that
// is carried out, here two reads, a write and the reply, of which the last two take two answers that agree.
// In it are the plan, the prompts, what answers are checked for, the journal on disk, the calls to the plugin
// that they lead to, and what comes before the first and behind the last turn of a case. The model answers
// at once, over HTTP; how long that takes is told apart, and so is what of the rest went into commits.
func BenchmarkTurn(b *testing.B) {
	h := newThinkingHouse(b, 11)
	h.brain.obeys = false
	took := &atomic.Int64{}
	h.engine.Model = timed{h.engine.Model, took}
	turns := 0
	for b.Loop() {
		b.StopTimer()
		t := h.slip("refund", nothing())
		b.StartTimer()
		h.settle()
		b.StopTimer()
		if why := h.ended(t); why != "" {
			b.Fatal(why)
		}
		turns += h.turns(t)
		b.StartTimer()
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(turns) }
	b.ReportMetric(ms(b.Elapsed()-time.Duration(took.Load())), "ms/turn")
	b.ReportMetric(ms(time.Duration(took.Load())), "model-ms/turn")
	b.ReportMetric(float64(turns)/float64(b.N), "turns/case")
}

// turns is how many decisions of a model a case went by.
func (h *house) turns(t *tale) (n int) {
	h.Helper()
	entries, err := h.store.Entries(context.Background(), t.caseID, 0, 10_000)
	must(h, err)
	for i := range entries {
		if d, ok := entries[i].Data.(*casefile.ModelProposed); ok && d.Problem == "" {
			n++
		}
	}
	return n
}
