package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/model/sureness"
	"resolute/agent/people"
)

// figured answers what a report may hold, and keeps what it was asked.
type figured struct {
	w        *world
	nothing  bool
	asked    []insights.Query
	traced   []insights.Traced
	settings insights.Settings
}

func (f *figured) Report(_ context.Context, q insights.Query) (*insights.Report, error) {
	f.asked = append(f.asked, q)
	r := &insights.Report{From: q.From, To: q.To, TimeZone: "UTC"}
	if q.Procedure != "" {
		r.Procedure = &q.Procedure
	}
	if f.nothing {
		r.ByItself.Reason, r.TimeToResolution.Reason, r.Hours.Reason = "nothing is settled", "nothing was resolved", "no times are known"
		r.CSAT.Reason, r.Churn.Reason, r.Churn.WithCases.Reason = "no source delivers feedback.received", "no source delivers customer.churned", "no source delivers this"
		r.FollowUps.Reason, r.Reopened.Reason = "nobody's week is over", "nothing ended"
		return r, nil
	}
	ms, half, hours, mean, left, sum := int64(90_000), 0.5, 3.25, 4.5, 2, int64(123_456)
	at, currency := noon.Add(-48*time.Hour), "EUR"
	share := insights.Share{Part: 5, Whole: 10, Value: &half}
	spread := insights.Spread{Count: 6, Median: &ms, P90: &ms, P25: &ms, P75: &ms, IQR: &ms, Min: &ms, Max: &ms, Buckets: []insights.Bucket{{UpTo: &ms, Count: 6}, {}}}
	r.Figures = insights.Figures{Cases: 12, ByItself: share, TimeToResolution: spread, Reopened: share, FollowUps: insights.FollowUps{WithinMS: 7 * 86_400_000, Share: share, SoFar: 3},
		Outcomes: insights.Outcomes{Resolved: 7, ByItself: 5, WithPerson: 2, Escalated: 3, Closed: 1, Open: 1, EscalatedReasons: map[string]int{"policy.deny": 2, "no.procedure": 1}, ClosedReasons: map[string]int{"merged": 1}, OpenReasons: map[string]int{"working": 1}}}
	r.Procedures = []insights.OfProcedure{{Procedure: "duplicate-charge"}}
	r.Bundles = []insights.OfBundle{{Version: "sha256:aaaa", AppliedAt: &at, ActivatedAt: []time.Time{at}, Figures: r.Figures}, {Version: "sha256:bbbb", Figures: r.Figures}, {Version: "sha256:cccc"}}
	r.Effects = []insights.Effect{{Procedure: "duplicate-charge", Tool: "billing.refund_payment", Currency: &currency, Count: 4, Sum: &sum}, {Tool: "crm.note", Count: 1, Reason: "nothing has an amount"}}
	r.Timeline = insights.Timeline{By: insights.Day, Items: []insights.Span{{From: at, To: noon, Opened: 12, Escalated: 3, Writes: insights.Writes{ByItself: 4, Approved: 2, ByPerson: 1}, Learned: insights.Learned{Corrections: 2, Raised: 1}}}}
	r.Learned = []insights.Lesson{{At: at, What: "correction.taught", Subject: "cor-1"}, {At: at, What: "bundle.activated", Subject: "sha256:aaaa"}, {At: at, What: "authority.raised", Subject: "p t"}}
	r.Authority = []insights.Authority{{At: at, Procedure: "p", Tool: "t", Band: "b", From: "propose", To: "act", What: "raised", Case: "c"}}
	r.Hours = insights.Hours{Hours: &hours, MS: &ms, Cases: 5, Without: 1, Assumption: "each would have kept a person", Procedures: []insights.Each{{Procedure: "duplicate-charge", Cases: 5, EachMS: &ms, Basis: insights.ByMeasurement, Measured: 6}, {Procedure: "q", Basis: insights.ByNothing}}}
	r.CSAT = insights.CSAT{Responses: 4, Satisfied: 2, Value: &half, Mean: &mean}
	r.Churn = insights.Churn{Customers: &left, WithCases: share}
	r.Behind = 7
	return r, nil
}

func (f *figured) Trace(_ context.Context, t insights.Traced, cursor string, limit int) (list []insights.Behind, next string, err error) {
	if t.Figure == "nonsense" {
		return nil, "", fmt.Errorf("%w: no figure is called %q", insights.ErrQuery, t.Figure)
	}
	f.traced = append(f.traced, t)
	ms := int64(90_000)
	for _, s := range f.w.stories {
		list = append(list, insights.Behind{Case: s.id, At: noon.Add(-time.Hour), Value: &ms})
	}
	return list, "abc", nil
}

func (f *figured) Settings(context.Context) (insights.Settings, error) { return f.settings, nil }

func (f *figured) Put(ctx context.Context, s insights.Settings, said journal.Record) (insights.Settings, error) {
	if err := s.Check(); err != nil {
		return s, err
	}
	f.settings = s
	return s, f.w.company.records.Put(ctx, said)
}

