package report_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"resolute/bench/report"
)

func figures() []report.Figure {
	return []report.Figure{
		{Bench: "cases", System: "resolute", Unit: "steps/s", Runs: []float64{21_000, 19_000, 20_000}},
		{Bench: "cases", System: "river", Unit: "steps/s", Runs: []float64{1000, 4000, 2000}, Note: "a job a step <fsync>"},
		{Bench: "idle", System: "resolute", Unit: "ms to ready", Runs: []float64{45, 55}},
		{Bench: "idle", System: "pocketbase", Unit: "ms to ready", Runs: []float64{100}},
		{Bench: "idle", System: "pocketbase", Unit: "MB at rest", Runs: []float64{30}},
		{Bench: report.Curve, System: "resolute", Unit: report.Point("step", 100), Runs: []float64{50}},
		{Bench: report.Curve, System: "resolute", Unit: report.Point("intake", 100), Runs: []float64{20}},
		{Bench: report.Curve, System: "resolute", Unit: report.Point("step", 1_000_000), Runs: []float64{75}},
		{Bench: report.Curve, System: "resolute", Unit: report.Point("intake", 1_000_000), Runs: []float64{30}},
	}
}

func TestRowsHaveMediansAndRatios(t *testing.T) {
	want := []struct{ median, ratio float64 }{
		{20_000, 1}, {2000, 10}, {50, 1}, {100, 0.5}, {30, 0}, // nobody measured resolute's memory
		{50, 1}, {20, 1}, {75, 1.5}, {30, 1.5}, // the curve is compared with its own beginning
	}
	for i, r := range report.Rows(figures()) {
		if r.Median != want[i].median || r.Ratio != want[i].ratio {
			t.Errorf("%s %s %s: median %v, ratio %v; expected %v and %v", r.Bench, r.System, r.Unit, r.Median, r.Ratio, want[i].median, want[i].ratio)
		}
	}
	if m := report.Median(nil); m != 0 {
		t.Errorf("the median of nothing is %v", m)
	}
}

func TestJSONIsAListOfFiveFields(t *testing.T) {
	var b strings.Builder
	if err := report.WriteJSON(&b, report.Rows(figures()[:2])); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"bench": "cases", "system": "resolute", "median": 20_000.0, "unit": "steps/s", "ratio": 1.0},
		{"bench": "cases", "system": "river", "median": 2000.0, "unit": "steps/s", "ratio": 10.0},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("JSON is %v, expected %v", got, want)
	}
}

func TestTextSaysWhatWinsAndWhatLoses(t *testing.T) {
	var b strings.Builder
	if err := report.WriteText(&b, report.Rows(figures())); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	for _, want := range []string{"river 2,000 steps/s 10.0 × 1,000 to 4,000 3", "pocketbase 100 ms to ready 0.500 ×", "pocketbase 30.0 MB at rest not measured", "1.50 × the first", "cases, river: a job a step <fsync>"} {
		found := false
		for _, l := range lines {
			found = found || strings.Contains(strings.Join(strings.Fields(l), " "), want)
		}
		if !found {
			t.Errorf("no line of the table says %q:\n%s", want, &b)
		}
	}
}

func TestSVGShowsEveryRow(t *testing.T) {
	for _, rows := range [][]report.Row{report.Rows(figures()), nil} {
		var b strings.Builder
		if err := report.WriteSVG(&b, rows); err != nil {
			t.Fatal(err)
		}
		bars, points := 0, 0
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("the picture is no XML: %v\n%s", err, &b)
			}
			if e, ok := token.(xml.StartElement); ok {
				switch e.Name.Local {
				case "rect":
					bars++
				case "circle":
					points++
				}
			}
		}
		if len(rows) > 0 && (bars != 1+5 || points != 4) {
			t.Errorf("%d bars and %d points; five rows and a background, and four points were expected", bars, points)
		}
		if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Errorf("a measure of the picture is no number:\n%s", &b)
		}
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0345: "0.035", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.5: "1,234", 1_000_000: "1,000,000", -1234: "-1,234"} {
		if got := report.Number(v); got != want {
			t.Errorf("Number(%v) is %s, expected %s", v, got, want)
		}
	}
}
