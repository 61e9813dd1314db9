package insights

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteCSV writes a report as one table: figure, dimension, value, unit. A dimension is what the figure is
// of, as in procedure=damaged-item reason=policy.deny; a value that can't be known is empty.
func WriteCSV(w io.Writer, r *Report) error {
	t := &csvTable{w: csv.NewWriter(w)}
	t.row("figure", "dimension", "value", "unit")
	t.put("from", "", r.From.Format(time.RFC3339Nano), "time")
	t.put("to", "", r.To.Format(time.RFC3339Nano), "time")
	t.put("as_of", "", r.AsOf.Format(time.RFC3339Nano), "time")
	t.put("behind", "", strconv.FormatUint(r.Behind, 10), "entries")
	t.figures("", &r.Figures)
	for i := range r.Procedures {
		t.figures("procedure="+r.Procedures[i].Procedure, &r.Procedures[i].Figures)
	}
	for i := range r.Bundles {
		b := &r.Bundles[i]
		t.figures("bundle="+b.Version, &b.Figures)
		for _, at := range b.ActivatedAt {
			t.put("activated", "bundle="+b.Version, at.Format(time.RFC3339Nano), "time")
		}
	}
	for _, e := range r.Effects {
		of := dimension("procedure="+e.Procedure, "tool="+e.Tool, named("currency", textOf(e.Currency)))
		t.count("effects", of, e.Count, "writes")
		if e.Currency != nil {
			t.whole("effects_sum", of, e.Sum, "minor units")
		}
	}
	for i := range r.Timeline.Items {
		t.span(r.Timeline.By, &r.Timeline.Items[i])
	}
	for _, a := range r.Authority {
		t.put("authority", dimension("at="+a.At.Format(time.RFC3339Nano), "procedure="+a.Procedure, "tool="+a.Tool, named("band", a.Band), "from="+string(a.From), "what="+a.What), string(a.To), "level")
	}
	t.hours(&r.Hours)
	t.count("csat_responses", "", r.CSAT.Responses, "answers")
	t.real("csat", "", r.CSAT.Value, "share")
	t.real("csat_mean", "", r.CSAT.Mean, "score")
	t.number("churned", "", r.Churn.Customers, "customers")
	t.share("churned_of_customers_with_cases", "", &r.Churn.WithCases)
	t.w.Flush()
	if t.err == nil {
		t.err = t.w.Error()
	}
	return t.err
}

// csvTable is a table that is being written. It keeps the first error.
type csvTable struct {
	w   *csv.Writer
	err error
}

func (t *csvTable) row(cells ...string) {
	if t.err == nil {
		t.err = t.w.Write(cells)
	}
}

// put writes a row. Texts are made harmless; values are numbers, times and levels of our own.
func (t *csvTable) put(figure, of, value, unit string) { t.row(figure, harmless(of), value, unit) }

func (t *csvTable) count(figure, of string, n int, unit string) {
	t.put(figure, of, strconv.Itoa(n), unit)
}

func (t *csvTable) number(figure, of string, n *int, unit string) {
	if n == nil {
		t.put(figure, of, "", unit)
		return
	}
	t.count(figure, of, *n, unit)
}

func (t *csvTable) whole(figure, of string, n *int64, unit string) {
	value := ""
	if n != nil {
		value = strconv.FormatInt(*n, 10)
	}
	t.put(figure, of, value, unit)
}

func (t *csvTable) real(figure, of string, x *float64, unit string) {
	value := ""
	if x != nil {
		value = strconv.FormatFloat(*x, 'g', -1, 64)
	}
	t.put(figure, of, value, unit)
}

func (t *csvTable) share(figure, of string, s *Share) {
	t.count(figure, of, s.Part, "cases")
	t.count(figure+"_of", of, s.Whole, "cases")
	t.real(figure+"_share", of, s.Value, "share")
}

func (t *csvTable) reasons(figure, of string, m map[string]int, unit string) {
	for _, reason := range slices.Sorted(maps.Keys(m)) {
		t.count(figure, dimension(of, "reason="+reason), m[reason], unit)
	}
}

func (t *csvTable) figures(of string, f *Figures) {
	o := &f.Outcomes
	for _, c := range []struct {
		name string
		n    int
		by   map[string]int
	}{{"cases", f.Cases, nil}, {"resolved", o.Resolved, nil}, {"resolved_by_itself", o.ByItself, nil}, {"resolved_with_person", o.WithPerson, nil},
		{"escalated", o.Escalated, o.EscalatedReasons}, {"closed", o.Closed, o.ClosedReasons}, {"open", o.Open, o.OpenReasons}} {
		t.count(c.name, of, c.n, "cases")
		t.reasons(c.name, of, c.by, "cases")
	}
	t.real("resolved_by_itself_share", of, f.ByItself.Value, "share")
	s := &f.TimeToResolution
	for _, v := range []struct {
		name string
		n    *int64
	}{{"min", s.Min}, {"p25", s.P25}, {"median", s.Median}, {"p75", s.P75}, {"p90", s.P90}, {"max", s.Max}, {"iqr", s.IQR}} {
		t.whole("time_to_resolution_"+v.name, of, v.n, "ms")
	}
	for _, b := range s.Buckets {
		upTo := "longer"
		if b.UpTo != nil {
			upTo = strconv.FormatInt(*b.UpTo, 10)
		}
		t.count("time_to_resolution", dimension(of, "up_to_ms="+upTo), b.Count, "cases")
	}
	t.share("reopened", of, &f.Reopened)
	t.share("followed_up", of, &f.FollowUps.Share)
	t.count("followed_up_so_far", of, f.FollowUps.SoFar, "cases")
}

func (t *csvTable) span(by Piece, s *Span) {
	of := string(by) + "=" + s.From.Format(time.RFC3339Nano)
	t.count("timeline_opened", of, s.Opened, "cases")
	t.count("timeline_escalated", of, s.Escalated, "handovers")
	t.reasons("timeline_escalated", of, s.Reasons, "handovers")
	for _, c := range []struct {
		name string
		n    int
	}{{"writes_by_itself", s.Writes.ByItself}, {"writes_approved", s.Writes.Approved}, {"writes_by_person", s.Writes.ByPerson},
		{"corrections_taught", s.Learned.Corrections}, {"triage_activated", s.Learned.Triage}, {"bundles_activated", s.Learned.Bundles},
		{"suggestions_accepted", s.Learned.Suggestions}, {"authority_raised", s.Learned.Raised}, {"authority_lowered", s.Learned.Lowered}} {
		t.count("timeline_"+c.name, of, c.n, "times")
	}
}

func (t *csvTable) hours(h *Hours) {
	t.whole("hours_given_back", "", h.MS, "ms")
	t.count("hours_given_back_cases", "", h.Cases, "cases")
	t.count("hours_given_back_cases_without", "", h.Without, "cases")
	for _, e := range h.Procedures {
		of := dimension("procedure="+e.Procedure, "basis="+string(e.Basis))
		t.whole("handling_time", of, e.EachMS, "ms")
		t.count("handling_measured", of, e.Measured, "times")
	}
}

func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + "=" + value
}

func dimension(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}

// harmless keeps a spreadsheet from taking a text for a formula, and from breaking lines.
func harmless(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		s = "'" + s
	}
	return s
}
