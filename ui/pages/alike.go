package pages

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// AlikeView is a group of approvals that differ in nothing but whose they are: the same action, the same
// amount, asked for by the same rule. Each is bound to its own hash and decided for itself.
type AlikeView struct {
	ID                    string
	Procedure, Tool, Rule string
	Amount                *Shown
	Each                  string // the amount as a plain number, "" without one
	Total                 string // of all of them
	Differs               []string
	Rows                  []AlikeRow
}

// AlikeRow is one of them.
type AlikeRow struct {
	ID, Hash string
	Title    string
	Customer string
	Values   []Shown // of the arguments that differ
	Asked    Moment
}

// fewAlike is from how many on a group is worth a table.
const fewAlike = 2

// alike groups what waits. Somebody who may not approve one, or who proposed it, doesn't get it offered.
func alike(list []*casefile.Case, v viewer) []AlikeView {
	groups := map[string][]*casefile.Case{}
	var order []string
	for _, c := range list {
		a := c.Approval
		if a == nil || a.Action == nil || a.GrantedBy != "" || a.ProposedBy != "" || len(a.Changed) > 0 || !v.may(cmp.Or(a.By, "operator")) {
			continue
		}
		amount, currency, _ := amountOf(a.Action.Args, v.currency)
		key := fmt.Sprintf("%q %q %q %q %q %d %q %q", c.Procedure, a.Action.Tool, a.Rule, a.Code, a.Hypothesis, amount, currency, slices.Sorted(maps.Keys(a.Action.Args)))
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], c)
	}
	var views []AlikeView
	for i, key := range order {
		if group := groups[key]; len(group) >= fewAlike {
			views = append(views, alikeView(fmt.Sprintf("alike-%d", i), group, v))
		}
	}
	return views
}

func alikeView(id string, group []*casefile.Case, v viewer) AlikeView {
	first := group[0].Approval
	view := AlikeView{ID: id, Procedure: group[0].Procedure, Tool: first.Action.Tool, Rule: cmp.Or(first.Rule, string(first.Code))}
	if n, currency, ok := amountOf(first.Action.Args, v.currency); ok {
		view.Amount = &Shown{Text: money(n, currency), Raw: fmt.Sprint(n), Currency: currency}
		view.Each = strings.ReplaceAll(view.Amount.Text, ",", "")
		view.Total = money(n*int64(len(group)), currency) + " " + currency
	}
	for _, name := range slices.Sorted(maps.Keys(first.Action.Args)) {
		if slices.ContainsFunc(group, func(c *casefile.Case) bool {
			return argText(c.Approval.Action.Args[name]) != argText(first.Action.Args[name])
		}) {
			view.Differs = append(view.Differs, name)
		}
	}
	for _, c := range group {
		row := AlikeRow{ID: c.ID, Hash: c.Approval.Hash, Title: titleOf(c), Asked: moment(c.Approval.AskedAt, v.now), Customer: cmp.Or(c.Customer.Name, c.Customer.Email, c.Customer.ID, "nobody named")}
		for _, name := range view.Differs {
			row.Values = append(row.Values, shown(name, c.Approval.Action.Args[name], c.Approval.Action.Args, v.currency, v.now))
		}
		view.Rows = append(view.Rows, row)
	}
	return view
}

// decideBatch decides each approval that was chosen for itself, by the hash that was shown.
func (s *site) decideBatch(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	form := r.PostForm
	decision := casefile.DecisionName(form.Get("decision"))
	if decision != casefile.DecideApprove && decision != casefile.DecideReject {
		return fmt.Errorf("%w: several are approved or rejected at once, not %.40q", errRequest, decision)
	}
	if decision == casefile.DecideReject && strings.TrimSpace(form.Get("note")) == "" {
		return fmt.Errorf("%w: say why they are rejected; nothing was decided", errRequest)
	}
	if len(form["pick"]) == 0 {
		return fmt.Errorf("%w: none was chosen, so nothing was decided", errRequest)
	}
	b := batch{decision: decision, done: map[casefile.DecisionName]string{casefile.DecideApprove: "approved; it goes on", casefile.DecideReject: "rejected; nothing is sent"}[decision], note: form.Get("note")}
	for _, chosen := range form["pick"] {
		id, hash, ok := strings.Cut(chosen, " ")
		if !ok || hash == "" {
			return fmt.Errorf("%w: %.80q names no case with the hash of its approval", errRequest, chosen)
		}
		b.picks = append(b.picks, pick{id: id, hash: hash})
	}
	return s.decideEach(w, r, who, b, "/approvals", Link{Name: "Approvals", Link: "/approvals", Primary: true}, Link{Name: "Cases", Link: "/cases"})
}
