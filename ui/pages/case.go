package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

type casePage struct {
	Shell Shell
	Case  CaseView
	// StatusLink leads to what the customer sees, nil for who may not write to the case.
	StatusLink *CustomerLink
	Past       Pasts       // what worked last time
	Others     []OtherView // of the same customer
	More       bool        // there are more of those
	Cut        int         // how many entries are told of a longer journal, 0 for all
}

// regions are the live blocks of a case's page, in the order in which they stand.
var regions = [...]string{"case-head", "case-stop", "case-mind", "case-aside", regionPast, "case-timeline", "case-reply"}

// regionPast is the block that may be looked for longer than a page waits.
const regionPast = "case-past"

// How much of a journal a page tells: that of a case that reached limits.steps several times fits.
const (
	maxEntries   = 2000
	entriesAtOne = 500
)

func (s *site) oneCase(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	q := r.URL.Query()
	return s.showCase(w, r, http.StatusOK, who, dialog{ref: q.Get("ask"), form: q})
}

// dialog is the one that a page is shown with, what was typed in it, and what was wrong with that.
type dialog struct {
	ref   string
	form  url.Values
	wrong string
	next  string // page to go on with after a decision
}

// showCase answers the page of a case.
func (s *site) showCase(w http.ResponseWriter, r *http.Request, status int, who people.Principal, a dialog) error {
	pasts := s.promptly
	if r.URL.Query().Has("past") { // somebody waits for them
		pasts = s.pasts
	}
	p, err := s.casePage(r.Context(), r.PathValue("id"), who, a, pasts)
	if err != nil {
		return err
	}
	p.Shell = s.shell(r, who, p.Case.Title, "/cases")
	more := url.Values{"case": {p.Case.ID}, "after": {fmt.Sprint(p.Case.Seq)}}
	if p.Past.Later {
		more.Set("past", "later")
	}
	for _, where := range [...]string{"rows", "at"} { // of the timeline
		if a.form.Has(where) {
			more.Set(where, a.form.Get(where))
		}
	}
	p.Shell.Stream = streamLink("case", more)
	return s.render(w, status, "case", p)
}

// casePage loads a case with its journal; the shell is left out.
func (s *site) casePage(ctx context.Context, id string, who people.Principal, a dialog, pasts pastsOf) (casePage, error) {
	c, entries, err := s.told(ctx, id)
	if err != nil {
		return casePage{}, err
	}
	v := s.viewerOf(ctx, who, c, a)
	p := casePage{Case: caseView(c, entries, v)}
	p.StatusLink = s.statusLink(ctx, c, who)
	p.Past = pasts(ctx, c)
	p.Others, p.More = s.customersOthers(ctx, c)
	if len(entries) < int(c.Seq) {
		p.Cut = len(entries)
	}
	if p.Case.Reply != nil {
		s.quote(ctx, p.Case.Reply.Citations)
	}
	return p, nil
}

// viewerOf is who looks at a case, with what its views need to know beside it.
func (s *site) viewerOf(ctx context.Context, who people.Principal, c *casefile.Case, a dialog) viewer {
	v := s.viewer(who)
	v.ask, v.form, v.wrong, v.next = a.ref, a.form, a.wrong, a.next
	v.rows, _ = strconv.Atoi(a.form.Get("rows")) // else the newest
	v.at = a.form.Get("at")
	v.plan, v.tools, v.goals = s.planOf(ctx, c), s.offered(), s.goalsFor(ctx, c)
	return v
}

// told gives a case with its newest entries, their long texts cut.
func (s *site) told(ctx context.Context, id string) (*casefile.Case, []casefile.Entry, error) {
	c, err := s.Engine.Load(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	entries, err := s.entries(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return cut(c), cut(entries), nil
}

// entries reads the newest entries of a case, up to what the state has folded.
func (s *site) entries(ctx context.Context, c *casefile.Case) ([]casefile.Entry, error) {
	after := c.Seq - min(c.Seq, maxEntries)
	var all []casefile.Entry
	for {
		list, err := s.Cases.Entries(ctx, c.ID, after, entriesAtOne)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < entriesAtOne || all[len(all)-1].Seq >= c.Seq {
			break
		}
		after = all[len(all)-1].Seq
	}
	return slices.DeleteFunc(all, func(e casefile.Entry) bool { return e.Seq > c.Seq }), nil
}

// quote fills in cited passages that the case doesn't hold itself. One that can't be found stays
// an address.
func (s *site) quote(ctx context.Context, cites []Cited) {
	for i := range cites {
		c := &cites[i]
		if c.Text != "" || c.Entry != 0 || c.Link == "" || c.Evidence.Claim {
			continue
		}
		if p, err := s.Knowledge.Passage(ctx, c.Address); err == nil {
			c.Title, c.Text = headed(p.Document.Title, p.Headings), shorten(p.Text, 600)
		}
	}
}
