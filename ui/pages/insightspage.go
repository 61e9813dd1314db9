package pages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/people"
)

// Insights says what became of cases; an insights.Insights does.
type Insights interface {
	Report(ctx context.Context, q insights.Query) (*insights.Report, error)
	Trace(ctx context.Context, t insights.Traced, cursor string, limit int) (list []insights.Behind, next string, err error)
	Settings(ctx context.Context) (insights.Settings, error)
	Put(ctx context.Context, s insights.Settings, said journal.Record) (insights.Settings, error)
}

// insightDays are shown where no period is chosen.
const insightDays = 30

// zone is where days begin.
func (s *site) zone() *time.Location {
	if b, err := s.Bundles.Active(); err == nil && b.Config.Zone != nil {
		return b.Config.Zone
	}
	return time.UTC
}

// insightQuery reads what figures are wanted of. Days are those of the company, the last one included; a
// link to the cases behind a number has the exact times in place of them.
func (s *site) insightQuery(q url.Values) (insights.Query, error) {
	zone := s.zone()
	ask := insights.Query{To: s.Now(), Procedure: strings.TrimSpace(q.Get("procedure")), Bundle: strings.TrimSpace(q.Get("bundle"))}
	for _, bound := range []struct {
		text  string
		later int // days
		at    *time.Time
	}{{q.Get("to"), 1, &ask.To}, {q.Get("from"), 0, &ask.From}} {
		if bound.text == "" {
			continue
		}
		if at, err := time.Parse(time.RFC3339Nano, bound.text); err == nil {
			*bound.at = at
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, bound.text, zone)
		if err != nil {
			return ask, fmt.Errorf("%w: %.40q is no day; write it like 2027-01-31", errRequest, bound.text)
		}
		*bound.at = day.AddDate(0, 0, bound.later)
	}
	if now := s.Now(); ask.To.After(now) && ask.From.Before(now) {
		ask.To = now // today isn't over
	}
	if ask.From.IsZero() {
		y, m, d := ask.To.Add(-time.Nanosecond).In(zone).Date()
		ask.From = time.Date(y, m, d-insightDays+1, 0, 0, 0, 0, zone)
	}
	return ask, nil
}

func (s *site) insights(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	q, err := s.insightQuery(r.URL.Query())
	if err != nil {
		return err
	}
	report, err := s.Insights.Report(r.Context(), q)
	if err != nil {
		return err
	}
	settings, err := s.Insights.Settings(r.Context())
	if err != nil {
		return err
	}
	p := insightsView(report, q, s.zone(), s.viewer(who))
	p.Shell = s.shell(r, who, "Insights", "/insights")
	p.choices(report, q, s.procedures(), s.Now().In(s.zone()))
	if who.Role.AtLeast(people.Admin) {
		p.Hours.Form = assumptionForm(settings, report, r.URL.RequestURI())
	}
	return s.render(w, http.StatusOK, "insights", p)
}

// procedures are those of the active version, by name.
func (s *site) procedures() []string {
	var list []string
	if b, err := s.Bundles.Active(); err == nil {
		for _, p := range b.Procedures {
			list = append(list, p.Name)
		}
	}
	return list
}

