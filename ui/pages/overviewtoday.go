package pages

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/listing"
	"resolute/agent/people"
)

// Depths tells how much is open; a journal.Bolt does.
type Depths interface {
	Depth(ctx context.Context) (journal.Depth, error)
}

// TodayView is what became of cases today, beside what is usual.
type TodayView struct {
	Usual   string // what that is
	Figures []TodayFigure
}

// TodayFigure is how often something happened today.
type TodayFigure struct{ Name, Link, Count, Usual string }

// PartView is how a part stands that work depends on.
type PartView struct {
	Name, Link         string
	Icon, Tone, Health string
	Hint               string
	Cases              *Link // that wait because of it
}

// usualWeeks is from how many weeks back the same day of the week says what is usual.
const usualWeeks = 4

// outcomes counts what became of cases since midnight, UTC, and on the same days before until the same time. Of the
// hour that goes on, the days before count for the same part.
func (s *site) outcomes(ctx context.Context) (TodayView, error) {
	now := s.Now().UTC()
	midnight, hour := now.Truncate(24*time.Hour), now.Truncate(time.Hour)
	is, err := s.Listing.Happened(ctx, midnight, hour.Add(time.Hour))
	if err != nil {
		return TodayView{}, err
	}
	days, sums := 0, map[string]float64{}
	for week := 1; week <= usualWeeks; week++ {
		back := func(t time.Time) time.Time { return t.AddDate(0, 0, -7*week) }
		whole, err := s.Listing.Happened(ctx, back(midnight), back(midnight).Add(24*time.Hour))
		if err != nil {
			return TodayView{}, err
		}
		if len(whole) == 0 {
			continue // nobody worked, or it wasn't there yet
		}
		days++
		for _, part := range []struct {
			from, to time.Time
			counts   float64
		}{{midnight, hour, 1}, {hour, hour.Add(time.Hour), now.Sub(hour).Hours()}} {
			was, err := s.Listing.Happened(ctx, back(part.from), back(part.to))
			if err != nil {
				return TodayView{}, err
			}
			for what, n := range was {
				sums[what] += part.counts * float64(n)
			}
		}
	}
	view := TodayView{Usual: fmt.Sprintf("no %s before to compare with", now.Weekday())}
	if days > 0 {
		view.Usual = fmt.Sprintf("usual: a %s until %s UTC, %s", now.Weekday(), now.Format("15:04"), ofDays(days))
	}
	period := url.Values{"figure": {"escalations"}, "from": {midnight.Format(time.RFC3339)}, "to": {midnight.Add(24 * time.Hour).Format(time.RFC3339)}}
	for _, f := range []struct{ what, name, link string }{
		{listing.Opened, "Opened", casesLink(Filter{Age: today}, "")},
		{listing.Resolved, "Resolved, verified", casesLink(Filter{Status: []casefile.Status{casefile.Resolved}, Age: overToday}, "")},
		{listing.Escalated, "Went to a person", "/insights/cases?" + period.Encode()},
		{listing.Closed, "Closed otherwise", casesLink(Filter{Status: []casefile.Status{casefile.Closed}, Age: overToday}, "")},
	} {
		v := TodayFigure{Name: f.name, Link: f.link, Count: thousands(is[f.what])}
		if days > 0 {
			v.Usual = thousands(int(math.Round(sums[f.what] / float64(days))))
		}
		view.Figures = append(view.Figures, v)
	}
	return view, nil
}

func ofDays(n int) string {
	if n == 1 {
		return "of one week before"
	}
	return fmt.Sprintf("mean of %d weeks before", n)
}

// health says how the parts stand that work depends on: plugins, queues, the model.
func (s *site) health(ctx context.Context, counts listing.Counts, who people.Principal) ([]PartView, error) {
	d, err := s.Depths.Depth(ctx)
	if err != nil {
		return nil, err
	}
	people, err := s.peopleWaitedFor(ctx, counts)
	if err != nil {
		return nil, err
	}
	var list []PartView
	for _, st := range s.Tools.States() {
		p := s.pluginView(st, nil, who)
		part := PartView{Name: p.Name, Link: "/tools#pl-" + p.Name, Icon: p.Icon, Tone: p.Tone, Health: p.Health, Hint: p.Hint}
		if p.Drift != nil {
			part.Icon, part.Tone, part.Health, part.Hint = "off", "approval", "changed", "it says another thing than the active version has of it"
		}
		list = append(list, part)
	}
	if n := counts.Stops[string(casefile.StopToolUnavailable)]; n > 0 {
		list = append(list, PartView{Name: "Tools that don't answer", Icon: "waiting", Tone: "waiting", Health: "waited for", Cases: &Link{Name: plural(n, "case"), Link: casesLink(Filter{Stop: string(casefile.StopToolUnavailable)}, "")}})
	}
	return append(list, people,
		PartView{Name: "Work", Link: casesLink(Filter{Status: []casefile.Status{casefile.Working}}, ""), Icon: "ok", Tone: "muted", Health: thousands(d.Runnable) + " ready to go on, " + thousands(d.Held) + " worked on now"},
		PartView{Name: "Outbox", Link: "/outbox", Icon: "ok", Tone: "muted", Health: thousands(d.Queued) + " to be sent"},
		s.modelPart(ctx, counts.Stops[string(casefile.StopModelUnavailable)])), nil
}

// peopleWaitedFor says how much waits in queues for a person, and how much of it for too long.
func (s *site) peopleWaitedFor(ctx context.Context, counts listing.Counts) (PartView, error) {
	part, waits := PartView{Name: "Queues", Link: "/queues", Icon: "ok", Tone: "muted"}, 0
	for _, n := range counts.Queues {
		waits += n
	}
	part.Health = thousands(waits) + " for a person"
	late, err := s.Listing.Overdue(ctx, s.Now())
	if late > 0 {
		part.Icon, part.Tone, part.Health = "escalated", "escalated", part.Health+", "+thousands(late)+" overdue"
	}
	return part, err
}
