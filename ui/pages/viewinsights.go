package pages

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"resolute/agent/insights"
	"resolute/agent/model/sureness"
)

type insightsPage struct {
	Shell      Shell
	Period     string
	From, To   string // days
	Presets    []Tab
	Procedures []Option
	Bundles    []Option
	CSV        string
	Behind     string // how far the figures are behind, "" for not
	Heads      []FigureView
	Outcome    OutcomeView
	Time       TimeView
	Versions   []VersionFigures
	Again      []FigureView // reopened, followed up
	Effects    []EffectRow
	Course     CourseView
	Lessons    []LessonRow
	MoreLearnt int
	Changes    []ChangeRow
	Hours      HoursView
	Said       []FigureView // what customers say, and who left
	Models     []SureRow
}

// SureRow says how far what is said of a model's proposals is from what they came to.
type SureRow struct{ Model, Of, Right, Said, Error, Between, Chance, Raw string }

func sureRows(list []sureness.Model) (rows []SureRow) {
	for _, m := range list {
		r := &m.Reliability
		rows = append(rows, SureRow{Model: m.Model, Of: strconv.Itoa(r.Of), Right: percent(r.Right), Said: percent(r.Said), Error: fmt.Sprintf("%.3f", r.ECE), Between: fmt.Sprintf("%.3f to %.3f", r.Low, r.High), Chance: fmt.Sprintf("%.3f", r.Chance), Raw: fmt.Sprintf("%.3f", m.Raw.ECE)})
	}
	return rows
}

// FigureView is a number: what it is of stands in Note, why there is none in Reason.
type FigureView struct{ Name, Value, Note, Reason, Link string }

// PartRow is a part of a whole, as a row behind a chart.
type PartRow struct {
	Name, Class, Count, Link, Share string
	Code                            bool // the name is a code
}

// OutcomeView is what became of the cases.
type OutcomeView struct {
	Chart Chart
	Rows  []PartRow
	Why   []ReasonsView
}

// ReasonsView is by which reasons cases stand somewhere.
type ReasonsView struct {
	Heading string
	Chart   Chart
	Rows    []PartRow
}

// TimeView is how long it took.
type TimeView struct {
	Chart   Chart
	Figures []FigureView
	Rows    []PartRow
	Reason  string
}

// VersionFigures are the figures of the cases under a version.
type VersionFigures struct {
	Short, Link               string
	Applied                   Moment
	Active                    []Moment
	Cases                     FigureView
	Share, Change, ShareWidth string // resolved by itself
	Median, P90               string
	Reopened                  string
}

// EffectRow is what a tool did for a procedure.
type EffectRow struct{ Procedure, Tool, Count, Link, Sum, Reason, Width string }

// CourseView is how it went from piece to piece of the period.
type CourseView struct {
	By        string
	Escalated Chart
	Writes    Chart
	Rows      []CourseRow
}

// CourseRow is a piece of the period.
type CourseRow struct {
	When                         string
	Opened, Escalated            FigureView
	ByItself, Approved, ByPerson string
	Learned                      string
}

// LessonRow is something that was learned.
type LessonRow struct {
	At                  Moment
	What, Subject, Link string
}

// ChangeRow is a change of how far the agent may go.
type ChangeRow struct {
	At                          Moment
	Procedure, Tool, Band, What string
	From, To, Case, Short       string
}

// HoursView is how long people would have had the cases.
type HoursView struct {
	Figure     FigureView
	Assumption string
	Rows       []EachRow
	Form       *AssumptionForm // nil where who looks may not change it
}

// EachRow is how long a person is taken to have a case of a procedure.
type EachRow struct {
	Procedure     string
	Cases         FigureView
	Each, Basis   string
	Measured      string
	MeasuredCases string // link
}

// AssumptionForm is what an admin assumes.
type AssumptionForm struct {
	Minutes, LeastMeasured, Back string
	Procedures                   []Pair
}

// mostLessons is how many lessons are listed.
const mostLessons = 40

// traced leads to the cases behind a number of a report.
type traced struct{ base url.Values }

func tracedOf(r *insights.Report) traced {
	q := url.Values{"from": {r.From.Format(time.RFC3339Nano)}, "to": {r.To.Format(time.RFC3339Nano)}}
	if r.Procedure != nil {
		q.Set("procedure", *r.Procedure)
	}
	if r.Bundle != nil {
		q.Set("bundle", *r.Bundle)
	}
	return traced{q}
}

// to links to a figure's cases; more are names and values in turn.
func (t traced) to(figure string, more ...string) string {
	q := maps.Clone(t.base)
	q.Set("figure", figure)
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/insights/cases?" + q.Encode()
}

