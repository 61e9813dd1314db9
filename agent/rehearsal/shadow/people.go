package shadow

import "resolute/agent/casefile"

// judgement is a decision of a person, with whether the candidate would have done as they wanted.
type judgement struct {
	Decision casefile.DecisionName `json:"decision"` // approve, reject, edit or override
	Agreed   bool                  `json:"agreed"`
}

// proposal is what a person was asked about.
type proposal struct {
	seq    uint64
	action *casefile.Action
}

// judge holds a candidate against what people decided in a case, as far as that can be told: up to the
// first thing that they were asked after it went another way.
func judge(entries []casefile.Entry, c *Compared) (list []judgement) {
	asked := map[string]proposal{}
	var newest proposal
	for i := range entries {
		e := &entries[i]
		switch d := e.Data.(type) {
		case *casefile.ApprovalAsked:
			newest = proposal{e.Seq, d.Approval.Action}
			asked[d.Approval.Hash] = newest
		case *casefile.ActionShadowed:
			newest = proposal{e.Seq, &d.Shadowed.Action}
			asked[d.Shadowed.Hash] = newest
		case *casefile.OperatorDecided:
			about, ok := asked[d.Hash]
			if d.Decision == casefile.DecideOverride && !ok {
				about, ok = newest, newest.seq > 0
				if !ok {
					about, ok = proposal{seq: e.Seq}, true // they took another way where nobody was asked
				}
			}
			newest = proposal{} // it is decided
			if !ok || about.action == nil && d.Decision != casefile.DecideOverride {
				continue
			}
			j, told := about.judge(d, c)
			if told {
				list = append(list, j)
			}
			if c.Diverged && about.seq >= c.Seq {
				return list // beyond that nobody knows what it would have done
			}
		}
	}
	return list
}

// judge tells whether the candidate would have done as a person wanted, false where that can't be told.
func (p proposal) judge(d *casefile.OperatorDecided, c *Compared) (j judgement, told bool) {
	j.Decision = d.Decision
	alike := !c.Diverged || c.Seq > p.seq // it proposed the same
	did := actionOf(c.Did)
	if c.Did != nil {
		if _, denied := c.Did.Data.(*casefile.ActionDenied); denied {
			did = nil
		}
	}
	switch d.Decision {
	case casefile.DecideApprove:
		j.Agreed = alike || did != nil && same(did, p.action)
	case casefile.DecideReject:
		if alike {
			return j, true
		}
		if c.Seq < p.seq {
			return j, false
		}
		j.Agreed = did == nil || !same(did, p.action)
	case casefile.DecideEdit:
		j.Agreed = !alike && did != nil && d.Action != nil && same(did, d.Action)
	case casefile.DecideOverride:
		j.Agreed = !alike && wanted(d, did, c.Did)
	default:
		return j, false
	}
	return j, true
}

// wanted reports whether what a candidate did is what an override asks for.
func wanted(d *casefile.OperatorDecided, action *casefile.Action, did *casefile.Entry) bool {
	if d.Action != nil {
		return action != nil && same(action, d.Action)
	}
	if did == nil {
		return false
	}
	h, ok := did.Data.(*casefile.HypothesisChosen)
	return ok && h.Hypothesis == d.Hypothesis
}
