package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/listing"
	"resolute/agent/precedent"
)

// Precedents finds cases that are over by what the customer wrote; a precedent.Keeper does.
type Precedents interface {
	Search(ctx context.Context, q precedent.Query) ([]precedent.Precedent, error)
}

// Pasts are cases that are over and like one: what worked last time.
type Pasts struct {
	List    []PastView
	Trouble string // why none can be shown, "" for nothing
	Later   bool   // they are looked for longer than a page waits
}

// PastView is a case that is over, with what worked in it and what didn't.
type PastView struct {
	Link, Short, Subject string
	Procedure            string
	Ended                string // in a word
	Icon, Tone           string
	Did                  string // "replaceable: shop.create_replacement"
	Out                  []Pair // ruled out, and why
	Note                 string // of the person who closed it
	Closed               Moment
	Like                 string // how like it is, of 1
	Same                 bool   // of the same customer
}

// OtherView is another case of the same customer.
type OtherView struct {
	Link, Title string
	Status      Chip
	Opened      Moment
}

// leastLike is from which likeness on a case that is over is shown: below it, in the demo's mails, are those that have
// nothing in common but being mails.
const leastLike = 0.2

// How many cases stand beside one, and how far the list is looked through for them.
const (
	pastsBeside  = 3
	othersBeside = 5
	othersLooked = 2000
)

// pastsOf gives what worked last time in cases like one.
type pastsOf func(ctx context.Context, c *casefile.Case) Pasts

// promptly looks for what worked last time no longer than a page waits: the more cases are over and have the
// same words, the longer it takes.
func (s *site) promptly(ctx context.Context, c *casefile.Case) Pasts {
	ctx, done := context.WithTimeout(ctx, s.Patience)
	defer done()
	return s.pasts(ctx, c)
}

// remembered looks for what worked last time once for each text of the customer's.
func (s *site) remembered() pastsOf {
	var asked string
	var known Pasts
	return func(ctx context.Context, c *casefile.Case) Pasts {
		if text := precedent.Of(c, pastsBeside).Text; text != asked || known.Trouble != "" {
			known, asked = s.pasts(ctx, c), text
		}
		return known
	}
}

// pasts finds what worked last time. Where that can't be told the rest of the page stands.
func (s *site) pasts(ctx context.Context, c *casefile.Case) Pasts {
	q := precedent.Of(c, pastsBeside)
	if strings.TrimSpace(q.Text) == "" {
		return Pasts{}
	}
	found, err := s.Precedents.Search(ctx, q)
	switch {
	case errors.Is(err, precedent.ErrBusy):
		return Pasts{Trouble: "Cases that are over can't be searched yet; look again in a moment."}
	case errors.Is(err, context.DeadlineExceeded):
		return Pasts{Later: true}
	case err != nil:
		s.Logger.Warn("closed cases like one can't be found, so its page shows none", "case", c.ID, "error", err)
		return Pasts{Trouble: "Cases that are over can't be searched; the log says why."}
	}
	var p Pasts
	for i := range found {
		if found[i].Score < leastLike {
			continue
		}
		p.List = append(p.List, pastView(&found[i], s.Now()))
	}
	return p
}

func pastView(p *precedent.Precedent, now time.Time) PastView {
	v := PastView{Link: "/cases/" + url.PathEscape(p.Case), Short: short(p.Case), Subject: cmp.Or(p.Subject, "A case without words"), Procedure: p.Procedure, Note: p.Note, Closed: moment(p.ClosedAt, now), Like: fmt.Sprintf("%.2f", p.Score), Same: p.Same}
	v.Ended, v.Icon, v.Tone = p.Outcome, "closed", "closed"
	switch {
	case p.Worked:
		v.Ended, v.Icon, v.Tone = "worked", "resolved", "resolved"
	case p.Outcome == string(casefile.Resolved):
		v.Ended, v.Icon, v.Tone = "resolved", "resolved", "resolved"
	}
	var did []string
	for _, d := range p.Done {
		say := d.Tool
		if d.ByHuman {
			say += " (a person's)"
		}
		did = append(did, say)
	}
	v.Did = strings.TrimPrefix(p.Hypothesis+": "+cmp.Or(strings.Join(did, ", "), "nothing was done"), ": ")
	for _, r := range p.RuledOut {
		v.Out = append(v.Out, Pair{Name: r.Hypothesis, Text: r.Why})
	}
	return v
}

// customersOthers gives other cases of the same customer, the newest first; more says whether there are more.
func (s *site) customersOthers(ctx context.Context, c *casefile.Case) (list []OtherView, more bool) {
	who := cmp.Or(c.Customer.ID, c.Customer.Email)
	if who == "" {
		return nil, false
	}
	page, err := s.Listing.Find(ctx, listing.Query{Customer: who}, "", 4*othersBeside, othersLooked)
	if err != nil {
		s.Logger.Warn("other cases of a customer can't be found, so a case's page shows none", "case", c.ID, "error", err)
		return nil, false
	}
	for i := range page.Rows {
		r := &page.Rows[i]
		if r.ID == c.ID || !sameCustomer(r.Customer, c.Customer) {
			continue
		}
		if len(list) == othersBeside {
			return list, true
		}
		list = append(list, OtherView{Link: "/cases/" + url.PathEscape(r.ID), Title: cmp.Or(r.Goal, r.Subject, "A case without a goal yet"), Status: chip(r.Status), Opened: moment(r.OpenedAt, s.Now())})
	}
	return list, page.Next != ""
}

// sameCustomer tells by id, else by the whole address: that a name or an address contains another says nothing.
func sameCustomer(a, b casefile.Customer) bool {
	if a.ID != "" && b.ID != "" {
		return strings.EqualFold(a.ID, b.ID)
	}
	return a.Email != "" && strings.EqualFold(a.Email, b.Email)
}
