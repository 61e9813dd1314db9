package pages

import (
	"fmt"
	"math"
	"time"
)

// Moment is a point in time as a page shows it: how far away it is, with the exact time at hand.
// The zero Moment shows nothing.
type Moment struct {
	Machine string // RFC 3339
	Exact   string // for people, UTC
	Rel     string // "28 min ago", "in 3 h"
}

func moment(t, now time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	t = t.UTC()
	return Moment{Machine: t.Format(time.RFC3339), Exact: t.Format("2006-01-02 15:04:05 UTC"), Rel: relative(t.Sub(now))}
}

// relative says how far away d is; what is less than two seconds away is now.
func relative(d time.Duration) string {
	switch {
	case d.Abs() < 2*time.Second:
		return "just now"
	case d < 0:
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

// span says how long d is, in the one or two largest units that matter. times.js does the same.
func span(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 24*3600 && s%3600/60 == 0:
		return fmt.Sprintf("%d h", s/3600)
	case s < 24*3600:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	case s < 48*3600:
		return "1 day"
	}
	return fmt.Sprintf("%d days", s/(24*3600))
}

// took says how long something took, with three figures.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "< 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return span(d)
}

// since says when something was, counted from the start of its case.
func since(d time.Duration) string {
	s := d.Seconds()
	switch {
	case s < 0:
		return "before"
	case s < 100:
		return fmt.Sprintf("+%.*f", 3-int(math.Log10(max(s, 1))), s)
	}
	return "+" + span(d)
}

// clock is how a time of the day is shown where the day is clear.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }
