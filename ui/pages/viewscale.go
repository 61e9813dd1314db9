package pages

import (
	"cmp"
	"slices"
	"time"
)

// scale places moments on an axis from 0 to 100 percent. Time in which nothing was at work, above
// all waits for people, is drawn short: the axis breaks there.
type scale struct {
	knots  []knot
	length time.Duration // of the axis, breaks shortened
}

// knot is a moment with its place on the axis.
type knot struct {
	at     time.Time
	place  time.Duration
	broken bool // the axis breaks between this and the next
}

// interval is a stretch of time in which something was at work.
type interval struct{ from, to time.Time }

// Tick is a mark on the axis.
type Tick struct {
	X      float64
	Label  string
	Anchor string // start, middle or end
}

// breakPart is how long a break is drawn, as a part of the time at work.
const breakPart = 0.12

// newScale lays out an axis over all moments; busy is what keeps its true length.
func newScale(moments []time.Time, busy []interval) scale {
	moments = slices.Clone(moments)
	for _, b := range busy {
		moments = append(moments, b.from, b.to)
	}
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, time.Time.Equal)
	slices.SortFunc(busy, func(a, b interval) int { return a.from.Compare(b.from) })

	active := make([]bool, len(moments)) // whether something is at work from this moment to the next
	var work time.Duration
	next, until := 0, time.Time{}
	for i := 0; i+1 < len(moments); i++ {
		for next < len(busy) && !busy[next].from.After(moments[i]) {
			if busy[next].to.After(until) {
				until = busy[next].to
			}
			next++
		}
		if until.After(moments[i]) {
			active[i] = true
			work += moments[i+1].Sub(moments[i])
		}
	}
	gap := max(time.Duration(float64(work)*breakPart), 20*time.Millisecond)
	s := scale{knots: make([]knot, 0, len(moments))}
	for i, at := range moments {
		k := knot{at: at, place: s.length}
		if i+1 < len(moments) {
			d := moments[i+1].Sub(at)
			if !active[i] && d > 2*gap {
				k.broken, d = true, gap
			}
			s.length += d
		}
		s.knots = append(s.knots, k)
	}
	return s
}

// x is where a moment stands, in percent.
func (s scale) x(t time.Time) float64 {
	if len(s.knots) == 0 || s.length == 0 {
		return 0
	}
	i, exact := slices.BinarySearchFunc(s.knots, t, func(k knot, t time.Time) int { return k.at.Compare(t) })
	switch {
	case exact:
		return s.percent(s.knots[i].place)
	case i == 0:
		return s.percent(0)
	case i == len(s.knots):
		return s.percent(s.length)
	}
	before, after := s.knots[i-1], s.knots[i]
	part := float64(t.Sub(before.at)) / float64(after.at.Sub(before.at))
	return s.percent(before.place + time.Duration(part*float64(after.place-before.place)))
}

// percent leaves room at both ends, so that marks don't stand out of the axis.
func (s scale) percent(d time.Duration) float64 {
	return round(0.4 + 99.2*float64(d)/float64(s.length))
}

func round(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }

// breaks are the middles of where the axis breaks.
func (s scale) breaks() []float64 {
	var list []float64
	for i, k := range s.knots {
		if k.broken {
			list = append(list, round((s.percent(k.place)+s.percent(s.knots[i+1].place))/2))
		}
	}
	return list
}

// ticks marks round times up to the first break, and after each break what time it is then.
func (s scale) ticks() []Tick {
	if len(s.knots) < 2 {
		return nil
	}
	start := s.knots[0].at
	list := []Tick{{X: s.percent(0), Label: "0 s", Anchor: "start"}}
	end := s.knots[len(s.knots)-1].at.Sub(start)
	last := tickLabel(end.Round(100 * time.Millisecond))
	if end < 10*time.Second {
		last = took(end)
	}
	add := func(t time.Time, label string) {
		if x := s.x(t); x-list[len(list)-1].X >= 9 && x <= 89 && label != list[len(list)-1].Label && label != last {
			list = append(list, Tick{X: x, Label: label, Anchor: "middle"})
		}
	}
	linear := s.knots[len(s.knots)-1].at
	if i := slices.IndexFunc(s.knots, func(k knot) bool { return k.broken }); i >= 0 {
		linear = s.knots[i].at
	}
	step := nice(s.length / 7)
	for t := start.Add(step); !t.After(linear); t = t.Add(step) {
		add(t, tickLabel(t.Sub(start)))
	}
	for i, k := range s.knots {
		if k.broken {
			add(s.knots[i+1].at, tickLabel(s.knots[i+1].at.Sub(start)))
		}
	}
	return append(list, Tick{X: 100, Label: last, Anchor: "end"})
}

// nice rounds a step up to 1, 2 or 5 of a unit.
func nice(d time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour} {
		for _, n := range []time.Duration{1, 2, 5} {
			if n*unit >= d {
				return n * unit
			}
		}
	}
	return cmp.Or(d.Round(time.Hour), time.Hour)
}

func tickLabel(d time.Duration) string {
	switch {
	case d < time.Second:
		return took(d)
	case d < time.Minute && d%time.Second == 0:
		return span(d)
	case d < time.Minute:
		return took(d.Round(100 * time.Millisecond))
	}
	return span(d)
}
