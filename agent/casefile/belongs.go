package casefile

import "time"

// NoProcedure is what a person calls the procedure of a case that is for none of them.
const NoProcedure = "none"

// Triaged is what triage said about a case when it was first asked.
type Triaged struct {
	Procedure string `json:"procedure,omitempty"` // "" for none
	Signal    string `json:"signal,omitempty"`    // id of the signal that it read
	Version   string `json:"version,omitempty"`   // of what was learned
}

// Belongs is which procedure a case is for, as a person says.
type Belongs struct {
	Procedure string    `json:"procedure"` // NoProcedure for none of them
	By        string    `json:"by"`        // actor
	At        time.Time `json:"at"`
}

func (c *Case) belong(e *Entry, d *OperatorDecided) {
	if d.Procedure != "" {
		c.Belongs = &Belongs{Procedure: d.Procedure, By: e.Actor, At: e.At}
	}
}

// reroute begins the case anew under the procedure that a person chose: what the one before it read and
// gathered under its own names says nothing to this one.
func (c *Case) reroute(d *OperatorDecided) {
	c.Epoch++
	c.reopen()
	c.Procedure, c.Goal, c.Routed = d.Procedure, d.Goal, true
	c.Inputs, c.InputsUpTo, c.Correlated, c.Facts = nil, 0, nil, nil
	c.Passages, c.Grounded = nil, false
}

// OpeningText is what triage read of a case: the text of the signal that it chose by, else that of the
// first one that has any.
func (c *Case) OpeningText() string {
	if t := c.Triaged; t != nil && t.Signal != "" {
		for i := range c.Signals {
			if c.Signals[i].ID == t.Signal {
				return c.Signals[i].Text()
			}
		}
	}
	for i := range c.Signals {
		if text := c.Signals[i].Text(); text != "" {
			return text
		}
	}
	return ""
}