// insightsView says a report.
func insightsView(r *insights.Report, q insights.Query, zone *time.Location, v viewer) insightsPage {
	to := tracedOf(r)
	p := insightsPage{Period: period(r.From, r.To, zone), From: r.From.In(zone).Format(time.DateOnly), To: r.To.Add(-time.Nanosecond).In(zone).Format(time.DateOnly)}
	p.Models = sureRows(r.Models)
	if r.Behind > 0 {
		p.Behind = "The figures are being made: " + thousands(int(r.Behind)) + " entries of the journal are still to come."
	}
	p.Heads = []FigureView{
		{Name: "Cases", Value: thousands(r.Cases), Note: "opened", Link: to.to("cases")},
		shareView("Resolved by itself", r.ByItself, "settled", to.to("resolved_by_itself")),
		{Name: "Median to resolution", Value: maybeMillis(r.TimeToResolution.Median), Reason: r.TimeToResolution.Reason, Note: "of " + plural(r.TimeToResolution.Count, "case"), Link: to.to("resolved")},
		hoursFigure(r.Hours, to),
	}
	p.Outcome = outcomeView(r, to)
	p.Time = timeView(r.TimeToResolution, to)
	p.Versions = versionFigures(r.Bundles, to, v.now)
	p.Again = []FigureView{shareView("Reopened", r.Reopened, "that ever ended", to.to("reopened")),
		shareView("Came again", r.FollowUps.Share, "whose "+days(r.FollowUps.WithinMS)+" are over", to.to("followed_up")),
		{Name: "Came again so far", Value: thousands(r.FollowUps.SoFar), Note: "of all that are resolved", Link: to.to("followed_up_so_far")}}
	p.Effects = effectRows(r.Effects, to)
	p.Course = courseView(r.Timeline, to, zone)
	for _, l := range r.Learned[max(len(r.Learned)-mostLessons, 0):] {
		p.Lessons = append(p.Lessons, lessonRow(l, v.now))
	}
	slices.Reverse(p.Lessons)
	p.MoreLearnt = len(r.Learned) - len(p.Lessons)
	for _, a := range slices.Backward(r.Authority) {
		p.Changes = append(p.Changes, ChangeRow{At: moment(a.At, v.now), Procedure: a.Procedure, Tool: a.Tool, Band: a.Band, What: a.What, From: string(a.From), To: string(a.To), Case: a.Case, Short: short(a.Case)})
	}
	p.Hours = hoursView(r.Hours, to)
	p.Said = saidFigures(r, to)
	return p
}

// choices are what else can be asked.
func (p *insightsPage) choices(r *insights.Report, q insights.Query, procedures []string, now time.Time) {
	keep := url.Values{}
	if q.Procedure != "" {
		keep.Set("procedure", q.Procedure)
	}
	if q.Bundle != "" {
		keep.Set("bundle", q.Bundle)
	}
	for _, n := range []int{7, 30, 90, 365} {
		to := maps.Clone(keep)
		from := now.AddDate(0, 0, 1-n).Format(time.DateOnly)
		to.Set("from", from)
		to.Set("to", now.Format(time.DateOnly))
		p.Presets = append(p.Presets, Tab{Name: fmt.Sprintf("%d days", n), Link: "/insights?" + to.Encode(), Current: p.From == from && p.To == now.Format(time.DateOnly)})
	}
	csv := maps.Clone(keep)
	csv.Set("from", r.From.Format(time.RFC3339Nano))
	csv.Set("to", r.To.Format(time.RFC3339Nano))
	p.CSV = "/insights.csv?" + csv.Encode()
	for _, f := range r.Procedures {
		procedures = append(procedures, f.Procedure)
	}
	procedures = append(procedures, q.Procedure)
	slices.Sort(procedures)
	for _, name := range slices.Compact(procedures) {
		if name != "" {
			p.Procedures = append(p.Procedures, Option{Value: name, Name: name, Chosen: name == q.Procedure})
		}
	}
	chosen := q.Bundle == ""
	for _, b := range r.Bundles {
		chosen = chosen || b.Version == q.Bundle
		p.Bundles = append(p.Bundles, Option{Value: b.Version, Name: digest(b.Version), Chosen: b.Version == q.Bundle})
	}
	if !chosen {
		p.Bundles = append(p.Bundles, Option{Value: q.Bundle, Name: digest(q.Bundle), Chosen: true})
	}
}

