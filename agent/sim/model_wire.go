package sim

import (
	"strings"

	"resolute/agent/casefile"
)

// sent checks a request that reaches a plugin.
func (m *model) sent(c *wireCall) {
	m.follow()
	if !c.writes() {
		return
	}
	k := m.calls[c.key]
	if k == nil || c.key == "" {
		m.s.fail("intent before effect", "%s is on the wire and not in the journal", c)
		return
	}
	k.sent++
	args, _ := casefile.EncodeValue(map[string]any(k.Args)) // both were decoded from JSON
	wire, _ := casefile.EncodeValue(c.args)
	switch {
	case k.sent > k.intents:
		m.s.fail("one journaled try is one request", "%s was sent %d times, and intended %d times", c, k.sent, k.intents)
	case k.caseID != c.caseID || k.ID != c.step || k.Tool != c.tool || !sameNumbers(args, wire):
		m.s.fail("intent before effect", "%s with %s is not what was intended: %s of %s with %s", c, wire, k.Tool, k.ID, args)
	case k.sent > 1 && !k.proven && c.tool != "bank.book":
		m.s.fail("no blind retry", "%s is sent again, and the one before may have been done", c)
	}
	k.proven, k.lastSent = false, c.at
}

// sameNumbers compares arguments as the journal and as the wire have them: a plugin reads all
// numbers as doubles.
func sameNumbers(journal, wire []byte) bool {
	return strings.ReplaceAll(string(wire), ".0", "") == strings.ReplaceAll(string(journal), ".0", "")
}

// answered notes what an answer that reached the agent lets it know.
func (m *model) answered(c *wireCall, a *answer) {
	if a.err != nil || a.broken {
		return
	}
	if c.asks {
		k := m.calls[c.key]
		if k != nil && a.status == 404 && !c.at.Before(k.lastSent.Add(toolTimeout)) {
			k.proven = true
		}
		return
	}
	if c.writes() {
		if k := m.calls[c.key]; k != nil {
			k.proven = a.status >= 300 && a.status < 500 && a.status != 409 || a.status == 503 && a.header != nil
		}
		return
	}
	if name, ok := strings.CutPrefix(c.step, "verify/"); ok && a.served != nil && a.status == 200 {
		name, _, _ = strings.Cut(name, "/")
		if of := m.cases[c.caseID]; of != nil {
			of.proof = &readModel{hypothesis: name, served: a.served, at: c.at}
		}
	}
}

// sentBefore reports whether a call with this key reached the plugin before.
func (m *model) sentBefore(key string) bool { return m.calls[key] != nil && m.calls[key].sent > 0 }

// failed notes that a plugin is done with a call, and did nothing.
func (m *model) failed(key string) {
	if k := m.calls[key]; k != nil {
		k.proven = true
	}
}

// flies notes that a request may take effect later, or no longer.
func (m *model) flies(key string, by int) {
	if k := m.calls[key]; k != nil {
		k.flying += by
	}
}

// lies notes that a plugin says done and does nothing. Of what an undo is said to have taken back
// nothing is known then: nothing reads an undo again.
func (m *model) lies(c *wireCall) {
	k := m.calls[c.key]
	if k == nil {
		return
	}
	k.lied = true
	for _, of := range m.calls {
		if k.Purpose == casefile.ForUndo && of.caseID == k.caseID && of.Hypothesis == k.Hypothesis && of.Step == k.Step {
			of.excused = true
		}
	}
}

// effect follows something that a plugin did.
func (m *model) effect(e *effect) {
	k := m.calls[e.key]
	if k == nil {
		return // sent has said so
	}
	if k.effects++; k.effects > 1 {
		m.s.fail("no effect is doubled", "%s was done %d times with one key in case %s", e.tool, k.effects, e.caseID)
	}
	c := m.cases[e.caseID]
	for i := range m.s.world.ledger[:len(m.s.world.ledger)-1] {
		o := &m.s.world.ledger[i]
		if o.caseID == e.caseID && o.tool == e.tool && o.on == e.on && !o.undone && !compensates(e.tool) && !c.person {
			m.s.fail("no effect is doubled", "%s was done to %s a second time in case %s", e.tool, e.on, e.caseID)
		}
	}
}

func compensates(tool string) bool {
	return tool == "shop.cancel_replacement" || tool == "shop.release"
}

// resolved checks that the goal is reached, as the system of record said when it was read last.
func (m *model) resolved(c *caseModel, e *casefile.Entry, d *casefile.CaseResolved) {
	c.status, c.code = casefile.Resolved, ""
	p := c.proof
	if p == nil || p.hypothesis != d.Hypothesis {
		m.s.fail("closed means verified", "case %s is resolved by %s, whose check was never read", c.id, d.Hypothesis)
		return
	}
	total, _ := c.facts["order"].value["total_cents"].(int64)
	paid, _ := c.facts["account"].value["paid_cents"].(int64)
	booked, _ := c.facts["account"].value["booked_cents"].(int64)
	holds := map[string]bool{
		"replaceable": p.served["replacement"] != "", "lost": p.served["replacement"] != "",
		"refundable": p.served["refunded_cents"] == total, "returned": p.served["refunded_cents"] == total, "money-back": p.served["refunded_cents"] == total,
		"swap": p.served["reserved"] == true && p.served["exchanged"] == true, "purge": p.served["exchanged"] == true,
		"pay": p.served["paid_cents"] == paid+2500, "paid-out": p.served["paid_cents"] == paid+2500,
		"book": p.served["booked_cents"] == booked+2500, "credited": p.served["booked_cents"] == booked+2500,
	}
	if !holds[d.Hypothesis] {
		m.s.fail("closed means verified", "case %s is resolved by %s, and the plugin said %v", c.id, d.Hypothesis, p.served)
	}
	for i := range m.s.world.ledger {
		if o := &m.s.world.ledger[i]; o.caseID == c.id && o.at.After(p.at) {
			m.s.fail("closed means verified", "case %s is resolved by a check that was read before its last write", c.id)
		}
	}
	if len(e.Evidence) == 0 {
		m.s.fail("every decision explains itself", "case %s is resolved without evidence", c.id)
	}
}