// insightPages are the pages of figures with all that they show.
func insightPages(t *testing.T, v viewer) map[string]any {
	t.Helper()
	q := insights.Query{From: noon.Add(-96 * time.Hour), To: noon, Procedure: "duplicate-charge", Bundle: "sha256:dddd"}
	r, err := (&figured{}).Report(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	p := insightsView(r, q, time.UTC, v)
	p.choices(r, q, []string{"damaged-item"}, noon)
	minutes := 15.0
	p.Hours.Form = assumptionForm(insights.Settings{Minutes: &minutes, Procedures: map[string]float64{"x": 2.5}}, r, "/insights")
	p.MoreLearnt = 3
	p.Models = sureRows([]sureness.Model{{Model: "small", Reliability: sureness.Reliable([]sureness.Outcome{{Value: 0.9, Right: true}, {Value: 0.8}})}})
	chip := chip(casefile.Resolved)
	return map[string]any{"insights": p, "trace": tracePage{Heading: "h", Period: "p", Back: "/insights", Value: "v", Narrowed: []Pair{{Name: "n", Text: "t"}}, Next: "/insights/cases?cursor=x",
		Rows: []TraceRow{{Link: "/cases/x", Short: "x", Title: "t", Status: &chip, At: moment(noon, noon), Value: "v"}, {Link: "/cases/y"}}}}
}

func insightSite(t *testing.T, f *figured, role people.Role) func(method, path, form string) (int, string) {
	t.Helper()
	if f.w == nil {
		f.w = newWorld(busy(), denied())
	}
	d := f.w.deps(t)
	d.Insights = f
	h := New(d, Options{Now: func() time.Time { return noon }, House: house})
	return func(method, path, form string) (int, string) {
		f.w.role = role
		r := httptest.NewRequest(method, path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "token"})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
}

func TestInsightsSayTheirNumbersAndLeadToTheirCases(t *testing.T) {
	f := &figured{}
	do := insightSite(t, f, people.Viewer)
	code, html := do("GET", "/insights?from=2026-03-01&to=2026-03-05&procedure=duplicate-charge", "")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, html)
	}
	for _, want := range []string{"50 %", "5 of 10 settled", "1 min", "policy.deny", "1,234.56 EUR", "2 corrections, 1 promotion", "3.2 h", "4.5 on average", "&#43;0.0 points", "7 entries of the journal", `role="img"`, "measured, the median", `figure=escalated&amp;`, `reason=policy.deny`, `tool=billing.refund_payment`, `href="/insights.csv?`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page should say %q", want)
		}
	}
	q := f.asked[0]
	if q.From.Format(time.DateOnly) != "2026-03-01" || !q.To.Equal(time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)) || q.Procedure != "duplicate-charge" {
		t.Errorf("from 1 to 5 March asks for %v until %v of %q, want all of the fifth", q.From, q.To, q.Procedure)
	}
	if strings.Contains(html, `action="/insights/settings"`) {
		t.Error("a viewer is offered to change the assumption")
	}
	code, html = do("GET", "/insights/cases?figure=escalated&reason=policy.deny&from=2026-03-01T00:00:00Z&to=2026-03-06T00:00:00Z", "")
	if code != http.StatusOK || !strings.Contains(html, "With people now") || !strings.Contains(html, "/cases/"+f.w.stories[0].id) || !strings.Contains(html, "cursor=abc") {
		t.Errorf("the cases behind a number: %d %s", code, html)
	}
	if got := f.traced[0]; got.Reason != "policy.deny" || got.Figure != "escalated" || !got.From.Equal(q.From) || !got.To.Equal(q.To) {
		t.Errorf("the cases asked for are %+v", got)
	}
	for _, path := range []string{"/insights?from=yesterday", "/insights/cases?figure=nonsense"} {
		if code, _ := do("GET", path, ""); code != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", path, code)
		}
	}
	if code, table := do("GET", "/insights.csv", ""); code != http.StatusOK || !strings.HasPrefix(table, "figure,dimension,value,unit\n") {
		t.Errorf("the CSV: %d %.80s", code, table)
	}
}

// A number that can't be known isn't 0: its place says why.
func TestInsightsOfNothingSayWhy(t *testing.T) {
	code, html := insightSite(t, &figured{nothing: true}, people.Viewer)("GET", "/insights", "")
	for _, want := range []string{"nothing is settled", "nothing was resolved", "no times are known", "no source delivers feedback.received", "no source delivers customer.churned", "nobody&#39;s week is over", "Nothing was written", "Nothing was learned"} {
		if code != http.StatusOK || !strings.Contains(html, want) {
			t.Errorf("%d: the page should say %q", code, want)
		}
	}
}

