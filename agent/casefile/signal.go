package casefile

import (
	"strings"
	"time"
)

// Signal is anything that arrived: a CloudEvents 1.0 event. Source and EventID together are its
// identity.
type Signal struct {
	ID        string    `json:"id"`       // ours, a UUIDv7
	Source    string    `json:"source"`   // CloudEvents source
	EventID   string    `json:"event_id"` // CloudEvents id
	Type      string    `json:"type"`
	Subject   string    `json:"subject,omitempty"`
	Time      time.Time `json:"time"` // when it happened, by the sender; else when it arrived
	Data      Object    `json:"data,omitempty"`
	Assurance Assurance `json:"assurance"`
}

// Signal types that are resolute's own: from outside they are refused.
const (
	TypeTimerFired      = "timer.fired"
	TypeOperatorDecided = "operator.decided"
	TypeMonitorFound    = "monitor.found"
	TypeToolCompleted   = "tool.completed"
)

// Reserved reports whether signals of this type come from resolute alone.
func Reserved(signalType string) bool {
	switch signalType {
	case TypeTimerFired, TypeOperatorDecided, TypeMonitorFound, TypeToolCompleted:
		return true
	}
	return false
}

// Text is what the sender wrote: the subject and the text of the data, a line each.
func (s *Signal) Text() string {
	subject, text := s.str("subject"), s.str("text")
	switch {
	case subject == "":
		return text
	case text == "":
		return subject
	}
	return subject + "\n" + text
}

// Thread is the conversation that the signal belongs to, "" for none.
func (s *Signal) Thread() string { return s.str("thread") }

// Customer is who the data names as the customer: a claim, as far as Assurance vouches for it.
func (s *Signal) Customer() Customer {
	m, _ := s.Data["customer"].(map[string]any)
	get := func(k string) string { v, _ := m[k].(string); return v }
	return Customer{ID: get("id"), Email: get("email"), Name: get("name"), Assurance: s.Assurance}
}

func (s *Signal) str(key string) string { v, _ := s.Data[key].(string); return v }

// Before is the order of signals that doesn't depend on how they were delivered: by time, then by
// identity.
func (s *Signal) Before(t *Signal) bool {
	if !s.Time.Equal(t.Time) {
		return s.Time.Before(t.Time)
	}
	if s.Source != t.Source {
		return s.Source < t.Source
	}
	return s.EventID < t.EventID
}

// Assurance is how far the customer's identity is vouched for.
type Assurance string

// The levels of assurance, from nobody to the company's own system.
const (
	AssuranceNone          Assurance = "none"
	AssuranceAuthenticated Assurance = "authenticated"
	AssuranceVouched       Assurance = "vouched"
)

// Lower gives the lower of two levels; what is unknown counts as none.
func (a Assurance) Lower(b Assurance) Assurance {
	if a.rank() <= b.rank() {
		return a
	}
	return b
}

func (a Assurance) rank() int {
	switch a {
	case AssuranceVouched:
		return 2
	case AssuranceAuthenticated:
		return 1
	}
	return 0
}

// Customer is whose problem a case is.
type Customer struct {
	ID        string    `json:"id,omitempty"`
	Email     string    `json:"email,omitempty"`
	Name      string    `json:"name,omitempty"`
	Assurance Assurance `json:"assurance"`
}

// Who names the customer in one word: the id, else the email in lower case, "" for nobody.
func (c Customer) Who() string {
	if c.ID != "" {
		return c.ID
	}
	return strings.ToLower(c.Email)
}

// Same reports whether two claims name the same customer: the same id, or the same email where
// either lacks an id. Two claims that name nobody are the same.
func (c Customer) Same(d Customer) bool {
	if c.ID != "" && d.ID != "" {
		return c.ID == d.ID
	}
	if c.Email == "" && d.Email == "" {
		return c.ID == d.ID
	}
	return c.Email == d.Email
}
