package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

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
	if listed := chosen(list, q.Get("case")); listed != nil {
		c, entries, err := s.told(r.Context(), listed.ID)
		if err != nil {
			return err
		}
		view := caseView(c, entries, s.viewerOf(r.Context(), who, c, dialog{ref: q.Get("ask"), form: q, next: "/approvals"}))
		if view.Stop != nil {
			view.Stop.Focus = p.Done != nil
		}
		p.One = &view
		for _, w := range list {
			p.Waits = append(p.Waits, waitView(w, w == listed, v))
		}
		p.Alike = alike(list, v)
	}
	return s.render(w, http.StatusOK, "approvals", p)
}

// chosen is the approval to show: the one asked for, else the one that waits longest.
func chosen(list []*casefile.Case, id string) *casefile.Case {
	for _, c := range list {
		if c.ID == id {
			return c
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
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
