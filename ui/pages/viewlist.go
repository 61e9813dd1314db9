package pages

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/listing"
)

// ListView is a page of cases.
type ListView struct {
	Filter   Filter
	Filtered bool
	Filters  string // how many are set, in words
	Heading  string
	Of       string // how many there are at all
	Currency string
	Picks    []Pick
	Stops    []Option
	Procs    []Option
	Queues   []Option
	Ages     []Option
	Views    []Tab
	Save     bool // this view isn't one that is saved
	May      bool // who looks may decide
	Rows     []RowView
	First    bool   // the newest cases, from the top
	Next     string // link to the page after, "" at the end
	Searched string // how far it looked, "" where that says nothing
	Here     string // link to this page
	Query    string // of the filter, as a saved view has it
	Top      string // link to the first page
	Behind   string // how far the list is behind, "" for not
	Fresh    FreshView
}

// Option is something to choose from, with how many cases there are.
type Option struct {
	Value, Name string
	Count       string
	Chosen      bool
}

// Pick is a status that can be chosen.
type Pick struct {
	Chip    Chip
	Checked bool
	Count   string
}

// Tab is a view that somebody often wants.
type Tab struct {
	Name, Link string
	Count      string
	Current    bool
	Own        string // name of a saved view, "" for those that are always there
}

// RowView is a case in a list.
type RowView struct {
	ID, Title, Said string
	Status          Chip
	Procedure       string
	Customer        string
	Stop, Why       string
	Amount          *Shown
	Holder          string
	Opened, Changed Moment
	Seen            string // as which state it is shown
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

// casesLink is the list with a filter, from a cursor on.
func casesLink(f Filter, cursor string) string {
	q := f.query()
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return "/cases"
	}
	return "/cases?" + q.Encode()
}

// listView builds a page of cases; cursor is the one it was asked with.
func listView(f Filter, page listing.Page, counts listing.Counts, cursor string, v viewer) ListView {
	view := ListView{Filter: f, Filtered: !f.empty(), Filters: f.words(), First: cursor == "", Here: casesLink(f, cursor), Top: casesLink(f, ""), Query: f.query().Encode(), Currency: v.currency, May: v.may("operator")}
	view.Fresh.Link = view.Top
	if page.Next != "" {
		view.Next = casesLink(f, page.Next)
		if !page.Full {
			view.Searched = fmt.Sprintf("%s of %s cases were looked at; go on for older ones", thousands(page.Looked), thousands(counts.All()))
		}
	}
	view.Of = thousands(counts.All())
	for _, s := range statuses {
		view.Picks = append(view.Picks, Pick{Chip: chip(s), Checked: slices.Contains(f.Status, s), Count: thousands(counts.Statuses[s])})
	}
	view.Stops, view.Procs, view.Queues = options(counts.Stops, f.Stop), options(counts.Procedures, f.Procedure), options(counts.Queues, f.Queue)
	view.Ages = append(view.Ages, Option{Value: today, Name: "today", Chosen: f.Age == today}, Option{Value: overToday, Name: "any time, over today", Chosen: f.Age == overToday})
	for _, a := range ages {
		view.Ages = append(view.Ages, Option{Value: a.name, Name: a.says, Chosen: f.Age == a.name})
	}
	view.Views = tabs(f, counts)
	view.Heading = heading(f, counts)
	for i := range page.Rows {
		view.Rows = append(view.Rows, rowView(&page.Rows[i], v))
	}
	return view
}

// heading says how many cases the list has, where a count says it.
func heading(f Filter, counts listing.Counts) string {
	if !(Filter{Status: f.Status}).same(f) {
		return "Cases that fit"
	}
	n := 0
	for _, s := range f.Status {
		n += counts.Statuses[s]
	}
	switch {
	case len(f.Status) == 0:
		return thousands(counts.All()) + " cases"
	case len(f.Status) == 1:
		return thousands(n) + " " + string(f.Status[0])
	}
	return thousands(n) + " of these"
}

func (f Filter) same(o Filter) bool { return f.query().Encode() == o.query().Encode() }

// options are the values that cases have, those that most have first; what is chosen is among them.
func options(counts map[string]int, chosen string) []Option {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	var list []Option
	for _, n := range names {
		if n != "" {
			list = append(list, Option{Value: n, Name: n, Count: thousands(counts[n]), Chosen: n == chosen})
		}
	}
	if chosen != "" && counts[chosen] == 0 {
		list = append(list, Option{Value: chosen, Name: chosen, Count: "0", Chosen: true})
	}
	return list
}

// tabs are the views that everybody has.
func tabs(f Filter, counts listing.Counts) []Tab {
	tab := func(name string, o Filter) Tab {
		t := Tab{Name: name, Link: casesLink(o, ""), Current: o.same(f)}
		if n := 0; (Filter{Status: o.Status}).same(o) {
			for _, s := range o.Status {
				n += counts.Statuses[s]
			}
			if len(o.Status) == 0 {
				n = counts.All()
			}
			t.Count = thousands(n)
		}
		return t
	}
	open := []casefile.Status{casefile.Approving, casefile.Escalated, casefile.Working, casefile.Waiting}
	return []Tab{
		tab("All", Filter{}),
		tab("Needs a person", Filter{Status: open[:2]}),
		tab("Open", Filter{Status: open}),
		tab("Open over a day", Filter{Status: open, Age: "over-day"}),
		tab("Ended", Filter{Status: []casefile.Status{casefile.Resolved, casefile.Closed}}),
	}
}

// thousands writes a count with groups of three.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// How much of a text a line of a list has, in characters: fifty of them are a page.
const (
	titleShown = 90
	saidShown  = 70
	whoShown   = 32
)

// line shortens a text to what a line has room for, further where it takes more bytes to be shown as text than
// what people write.
func line(text string, n int) string {
	text = shorten(text, n)
	for len(html.EscapeString(text)) > 2*n && n > 10 {
		n = n * 2 / 3
		text = shorten(text, n)
	}
	return text
}

func rowView(r *listing.Row, v viewer) RowView {
	row := RowView{ID: r.ID, Title: line(r.Goal, titleShown), Said: line(r.Subject, saidShown), Status: chip(r.Status), Procedure: r.Procedure, Holder: line(actor(r.Holder), whoShown),
		Customer: line(cmp.Or(r.Customer.Name, r.Customer.Email, r.Customer.ID), whoShown), Opened: moment(r.OpenedAt, v.now), Changed: moment(r.UpdatedAt, v.now), Seen: seen(r.UpdatedAt)}
	if row.Title == "" {
		row.Title, row.Said = cmp.Or(line(r.Subject, titleShown), "A case without a goal yet"), ""
	}
	if r.Stop != nil {
		row.Stop = string(r.Stop.Code)
		row.Why = line(cmp.Or(r.Stop.Detail, reasonOf(r.Stop, r.Status).title), titleShown)
	}
	if r.Amount != nil {
		currency := cmp.Or(r.Currency, v.currency)
		row.Amount = &Shown{Text: money(*r.Amount, currency), Raw: fmt.Sprint(*r.Amount)}
		if currency != v.currency {
			row.Amount.Currency = currency
		}
	}
	return row
}

// behind says how far the list is behind the journal, where that is worth a word: a moment is not.
func behind(at, last uint64) string {
	const worth = 2000 // entries
	if last <= at+worth {
		return ""
	}
	return "The list is being made: " + thousands(int(last-at)) + " entries of the journal are still to come, so cases may be missing here."
}
