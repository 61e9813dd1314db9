package sim

import (
	"fmt"
	"strings"

	"resolute/agent/casefile"
)

// entry follows one entry of the journal.
func (m *model) entry(e *casefile.Entry) {
	c := m.caseOf(e)
	if e.Seq != c.seq+1 || e.Prev != c.hash {
		m.s.fail("the chain is whole", "entry %d of case %s is seq %d behind %d", e.Offset, e.Case, e.Seq, c.seq)
	}
	c.seq, c.hash = e.Seq, e.Hash
	if _, late := e.Data.(*casefile.CallAnswered); c.status.Ended() && e.Actor == casefile.ActorAgent && !late {
		m.s.fail("what is over is over", "the agent wrote %s into case %s, which is %s", e.Data.Kind(), e.Case, c.status)
	}
	if e.Actor == "" || e.At.IsZero() || e.Versions.Bundle != m.s.book.Version {
		m.s.fail("every decision explains itself", "%s in case %s lacks its actor, its time or its version", e.Data.Kind(), e.Case)
	}
	switch d := e.Data.(type) {
	case *casefile.SignalReceived:
		m.signal(c, d)
	case *casefile.CaseOpened:
		c.status = casefile.Working
	case *casefile.CaseReopened:
		c.status, c.code = casefile.Working, ""
		c.opening++
	case *casefile.ProcedureChosen:
		c.procedure = d.Procedure
	case *casefile.HypothesisChosen:
		m.hypothesis(c, d)
	case *casefile.CallIntended:
		m.intent(c, e, d)
	case *casefile.CallAnswered:
		m.outcome(c, e, d)
	case *casefile.ApprovalAsked:
		c.asks[d.Approval.Hash] = &askModel{Approval: d.Approval, live: true}
		c.hashes = append(c.hashes, d.Approval.Hash)
		c.asked++
	case *casefile.ApprovalVoided:
		m.void(c, d.Hash)
	case *casefile.ApprovalExpired:
		m.void(c, d.Hash)
	case *casefile.OperatorDecided:
		m.decision(c, e, d)
	case *casefile.CaseStopped:
		c.status, c.code, c.stoppedAt = d.Status, d.Stop.Code, e.At
		if d.Stop.Code == "" || d.Stop.Detail == "" && d.Stop.Code != casefile.StopApprovalRejected {
			m.s.fail("every decision explains itself", "case %s is %s, and doesn't say why: %+v", e.Case, d.Status, d.Stop)
		}
	case *casefile.CaseResolved:
		m.resolved(c, e, d)
	case *casefile.CaseClosed:
		m.closed(c, d)
	}
}

func (m *model) void(c *caseModel, hash string) {
	if a := c.asks[hash]; a != nil {
		a.live = false
	}
	if c.status == casefile.Approving {
		c.status = casefile.Working
	}
}

func (m *model) signal(c *caseModel, d *casefile.SignalReceived) {
	if d.From == "" {
		id := identityOf(&d.Signal)
		if m.homes[id] = append(m.homes[id], c.id); len(m.homes[id]) > 1 {
			m.s.fail("same signals, same end", "%s was taken in more than once: %v", d.Signal.EventID, m.homes[id])
		}
	}
	if c.seq == 1 {
		c.customer = d.Signal.Customer()
	}
	c.doubtful = c.doubtful || d.Signal.Assurance == casefile.AssuranceNone
	if c.status == casefile.Waiting || c.status == casefile.Approving {
		c.status = casefile.Working
	}
}

// hypothesis checks that no failure is tried twice: the planner begins a hypothesis once, until a
// person or news let it begin again.
func (m *model) hypothesis(c *caseModel, d *casefile.HypothesisChosen) {
	if d.By != "" {
		return
	}
	what := fmt.Sprint(d.Hypothesis, " in epoch ", c.epoch, ", opening ", c.opening)
	if c.chosen[what]++; c.chosen[what] > 1 {
		m.s.fail("never the same failure twice", "case %s began %s twice", c.id, what)
	}
}