// insightsCSV gives the figures as one table, to be kept.
func (s *site) insightsCSV(w http.ResponseWriter, r *http.Request, _ people.Principal) error {
	q, err := s.insightQuery(r.URL.Query())
	if err != nil {
		return err
	}
	report, err := s.Insights.Report(r.Context(), q)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := insights.WriteCSV(&table, report); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="insights.csv"`)
	_, err = table.WriteTo(w)
	return err
}

type tracePage struct {
	Shell    Shell
	Heading  string
	Period   string
	Back     string
	Value    string // what a case's own number is, "" where the figure is a count
	Rows     []TraceRow
	From     int // the place of the first
	Next     string
	Narrowed []Pair
}

// TraceRow is a case behind a number.
type TraceRow struct {
	Link, Short, Title string
	Status             *Chip
	At                 Moment
	Value              string
}

// perTrace is how many cases behind a number a page has: each is read.
const perTrace = 25

// insightCases lists the cases behind a number.
func (s *site) insightCases(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	q := r.URL.Query()
	ask, err := s.insightQuery(q)
	if err != nil {
		return err
	}
	t := insights.Traced{Query: ask, Figure: q.Get("figure"), Reason: q.Get("reason"), Tool: q.Get("tool"), Currency: q.Get("currency")}
	if t.Figure == "" {
		t.Figure = "cases"
	}
	list, next, err := s.Insights.Trace(r.Context(), t, q.Get("cursor"), perTrace)
	if err != nil {
		return err
	}
	p := tracePage{Shell: s.shell(r, who, "Cases behind a number", "/insights"), Heading: figureSays(t.Figure), Value: valueSays(t.Figure), Period: period(ask.From, ask.To, s.zone())}
	for _, n := range []Pair{{Name: "reason", Text: t.Reason}, {Name: "tool", Text: t.Tool}, {Name: "currency", Text: t.Currency}, {Name: "procedure", Text: ask.Procedure}, {Name: "version", Text: digest(ask.Bundle)}} {
		if n.Text != "" {
			p.Narrowed = append(p.Narrowed, n)
		}
	}
	for _, b := range list {
		row := TraceRow{Link: "/cases/" + b.Case, Short: short(b.Case), At: moment(b.At, s.Now())}
		c, err := s.Engine.Load(r.Context(), b.Case)
		switch {
		case err == nil:
			chip := chip(c.Status)
			row.Title, row.Status = titleOf(c), &chip
		case !errors.Is(err, journal.ErrNotFound):
			return err
		}
		if b.Value != nil {
			row.Value = valueIn(t.Figure, *b.Value, t.Currency)
		}
		p.Rows = append(p.Rows, row)
	}
	back := url.Values{"from": {ask.From.In(s.zone()).Format(time.DateOnly)}, "to": {ask.To.Add(-time.Nanosecond).In(s.zone()).Format(time.DateOnly)}}
	for _, name := range []string{"procedure", "bundle"} {
		if q.Get(name) != "" {
			back.Set(name, q.Get(name))
		}
	}
	p.Back = "/insights?" + back.Encode()
	if next != "" {
		q.Set("cursor", next)
		q.Set("from", ask.From.Format(time.RFC3339Nano))
		q.Set("to", ask.To.Format(time.RFC3339Nano))
		p.Next = "/insights/cases?" + q.Encode()
	}
	return s.render(w, http.StatusOK, "trace", p)
}

// saveAssumption replaces what is assumed of how long people have cases.
func (s *site) saveAssumption(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	in := insights.Settings{Procedures: map[string]float64{}}
	for name, values := range r.PostForm {
		text := strings.TrimSpace(values[0])
		procedure, isOne := strings.CutPrefix(name, "procedure.")
		if text == "" || !isOne && name != "minutes" && name != "least_measured" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%w: %.40q is no number of %s", errRequest, text, map[bool]string{true: "times", false: "minutes"}[name == "least_measured"])
		}
		switch {
		case isOne:
			in.Procedures[procedure] = n
		case name == "minutes":
			in.Minutes = &n
		case n != float64(int(n)):
			return fmt.Errorf("%w: %.40q is no whole number of times", errRequest, text)
		default:
			in.LeastMeasured = int(n)
		}
	}
	said, err := s.Deeds.Event(who.Actor(), "insights.settings", "", map[string]any{"minutes": in.Minutes, "procedures": in.Procedures, "least_measured": in.LeastMeasured})
	if err != nil {
		return err
	}
	if _, err := s.Insights.Put(r.Context(), in, said); err != nil {
		return err
	}
	back := r.PostForm.Get("back")
	if !local(back) {
		back = "/insights"
	}
	http.Redirect(w, r, back+"#hours-h", http.StatusSeeOther)
	return nil
}

// figureSays is a figure that can be traced in words.
func figureSays(figure string) string {
	switch figure {
	case "cases":
		return "Cases opened"
	case "resolved_by_itself":
		return "Resolved by itself"
	case "resolved_with_person":
		return "Resolved with a person"
	case "escalated":
		return "With people now"
	case "open":
		return "Not settled yet"
	case "settled":
		return "Settled: resolved, with people, or closed"
	case "ended":
		return "Cases that ever ended"
	case "reopened":
		return "Went on after they had ended"
	case "watched_for_follow_up":
		return "Resolved, and the time to come again is over"
	case "followed_up", "followed_up_so_far":
		return "After which the customer came again"
	case "escalations":
		return "Handed over to people"
	case "effects":
		return "Writes that were done"
	case "handled":
		return "Times that somebody had a case"
	case "feedback":
		return "What customers said of how it went"
	case "churned":
		return "Customers who left"
	}
	return strings.ToUpper(figure[:1]) + strings.ReplaceAll(figure[1:], "_", " ")
}

// valueSays is what the number beside a case is, "" where the figure counts cases only.
func valueSays(figure string) string {
	switch figure {
	case "effects":
		return "Amount"
	case "handled":
		return "Had it for"
	case "feedback":
		return "Score"
	case "resolved", "resolved_by_itself", "resolved_with_person", "settled", "ended", "cases":
		return "To resolution"
	}
	return ""
}

func valueIn(figure string, n int64, currency string) string {
	switch {
	case figure == "effects" && currency != "":
		return inBudget(n, currency)
	case figure == "effects":
		return thousands(int(n)) + " minor units"
	case figure == "feedback":
		return fmt.Sprint(n) + " of 5"
	}
	return millis(n)
}

// reasonName is what a case waits with in words, where that is no stop code.
func reasonName(reason string) string {
	if reason == string(casefile.Working) {
		return "at work"
	}
	return reason
}
