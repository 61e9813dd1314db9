package pages

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Filter says which cases a list shows.
type Filter struct {
	Status    []casefile.Status
	Stop      string
	Procedure string
	Customer  string // id, email or name
	Text      string
}

// statuses is the order in which pages name them: first what needs a person.
var statuses = [...]casefile.Status{casefile.Approving, casefile.Escalated, casefile.Working, casefile.Waiting, casefile.Resolved, casefile.Closed}

// filterOf reads a filter from a query. What no case can have is left out.
func filterOf(q url.Values) Filter {
	f := Filter{Stop: strings.TrimSpace(q.Get("stop")), Procedure: strings.TrimSpace(q.Get("procedure")),
		Customer: strings.TrimSpace(q.Get("customer")), Text: strings.TrimSpace(q.Get("q"))}
	for _, s := range statuses {
		if slices.Contains(q["status"], string(s)) {
			f.Status = append(f.Status, s)
		}
	}
	return f
}

// query is the filter as a URL's query.
func (f Filter) query() url.Values {
	q := url.Values{}
	for _, s := range f.Status {
		q.Add("status", string(s))
	}
	for name, v := range map[string]string{"stop": f.Stop, "procedure": f.Procedure, "customer": f.Customer, "q": f.Text} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

func (f Filter) empty() bool {
	return len(f.Status) == 0 && f.Stop == "" && f.Procedure == "" && f.Customer == "" && f.Text == ""
}

// match reports whether the list shows a case.
func (f Filter) match(s *journal.Summary) bool {
	if len(f.Status) > 0 && !slices.Contains(f.Status, s.Status) {
		return false
	}
	if f.Stop != "" && (s.Stop == nil || string(s.Stop.Code) != f.Stop) {
		return false
	}
	if f.Procedure != "" && s.Procedure != f.Procedure {
		return false
	}
	if f.Customer != "" && s.Customer.ID != f.Customer && !holds(f.Customer, s.Customer.Email, s.Customer.Name) {
		return false
	}
	return f.Text == "" || holds(f.Text, s.ID, s.Goal, s.Subject, s.Procedure, s.Customer.ID, s.Customer.Email, s.Customer.Name, s.Outcome)
}

// holds reports whether one of the texts has the words in it, whatever their case.
func holds(words string, texts ...string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), words) })
}

// ListView is a page of cases.
type ListView struct {
	Filter   Filter
	Filtered bool
	Filters  string // how many are set, in words
	Picks    []Pick
	Views    []Tab
	Rows     []RowView
	First    bool   // the newest cases, from the top
	Next     string // link to the page after, "" at the end
	Here     string // link to this page
	Top      string // link to the first page
	Fresh    FreshView
}

// Pick is a status that can be chosen.
type Pick struct {
	Chip    Chip
	Checked bool
}

// Tab is a view that somebody often wants.
type Tab struct {
	Name, Link string
	Current    bool
}

// RowView is a case in a list.
type RowView struct {
	ID, Title, Said string
	Status          Chip
	Procedure       string
	Customer        string
	Stop, Why       string
	Opened, Changed Moment
}

// FreshView is what happened since a list was drawn. It is shown, and nothing else moves.
type FreshView struct {
	Noun           string // what the list lists, "case" if empty
	Newer, Changed int
	Many           bool
	Link           string
}

// Say is what the bar says, "" for nothing.
func (f FreshView) Say() string {
	noun := cmp.Or(f.Noun, "case")
	var say []string
	if f.Newer > 0 {
		say = append(say, plural(f.Newer, "newer "+noun))
	}
	if f.Changed > 0 {
		say = append(say, changed(f.Changed))
	}
	switch {
	case f.Many:
		return "Much is new or changed since you started reading"
	case len(say) == 0:
		return ""
	}
	return strings.Join(say, ", ") + " since you started reading"
}

func changed(n int) string { return fmt.Sprintf("%d changed", n) }

// listView builds a page of cases; cursor is the one it was asked with, next the one after it.
func listView(f Filter, list []journal.Summary, cursor, next string, now time.Time) ListView {
	q := f.query()
	link := func(cursor string) string {
		p := url.Values{}
		for k, v := range q {
			p[k] = v
		}
		if cursor != "" {
			p.Set("cursor", cursor)
		}
		if len(p) == 0 {
			return "/cases"
		}
		return "/cases?" + p.Encode()
	}
	view := ListView{Filter: f, Filtered: !f.empty(), Filters: filterWords(f), First: cursor == "", Here: link(cursor), Top: link("")}
	view.Fresh.Link = view.Top
	if next != "" {
		view.Next = link(next)
	}
	for _, s := range statuses {
		view.Picks = append(view.Picks, Pick{Chip: chip(s), Checked: slices.Contains(f.Status, s)})
	}
	view.Views = tabs(f)
	for i := range list {
		view.Rows = append(view.Rows, rowView(&list[i], now))
	}
	return view
}

func filterWords(f Filter) string {
	n := len(f.Status)
	for _, s := range []string{f.Stop, f.Procedure, f.Customer, f.Text} {
		if s != "" {
			n++
		}
	}
	if n == 0 {
		return "none set"
	}
	return plural(n, "choice")
}

func tabs(f Filter) []Tab {
	here := f.query().Encode()
	tab := func(name string, f Filter) Tab {
		q := f.query().Encode()
		t := Tab{Name: name, Link: "/cases", Current: q == here}
		if q != "" {
			t.Link += "?" + q
		}
		return t
	}
	return []Tab{
		tab("All", Filter{}),
		tab("Needs a person", Filter{Status: []casefile.Status{casefile.Approving, casefile.Escalated}}),
		tab("Open", Filter{Status: []casefile.Status{casefile.Approving, casefile.Escalated, casefile.Working, casefile.Waiting}}),
		tab("Waits", Filter{Status: []casefile.Status{casefile.Waiting}}),
		tab("Ended", Filter{Status: []casefile.Status{casefile.Resolved, casefile.Closed}}),
	}
}

func rowView(s *journal.Summary, now time.Time) RowView {
	row := RowView{ID: s.ID, Title: s.Goal, Said: s.Subject, Status: chip(s.Status), Procedure: s.Procedure,
		Customer: cmp.Or(s.Customer.Name, s.Customer.Email, s.Customer.ID), Opened: moment(s.OpenedAt, now), Changed: moment(s.UpdatedAt, now)}
	if row.Title == "" {
		row.Title, row.Said = cmp.Or(s.Subject, "A case without a goal yet"), ""
	}
	if s.Stop != nil {
		row.Stop = string(s.Stop.Code)
		row.Why = cmp.Or(s.Stop.Detail, reasonOf(s.Stop, s.Status).title)
	}
	return row
}
