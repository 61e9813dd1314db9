package pages

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/insights"
)

// mostColumns is how many columns a chart has; of a longer period some pieces stand for one.
const mostColumns = 62

// grouped takes n pieces for one.
func grouped(list []insights.Span, n int) []insights.Span {
	var all []insights.Span
	for group := range slices.Chunk(list, n) {
		sum := group[0]
		for _, s := range group[1:] {
			sum.To = s.To
			sum.Opened += s.Opened
			sum.Escalated += s.Escalated
			sum.Writes.ByItself += s.Writes.ByItself
			sum.Writes.Approved += s.Writes.Approved
			sum.Writes.ByPerson += s.Writes.ByPerson
			sum.Learned.Corrections += s.Learned.Corrections
			sum.Learned.Triage += s.Learned.Triage
			sum.Learned.Bundles += s.Learned.Bundles
			sum.Learned.Suggestions += s.Learned.Suggestions
			sum.Learned.Raised += s.Learned.Raised
			sum.Learned.Lowered += s.Learned.Lowered
		}
		all = append(all, sum)
	}
	return all
}

// courseView is how it went, piece by piece: handovers with what was learned meanwhile, and who let writes
// be done.
func courseView(t insights.Timeline, to traced, zone *time.Location) CourseView {
	view := CourseView{By: string(t.By)}
	if n := (len(t.Items) + mostColumns - 1) / mostColumns; n > 1 {
		t.Items, view.By = grouped(t.Items, n), fmt.Sprintf("%d %ss", n, t.By)
	}
	var escalated, writes []column
	handed, lessons, done := 0, 0, insights.Writes{}
	for _, s := range t.Items {
		label := s.From.In(zone).Format("2 Jan")
		learned := learnedSays(s.Learned)
		escalated = append(escalated, column{label, []part{{"c-esc", s.Escalated}}, learned})
		writes = append(writes, column{label: label, parts: []part{{"c-self", s.Writes.ByItself}, {"c-with", s.Writes.Approved}, {"c-closed", s.Writes.ByPerson}}})
		handed += s.Escalated
		if learned != "" {
			lessons++
		}
		done.ByItself, done.Approved, done.ByPerson = done.ByItself+s.Writes.ByItself, done.Approved+s.Writes.Approved, done.ByPerson+s.Writes.ByPerson
		from, until := s.From.Format(time.RFC3339Nano), s.To.Format(time.RFC3339Nano)
		view.Rows = append(view.Rows, CourseRow{When: s.From.In(zone).Format(time.DateOnly), Learned: learned,
			Opened:    FigureView{Value: thousands(s.Opened), Link: to.to("cases", "from", from, "to", until)},
			Escalated: FigureView{Value: thousands(s.Escalated), Link: to.to("escalations", "from", from, "to", until)},
			ByItself:  thousands(s.Writes.ByItself), Approved: thousands(s.Writes.Approved), ByPerson: thousands(s.Writes.ByPerson)})
	}
	view.Escalated = columnChart("chart-escalated", "Handed over to people, by "+view.By, fmt.Sprintf("%s in the period; in %d of %d pieces something was learned.", plural(handed, "handover"), lessons, len(t.Items)), escalated)
	view.Writes = columnChart("chart-writes", "Who let writes be done, by "+view.By, fmt.Sprintf("%s by the agent itself, %s approved by a person, %s done by a person in its place.", thousands(done.ByItself), thousands(done.Approved), thousands(done.ByPerson)), writes)
	slices.Reverse(view.Rows)
	return view
}

// learnedSays is what was learned in a piece, "" for nothing.
func learnedSays(l insights.Learned) string {
	var say []string
	for _, n := range []struct {
		n    int
		word string
	}{{l.Corrections, "correction"}, {l.Bundles, "bundle"}, {l.Triage, "triage version"}, {l.Suggestions, "suggestion"}, {l.Raised, "promotion"}, {l.Lowered, "demotion"}} {
		if n.n > 0 {
			say = append(say, plural(n.n, n.word))
		}
	}
	return strings.Join(say, ", ")
}

func lessonRow(l insights.Lesson, now time.Time) LessonRow {
	row := LessonRow{At: moment(l.At, now), What: l.What, Subject: shorten(l.Subject, 60)}
	switch kind, _, _ := strings.Cut(l.What, "."); kind {
	case "bundle":
		row.Subject, row.Link = digest(l.Subject), "/bundles/"+url.PathEscape(l.Subject)
	case "correction":
		row.Link = "/corrections"
	case "authority":
		row.Link = "/authority"
	}
	return row
}

// versionFigures compares versions, in the order in which they came.
func versionFigures(list []insights.OfBundle, to traced, now time.Time) []VersionFigures {
	var views []VersionFigures
	var before *float64
	for _, b := range list {
		v := VersionFigures{Short: digest(b.Version), Link: "/bundles/" + url.PathEscape(b.Version), Cases: FigureView{Value: thousands(b.Cases), Link: to.to("cases", "bundle", b.Version)},
			Median: maybeMillis(b.TimeToResolution.Median), P90: maybeMillis(b.TimeToResolution.P90), Share: "nothing settled", Reopened: "none ended"}
		if b.AppliedAt != nil {
			v.Applied = moment(*b.AppliedAt, now)
		}
		for _, at := range b.ActivatedAt {
			v.Active = append(v.Active, moment(at, now))
		}
		if s := b.ByItself.Value; s != nil {
			v.Share, v.ShareWidth = fmt.Sprintf("%s, %s of %s", percent(*s), thousands(b.ByItself.Part), thousands(b.ByItself.Whole)), figure(100**s)
			if before != nil {
				v.Change = fmt.Sprintf("%+.1f points", 100*(*s-*before))
			}
			before = s
		}
		if s := b.Reopened.Value; s != nil {
			v.Reopened = fmt.Sprintf("%s, %s of %s", percent(*s), thousands(b.Reopened.Part), thousands(b.Reopened.Whole))
		}
		views = append(views, v)
	}
	return views
}

// effectRows are writes in money; bars compare what has the same currency.
func effectRows(list []insights.Effect, to traced) []EffectRow {
	most := map[string]int64{}
	for _, e := range list {
		if e.Sum != nil && e.Currency != nil {
			most[*e.Currency] = max(most[*e.Currency], *e.Sum)
		}
	}
	var rows []EffectRow
	for _, e := range list {
		row := EffectRow{Procedure: e.Procedure, Tool: e.Tool, Count: thousands(e.Count), Reason: e.Reason}
		more := []string{"tool", e.Tool, "procedure", e.Procedure}
		if e.Currency != nil && *e.Currency != "" {
			more = append(more, "currency", *e.Currency)
		}
		row.Link = to.to("effects", more...)
		if e.Sum != nil && e.Currency != nil {
			row.Sum = inBudget(*e.Sum, *e.Currency)
			if most[*e.Currency] > 0 {
				row.Width = figure(100 * float64(max(*e.Sum, 0)) / float64(most[*e.Currency]))
			}
		}
		rows = append(rows, row)
	}
	return rows
}
