package pages

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"resolute/agent/insights"
)

func hoursFigure(h insights.Hours, to traced) FigureView {
	f := FigureView{Name: "Hours given back", Reason: h.Reason, Note: "by " + plural(h.Cases, "case"), Link: to.to("resolved_by_itself")}
	if h.Hours != nil {
		f.Value = fmt.Sprintf("%.1f h", *h.Hours)
	}
	if h.Without > 0 {
		f.Note += "; for " + thousands(h.Without) + " more nothing is known"
	}
	return f
}

func hoursView(h insights.Hours, to traced) HoursView {
	view := HoursView{Figure: hoursFigure(h, to), Assumption: h.Assumption}
	for _, e := range h.Procedures {
		row := EachRow{Procedure: e.Procedure, Cases: FigureView{Value: thousands(e.Cases), Link: to.to("resolved_by_itself", "procedure", e.Procedure)}, Each: maybeMillis(e.EachMS), Basis: basisSays(e.Basis)}
		if e.Measured > 0 {
			row.Measured, row.MeasuredCases = thousands(e.Measured), to.to("handled", "procedure", e.Procedure)
		}
		view.Rows = append(view.Rows, row)
	}
	return view
}

func basisSays(b insights.Basis) string {
	switch b {
	case insights.BySetting:
		return "set by an admin"
	case insights.ByMeasurement:
		return "measured, the median"
	case insights.ByAll:
		return "measured, the median of all procedures"
	case insights.ByAssumption:
		return "assumed for all"
	}
	return "nothing is known"
}

// assumptionForm shows what is assumed, with a field for each procedure that counts or is set.
func assumptionForm(s insights.Settings, r *insights.Report, back string) *AssumptionForm {
	f := &AssumptionForm{LeastMeasured: strconv.Itoa(s.LeastMeasured), Back: back}
	if s.Minutes != nil {
		f.Minutes = minutes(*s.Minutes)
	}
	names := slices.Collect(maps.Keys(s.Procedures))
	for _, e := range r.Hours.Procedures {
		names = append(names, e.Procedure)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		field := Pair{Name: name}
		if n, ok := s.Procedures[name]; ok {
			field.Text = minutes(n)
		}
		if name != "" {
			f.Procedures = append(f.Procedures, field)
		}
	}
	return f
}

func minutes(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// shareView is a share with what it is of.
func shareView(name string, s insights.Share, of, link string) FigureView {
	f := FigureView{Name: name, Reason: s.Reason, Note: fmt.Sprintf("%s of %s %s", thousands(s.Part), thousands(s.Whole), of), Link: link}
	if s.Value != nil {
		f.Value = percent(*s.Value)
	}
	return f
}

// percent writes a share with one decimal; what is almost all, or almost nothing, isn't written as that.
func percent(share float64) string {
	n := 100 * share
	switch {
	case n < 100 && n >= 99.95:
		return "> 99.9 %"
	case n > 0 && n < 0.05:
		return "< 0.1 %"
	}
	return strconv.FormatFloat(float64(int64(n*10+0.5))/10, 'f', -1, 64) + " %"
}

// partOf is a share of a whole, "" of nothing.
func partOf(n, all int) string {
	if all == 0 {
		return ""
	}
	return percent(float64(n) / float64(all))
}

func millis(ms int64) string { return took(time.Duration(ms) * time.Millisecond) }

func maybeMillis(ms *int64) string {
	if ms == nil {
		return ""
	}
	return millis(*ms)
}

// whole writes a bound in its largest unit.
func whole(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d > 24*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d == 24*time.Hour:
		return "1 day"
	}
	return span(d)
}

func days(ms int64) string { return whole(time.Duration(ms) * time.Millisecond) }

// period says from when until when, in the company's days.
func period(from, to time.Time, zone *time.Location) string {
	say := func(t time.Time) string {
		if t = t.In(zone); t.Hour()+t.Minute()+t.Second() == 0 {
			return t.Format(time.DateOnly)
		}
		return t.Format("2006-01-02 15:04")
	}
	return "from " + say(from) + " until " + say(to) + ", " + zone.String()
}
