package casefile

import "time"

// Handoff is a case that waits in a queue for a person.
type Handoff struct {
	Queue   string    `json:"queue"`
	Since   time.Time `json:"since"`
	DueAt   time.Time `json:"due_at"`
	NextAt  time.Time `json:"next_at,omitzero"` // when somebody is told again, zero for never
	Overdue bool      `json:"overdue"`          // nobody had taken it when it was due, and that was told
}

// HandoffOpened: the case waits in a queue.
type HandoffOpened struct {
	Queue  string    `json:"queue"`
	DueAt  time.Time `json:"due_at"`
	NextAt time.Time `json:"next_at"`
}

// Notice is what somebody is told about a handoff.
type Notice string

// The notices.
const (
	NoticeOpened   Notice = "handed over"
	NoticeReminder Notice = "reminder"
	NoticeOverdue  Notice = "overdue"
)

// HandoffNoticed: somebody is told about a handoff.
type HandoffNoticed struct {
	Queue  string    `json:"queue"`
	What   Notice    `json:"what"`
	To     string    `json:"to,omitempty"` // URL of a webhook or address of a person, "" where the queue names nobody
	Text   string    `json:"text"`
	NextAt time.Time `json:"next_at,omitzero"`
}

func (c *Case) foldHandoff(e *Entry) {
	switch d := e.Data.(type) {
	case *HandoffOpened:
		c.Handoff = &Handoff{Queue: d.Queue, Since: e.At, DueAt: d.DueAt, NextAt: d.NextAt}
	case *HandoffNoticed:
		if h := c.Handoff; h != nil {
			h.NextAt, h.Overdue = d.NextAt, h.Overdue || d.What == NoticeOverdue
		}
	}
}

// handled ends a handoff: a person decided what follows.
func (c *Case) handled(e *Entry, d *OperatorDecided) {
	switch d.Decision {
	case DecideTakeover:
		c.Holder = e.Actor
		if h := c.Handoff; h != nil {
			h.NextAt = time.Time{} // somebody sees to it
		}
		return
	case DecideOverride, DecideEdit, DecideApprove, DecideReject:
		if d.Decision == DecideOverride && d.Action == nil {
			c.Holder = "" // it goes on with another hypothesis
		}
	default:
		c.Holder = ""
	}
	c.Handoff = nil
}
