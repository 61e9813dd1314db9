package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/listing"
	"resolute/agent/people"
)

// Listing finds cases; a listing.List does.
type Listing interface {
	Find(ctx context.Context, q listing.Query, cursor string, limit, most int) (listing.Page, error)
	Counts(ctx context.Context) (listing.Counts, error)
	Due(ctx context.Context, queue string, limit int) ([]listing.Row, error)
	Overdue(ctx context.Context, now time.Time) (int, error)
	Happened(ctx context.Context, from, to time.Time) (map[string]int, error)
	// Wait returns when the list knows of the entry at an offset.
	Wait(ctx context.Context, offset uint64) error
}

type casesPage struct {
	Shell Shell
	List  ListView
}

// perPage is how many cases a page of the list has.
const perPage = 50

func notFound(err error) bool { return errors.Is(err, journal.ErrNotFound) }

func (s *site) cases(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	offset, err := s.offset(r.Context())
	if err != nil {
		return err
	}
	v, f, cursor := s.viewer(who), filterOf(r.URL.Query()), r.URL.Query().Get("cursor")
	q, err := f.listed(v.currency, v.now)
	if err != nil {
		return err
	}
	page, err := s.Listing.Find(r.Context(), q, cursor, perPage, 0)
	if err != nil {
		return err
	}
	counts, err := s.Listing.Counts(r.Context())
	if err != nil {
		return err
	}
	own, err := s.savedViews(r.Context(), who)
	if err != nil {
		return err
	}
	p := casesPage{Shell: s.shell(r, who, "Cases", "/cases"), List: listView(f, page, counts, cursor, v)}
	p.List.own(f, own)
	p.List.Behind = behind(page.To, offset)
	more := f.query()
	more.Set("after", fmt.Sprint(min(offset, page.To))) // what the list doesn't know yet is told of once it does
	if cursor != "" {
		more.Set("cursor", cursor)
	}
	p.Shell.Stream = streamLink("cases", more)
	return s.render(w, http.StatusOK, "cases", p)
}

// own adds somebody's own views.
func (l *ListView) own(f Filter, own []savedView) {
	l.Save = l.Filtered && !slices.ContainsFunc(l.Views, func(t Tab) bool { return t.Current })
	for _, o := range own {
		q, err := url.ParseQuery(o.Query)
		if err != nil {
			continue
		}
		t := Tab{Name: o.Name, Own: o.Name, Link: casesLink(filterOf(q), ""), Current: filterOf(q).same(f)}
		l.Save = l.Save && !t.Current
		l.Views = append(l.Views, t)
	}
}

// shownIDs are the cases on the page of the list that a query names.
func (s *site) shownIDs(ctx context.Context, q url.Values) (map[string]bool, error) {
	wanted, err := filterOf(q).listed(s.House().Currency, s.Now())
	if err != nil {
		return nil, err
	}
	page, err := s.Listing.Find(ctx, wanted, q.Get("cursor"), perPage, 0)
	ids := map[string]bool{}
	for i := range page.Rows {
		ids[page.Rows[i].ID] = true
	}
	return ids, err
}

// bulk are the decisions that may be taken about several cases at once: none of them sends anything. What
// waits for approval is decided on its own page, by its hash.
var bulk = map[casefile.DecisionName]string{casefile.DecideTakeover: "taken over", casefile.DecideRetry: "goes to work again", casefile.DecideClose: "closed"}

// decideCases decides about each of the cases that were chosen, for itself.
func (s *site) decideCases(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	form := r.PostForm
	decision := casefile.DecisionName(form.Get("decision"))
	done := bulk[decision]
	switch {
	case done == "":
		return fmt.Errorf("%w: several cases are taken over, retried or closed at once, not %.40q", errRequest, decision)
	case len(form["pick"]) == 0:
		return fmt.Errorf("%w: no case was chosen, so nothing was decided", errRequest)
	case len(form["pick"]) > perPage:
		return fmt.Errorf("%w: a page has %d cases", errRequest, perPage)
	case decision == casefile.DecideClose && strings.TrimSpace(form.Get("note")) == "":
		return fmt.Errorf("%w: say why they are closed; nothing was decided", errRequest)
	}
	b := batch{decision: decision, done: done, note: form.Get("note")}
	for _, chosen := range form["pick"] {
		id, shown, _ := strings.Cut(chosen, " ")
		at, err := seenAt(shown)
		if err != nil {
			return err
		}
		b.picks = append(b.picks, pick{id: id, seen: at})
	}
	back := "/cases"
	if q, err := url.ParseQuery(form.Get("query")); err == nil {
		back = casesLink(filterOf(q), "")
	}
	return s.decideEach(w, r, who, b, "/cases", Link{Name: "Back to the list", Link: back, Primary: true})
}

// batch is one decision about several cases.
type batch struct {
	decision casefile.DecisionName
	done     string // what became of a case that it is taken about
	note     string
	picks    []pick
}

// pick is a case as it was shown, with the hash of what waits in it where that is what is decided.
type pick struct {
	id, hash string
	seen     time.Time
}

// decideEach takes a decision about each case for itself, and says what became of each.
func (s *site) decideEach(w http.ResponseWriter, r *http.Request, who people.Principal, b batch, here string, links ...Link) error {
	m := messagePage{Status: http.StatusOK, Links: links, Detail: "Each was decided for itself."}
	done := 0
	for i, p := range b.picks {
		said := Pair{Name: short(p.id), Text: b.done, Link: "/cases/" + url.PathEscape(p.id)}
		if c, err := s.Engine.Load(r.Context(), p.id); err == nil {
			said.Name = strings.Join(slices.DeleteFunc([]string{titleOf(c), c.Customer.Name, short(p.id)}, func(s string) bool { return s == "" }), ", ")
		}
		_, err := s.Engine.Decide(r.Context(), p.id, agent.Decide{Decision: b.decision, Hash: p.hash, Note: b.note, Seen: p.seen}, who)
		switch {
		case err == nil:
			done++
		case errors.Is(err, agent.ErrDecisionConflict), errors.Is(err, agent.ErrDecisionForbidden), errors.Is(err, agent.ErrDecisionInvalid), notFound(err):
			said.Text = "not decided: " + err.Error()
		default:
			s.Logger.Error("several decisions stopped in between", "decided", done, "of", len(b.picks), "case", p.id, "error", err)
			m.Status = explain(err).Status
			m.Detail = "Then it failed, and the log says why: what stands here as decided is decided, the rest isn't."
			said.Text = "not known: look at the case"
		}
		m.Changed = append(m.Changed, said)
		if m.Status != http.StatusOK {
			for _, rest := range b.picks[i+1:] {
				m.Changed = append(m.Changed, Pair{Name: short(rest.id), Text: "not decided", Link: "/cases/" + url.PathEscape(rest.id)})
			}
			break
		}
	}
	m.Heading = fmt.Sprintf("%d of %d decided", done, len(b.picks))
	if hasty := s.Engine.Hasty(who); hasty != "" {
		m.Detail += " " + strings.ToUpper(hasty[:1]) + hasty[1:]
	}
	m.Shell = s.shell(r, who, m.Heading, here)
	return s.render(w, m.Status, "message", m)
}
