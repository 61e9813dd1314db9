package agent

import (
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Summarize is a case as lists show it.
func Summarize(c *casefile.Case) journal.Summary {
	return journal.Summary{ID: c.ID, Status: c.Status, Stop: c.Stop, Goal: c.Goal, Procedure: c.Procedure, Customer: c.Customer,
		Subject: Subject(c), OpenedAt: c.OpenedAt, UpdatedAt: c.UpdatedAt, EndedAt: c.EndedAt, Bundle: c.Bundle, Outcome: c.Outcome}
}

// Subject is what the case's first signal is about, in at most 80 characters.
func Subject(c *casefile.Case) string {
	if len(c.Signals) == 0 {
		return ""
	}
	s := &c.Signals[0].Signal
	text := s.Text()
	if text == "" {
		text = s.Type
	}
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if r := []rune(line); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return line
}
