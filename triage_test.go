package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resolute/agent/triage/measure"
)

// Anyone can measure triage on texts of their own.
func TestEvalTriage(t *testing.T) {
	cli := func(want int, args ...string) (string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, func(string) (string, bool) { return "", false }, nil, &out, &errs); code != want {
			t.Fatalf("resolute %s: %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
		}
		return out.String(), errs.String()
	}
	data, err := os.ReadFile("embed/testdata/intents.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	count := map[string]int{}
	for line := range strings.Lines(string(data)) {
		intent, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		count[intent]++
		split := "test"
		if count[intent] <= 8 {
			split = "train"
		}
		fmt.Fprintf(&b, "{\"text\": %q, \"label\": %q, \"split\": %q}\n", text, intent, split)
	}
	b.WriteString(`{"text": "where is my parcel", "label": "cancel-order", "split": "train"}` + "\n" +
		`{"text": "how tall is the Eiffel tower", "label": "out-of-scope", "split": "test"}` + "\n")
	file := filepath.Join(t.TempDir(), "texts.jsonl")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs := cli(0, "eval", "triage", file, "--json")
	var figures measure.Figures
	var keys map[string]float64
	if err := json.Unmarshal([]byte(out), &figures); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &keys); err != nil || len(keys) != 8 {
		t.Errorf("%s has %d figures, want 8", out, len(keys))
	}
	if figures.InScope < 0.3 || figures.OutOfScopeRecall != 1 || figures.Coverage != 0 || figures.TrainSeconds <= 0 || figures.MsPerDecision <= 0 {
		t.Errorf("%+v, want most told, and nothing taken on for lack of texts", figures)
	}
	for _, want := range []string{`line 169: "where is my parcel" is an example of cancel-order, and of track-order too (line 1)`, "no score is known"} {
		if !strings.Contains(errs, want) {
			t.Errorf("it says %q, want %q", errs, want)
		}
	}
	if out, _ = cli(0, "eval", "triage", file); !strings.Contains(out, "in-scope accuracy") || !strings.Contains(out, "coverage") {
		t.Errorf("without --json it prints %q, want a table", out)
	}
	if err := os.WriteFile(file, []byte("{\"text\": \"a\", \"label\": \"b\", \"split\": \"train\"}\n{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs = cli(1, "eval", "triage", file); !strings.Contains(errs, file+": line 2 is no text") {
		t.Errorf("a broken file is refused with %q, want its line", errs)
	}
	cli(1, "eval", "triage", file+".gone")
	cli(2, "eval", "triage")
}
