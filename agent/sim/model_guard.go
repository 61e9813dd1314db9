package sim

import (
	"bytes"
	"errors"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

// guarded judges a write anew, from what the journal says of the world and from the bundle's
// policies as they are meant.
func (m *model) guarded(c *caseModel, k *callModel, d *casefile.CallIntended) {
	deny := func(why string) { m.s.fail("guarded at dispatch", "case %s sends %s: %s", c.id, k.Tool, why) }
	by := ""
	switch {
	case d.Verdict.Outcome == casefile.Deny:
		deny("the verdict is deny")
	case d.Verdict.Outcome == casefile.Approve:
		by = m.consented(c, k, d)
	}
	amount, _ := k.Args["amount_cents"].(int64)
	order, account := c.facts["order"].value, c.facts["account"].value
	owner, _ := order["customer_email"].(string)
	switch k.Tool {
	case "shop.purge":
		deny("nothing allows what can't be undone")
	case "bank.pay", "bank.book":
		if account["id"] != k.Args["account_id"] {
			deny("that is not the customer's account")
		}
		if account["paid_cents"] != int64(0) || account["booked_cents"] != int64(0) {
			deny("the customer had a gesture")
		}
		if k.Tool == "bank.book" && c.procedure == "gesture" && by == "" {
			deny("the agent may only propose it")
		}
	default:
		if order["id"] != k.Args["order_id"] {
			deny("that is not the order of the case")
		}
		if owner == "" || owner != c.customer.Email {
			deny("it is not known to be the customer's order")
		}
	}
	if k.Tool == "shop.refund_order" {
		refundable, _ := order["refundable_cents"].(int64)
		if amount > refundable {
			deny("it is more than was paid")
		}
		if amount > 10_000 && by != "user:pia" && by != "user:ada" {
			deny("above 100.00 an approver decides, not " + by)
		}
		if total, _ := order["total_cents"].(int64); !c.person && amount != total {
			deny("the amount is not the order's")
		}
	}
	if c.doubtful && by == "" {
		deny("nobody vouches for the customer")
	}
}

// consented checks that a person approved exactly this, and that it was looked at again since.
func (m *model) consented(c *caseModel, k *callModel, d *casefile.CallIntended) (by string) {
	deny := func(why string) {
		m.s.fail("an approval is for what was shown", "case %s sends %s: %s", c.id, k.Tool, why)
	}
	a := c.asks[d.Approval]
	if a == nil || !a.live || a.by == "" {
		deny("nobody approved it")
		return ""
	}
	shown, _ := casefile.EncodeValue(map[string]any(a.Action.Args)) // both were decoded from JSON
	sent, _ := casefile.EncodeValue(map[string]any(k.Args))
	if a.Action.Tool != k.Tool || a.Step != k.ID || !bytes.Equal(shown, sent) || a.by != d.ApprovedBy {
		deny("what was approved is another")
	}
	for name, f := range c.facts {
		if (name == "order" || name == "account") && f.seq < c.granted {
			deny(name + " was not gathered again after the approval")
		}
	}
	a.live = false
	return a.by
}

// decision follows what a person decided.
func (m *model) decision(c *caseModel, e *casefile.Entry, d *casefile.OperatorDecided) {
	if m.clicks[d.Note]++; m.clicks[d.Note] > 1 {
		m.s.fail("a click counts once", "%q about case %s was journaled %d times", d.Note, c.id, m.clicks[d.Note])
	}
	var who people.Principal
	for _, p := range staff() {
		if p.Actor() == e.Actor {
			who = p
		}
	}
	if !who.Role.AtLeast(people.Operator) {
		m.s.fail("people have authority", "%s, a %s, decided %s", e.Actor, who.Role, d.Decision)
	}
	was := c.status
	c.status, c.code = casefile.Working, ""
	switch d.Decision {
	case casefile.DecideApprove:
		a := c.asks[d.Hash]
		if a == nil || !a.live || a.by != "" || was.Ended() || was == casefile.Escalated {
			m.s.fail("a click counts once", "%s approved %.8s in case %s, which waits for no such approval", e.Actor, d.Hash, c.id)
			return
		}
		if !who.Role.AtLeast(people.Role(a.By)) || a.ProposedBy == who.ID {
			m.s.fail("people have authority", "%s approved what takes the role %s, proposed by %q", e.Actor, a.By, a.ProposedBy)
		}
		a.by, c.granted = e.Actor, e.Seq
	case casefile.DecideReject:
		c.settleAsks()
	case casefile.DecideEdit, casefile.DecideOverride:
		c.person = true
		c.settleAsks()
	case casefile.DecideRetry, casefile.DecideReopen:
		if (d.Decision == casefile.DecideReopen) != was.Ended() {
			m.s.fail("people have authority", "%s of case %s, which is %s, was taken", d.Decision, c.id, was)
		}
		c.person = true
		c.epoch++
		c.settleAsks()
	case casefile.DecideTakeover:
		c.status, c.code = casefile.Escalated, casefile.StopHumanTakeover
		c.settleAsks()
	case casefile.DecideClose:
		if was.Ended() {
			m.s.fail("what is over is over", "case %s was closed when it was %s", c.id, was)
		}
		c.status, c.code = casefile.Closed, casefile.StopHumanClosed
	}
}

// settleAsks ends what waits for approval.
func (c *caseModel) settleAsks() {
	for _, a := range c.asks {
		a.live = false
	}
}

// decided holds the answer to a click against the journal.
func (m *model) decided(caseID string, d *agent.Decide, who people.Principal, err error) {
	m.follow()
	switch n := m.clicks[d.Note]; {
	case err == nil && n != 1:
		m.s.fail("a click counts once", "%s of %s about case %s was answered with success, and is in the journal %d times", d.Decision, who.Name, caseID, n)
	case errors.Is(err, agent.ErrDecisionConflict), errors.Is(err, agent.ErrDecisionForbidden), errors.Is(err, agent.ErrDecisionInvalid):
		if n != 0 {
			m.s.fail("a click counts once", "%s of %s about case %s was refused, and is in the journal", d.Decision, who.Name, caseID)
		}
		m.refused[d.Note] = err
	case err == nil && who.Role == people.Viewer:
		m.s.fail("people have authority", "a viewer decided %s", d.Decision)
	}
}
