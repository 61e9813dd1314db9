package pages

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/listing"
)

// Filter says which cases a list shows, as its form and its address have it.
type Filter struct {
	Status    []casefile.Status
	Stop      string
	Procedure string
	Customer  string // id, email or name
	Queue     string
	From, To  string // amount in the house's currency, like 100.00
	Age       string // one of ages, "" for any
	Text      string
}

// statuses is the order in which pages name them: first what needs a person.
var statuses = [...]casefile.Status{casefile.Approving, casefile.Escalated, casefile.Working, casefile.Waiting, casefile.Resolved, casefile.Closed}

// age is how long ago cases were opened.
type age struct {
	name, says   string
	within, over time.Duration // opened less, or more, than so long ago
}

var ages = [...]age{
	{"hour", "in the last hour", time.Hour, 0}, {"day", "in the last day", 24 * time.Hour, 0}, {"week", "in the last week", 7 * 24 * time.Hour, 0}, {"month", "in the last 30 days", 30 * 24 * time.Hour, 0},
	{"over-day", "over a day ago", 0, 24 * time.Hour}, {"over-week", "over a week ago", 0, 7 * 24 * time.Hour},
}

// today is the age of what was opened since midnight, UTC; overToday of what has ended since then.
const (
	today     = "today"
	overToday = "over-today"
)

// filterOf reads a filter from a query. What no case can have is left out.
func filterOf(q url.Values) Filter {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	f := Filter{Stop: get("stop"), Procedure: get("procedure"), Customer: get("customer"), Queue: get("queue"), From: get("from"), To: get("to"), Text: get("q")}
	for _, s := range statuses {
		if slices.Contains(q["status"], string(s)) {
			f.Status = append(f.Status, s)
		}
	}
	if a := get("age"); a == today || a == overToday || slices.ContainsFunc(ages[:], func(o age) bool { return o.name == a }) {
		f.Age = a
	}
	return f
}

// texts are the choices of a filter beside the statuses, by the names that its address has.
func (f Filter) texts() map[string]string {
	return map[string]string{"stop": f.Stop, "procedure": f.Procedure, "customer": f.Customer, "queue": f.Queue, "from": f.From, "to": f.To, "age": f.Age, "q": f.Text}
}

// query is the filter as a URL's query.
func (f Filter) query() url.Values {
	q := url.Values{}
	for _, s := range f.Status {
		q.Add("status", string(s))
	}
	for name, v := range f.texts() {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

func (f Filter) empty() bool { return len(f.query()) == 0 }

// words says how many choices are made.
func (f Filter) words() string {
	n := len(f.Status)
	for _, v := range f.texts() {
		if v != "" {
			n++
		}
	}
	if n == 0 {
		return "none set"
	}
	return plural(n, "choice")
}

// listed is the filter as the list of cases understands it.
func (f Filter) listed(currency string, now time.Time) (listing.Query, error) {
	q := listing.Query{Statuses: f.Status, Stop: f.Stop, Procedure: f.Procedure, Customer: f.Customer, Queue: f.Queue, Text: f.Text}
	for _, bound := range []struct {
		text string
		to   **int64
	}{{f.From, &q.From}, {f.To, &q.To}} {
		if bound.text == "" {
			continue
		}
		n, err := minorUnits(bound.text, currency)
		if err != nil {
			return q, err
		}
		*bound.to = &n
	}
	switch midnight := now.UTC().Truncate(24 * time.Hour); f.Age {
	case today:
		q.After = midnight
	case overToday:
		q.Over = midnight
	}
	for _, a := range ages {
		switch {
		case a.name != f.Age:
		case a.within > 0:
			q.After = now.Add(-a.within)
		default:
			q.Before = now.Add(-a.over)
		}
	}
	return q, nil
}

// minorUnits reads an amount as people write it: 1,200.50 in a currency with two decimals is 120050.
func minorUnits(text, currency string) (int64, error) {
	decimals := currencyDecimals(currency)
	whole, part, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(text, ",", ""), " ", ""), ".")
	if len(part) <= decimals {
		part += strings.Repeat("0", decimals-len(part))
		if n, err := strconv.ParseInt(whole+part, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: %.40q is no amount in %s; write it like %s", errRequest, text, currency, money(12345, currency))
}
