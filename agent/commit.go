package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// commit makes a step durable. It reports whether the case has to be read and stepped again.
func (e *Engine) commit(ctx context.Context, l journal.Lease, s loaded, res Result, ev *Event) (again bool, err error) {
	if len(res.Entries) == 0 && !res.Park {
		return false, nil // only questions follow, to triage or to a plugin: there is nothing to make durable
	}
	a, kept, err := e.change(ctx, s, res)
	if err != nil {
		return false, err
	}
	a.Lease = &l
	_, err = e.Store.Append(ctx, a)
	var held *journal.HeldError
	var full *journal.BudgetError
	switch {
	case errors.As(err, &full):
		ev.Exceeded = full.Exceeded
		return true, nil
	case errors.As(err, &held):
		ev.HeldBy = held.Case
		return true, nil
	case errors.Is(err, journal.ErrConflict):
		return true, nil
	case err == nil:
		kept()
	}
	return false, err
}

// snapshotAfter is how many entries follow a snapshot before a parked case gets the next: reading so
// many costs about as much as reading a snapshot, and most cases end with fewer.
const snapshotAfter = 32

// change is what the store gets of a step.
func (e *Engine) change(ctx context.Context, s loaded, res Result) (a journal.Append, kept func(), err error) {
	c := s.Case
	a = journal.Append{CaseID: c.ID, After: c.Seq - uint64(len(res.Entries)), Entries: res.Entries,
		Hold: holds(c, res.Entries), HoldAnyway: res.HoldAnyway, Messages: e.messages(c, res.Entries)}
	if kept, err = e.weigh(ctx, c, c.ReversedSince(a.After), &a, casefile.Versions{Bundle: c.Bundle, Procedure: c.Procedure}); err != nil {
		return a, nil, err
	}
	listed, err := Listing(s.place, c)
	if err != nil {
		return a, nil, err
	}
	a.Records = append(a.Records, listed...)
	past, err := remember(c, a.Entries)
	if err != nil {
		return a, nil, err
	}
	a.Records = append(a.Records, past...)
	if res.Merge != "" {
		a.Hold = nil
		a.DeliverTo, a.Deliver = res.Merge, handedOn(c, e.Now())
	}
	if res.Park {
		a.Park = &journal.Park{Summary: Summarize(c), WakeAt: res.WakeAt}
		if c.Wait != nil && c.Status == casefile.Waiting {
			a.Park.WaitFor = c.Wait.For
		} else if res.Paused {
			a.Park.WaitFor = WaitResumed
		}
		if c.Seq >= s.saved+snapshotAfter {
			if a.Park.Snapshot, err = json.Marshal(c); err != nil {
				return a, nil, fmt.Errorf("snapshot of case %s: %w", c.ID, err)
			}
		}
	}
	for range len(a.Entries) + len(a.Deliver) {
		a.Salts = append(a.Salts, e.Salt())
	}
	return a, kept, nil
}

// handedOn are the signals of a case that gives way, for the one that goes on.
func handedOn(c *casefile.Case, now time.Time) []casefile.Entry {
	var list []casefile.Entry
	for i := range c.Signals {
		list = append(list, casefile.Entry{At: now, Actor: casefile.ActorAgent, Versions: casefile.Versions{Bundle: c.Bundle},
			Data: &casefile.SignalReceived{Signal: c.Signals[i].Signal, From: c.ID}})
	}
	return list
}

// messages are what the entries say to the customer.
func (e *Engine) messages(c *casefile.Case, entries []casefile.Entry) []journal.NewMessage {
	var list []journal.NewMessage
	for i := range entries {
		m := journal.Message{CaseID: c.ID, At: entries[i].At}
		switch d := entries[i].Data.(type) {
		case *casefile.ReplyWritten:
			m.Kind, m.To, m.Text, m.Citations = "reply", d.Reply.To, d.Reply.Text, d.Reply.Citations
		case *casefile.CustomerAsked:
			m.Kind, m.To, m.Text = "question", d.To, d.Question.Text
		case *casefile.HandoffNoticed:
			if d.To == "" {
				continue
			}
			m.Kind, m.To, m.Text = "notice", d.To, d.Text
			if !isURL(d.To) {
				m.Status = journal.DeliveryReady // a person's address: it is read in the outbox
			}
			list = append(list, journal.NewMessage{Entry: i, Message: m})
			continue
		default:
			continue
		}
		if !e.Outgoing() {
			m.Status = journal.DeliveryReady
		}
		list = append(list, journal.NewMessage{Entry: i, Message: m})
	}
	return list
}

func isURL(to string) bool {
	return strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://")
}
