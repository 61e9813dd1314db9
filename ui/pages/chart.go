package pages

import (
	"math"
	"strconv"
	"time"
)

// Chart is a picture of numbers. Across, positions are percent, so that text keeps its size at any width;
// down, they are pixels. What it shows stands in a table beside it too.
type Chart struct {
	ID, Title, Desc string
	Bars            []ChartBar
	Grid            []ChartLine
	Labels          []ChartLabel
	Rules           []ChartRule
	Marks           []ChartMark
}

// ChartBar is a part of a column or of a row; Class says what of.
type ChartBar struct{ X, W, Y, H, Class string }

// ChartLine is a line across, with the number that it stands for.
type ChartLine struct{ Y, TextY, Text string }

// ChartLabel names a place on the axis; on a phone the Spare ones are left out.
type ChartLabel struct {
	X, Text string
	Spare   bool
}

// ChartRule is a line down at a value, with its name on one side of it.
type ChartRule struct {
	X, DX, Y, Text, Anchor string
}

// ChartMark is something that happened at a place.
type ChartMark struct{ X, Text string }

// column is what stands at a place of the axis, from the ground up.
type column struct {
	label string
	parts []part
	mark  string // what happened there, "" for nothing
}

// part is a number with its class.
type part struct {
	class string
	n     int
}

// The plot of a chart of columns, in pixels from the top.
const (
	plotTop    = 20.0
	plotGround = 160.0
	mostLabels = 8
)

// columnChart draws numbers as columns side by side.
func columnChart(id, title, desc string, list []column) Chart {
	c := Chart{ID: id, Title: title, Desc: desc}
	top := 0
	for _, col := range list {
		top = max(top, col.total())
	}
	top = roundUp(top)
	y := func(n int) float64 { return plotGround - (plotGround-plotTop)*float64(n)/float64(top) }
	for _, n := range []int{top, top / 2} {
		if n > 0 && (n == top || top%2 == 0) {
			c.Grid = append(c.Grid, ChartLine{figure(y(n)), figure(y(n) + 4), thousands(n)})
		}
	}
	slot := 100 / float64(max(len(list), 1))
	every := (len(list) + mostLabels - 1) / mostLabels
	for i, col := range list {
		x, sum := slot*float64(i), 0
		for _, p := range col.parts {
			if p.n > 0 {
				c.Bars = append(c.Bars, ChartBar{figure(x + slot*0.14), figure(slot * 0.72), figure(y(sum + p.n)), figure(y(sum) - y(sum+p.n)), p.class})
			}
			sum += p.n
		}
		if col.mark != "" {
			c.Marks = append(c.Marks, ChartMark{figure(x + slot/2), col.mark})
		}
		if i%every == 0 {
			c.Labels = append(c.Labels, ChartLabel{figure(x + slot/2), col.label, i/every%2 == 1})
		}
	}
	return c
}

func (c column) total() (n int) {
	for _, p := range c.parts {
		n += p.n
	}
	return n
}

// rowChart draws numbers as parts of one row, as long as all of them.
func rowChart(id, title, desc string, parts []part) Chart {
	c := Chart{ID: id, Title: title, Desc: desc}
	all, x := column{parts: parts}.total(), 0.0
	for _, p := range parts {
		if p.n > 0 {
			w := 100 * float64(p.n) / float64(all)
			c.Bars = append(c.Bars, ChartBar{figure(x), figure(w), "0", "24", p.class})
			x += w
		}
	}
	return c
}

// rule draws a line down at a place, in percent; its name is on the side that has room.
func (c *Chart) rule(x float64, level int, text string) {
	r := ChartRule{X: figure(x), DX: "4", Y: figure(plotTop - 8 + 16*float64(level)), Text: text, Anchor: "start"}
	if x > 60 {
		r.DX, r.Anchor = "-4", "end"
	}
	c.Rules = append(c.Rules, r)
}

// figure writes a position.
func figure(f float64) string { return strconv.FormatFloat(round(f), 'f', -1, 64) }

// roundUp gives the least of 1, 2, 4, 5, 10, 20, 40, ... that n doesn't exceed.
func roundUp(n int) int {
	for unit := 1; unit < math.MaxInt/10; unit *= 10 {
		for _, m := range []int{1, 2, 4, 5} {
			if m*unit >= n {
				return m * unit
			}
		}
	}
	return n
}

// placeIn is where a time stands among buckets with these bounds (the last has none), as a part of all of
// them: each bucket is as wide as any other, and within one time goes by its logarithm.
func placeIn(bounds []time.Duration, d time.Duration) float64 {
	n := float64(len(bounds) + 1)
	from := time.Millisecond
	for i, to := range bounds {
		if d <= to {
			return (float64(i) + logPart(from, to, d)) / n
		}
		from = to
	}
	return (n - 1 + logPart(from, 10*from, min(d, 10*from))) / n
}

func logPart(from, to, d time.Duration) float64 {
	if d <= from {
		return 0
	}
	return math.Log(float64(d)/float64(from)) / math.Log(float64(to)/float64(from))
}
