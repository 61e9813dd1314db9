package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

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
	Standing
}

// overviewRegions are the blocks of the overview that follow the journal, in the order in which they stand. What
// needs a person is not among them: a bar says what is new there, and nothing moves.
var overviewRegions = [...]string{"today", "stand", "well", "now"}

// Standing is how everything stands, as its regions show it.
type Standing struct {
	Today  TodayView
	Counts []CountView
	Health []PartView
	Doing  []NowView
}

// NeedView is a case that needs a person.
type NeedView struct {
	ID, Title   string
	Why, Detail string
	Status      Chip
	Amount      *Shown
	Due         Moment
	Late        bool

	due time.Time
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
	var counts [2]string
	for i, st := range [...]casefile.Status{casefile.Escalated, casefile.Approving} {
		say, err := s.count(r, st)
		if err != nil {
			return err
		}
		counts[i] = cmp.Or(say, "0")
	}
	p.Approvals, p.Needs = counts[1] != "0", needs(counts[0], counts[1])
	if p.People, err = s.people(r.Context(), v); err != nil {
		return err
	}
	if p.Standing, err = s.standing(r.Context(), who); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "overview", p)
}

// standing tells how everything stands.
func (s *site) standing(ctx context.Context, who people.Principal) (st Standing, err error) {
	counts, err := s.Listing.Counts(ctx)
	if err != nil {
		return st, err
	}
	for _, status := range [...]casefile.Status{casefile.Escalated, casefile.Approving, casefile.Working, casefile.Waiting} {
		st.Counts = append(st.Counts, CountView{Chip: chip(status), Say: thousands(counts.Statuses[status])})
	}
	if st.Today, err = s.outcomes(ctx); err != nil {
		return st, err
	}
	if st.Health, err = s.health(ctx, counts, who); err != nil {
		return st, err
	}
	st.Doing, err = s.doing(ctx, s.viewer(who))
	return st, err
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

// people are the cases that need a person, what is due first first: some of those handed over, some approvals.
func (s *site) people(ctx context.Context, v viewer) ([]NeedView, error) {
	due, err := s.Listing.Due(ctx, "", onOverview)
	if err != nil {
		return nil, err
	}
	var ids []string
	for i := range due {
		ids = append(ids, due[i].ID)
	}
	oldest, _, err := s.Cases.Open(ctx, casefile.Escalated, "", onOverview) // due at no time, or not in the list yet
	if err != nil {
		return nil, err
	}
	for _, id := range oldest {
		if len(ids) < onOverview && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	escalated, err := s.load(ctx, ids, casefile.Escalated)
	if err != nil {
		return nil, err
	}
	approvals, _, err := agent.Approvals(ctx, s.Cases, "", onOverview)
	if err != nil {
		return nil, err
	}
	var list []NeedView
	for _, c := range append(escalated, approvals...) {
		list = append(list, needView(c, v))
	}
	slices.SortStableFunc(list, func(a, b NeedView) int {
		if a.due.IsZero() != b.due.IsZero() {
			return b.due.Compare(a.due) // no time to be done by is the latest
		}
		return a.due.Compare(b.due)
	})
	return list, nil
}

func needView(c *casefile.Case, v viewer) NeedView {
	n := NeedView{ID: c.ID, Title: titleOf(c), Status: chip(c.Status)}
	if c.Stop != nil {
		n.Why, n.Detail = reasonFor(c).title, c.Stop.Detail
	}
	if c.Handoff != nil {
		n.due = c.Handoff.DueAt
	}
	if a := c.Approval; a != nil {
		n.due = a.ExpiresAt
		if a.Reason != "" {
			n.Why, n.Detail = a.Reason, ""
		}
		if a.Action != nil {
			if amount, currency, ok := amountOf(a.Action.Args, v.currency); ok {
				n.Amount = &Shown{Text: money(amount, currency), Raw: fmt.Sprint(amount), Currency: currency}
			}
		}
	}
	if !n.due.IsZero() {
		n.Due, n.Late = moment(n.due, v.now), n.due.Before(v.now)
	}
	return n
}

// open loads the oldest cases of a status.
func (s *site) open(ctx context.Context, status casefile.Status, limit int) ([]*casefile.Case, error) {
	ids, _, err := s.Cases.Open(ctx, status, "", limit)
	if err != nil {
		return nil, err
	}
	return s.load(ctx, ids, status)
}

// load loads those of some cases that have a status.
func (s *site) load(ctx context.Context, ids []string, status casefile.Status) (list []*casefile.Case, err error) {
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
