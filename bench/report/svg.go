package report

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// Measures of the picture, in pixels.
const (
	width      = 840
	labelWidth = 250
	valueWidth = 210
	barHeight  = 22
	titleSpace = 40
	plotHeight = 220
)

const style = `<style>
svg { --ink: #1c2430; --soft: #6b7683; --line: #d9dee4; --ours: #1f6f5c; --theirs: #9aa6b2; --other: #b4642a; --paper: #ffffff; font: 13px system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { --ink: #e6eaef; --soft: #98a3b0; --line: #343c46; --ours: #57b79c; --theirs: #6b7683; --other: #dd9a63; --paper: #14181d } }
text { fill: var(--ink) } .soft { fill: var(--soft) } .title { font-weight: 600 }
</style>
`

// WriteSVG draws the rows: bars for each bench and unit, and the cost curves as lines.
func WriteSVG(w io.Writer, rows []Row) error {
	var b strings.Builder
	y := 16
	for _, p := range panels(rows) {
		if p.curve {
			y = drawCurve(&b, p, y)
		} else {
			y = drawBars(&b, p, y)
		}
	}
	_, err := fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Measurements; the table beside it has the same values\">\n%s<rect width=\"100%%\" height=\"100%%\" fill=\"var(--paper)\"/>\n%s</svg>\n", width, y+8, style, b.String())
	return err
}

// panel is what is drawn together: rows of one bench that have one unit.
type panel struct {
	title string
	curve bool
	rows  []Row
}

func panels(rows []Row) []*panel {
	var list []*panel
	byKey := map[string]*panel{}
	for _, r := range rows {
		unit, _ := variant(r.Unit)
		p := &panel{title: r.Bench + ", " + unit}
		if r.Bench == Curve {
			p = &panel{title: "curve, µs by stored cases", curve: true}
		}
		if known, ok := byKey[p.title]; ok {
			p = known
		} else {
			byKey[p.title] = p
			list = append(list, p)
		}
		p.rows = append(p.rows, r)
	}
	return list
}

// variant splits a unit such as "s, 100000 stored" into what is counted and under which condition.
func variant(unit string) (base, condition string) {
	base, condition, _ = strings.Cut(unit, ", ")
	return base, condition
}

func drawBars(b *strings.Builder, p *panel, y int) int {
	most := 0.0
	for _, r := range p.rows {
		most = math.Max(most, r.Median)
	}
	fmt.Fprintf(b, "<text class=\"title\" x=\"12\" y=\"%d\">%s</text>\n", y+14, html.EscapeString(p.title))
	y += titleSpace - 12
	for _, r := range p.rows {
		length := 1.0
		if most > 0 {
			length = math.Max(1, r.Median/most*float64(width-labelWidth-valueWidth))
		}
		label, fill, compared := r.System, "var(--theirs)", ""
		if _, condition := variant(r.Unit); condition != "" {
			label = condition
		}
		if r.System == Reference {
			fill = "var(--ours)"
		} else if r.Ratio > 0 {
			compared = ", resolute " + ratio(r)
		}
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/><text class=\"soft\" x=\"%.1f\" y=\"%d\">%s%s</text>\n",
			labelWidth-8, y+15, html.EscapeString(label), labelWidth, y+2, length, barHeight-6, fill, float64(labelWidth)+length+6, y+15, Number(r.Median), html.EscapeString(compared))
		y += barHeight
	}
	return y + 18
}

// drawCurve draws costs over the logarithm of stored cases, a line for each kind.
func drawCurve(b *strings.Builder, p *panel, y int) int {
	type place struct{ x, v float64 }
	lines, order := map[string][]place{}, []string{}
	most, least, last := 0.0, math.Inf(1), math.Inf(-1)
	for _, r := range p.rows {
		what, stored := point(r.Unit)
		if stored <= 0 {
			continue
		}
		if lines[what] == nil {
			order = append(order, what)
		}
		at := math.Log10(float64(stored))
		lines[what] = append(lines[what], place{at, r.Median})
		most, least, last = math.Max(most, r.Median), math.Min(least, at), math.Max(last, at)
	}
	fmt.Fprintf(b, "<text class=\"title\" x=\"12\" y=\"%d\">%s</text>\n", y+14, html.EscapeString(p.title))
	if len(order) == 0 {
		return y + titleSpace
	}
	y += titleSpace - 6
	left, right := 70.0, float64(width-120)
	x := func(at float64) float64 { return left + (at-least)/math.Max(last-least, 1)*(right-left) }
	height := func(v float64) float64 { return float64(y) + plotHeight - v/math.Max(most, 1e-9)*(plotHeight-20) }
	for at := least; at <= last; at++ {
		fmt.Fprintf(b, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"var(--line)\"/><text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x(at), x(at), y, y+plotHeight, x(at), y+plotHeight+18, Number(math.Pow(10, at)))
	}
	for _, v := range []float64{0, most / 2, most} {
		fmt.Fprintf(b, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left-10, height(v)+4, Number(v))
	}
	for i, what := range order {
		colour := []string{"var(--ours)", "var(--other)", "var(--theirs)"}[i%3]
		var points []string
		for _, q := range lines[what] {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(q.x), height(q.v)))
			fmt.Fprintf(b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>", x(q.x), height(q.v), colour)
		}
		end := lines[what][len(lines[what])-1]
		fmt.Fprintf(b, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/><text x=\"%.1f\" y=\"%.1f\">%s %s</text>\n", colour, strings.Join(points, " "), x(end.x)+10, height(end.v)+4, html.EscapeString(what), Number(end.v))
	}
	return y + plotHeight + 40
}
