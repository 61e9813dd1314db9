package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

func staff() []people.Principal {
	user := func(name string, role people.Role) people.Principal {
		return people.Principal{ID: "id-" + name, Kind: people.KindUser, Name: name, Role: role}
	}
	return []people.Principal{user("ada", people.Admin), user("olga", people.Operator), user("pia", people.Approver), user("vic", people.Viewer)}
}

func operatorMoves() []string {
	return []string{"approve", "stale approve", "reject", "edit", "override", "retry", "takeover", "handback", "close", "reopen", "double click", "viewer"}
}

// operate lets a person decide something about a case, with some thought between looking and
// clicking.
func (s *Sim) operate(caseID, move string, who people.Principal) {
	p, n := s.process, s.names()
	s.spawn(nameOf("operator", n), func() {
		c, err := p.engine.Load(context.Background(), caseID)
		if err != nil {
			return
		}
		d := s.decision(c, move)
		d.Note = fmt.Sprint("click ", n)
		if !s.calm {
			s.pause("thinking", s.clock.Now().Add(time.Duration(s.Draw(3)*s.Draw(20))*time.Second))
		}
		if move == "double click" {
			again := d
			again.Note += " again"
			s.spawn(nameOf("operator", n)+"-again", func() { s.click(p, caseID, again, who) })
		}
		s.click(p, caseID, d, who)
	})
}

func (s *Sim) click(p *process, caseID string, d agent.Decide, who people.Principal) {
	_, err := p.engine.Decide(context.Background(), caseID, d, who)
	s.log("%s: %s decides %s about %s%s", s.running.name, who.Name, d.Decision, short(caseID), outcome(err))
	s.model.decided(caseID, &d, who, err)
	switch {
	case err == nil, errors.Is(err, agent.ErrDecisionConflict), errors.Is(err, agent.ErrDecisionForbidden), errors.Is(err, agent.ErrDecisionInvalid), errors.Is(err, journal.ErrStopped):
	default:
		s.fail("a decision is taken or refused", "%s about case %s: %v", d.Decision, caseID, err)
	}
}

// decision is what a person makes of the case that they look at.
func (s *Sim) decision(c *casefile.Case, move string) agent.Decide {
	d := agent.Decide{Decision: casefile.DecisionName(move)}
	if c.Approval != nil {
		d.Hash = c.Approval.Hash
	}
	switch move {
	case "double click", "viewer", "approve":
		d.Decision = casefile.DecideApprove
	case "stale approve":
		d.Decision = casefile.DecideApprove
		d.Hash = s.model.anyHash(c.ID, s.Draw(5))
	case "edit":
		d.Args = casefile.Object{}
		if c.Approval != nil && c.Approval.Action != nil {
			for k, v := range c.Approval.Action.Args {
				d.Args[k] = v
			}
			if amount, ok := d.Args["amount_cents"].(int64); ok {
				d.Args["amount_cents"] = amount - int64(100*s.Draw(3))
			}
		}
	case "override":
		s.override(c, &d)
	}
	return d
}

func (s *Sim) override(c *casefile.Case, d *agent.Decide) {
	names := map[string][]string{"damaged": {"replaceable", "refundable"}, "exchange": {"purge", "swap", "money-back"}, "parcel": {"returned", "lost"}, "gesture": {"pay", "book"}, "credit": {"credited", "paid-out"}}[c.Procedure]
	if len(names) > 0 {
		d.Hypothesis = names[s.Draw(len(names))]
	}
	if order, ok := c.Inputs["order_id"].Value.V.(string); ok && s.Draw(3) == 2 {
		d.Action = &casefile.Action{Tool: "shop.refund_order", Args: casefile.Object{"order_id": order, "amount_cents": int64(1000 + s.Draw(2)*11000)}}
	}
}

// meddle lets somebody do something to some case.
func (s *Sim) meddle() bool {
	move := operatorMoves()[s.Draw(len(operatorMoves()))]
	if len(s.model.order) == 0 || !s.has("operator/"+move) {
		return false
	}
	who := staff()[s.Draw(3)]
	if move == "viewer" {
		who = staff()[3]
	}
	s.cover("operator/" + move)
	s.operate(s.model.order[s.Draw(len(s.model.order))], move, who)
	return true
}

// attend approves what waits for a person, as dull operators do.
func (s *Sim) attend() bool {
	for _, id := range s.model.order {
		c := s.model.cases[id]
		if c.status == casefile.Approving && !c.attended[c.asked] && !s.clock.Now().Before(c.stoppedAt.Add(10*time.Minute)) {
			c.attended[c.asked] = true
			s.operate(id, "approve", staff()[0])
			return true
		}
	}
	return false
}
