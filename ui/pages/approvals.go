package pages

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

type approvalsPage struct {
	Shell Shell
	Waits []WaitView
	Alike []AlikeView
	Many  bool // more wait than are listed
	One   *CaseView
	Done  *DoneView
	Gone  string // link to the case that was asked for and waits no more, "" for none
	Hasty string // what to tell who approves faster than anybody looks
	Fresh FreshView
}

// WaitView is an approval in the list of those that wait.
type WaitView struct {
	ID, Who, What string
	Amount        *Shown
	Asked         Moment
	Current       bool
}

// DoneView says what was just decided.
type DoneView struct{ CaseID, Say string }

// onDesk is how many approvals are listed at once.
const onDesk = 50

func (s *site) approvals(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	offset, err := s.offset(r.Context())
	if err != nil {
		return err
	}
	list, next, err := agent.Approvals(r.Context(), s.Cases, "", onDesk)
	if err != nil {
		return err
	}
	v, q := s.viewer(who), r.URL.Query()
	p := approvalsPage{Hasty: s.Engine.Hasty(who), Shell: s.shell(r, who, "Approvals", "/approvals"), Many: next != "",
		Done: doneView(q.Get("done"), casefile.DecisionName(q.Get("decision"))), Fresh: FreshView{Noun: "approval", Link: "/approvals"}}
	p.Shell.Stream = streamLink("approvals", url.Values{"after": {fmt.Sprint(offset)}})
	asked, err := s.asked(r.Context(), list, q.Get("case"))
	if err != nil {
		return err
	}
	open := dialog{ref: q.Get("ask"), form: q, next: "/approvals"}
	if asked == "" && q.Get("case") != "" { // a dialog about that one isn't opened about another
		p.Gone, open = "/cases/"+url.PathEscape(q.Get("case")), dialog{next: "/approvals"}
	}
	if len(list) > 0 {
		c, entries, err := s.told(r.Context(), cmp.Or(asked, list[0].ID))
		if err != nil {
			return err
		}
		view := caseView(c, entries, s.viewerOf(r.Context(), who, c, open))
		if view.Stop != nil {
			view.Stop.Focus = p.Done != nil
		}
		p.One = &view
		for _, w := range list {
			p.Waits = append(p.Waits, waitView(w, w.ID == c.ID, v))
		}
		p.Alike = alike(list, v)
	}
	return s.render(w, http.StatusOK, "approvals", p)
}

// asked is the case whose approval an address names, "" where it waits no more, or none is named. It may wait
// behind all that are listed.
func (s *site) asked(ctx context.Context, list []*casefile.Case, id string) (string, error) {
	if id == "" || slices.ContainsFunc(list, func(c *casefile.Case) bool { return c.ID == id }) {
		return id, nil
	}
	c, err := s.Engine.Load(ctx, id)
	switch {
	case notFound(err):
		return "", nil
	case err != nil:
		return "", err
	case c.Status != casefile.Approving || c.Approval == nil:
		return "", nil
	}
	return id, nil
}

func waitView(c *casefile.Case, current bool, v viewer) WaitView {
	w := WaitView{ID: c.ID, Who: cmp.Or(c.Customer.Name, c.Customer.Email, c.Customer.ID, short(c.ID)), Current: current}
	a := c.Approval
	if a == nil {
		w.What, w.Asked = "goes on", moment(c.UpdatedAt, v.now)
		return w
	}
	w.Asked, w.What = moment(a.AskedAt, v.now), cmp.Or(a.Rule, string(a.Code))
	if a.Action == nil {
		w.What = "checkpoint"
		return w
	}
	w.What += ", " + a.Action.Tool
	if len(a.Changed) > 0 {
		w.What += ", asked again"
	}
	if n, currency, ok := amountOf(a.Action.Args, v.currency); ok {
		w.Amount = &Shown{Text: money(n, currency), Raw: fmt.Sprint(n), Currency: currency}
	}
	return w
}

func doneView(id string, d casefile.DecisionName) *DoneView {
	say := map[casefile.DecisionName]string{
		casefile.DecideApprove:  "Approved; it goes on. Here is what waits next.",
		casefile.DecideReject:   "Rejected; nothing is sent. Here is what waits next.",
		casefile.DecideTakeover: "Taken over; it is yours. Here is what waits next.",
		casefile.DecideClose:    "Closed. Here is what waits next.",
	}[d]
	if id == "" || say == "" {
		return nil
	}
	return &DoneView{CaseID: id, Say: say}
}
