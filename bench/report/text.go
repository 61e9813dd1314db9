package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
)

// WriteText writes the rows as a table, a paragraph for each bench, with the notes below.
func WriteText(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "bench\tsystem\tmedian\tunit\tresolute ÷ it\tlowest to highest\truns")
	for i, r := range rows {
		if i > 0 && rows[i-1].Bench != r.Bench {
			fmt.Fprintln(t, "\t\t\t\t\t\t")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s to %s\t%d\n", r.Bench, r.System, Number(r.Median), r.Unit, ratio(r), Number(r.Low), Number(r.High), r.Runs)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	said := map[string]bool{}
	for _, r := range rows {
		line := r.System + ": " + r.Note
		if r.Note == "" || said[r.Bench+line] {
			continue
		}
		said[r.Bench+line] = true
		if _, err := fmt.Fprintf(w, "\n%s, %s", r.Bench, line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}

// Number writes a value with three significant digits, or as a whole number where it is large.
func Number(v float64) string {
	a := math.Abs(v)
	switch {
	case a == 0:
		return "0"
	case a >= 100:
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// grouped puts a comma between thousands.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ratio writes a row's ratio; of the curve it is the cost compared with the smallest store's.
func ratio(r Row) string {
	switch {
	case r.Ratio == 0:
		return "not measured"
	case r.Bench == Curve:
		return Number(r.Ratio) + " × the first"
	case r.System == Reference:
		return "1"
	}
	return Number(r.Ratio) + " ×"
}
