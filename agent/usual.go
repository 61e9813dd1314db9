package agent

import (
	"time"

	"resolute/agent/casefile"
)

// Usual says what is unusual about an action against its tool's history; see package usual. What it
// says is journaled with the verdict.
type Usual interface {
	Unusual(c *casefile.Case, a casefile.Action, now time.Time) []casefile.RiskPart
}

func (s *step) unusual(a casefile.Action) []casefile.RiskPart {
	if s.ev.Usual == nil {
		return nil
	}
	return s.ev.Usual.Unusual(s.c, a, s.now)
}
