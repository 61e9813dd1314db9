package rehearsal

import (
	"context"
	"maps"
	"slices"

	"resolute/agent"
	"resolute/agent/casefile"
)

// ends holds what was journaled of cases against what was done, and gives all promises that were broken.
func (w *world) ends() []string {
	histories := map[string]*history{}
	for _, e := range w.entries() {
		h := histories[e.Case]
		if h == nil {
			h = &history{world: w, tries: map[uint64]string{}}
			histories[e.Case] = h
		}
		h.read(&e)
	}
	for _, id := range slices.Sorted(maps.Keys(histories)) {
		if err := histories[id].account(id); err != nil {
			w.witness.breaks("%v", err)
		}
	}
	return w.witness.said
}

// account has a case say what became of each try of its calls, as it is when it is loaded.
func (h *history) account(id string) error {
	c, err := agent.Load(context.Background(), h.store, id)
	if err != nil {
		return err
	}
	told := map[uint64]casefile.Outcome{}
	for i := range c.Attempts {
		told[c.Attempts[i].Seq] = c.Attempts[i].Outcome
	}
	for _, seq := range slices.Sorted(maps.Keys(h.tries)) {
		if outcome, ok := told[seq]; !ok || outcome == "" && c.Status.Ended() {
			h.witness.breaks("the case doesn't say what became of a call of %s", h.tries[seq])
		}
	}
	return nil
}

// history is what a case went through, as far as promises rest on it.
type history struct {
	*world
	proven bool              // a check held since the last write
	kept   []*remedy         // writes that were sent and may stand, of this round
	tries  map[uint64]string // tools, by the entry of each try
}

// remedy is a write of a hypothesis.
type remedy struct {
	casefile.Call
	undone bool
}

func (h *history) read(e *casefile.Entry) {
	switch d := e.Data.(type) {
	case *casefile.CheckRead:
		h.proven = d.Held && d.Error == ""
	case *casefile.CaseReopened:
		h.kept = nil
	case *casefile.CallIntended:
		h.tries[e.Seq] = d.Call.Tool
		if d.Call.Writes() {
			h.proven = false // what was read before proves nothing any more
			h.begin(&d.Call)
		}
	case *casefile.CallAnswered:
		if d.Outcome == casefile.OutcomeDone && d.Undoes != "" {
			h.takeBack(d.Undoes)
		}
	case *casefile.CaseResolved:
		if !h.proven {
			h.witness.breaks("the case is resolved by %s, and no check held since the last write", d.Hypothesis)
		}
	}
}

// begin holds a write against those before it: a second remedy begins only when the first was taken back,
// or if the procedure says so.
func (h *history) begin(c *casefile.Call) {
	if c.Undoes != "" || c.Try > 1 {
		return
	}
	for _, before := range h.kept {
		op := h.ops[before.Key]
		if before.Hypothesis != c.Hypothesis && !before.undone && op != nil && op.done && !h.stage.goesOn(before.Hypothesis) {
			h.witness.breaks("%s of %s was sent, and %s of %s was done and not taken back", c.Tool, c.Hypothesis, before.Tool, before.Hypothesis)
		}
	}
	h.kept = append(h.kept, &remedy{Call: *c})
}

func (h *history) takeBack(call string) {
	for _, r := range h.kept {
		if r.ID == call {
			r.undone = true
		}
	}
}

// goesOn reports whether a procedure lets another hypothesis follow the writes of this one.
func (s *Stage) goesOn(hypothesis string) bool {
	for _, p := range s.book.Procedures {
		for i := range p.Hypotheses {
			if h := &p.Hypotheses[i]; h.Name == hypothesis && h.ThenNext {
				return true
			}
		}
	}
	return false
}
