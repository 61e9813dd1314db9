package authority

import (
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/confidence"
	"resolute/agent/policy"
)

// weigh counts one observation, and says what tips the scales, nil for nothing. base is the standing
// that the bundle gives, all what is known of all amounts. It is pure but for h.
func (h *Held) weigh(a *policy.Authority, base casefile.Standing, all *Held, how casefile.Judgement, caseID string, now time.Time) *casefile.AuthorityChanged {
	switch how {
	case casefile.Agreed:
		h.Evidence.Agreed++
	case casefile.Edited:
		h.Evidence.Edited++
	case casefile.Rejected:
		h.Evidence.Rejected++
	case casefile.Overturned:
		h.Evidence.Reversed++
		return h.reversed(a.Demote, base, all, now)
	}
	if h.Promotion != nil || a.Promote == nil {
		return nil
	}
	return h.promising(a.Promote, base, all, caseID, now)
}

// promising proposes the next level if the evidence is strong enough.
func (h *Held) promising(p *policy.Promote, base casefile.Standing, all *Held, caseID string, now time.Time) *casefile.AuthorityChanged {
	level := h.over(base, all).Level
	next := map[casefile.Level]casefile.Level{casefile.LevelShadow: casefile.LevelPropose, casefile.LevelPropose: casefile.LevelAct}[level]
	yes, no := h.Evidence.Agreed, h.Evidence.Against()
	if next == "" || yes+no < p.After || !confidence.Above(yes, no, p.Agreement, p.Confidence) {
		return nil
	}
	bound := confidence.LowerBound(yes, no, p.Confidence)
	why := fmt.Sprintf("people agreed with %d of %d proposals since %s: at least %.3f of them, at a confidence of %v that holds at every look; %v is asked for",
		yes, yes+no, h.Since.UTC().Format(time.RFC3339), bound, p.Confidence, p.Agreement)
	h.Promotion = &Promotion{Base: base.Level, From: level, To: next, ProposedAt: now, Case: caseID, Evidence: h.Evidence, Bound: bound, Why: why}
	c := h.change(level, next, bound, why)
	c.Proposed = true
	return c
}

// reversed takes the level back to propose, or a promotion that waits, at too many reversals.
func (h *Held) reversed(d *policy.Demote, base casefile.Standing, all *Held, now time.Time) *casefile.AuthorityChanged {
	if d == nil {
		return nil
	}
	h.Reversals = append(h.Reversals, now)
	for len(h.Reversals) > 0 && h.Reversals[0].Before(now.Add(-d.Window)) {
		h.Reversals = h.Reversals[1:]
	}
	level := h.over(base, all).Level
	if len(h.Reversals) < d.Reversals || level != casefile.LevelAct && h.Promotion == nil {
		return nil
	}
	why := fmt.Sprintf("%d of its actions were taken back or found wrong within %v", len(h.Reversals), d.Window)
	c := h.change(level, casefile.LevelPropose, 0, why)
	if level == casefile.LevelAct {
		h.Base, h.Level, h.Why = base.Level, casefile.LevelPropose, "demoted: "+why
	} else {
		c.From, c.To, c.Withdrawn = h.Promotion.To, level, true
	}
	h.restart(now)
	return c
}

func (h *Held) change(from, to casefile.Level, bound float64, why string) *casefile.AuthorityChanged {
	return &casefile.AuthorityChanged{Procedure: h.Procedure, Tool: h.Tool, Band: h.Band, From: from, To: to, Evidence: h.Evidence, Bound: bound, Why: why}
}
