package model_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/casefile"
	"resolute/agent/rehearsal"
	"resolute/tools"
)

// replayed lets a case of the rig happen again under the bundle of another one.
func (r *rig) replayed(id string, candidate *rig) rehearsal.Replayed {
	r.Helper()
	k, err := book.New(r.Context(), candidate.version, plainEmbedder{})
	if err != nil {
		r.Fatal(err)
	}
	registry := tools.NewRegistry(tools.Options{Log: slog.New(slog.DiscardHandler)})
	defer registry.Close()
	var plugged []tools.Plugin
	for _, p := range candidate.version.Plugins {
		m := candidate.version.Manifests[p.Name]
		plugged = append(plugged, live(*p, &m))
	}
	if err := registry.Set(plugged); err != nil {
		r.Fatal(err)
	}
	entries, err := r.store.Entries(r.Context(), id, 0, 500)
	if err != nil {
		r.Fatal(err)
	}
	return rehearsal.NewStage(k, registry, rehearsal.NoKnowledge{}).ReplayCase(r.Context(), id, entries, rehearsal.ReplayOptions{})
}

// A replay asks no model: what it said is in the journal.
func TestReplayAnswersFromTheJournal(t *testing.T) {
	invalid := func(n int, ask casefile.Consult) casefile.ModelAnswered { // one repair, one wait, reads and a question on the way
		switch {
		case n == 1:
			return says(ask, "nonsense")
		case n == 2:
			return fails("dropped", true)
		case strings.Contains(ask.Prompt, "id=done.1"):
			return says(ask, drives("reply", tells))
		case strings.Contains(ask.Prompt, "id=facts.model_1"):
			return says(ask, refunds("O-1", 3400))
		}
		return says(ask, drives("call", `"tool":"shop.find_order","args":{"order_id":"O-2"}`))
	}
	plain := newRig(t, sensible)
	strict := newRig(t, sensible, config("thresholds: {model: 1}\n"))
	denies := newRig(t, sensible, func(files fstest.MapFS) {
		p := files["policies/refunds.yaml"]
		p.Data = []byte(strings.Replace(string(p.Data), "> 10000", "> 100", 1))
	})
	for name, think := range map[string]mind{"straight": sensible, "with troubles": invalid} {
		r := newRig(t, think)
		id := r.ticket("O-1")
		r.settled(id, casefile.Resolved)
		asked := len(r.consults())
		if p := r.replayed(id, plain); p.Outcome != rehearsal.Same || len(p.Notes) != 0 {
			t.Errorf("%s: a case of a model comes otherwise again: %+v %+v", name, p, p.Divergence)
		}
		if n := len(r.consults()); n != asked {
			t.Errorf("%s: a replay asked the model %d times", name, n-asked)
		}
		if p := r.replayed(id, strict); p.Outcome != rehearsal.Diverged || !strings.Contains(p.Divergence.Why, "confidence.low") {
			t.Errorf("%s: with a model that has to be surer than it was: %+v %+v", name, p.Outcome, p.Divergence)
		}
		if p := r.replayed(id, denies); p.Outcome != rehearsal.Diverged || !strings.Contains(p.Divergence.Why, "over-100") {
			t.Errorf("%s: where a person has to approve: %+v %+v", name, p.Outcome, p.Divergence)
		}
	}
	r := newRig(t, sensible)
	id := r.ticket("O-2")
	c := r.settled(id, casefile.Approving)
	r.decide(id, agent.Decide{Decision: casefile.DecideApprove, Hash: c.Approval.Hash})
	r.settled(id, casefile.Resolved)
	if p := r.replayed(id, plain); p.Outcome != rehearsal.Same {
		t.Errorf("a case that a person approved comes otherwise again: %+v %+v", p, p.Divergence)
	}
}
