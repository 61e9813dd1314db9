package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resolute/bench/load"
	"resolute/bench/report"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		os.Exit(childMain(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// brief is enough to see that it works.
func brief() extent {
	return extent{window: load.Window{Warm: 50 * time.Millisecond, Measure: 300 * time.Millisecond}, sizes: []int{100}}
}

func TestWhatNeedsNoPeerIsMeasured(t *testing.T) {
	out := filepath.Join(t.TempDir(), "rows.json")
	o := options{only: []string{"intake", "cases", report.Curve}, systems: []string{"resolute", "bare"}, runs: 1, json: out, folder: t.TempDir(), extent: brief()}
	var table, log bytes.Buffer
	if err := measure(t.Context(), o, &table, &log); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var rows []report.Row
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.Bench+" "+r.System+" "+r.Unit)
		if r.Median <= 0 || r.Ratio <= 0 {
			t.Errorf("%s %s has the median %v and the ratio %v", r.Bench, r.System, r.Median, r.Ratio)
		}
	}
	want := "intake resolute signals/s, intake bare signals/s, cases resolute steps/s, cases bare steps/s, curve resolute µs/step at 100, curve resolute µs/intake at 100"
	if strings.Join(got, ", ") != want {
		t.Errorf("rows are %s; expected %s", strings.Join(got, ", "), want)
	}
	if left, err := os.ReadDir(o.folder); err != nil || len(left) > 0 {
		t.Errorf("%d things are left in the data folder, %v", len(left), err)
	}
}

func TestTheCallsAloneAreMeasured(t *testing.T) {
	var table bytes.Buffer
	o := options{only: []string{"calls"}, systems: []string{"bare"}, runs: 1, folder: t.TempDir(), extent: brief()}
	if err := measure(t.Context(), o, &table, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), "cases/s") {
		t.Errorf("the table is\n%s", &table)
	}
}

func TestWrongUseSaysWhatIsRight(t *testing.T) {
	for wrong, want := range map[string]string{"-only=intake,speed": "speed: the benches are intake", "fast": `"fast" is no flag`} {
		var said bytes.Buffer
		if code := run(t.Context(), []string{wrong}, io.Discard, &said); code != 1 || !strings.Contains(said.String(), want) {
			t.Errorf("%s: exit code %d, %q; expected 1 and %q", wrong, code, &said, want)
		}
	}
}

func TestAChildThatIsStartedByHandSaysSo(t *testing.T) {
	var said bytes.Buffer
	if code := childMain(strings.NewReader(""), io.Discard, &said); code != 2 || !strings.Contains(said.String(), "started by the bench") {
		t.Errorf("exit code %d, %q", code, &said)
	}
}
