package casefile

import "slices"

// Level is how much the agent may do by itself.
type Level string

// The levels, ascending.
const (
	LevelShadow  Level = "shadow"  // it decides, and calls nothing that writes
	LevelPropose Level = "propose" // a person approves
	LevelAct     Level = "act"
)

// Below reports whether a level lets the agent do less than another one; one that nobody knows does least.
func (l Level) Below(other Level) bool { return l.rank() < other.rank() }

func (l Level) rank() int {
	return slices.Index([]Level{LevelShadow, LevelPropose, LevelAct}, l)
}

// Standing is how far the agent may go with an action: the level of its procedure, tool and amount
// band as it was when the action was judged.
type Standing struct {
	Level Level          `json:"level"`
	Band  string         `json:"band,omitempty"`  // amounts that share evidence, "" for an action without an amount
	Why   string         `json:"why,omitempty"`   // who or what says so
	Would VerdictOutcome `json:"would,omitempty"` // in shadow: what would have come of it
}

// FromFile reports whether authority.yaml gave the level, as opposed to what was earned or lost.
func (s *Standing) FromFile() bool {
	return s.Why == WhyDefault || s.Why == WhyGranted || s.Why == WhyNothing
}

// What a level of authority.yaml says of itself.
const (
	WhyDefault = "default"
	WhyGranted = "granted"
	WhyNothing = "nothing grants more"
)

// For is the standing of an action that somebody proposed, "" for the agent. The levels are the
// agent's: what a person proposes is never shadowed, but no more than proposed where the agent isn't
// trusted to act.
func (s Standing) For(proposedBy string) Standing {
	if proposedBy != "" && s.Level == LevelShadow {
		s.Level = LevelPropose
	}
	return s
}

// Limit tightens what the rules say to what the level allows. In shadow the verdict is deny, which
// nothing sends, and Would says what it was.
func (s Standing) Limit(v Verdict) Verdict {
	switch {
	case s.Level == LevelAct, v.Outcome == Deny, v.Outcome == Approve && s.Level == LevelPropose:
	case s.Level == LevelPropose:
		v.Outcome, v.Code, v.Rule, v.By = Approve, StopAuthorityPropose, "", "operator"
		v.Reason = "the agent may propose this, not do it by itself"
	default:
		s.Would = v.Outcome
		v.Outcome, v.Code, v.Rule, v.By = Deny, StopAuthorityShadow, "", ""
		v.Reason = "the agent only watches here: it decides, and a person acts"
	}
	v.Authority = &s
	return v
}

// Shadowed is the action that the agent would have sent, had it been trusted to. A person may judge
// it: nothing is sent for that.
type Shadowed struct {
	Seq        uint64  `json:"seq"`
	Hash       string  `json:"hash"` // as an approval of it would have
	Step       string  `json:"step"` // id of the call
	Hypothesis string  `json:"hypothesis,omitempty"`
	Action     Action  `json:"action"`
	Verdict    Verdict `json:"verdict"`
	// Reads are the paths of the state that each argument was made from; see Proposal.
	Reads    map[string][]string `json:"reads,omitempty"`
	Observed map[string]Value    `json:"observed,omitempty"`
	JudgedBy string              `json:"judged_by,omitempty"` // actor
}

// ActionShadowed: the agent decided, and by its level nothing was sent.
type ActionShadowed struct {
	Shadowed Shadowed `json:"shadowed"`
}
