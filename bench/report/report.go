// Package report turns runs into medians and ratios, and prints them as a table, as JSON and as an
// SVG.
package report

import (
	"encoding/json"
	"io"
	"slices"
)

// Reference is the system that the others are compared with.
const Reference = "resolute"

// Figure is what one system gave in one bench, over all runs.
type Figure struct {
	Bench  string // intake, cases, calls, restart, idle or curve
	System string
	Unit   string    // of Runs, such as "steps/s"
	Runs   []float64 // one value a run
	Note   string    // how the system was set up, "" where there is nothing to say
}

// Row is a Figure as it is reported.
type Row struct {
	Bench  string  `json:"bench"`
	System string  `json:"system"`
	Median float64 `json:"median"`
	Unit   string  `json:"unit"`
	// Ratio is resolute's median divided by this one; of the curve, by that of the smallest store.
	// It is 0 where resolute wasn't measured.
	Ratio float64 `json:"ratio"`

	Low, High float64 `json:"-"` // of the runs
	Runs      int     `json:"-"`
	Note      string  `json:"-"`
}

// Median gives the middle of values, 0 of none.
func Median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	switch n := len(v); {
	case n == 0:
		return 0
	case n%2 == 1:
		return v[n/2]
	default:
		return (v[n/2-1] + v[n/2]) / 2
	}
}

// Rows gives the rows of figures, in their order.
func Rows(figures []Figure) []Row {
	rows := make([]Row, 0, len(figures))
	for _, f := range figures {
		r := Row{Bench: f.Bench, System: f.System, Median: Median(f.Runs), Unit: f.Unit, Runs: len(f.Runs), Note: f.Note}
		if len(f.Runs) > 0 {
			r.Low, r.High = slices.Min(f.Runs), slices.Max(f.Runs)
		}
		rows = append(rows, r)
	}
	for i := range rows {
		if base := reference(rows, &rows[i]); base != nil && rows[i].Median > 0 {
			rows[i].Ratio = base.Median / rows[i].Median
			if rows[i].Bench == Curve {
				rows[i].Ratio = rows[i].Median / base.Median
			}
		}
	}
	return rows
}

// Curve is the bench whose rows are compared with their own beginning.
const Curve = "curve"

// reference gives the row that r is compared with.
func reference(rows []Row, r *Row) *Row {
	for i := range rows {
		q := &rows[i]
		switch {
		case q.Bench != r.Bench || q.Median == 0:
		case r.Bench == Curve:
			if what, _ := point(q.Unit); what == kind(r.Unit) {
				return q
			}
		case q.System == Reference && q.Unit == r.Unit:
			return q
		}
	}
	return nil
}

// WriteJSON writes the rows as a list.
func WriteJSON(w io.Writer, rows []Row) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(rows)
}
