package measure_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"resolute/agent/triage/measure"
	"resolute/embed"
)

// lines makes a set of colours: those of one word are easy to tell.
func lines(strange bool) string {
	var b strings.Builder
	add := func(text, label, split string) {
		fmt.Fprintf(&b, "{\"text\": %q, \"label\": %q, \"split\": %q}\n", text, label, split)
	}
	for i := range 40 {
		for split, n := range map[string]int{"train": 2, "test": 1} {
			for j := range n {
				add(fmt.Sprintf("my invoice %d has the wrong address, variant %d", i, j), "invoice", split)
				add(fmt.Sprintf("the parcel %d arrived smashed, variant %d", i, j), "damage", split)
				add(fmt.Sprintf("I can't log in to account %d, variant %d", i, j), "login", split)
			}
		}
		if strange {
			add(fmt.Sprintf("how tall is mountain number %d", i), measure.OutOfScope, "test")
		}
	}
	return b.String()
}

func run(t *testing.T, text string) measure.Figures {
	t.Helper()
	set, err := measure.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	f, _, err := measure.Run(t.Context(), set, embed.Builtin(), func() time.Time { now = now.Add(6 * time.Second); return now })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFigures(t *testing.T) {
	f := run(t, lines(false))
	want := measure.Figures{Accuracy: 1, InScope: 1, Coverage: 1, TrainSeconds: 6, MsPerDecision: 50}
	f.ECE = 0
	if f != want {
		t.Errorf("texts that are easy to tell give %+v, want %+v", f, want)
	}
	f = run(t, lines(true))
	if f.OutOfScopeRecall < 0.9 || f.InScope < 0.9 || f.ErrorAtThreshold > 0.03 || f.Coverage < 0.5 || f.Coverage > 0.78 {
		t.Errorf("with a quarter that is out of scope: %+v; want it told, and not taken on", f)
	}
	if all := (f.InScope*120 + f.OutOfScopeRecall*40) / 160; f.Accuracy < all-1e-9 || f.Accuracy > all+1e-9 {
		t.Errorf("the accuracy is %v, want that of all, %v", f.Accuracy, all)
	}
}

// What says nothing about what it measures shows in the figures.
func TestFiguresOfWrongLabels(t *testing.T) {
	wrong := strings.NewReplacer(`"invoice", "split": "test"`, `"damage", "split": "test"`).Replace(lines(false))
	f := run(t, wrong)
	if f.Accuracy > 0.67 || f.ErrorAtThreshold < 0.33 || f.ECE < 0.3 {
		t.Errorf("a third of the labels is wrong: %+v; want it in accuracy, error and ECE", f)
	}
}

func TestRead(t *testing.T) {
	const train, test = `{"text": "a", "label": "x", "split": "train"}`, `{"text": "b", "label": "out-of-scope", "split": "test"}`
	set, err := measure.Read(strings.NewReader(train + "\n\n" + test + "\n"))
	if err != nil || len(set.Train) != 1 || len(set.Test) != 1 || set.Test[0].Procedure != "" || set.Test[0].Source != "line 3" {
		t.Errorf("%+v, %v; want two texts, the second out of scope and of line 3", set, err)
	}
	for text, want := range map[string]string{
		"":                                 "nothing to learn from",
		test:                               "nothing to learn from",
		train:                              "nothing to measure by",
		train + "\n{":                      "line 2 is no text",
		train + "\n[]":                     "line 2 is no text",
		train + "\n" + `{"text": "a"}`:     "line 2 needs a text and a label",
		train + "\n" + `{"label": "a"}`:    "line 2 needs a text and a label",
		`{"text": "a", "label": "x"}`:      `line 1: the split is ""`,
		train + strings.Repeat(" ", 2<<20): "after line 0",
		strings.Replace(train, `"x"`, `"out-of-scope"`, 1) + "\n" + test: "nothing to learn from",
	} {
		if _, err := measure.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q gives %v, want %q", text, err, want)
		}
	}
}