func TestAnAdminStatesTheAssumption(t *testing.T) {
	f := &figured{}
	do := insightSite(t, f, people.Admin)
	if _, html := do("GET", "/insights", ""); !strings.Contains(html, `name="procedure.duplicate-charge"`) {
		t.Fatal("an admin should find a field for each procedure")
	}
	form := url.Values{"minutes": {"15"}, "procedure.duplicate-charge": {"2.5"}, "procedure.q": {""}, "least_measured": {"3"}, "back": {"https://evil.example/"}}
	if code, html := do("POST", "/insights/settings", form.Encode()); code != http.StatusSeeOther {
		t.Fatalf("%d: %s", code, html)
	}
	if s := f.settings; s.Minutes == nil || *s.Minutes != 15 || s.Procedures["duplicate-charge"] != 2.5 || len(s.Procedures) != 1 || s.LeastMeasured != 3 {
		t.Errorf("it should assume 15 minutes, 2.5 of duplicate charges, from 3 times on, not %+v", s)
	}
	deeds, _, err := f.w.deps(t).Deeds.Latest(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour), "", 10)
	if err != nil || !slices.ContainsFunc(deeds, func(d people.Event) bool { return d.Action == "insights.settings" }) {
		t.Errorf("the audit should have it: %v, %v", deeds, err)
	}
	for _, bad := range []string{"minutes=ten", "minutes=-1", "least_measured=1.5"} {
		if code, _ := do("POST", "/insights/settings", bad); code != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", bad, code)
		}
	}
	if *f.settings.Minutes != 15 {
		t.Error("what can't be was assumed")
	}
}

// Columns stand on the ground, one part on the other, and none is higher than the highest line.
func TestColumns(t *testing.T) {
	c := columnChart("id", "t", "d", []column{{label: "a", parts: []part{{"x", 3}, {"y", 4}}}, {label: "b", mark: "m"}, {label: "c", parts: []part{{"x", 7}}}})
	want := []ChartBar{{"4.67", "24", "118", "42", "x"}, {"4.67", "24", "62", "56", "y"}, {"71.33", "24", "62", "98", "x"}}
	if fmt.Sprint(c.Bars) != fmt.Sprint(want) {
		t.Errorf("the bars are %v, want %v", c.Bars, want)
	}
	if c.Grid[0] != (ChartLine{"20", "24", "10"}) || c.Grid[1] != (ChartLine{"90", "94", "5"}) || len(c.Marks) != 1 || c.Marks[0].X != "50" {
		t.Errorf("lines %v, marks %v", c.Grid, c.Marks)
	}
	if many := columnChart("", "", "", make([]column, 365)); len(many.Labels) > mostLabels {
		t.Errorf("%d labels for 365 columns, want at most %d", len(many.Labels), mostLabels)
	}
	if none := columnChart("", "", "", nil); len(none.Bars)+len(none.Labels) != 0 {
		t.Errorf("a chart of nothing has %v", none)
	}
}

func TestPlaceAmongBuckets(t *testing.T) {
	bounds := []time.Duration{time.Second, 10 * time.Second, time.Minute}
	for d, want := range map[time.Duration]float64{0: 0, time.Second: 0.25, 10 * time.Second: 0.5, time.Minute: 0.75, 10 * time.Minute: 1, 1000 * time.Hour: 1} {
		if got := placeIn(bounds, d); got != want {
			t.Errorf("%v stands at %v, want %v", d, got, want)
		}
	}
	if a, b := placeIn(bounds, 2*time.Second), placeIn(bounds, 5*time.Second); !(0.25 < a && a < b && b < 0.5) {
		t.Errorf("2 s and 5 s stand at %v and %v, want both within the second quarter", a, b)
	}
}

func TestPercentIsNeverRoundedToAllOrNothing(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 0.0001: "< 0.1 %", 0.5: "50 %", 0.333: "33.3 %", 0.9999: "> 99.9 %", 1: "100 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v is %q, want %q", share, got, want)
		}
	}
}

// However long the period, the page stays small, and nothing of it is lost.
func TestALongPeriodStaysSmall(t *testing.T) {
	r, err := (&figured{}).Report(t.Context(), insights.Query{From: noon.AddDate(-10, 0, 0), To: noon, Procedure: "duplicate-charge"})
	if err != nil {
		t.Fatal(err)
	}
	version := strings.Repeat("a", 64)
	r.Bundle, r.Timeline = &version, insights.Timeline{By: insights.Week}
	for i := range 520 {
		from := r.From.AddDate(0, 0, 7*i)
		r.Timeline.Items = append(r.Timeline.Items, insights.Span{From: from, To: from.AddDate(0, 0, 7), Opened: 10, Escalated: 1 + i%3, Writes: insights.Writes{ByItself: 3, Approved: 2, ByPerson: 1}, Learned: insights.Learned{Corrections: 1, Bundles: 1, Triage: 1, Suggestions: 1, Raised: 1, Lowered: 1}})
	}
	p := insightsView(r, insights.Query{}, time.UTC, viewer{now: noon})
	if n := len(p.Course.Rows); n > mostColumns || p.Course.By != "9 weeks" || p.Course.Rows[0].Opened.Value != "70" || p.Course.Rows[1].Opened.Value != "90" {
		t.Errorf("%d rows by %s, the last with %s, the one before with %s", n, p.Course.By, p.Course.Rows[0].Opened.Value, p.Course.Rows[1].Opened.Value)
	}
	if html := renderPage(t, "insights", withShell(p, signedIn)); len(html) > 100<<10 {
		t.Errorf("the page has %d bytes, want at most 100 KB", len(html))
	} else {
		t.Logf("%d bytes", len(html))
	}
}