// intent checks what is about to be sent.
func (m *model) intent(c *caseModel, e *casefile.Entry, d *casefile.CallIntended) {
	if c.status != casefile.Working && c.status != casefile.Waiting {
		m.s.fail("people have authority", "case %s is %s, and %s is sent", c.id, c.status, d.Call.Tool)
	}
	c.status = casefile.Working
	if !d.Call.Writes() {
		return
	}
	k := m.calls[d.Call.Key]
	if k == nil {
		k = &callModel{caseID: c.id, opening: c.opening}
		m.calls[d.Call.Key] = k
	}
	again := k.intents > 0
	k.Call = d.Call
	c.steps[d.Call.ID] = d.Call.Key
	k.intents++
	m.key(c, k)
	if again && d.Call.Try > 1 {
		return // what was allowed is repeated; the wire says whether it may be
	}
	if again && !c.person {
		m.s.fail("never the same failure twice", "case %s begins %s of %s once more, with the same key", c.id, k.Tool, k.ID)
	}
	k.opening = c.opening
	if d.Verdict == nil {
		m.s.fail("every decision explains itself", "%s in case %s is sent without a verdict", d.Call.Tool, c.id)
		return
	}
	m.guarded(c, k, d)
	m.remedy(c, k)
	c.wrote = true
}

// key checks that a key is a function of case, epoch, step and arguments.
func (m *model) key(c *caseModel, k *callModel) {
	args, _ := casefile.EncodeValue(map[string]any(k.Args)) // it was decoded from JSON
	of := fmt.Sprintf("case %s, epoch %d, step %s, tool %s, args %s", c.id, c.epoch, k.ID, k.Tool, args)
	if before, ok := m.keys[of]; ok && before != k.Key || k.Key == "" {
		m.s.fail("the key is a function of case, epoch, step and arguments", "%s has the keys %s and %s", of, before, k.Key)
	}
	m.keys[of] = k.Key
}

// remedy checks that nothing is begun on top of another remedy that was done, or may be.
func (m *model) remedy(c *caseModel, k *callModel) {
	if k.Purpose != casefile.ForDo || c.person {
		return
	}
	for _, other := range m.calls {
		if other.caseID != c.id || other.Purpose != casefile.ForDo || other.Key == k.Key {
			continue
		}
		same := other.Hypothesis == k.Hypothesis && other.Step != k.Step && other.opening == k.opening
		if !same && !other.excused && (m.standing(other) || other.flying > 0) {
			m.s.fail("no second remedy", "case %s sends %s of %s, and %s of %s may be done", c.id, k.Tool, k.Hypothesis, other.Tool, other.Hypothesis)
		}
	}
}

// standing reports whether an effect of the call is there and not taken back.
func (m *model) standing(k *callModel) bool {
	for i := range m.s.world.ledger {
		if e := &m.s.world.ledger[i]; e.key == k.Key && !e.undone {
			return true
		}
	}
	return false
}

// outcome checks what the agent believes of a call against what the plugin did.
func (m *model) outcome(c *caseModel, e *casefile.Entry, d *casefile.CallAnswered) {
	purpose, name, _ := strings.Cut(d.ID, "/")
	if purpose == string(casefile.ForGather) && d.Outcome == casefile.OutcomeDone {
		name, _, _ = strings.Cut(name, "/")
		if value, ok := d.Result.V.(map[string]any); ok {
			c.facts[name] = factModel{value, e.Seq}
		}
	}
	k := m.callOf(c, d)
	if k == nil {
		return
	}
	switch d.Outcome {
	case casefile.OutcomeDone:
		if k.effects == 0 && !k.lied {
			m.s.fail("what is believed is true", "case %s takes %s for done by %s, and the plugin did nothing", c.id, k.Tool, d.Source)
		}
	case casefile.OutcomeRefused, casefile.OutcomeUnavailable, casefile.OutcomeDenied, casefile.OutcomeError:
		if k.effects > 0 || k.flying > 0 {
			m.s.fail("what is believed is true", "case %s takes %s for %s by %s, and the plugin did it, or may", c.id, k.Tool, d.Outcome, d.Source)
		}
	}
}

// callOf finds the write that an answer is about: the newest of its step.
func (m *model) callOf(c *caseModel, d *casefile.CallAnswered) *callModel {
	return m.calls[c.steps[d.ID]]
}

func (m *model) closed(c *caseModel, d *casefile.CaseClosed) {
	c.status, c.code = casefile.Closed, d.Stop.Code
	if d.MergedInto == "" {
		return
	}
	if other := m.cases[d.MergedInto]; other == nil || other == c {
		m.s.fail("accepted means durable", "case %s gave way to %s, which isn't there", c.id, d.MergedInto)
	}
	if c.wrote {
		for _, k := range m.calls {
			if k.caseID == c.id && (m.standing(k) || k.flying > 0) {
				m.s.fail("closed means verified", "case %s gave way though its %s was done, or may be", c.id, k.Tool)
			}
		}
	}
}
