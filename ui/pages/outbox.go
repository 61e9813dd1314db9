package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

type outboxPage struct {
	Shell    Shell
	Messages []MessageView
	First    bool
	Next     string
}

// MessageView is a text for a customer.
type MessageView struct {
	CaseID, Short, To, Kind string
	Status, Icon, Tone      string
	Hint                    string
	Error                   string
	At                      Moment
	Paragraphs              []string
	Citations               []Cited
}

func (s *site) outbox(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	var cursor uint64
	if c := r.URL.Query().Get("cursor"); c != "" {
		n, err := strconv.ParseUint(c, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: cursor %q is not a number", errRequest, c)
		}
		cursor = n
	}
	list, next, err := s.Cases.Outbox(r.Context(), cursor, perPage)
	if err != nil {
		return err
	}
	p := outboxPage{Shell: s.shell(r, who, "Outbox", "/outbox"), First: cursor == 0}
	for i := range list {
		m := messageView(cut(&list[i]), s.Now())
		s.quote(r.Context(), m.Citations)
		p.Messages = append(p.Messages, m)
	}
	if next != 0 {
		p.Next = fmt.Sprintf("/outbox?cursor=%d", next)
	}
	return s.render(w, http.StatusOK, "outbox", p)
}

func messageView(m *journal.Message, now time.Time) MessageView {
	view := MessageView{CaseID: m.CaseID, Short: short(m.CaseID), To: m.To, Kind: m.Kind, Status: m.Status, At: moment(m.At, now), Paragraphs: paragraphs(m.Text)}
	switch m.Status {
	case journal.DeliverySent:
		view.Icon, view.Tone = "ok", "muted"
	case journal.DeliveryReady:
		view.Icon, view.Tone, view.Status, view.Hint = "left", "muted", "ready, to be read here", "No webhook was set when it was written, so it goes nowhere else"
	case journal.DeliveryFailed:
		view.Icon, view.Tone, view.Error = "escalated", "escalated", m.Error
	default:
		view.Icon, view.Tone, view.Error = "waiting", "waiting", m.Error
	}
	for _, a := range m.Citations {
		c := cited(&casefile.Case{}, a)
		if strings.HasPrefix(c.Link, "#") {
			c.Link = "/cases/" + m.CaseID + c.Link
		}
		view.Citations = append(view.Citations, c)
	}
	return view
}

// paragraphs parts a text at its empty lines.
func paragraphs(text string) []string {
	var list []string
	for p := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}
