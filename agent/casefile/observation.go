package casefile

// Observation is how right an action was that the agent proposed or did.
type Observation struct {
	Procedure string
	Action    Action
	How       Judgement
}

// Judgement is how right the agent was.
type Judgement string

// The judgements.
const (
	Agreed     Judgement = "agreed"   // a person would have done the same
	Edited     Judgement = "edited"   // a person did something else in its place
	Rejected   Judgement = "rejected" // a person let it be
	Overturned Judgement = "reversed" // it was done, and taken back or found wrong later
)

// Evidence counts judgements since a time.
type Evidence struct {
	Agreed   int `json:"agreed"`
	Edited   int `json:"edited"`
	Rejected int `json:"rejected"`
	Reversed int `json:"reversed"`
}

// Against is how many judgements weren't that the agent was right.
func (e Evidence) Against() int { return e.Edited + e.Rejected + e.Reversed }

// AuthorityChanged: what a decision in this case says of the agent tipped the scales.
type AuthorityChanged struct {
	Procedure string   `json:"procedure"`
	Tool      string   `json:"tool"`
	Band      string   `json:"band,omitempty"`
	From      Level    `json:"from"`
	To        Level    `json:"to"`
	Proposed  bool     `json:"proposed,omitempty"`  // it waits for an admin; else it is so from now on
	Withdrawn bool     `json:"withdrawn,omitempty"` // what was proposed isn't any more
	Evidence  Evidence `json:"evidence"`
	Bound     float64  `json:"lower_bound"` // of agreement
	Why       string   `json:"why"`
}

// judged gives what a decision says of what the agent proposed, before it is folded; how is "" for
// nothing.
func (c *Case) judged(d *OperatorDecided) (a Action, how Judgement) {
	if s := c.Shadowed; s != nil && c.Approval == nil {
		if s.JudgedBy != "" {
			return a, ""
		}
		return s.Action, judgementOf(d, &s.Action)
	}
	p := c.Approval
	if p == nil || p.Action == nil || p.Authority == nil || p.ProposedBy != "" || p.GrantedBy != "" {
		return a, ""
	}
	return *p.Action, judgementOf(d, p.Action)
}

func judgementOf(d *OperatorDecided, proposed *Action) Judgement {
	switch d.Decision {
	case DecideApprove:
		return Agreed
	case DecideReject:
		return Rejected
	case DecideEdit, DecideOverride:
		if d.Action != nil && d.Action.Same(proposed) {
			return Agreed
		}
		return Edited
	}
	return ""
}

// Same reports whether both are the same call.
func (a *Action) Same(b *Action) bool {
	x, errX := EncodeValue(map[string]any(a.Args))
	y, errY := EncodeValue(map[string]any(b.Args))
	return a.Tool == b.Tool && errX == nil && errY == nil && string(x) == string(y)
}

// Judged gives what a decision about the case as it is says of the agent.
func (c *Case) Judged(d *OperatorDecided) []Observation {
	if a, how := c.judged(d); how != "" {
		return []Observation{{Procedure: c.Procedure, Action: a, How: how}}
	}
	return nil
}

// ReversedSince gives what the agent did and what entries above a seq say was wrong.
func (c *Case) ReversedSince(seq uint64) []Observation {
	var list []Observation
	for i := range c.Writes {
		if w := &c.Writes[i]; w.Reversed > seq && w.ProposedBy == "" {
			list = append(list, Observation{Procedure: c.Procedure, Action: Action{Tool: w.Tool, Args: w.Args, Effect: "write"}, How: Overturned})
		}
	}
	return list
}