func outcomeView(r *insights.Report, to traced) OutcomeView {
	o := r.Outcomes
	rows := []struct {
		name, class, figure string
		n                   int
	}{{"Resolved by itself", "c-self", "resolved_by_itself", o.ByItself}, {"Resolved with a person", "c-with", "resolved_with_person", o.WithPerson}, {"With people now", "c-esc", "escalated", o.Escalated},
		{"Closed otherwise", "c-closed", "closed", o.Closed}, {"Not settled yet", "c-open", "open", o.Open}}
	view := OutcomeView{}
	var parts []part
	for _, row := range rows {
		parts = append(parts, part{row.class, row.n})
		view.Rows = append(view.Rows, PartRow{Name: row.name, Class: row.class, Count: thousands(row.n), Share: partOf(row.n, r.Cases), Link: to.to(row.figure)})
	}
	view.Chart = rowChart("chart-outcome", "What became of the cases", fmt.Sprintf("Of %s, %s were resolved by itself, %s with a person, %s are with people, %s closed otherwise, %s not settled yet.", plural(r.Cases, "case"), thousands(o.ByItself), thousands(o.WithPerson), thousands(o.Escalated), thousands(o.Closed), thousands(o.Open)), parts)
	for _, why := range []struct {
		heading, figure, class string
		by                     map[string]int
	}{{"Why people have them", "escalated", "c-esc", o.EscalatedReasons}, {"How others were closed", "closed", "c-closed", o.ClosedReasons}, {"What the open ones wait for", "open", "c-open", o.OpenReasons}} {
		if len(why.by) > 0 {
			view.Why = append(view.Why, reasonsView(why.heading, why.figure, why.class, why.by, to))
		}
	}
	return view
}

// reasonsView lists reasons, the most frequent first.
func reasonsView(heading, figure, class string, by map[string]int, to traced) ReasonsView {
	view := ReasonsView{Heading: heading}
	all := 0
	var parts []part
	for _, n := range by {
		all += n
	}
	for i, reason := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) }) {
		shade := class + " shade-" + strconv.Itoa(min(i, 3))
		parts = append(parts, part{shade, by[reason]})
		view.Rows = append(view.Rows, PartRow{Name: reasonName(reason), Class: shade, Count: thousands(by[reason]), Share: partOf(by[reason], all), Link: to.to(figure, "reason", reason), Code: reasonName(reason) == reason})
	}
	view.Chart = rowChart("chart-why-"+figure, heading, fmt.Sprintf("%s, most of them by %s.", plural(all, "case"), view.Rows[0].Name), parts)
	return view
}

func timeView(t insights.Spread, to traced) TimeView {
	view := TimeView{Reason: t.Reason}
	if t.Median == nil {
		return view
	}
	link := to.to("resolved")
	view.Figures = []FigureView{{Name: "Median", Value: millis(*t.Median), Note: "of " + plural(t.Count, "case"), Link: link}, {Name: "9 of 10 within", Value: maybeMillis(t.P90), Note: "90th percentile", Link: link},
		{Name: "Spread", Value: maybeMillis(t.IQR), Note: "from a quarter to three quarters", Link: link}, {Name: "Longest", Value: maybeMillis(t.Max), Note: "shortest " + maybeMillis(t.Min), Link: link}}
	var bounds []time.Duration
	var columns []column
	from := ""
	for _, b := range t.Buckets {
		says := "more than " + from
		if b.UpTo != nil {
			d := time.Duration(*b.UpTo) * time.Millisecond
			bounds = append(bounds, d)
			if says = "up to " + whole(d); from != "" {
				says = from + " to " + whole(d)
			}
			from = whole(d)
		}
		columns = append(columns, column{parts: []part{{"c-self", b.Count}}})
		view.Rows = append(view.Rows, PartRow{Name: says, Count: thousands(b.Count), Share: partOf(b.Count, t.Count)})
	}
	view.Chart = columnChart("chart-time", "Time from opening to resolution", fmt.Sprintf("Cases by how long they took at most; the median is %s, nine of ten took at most %s.", millis(*t.Median), maybeMillis(t.P90)), columns)
	view.Chart.Labels = nil // bounds stand between columns
	for i, d := range bounds {
		view.Chart.Labels = append(view.Chart.Labels, ChartLabel{figure(100 * float64(i+1) / float64(len(columns))), whole(d), i%2 == 1})
	}
	view.Chart.rule(100*placeIn(bounds, time.Duration(*t.Median)*time.Millisecond), 0, "median "+millis(*t.Median))
	if t.P90 != nil {
		view.Chart.rule(100*placeIn(bounds, time.Duration(*t.P90)*time.Millisecond), 1, "p90 "+millis(*t.P90))
	}
	return view
}

func saidFigures(r *insights.Report, to traced) []FigureView {
	csat := FigureView{Name: "Satisfied customers", Reason: r.CSAT.Reason, Note: fmt.Sprintf("%s of %s said 4 or 5 of 5", thousands(r.CSAT.Satisfied), plural(r.CSAT.Responses, "customer")), Link: to.to("feedback")}
	if r.CSAT.Value != nil {
		csat.Value = percent(*r.CSAT.Value)
	}
	if r.CSAT.Mean != nil {
		csat.Note += fmt.Sprintf(", %.1f on average", *r.CSAT.Mean)
	}
	churn := FigureView{Name: "Customers who left", Reason: r.Churn.Reason, Note: "whether or not they had cases", Link: to.to("churned")}
	if r.Churn.Customers != nil {
		churn.Value = thousands(*r.Churn.Customers)
	}
	return []FigureView{csat, churn, shareView("Left, of customers with cases", r.Churn.WithCases, "customers with cases", to.to("churned"))}
}
