package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

type overviewPage struct {
	Shell     Shell
	Needs     string
	Now       Moment
	Fresh     FreshView
	People    []NeedView
	Approvals bool
	Counts    []CountView
	Doing     []NowView
	Today     TodayView
	Health    []PartView
}

// NeedView is a case that needs a person.
type NeedView struct {
	ID, Title, Why string
	Status         Chip
	Amount         *Shown
	Changed        Moment
}

// CountView is how many cases have a status.
type CountView struct {
	Chip Chip
	Say  string
}

// NowView is a case at work.
type NowView struct {
	ID, Title, What string
	Changed         Moment
}

// onOverview is how many cases of a kind the overview shows.
const onOverview = 10

func (s *site) overview(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	offset, err := s.offset(r.Context())
	if err != nil {
		return err
	}
	v := s.viewer(who)
	p := overviewPage{Shell: s.shell(r, who, "Overview", "/"), Now: moment(v.now, v.now), Fresh: FreshView{Link: "/"}}
	p.Shell.Stream = streamLink("overview", url.Values{"after": {fmt.Sprint(offset)}})
	counts := map[casefile.Status]string{}
	for _, st := range [...]casefile.Status{casefile.Escalated, casefile.Approving, casefile.Working, casefile.Waiting} {
		say, err := s.count(r, st)
		if err != nil {
			return err
		}
		counts[st] = cmp.Or(say, "0")
		p.Counts = append(p.Counts, CountView{Chip: chip(st), Say: counts[st]})
	}
	escalated, err := s.open(r.Context(), casefile.Escalated, onOverview)
	if err != nil {
		return err
	}
	approvals, _, err := agent.Approvals(r.Context(), s.Cases, "", onOverview)
	if err != nil {
		return err
	}
	for _, c := range append(escalated, approvals...) {
		p.People = append(p.People, needView(c, v))
	}
	p.Approvals = counts[casefile.Approving] != "0"
	p.Needs = needs(counts[casefile.Escalated], counts[casefile.Approving])
	if p.Doing, err = s.doing(r.Context(), v); err != nil {
		return err
	}
	if p.Today, err = s.outcomes(r.Context()); err != nil {
		return err
	}
	if p.Health, err = s.health(r.Context(), who); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "overview", p)
}

func needs(escalated, approving string) string {
	cases := func(n, word string) string {
		if n == "1" {
			return "1 " + word
		}
		return n + " " + word + "s"
	}
	switch {
	case escalated == "0" && approving == "0":
		return "Nothing needs a person"
	case escalated == "0":
		return cases(approving, "approval") + " to decide"
	case approving == "0":
		return cases(escalated, "case") + " handed over to a person"
	}
	return cases(escalated, "case") + " handed over, " + cases(approving, "approval") + " to decide"
}

func needView(c *casefile.Case, v viewer) NeedView {
	n := NeedView{ID: c.ID, Title: titleOf(c), Status: chip(c.Status), Changed: moment(c.UpdatedAt, v.now)}
	if c.Stop != nil {
		n.Why = cmp.Or(c.Stop.Detail, reasonOf(c.Stop, c.Status).title)
	}
	if a := c.Approval; a != nil {
		n.Why = cmp.Or(a.Reason, n.Why)
		if a.Action != nil {
			if amount, currency, ok := amountOf(a.Action.Args, v.currency); ok {
				n.Amount = &Shown{Text: money(amount, currency), Raw: fmt.Sprint(amount), Currency: currency}
			}
		}
	}
	return n
}

// open loads the oldest cases of a status. One that has moved on meanwhile is passed over.
func (s *site) open(ctx context.Context, status casefile.Status, limit int) ([]*casefile.Case, error) {
	ids, _, err := s.Cases.Open(ctx, status, "", limit)
	if err != nil {
		return nil, err
	}
	var list []*casefile.Case
	for _, id := range ids {
		c, err := s.Engine.Load(ctx, id)
		if errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.Status == status {
			list = append(list, c)
		}
	}
	return list, nil
}

// doing are the cases at work.
func (s *site) doing(ctx context.Context, v viewer) ([]NowView, error) {
	list, err := s.open(ctx, casefile.Working, onOverview)
	if err != nil {
		return nil, err
	}
	var now []NowView
	for _, c := range list {
		n := NowView{ID: c.ID, Title: titleOf(c), What: "plans its next step", Changed: moment(c.UpdatedAt, v.now)}
		for i, p := range c.Pending {
			if i == 0 {
				n.What = p.Tool + ", " + callState(p)
			}
		}
		if len(c.Pending) > 1 {
			n.What += fmt.Sprintf("; and %d more", len(c.Pending)-1)
		}
		now = append(now, n)
	}
	return now, nil
}

// offset is how far the journal is. Pages read it before anything else, so that their stream
// misses nothing.
func (s *site) offset(ctx context.Context) (uint64, error) {
	_, last, err := s.Feed.Feed(ctx, 0, 1)
	return last, err
}
