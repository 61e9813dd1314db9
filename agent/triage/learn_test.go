package triage_test

import (
	"context"
	"errors"
	"testing"

	"resolute/agent/triage"
	"resolute/agent/triage/triagetest"
	"resolute/embed"
)

// intents are 14 intents with 12 texts each, some of them learned from.
func intents(t testing.TB, each int) (learned, others []triage.Example) {
	t.Helper()
	count := map[string]int{}
	for _, x := range triagetest.Intents(t) {
		if count[x.Procedure]++; count[x.Procedure] <= each {
			learned = append(learned, x)
		} else {
			others = append(others, x)
		}
	}
	return learned, others
}

func told(t testing.TB, c *triage.Classifier, texts []triage.Example) float64 {
	t.Helper()
	right := 0.0
	for _, x := range texts {
		d, err := c.Decide(t.Context(), x.Text)
		if err != nil {
			t.Fatal(err)
		}
		if d.Candidates[0].Procedure == x.Procedure {
			right++
		}
	}
	return right / float64(len(texts))
}

// Five examples a procedure are what a bundle begins with.
func TestFewExamplesTellFarMoreThanChance(t *testing.T) {
	for each, least := range map[int]float64{5: 0.52, 8: 0.56} {
		learned, others := intents(t, each)
		c, err := triage.Train(t.Context(), learned, embed.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		share := told(t, c, others)
		t.Logf("%d examples each: %.3f of %d texts of 14 intents are told", each, share, len(others))
		if share < least {
			t.Errorf("%d examples each tell %.3f, want %.2f", each, share, least)
		}
	}
}

// The same texts give the same classifier, whatever was trained before and beside it.
func TestTrainingIsRepeatable(t *testing.T) {
	learned, others := intents(t, 6)
	train := func() *triage.Classifier {
		c, err := triage.Trainer{Embedder: embed.Builtin()}.Train(t.Context(), learned, others[:20])
		if err != nil {
			t.Error(err)
		}
		return c
	}
	first := train()
	others2 := make(chan *triage.Classifier)
	for range 3 {
		go func() { others2 <- train() }()
	}
	for range 3 {
		again := <-others2
		if again.Version() != first.Version() {
			t.Errorf("versions %s and %s of the same texts", first.Version(), again.Version())
		}
		for _, x := range others {
			a, _ := first.Decide(t.Context(), x.Text)
			b, _ := again.Decide(t.Context(), x.Text)
			for i := range a.Candidates {
				if a.Candidates[i] != b.Candidates[i] {
					t.Fatalf("%q: %+v, and again %+v", x.Text, a.Candidates[i], b.Candidates[i])
				}
			}
		}
	}
	learned = learned[1:]
	if other := train(); other.Version() == first.Version() {
		t.Error("without one text it has the same version")
	}
}

// What is taught is known from then on; without it, everything is as it was before.
func TestWhatIsTaughtCounts(t *testing.T) {
	learned, _ := intents(t, 5)
	const text = "the thing I bought keeps beeping at night, it must be defective"
	before, err := triage.Train(t.Context(), learned, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	after, err := triage.Train(t.Context(), append(learned, triage.Example{Procedure: "damaged-item", Text: text, Source: "correction"}), embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	const like = "what I bought beeps all night, it must be defective"
	score := func(c *triage.Classifier) float64 {
		list, err := c.Classify(t.Context(), like, []string{"damaged-item"})
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Score
	}
	was, is := score(before), score(after)
	if is < was+0.2 {
		t.Errorf("it is %.2f sure of %q before it was taught and %.2f after", was, like, is)
	}
	again, err := triage.Train(t.Context(), learned, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	if score(again) != was || again.Version() != before.Version() {
		t.Errorf("without what was taught it is %v sure, and was %v", score(again), was)
	}
}

// What was taught counts at once, before all is learned anew, for texts like it and for no others.
func TestWithCountsAtOnce(t *testing.T) {
	learned, others := intents(t, 5)
	before, err := triage.Train(t.Context(), learned, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	taught := []triage.Example{
		{Procedure: "damaged-item", Text: "the thing I bought keeps beeping at night, it must be defective"},
		{Procedure: "loyalty-points", Text: "my loyalty points have vanished"},
		{Procedure: "loyalty-points", Text: "how many points do I need for the mug"},
		{Text: "do you sponsor football clubs"},
	}
	after, err := before.With(t.Context(), taught...)
	if err != nil {
		t.Fatal(err)
	}
	if after.Version() == before.Version() {
		t.Error("what was taught doesn't show in the version")
	}
	for text, want := range map[string]string{"what I bought beeps all night, it must be defective": "damaged-item", "my points have vanished": "loyalty-points"} {
		was, err := before.Decide(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		is, err := after.Decide(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		best := is.Candidates[0]
		if best.Procedure != want || best.Nearest != taught[0].Text && best.Nearest != taught[1].Text || best.Score < was.Candidates[0].Score {
			t.Errorf("%q goes to %+v, want %s by what was taught; before it went to %+v", text, best, want, was.Candidates[0])
		}
	}
	if was, is := told(t, before, others), told(t, after, others); is < was-0.03 {
		t.Errorf("of other texts %.3f are told, and %.3f before", is, was)
	}
	again, err := triage.Train(t.Context(), learned, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range append(others, taught...) {
		a, _ := before.Decide(t.Context(), x.Text)
		b, _ := again.Decide(t.Context(), x.Text)
		if len(a.Candidates) != len(b.Candidates) || a.Candidates[0] != b.Candidates[0] {
			t.Fatalf("teaching another changed this one: %q goes to %+v, want %+v", x.Text, a.Candidates[0], b.Candidates[0])
		}
	}
}

func TestDoubts(t *testing.T) {
	got := triage.Doubts([]triage.Example{
		{Procedure: "late", Text: "the parcel is late", Source: "line 1"},
		{Procedure: "late", Text: "where is it", Source: "line 2"},
		{Procedure: "lost", Text: "The parcel  is late", Source: "line 3"},
		{Procedure: "", Text: "where is it", Source: "line 4"},
		{Procedure: "late", Text: "where is it", Source: "line 5"},
	})
	want := []string{
		`line 3: "The parcel  is late" is an example of lost, and of late too (line 1): keep one`,
		`line 4: "where is it" is an example of none of them, and of late too (line 2): keep one`,
		`line 3: lost has a single example: give it five or more`,
	}
	if len(got) != len(want) {
		t.Fatalf("%+v, want %q", got, want)
	}
	for i, d := range got {
		if d.Source+": "+d.Detail != want[i] {
			t.Errorf("%s: %s, want %s", d.Source, d.Detail, want[i])
		}
	}
}

// Odd examples are learned from as well as can be.
func TestOddExamples(t *testing.T) {
	for name, list := range map[string][]triage.Example{
		"none":                 nil,
		"only strangers":       {{Text: "a"}, {Text: "b"}},
		"one":                  {{Procedure: "a", Text: "my order is late"}},
		"one, unreadable":      {{Procedure: "a", Text: "¿?"}},
		"one each":             {{Procedure: "a", Text: "my order is late"}, {Procedure: "b", Text: "cancel it"}},
		"the same again":       {{Procedure: "a", Text: "x y"}, {Procedure: "a", Text: "x y"}, {Procedure: "b", Text: "z"}},
		"nothing but the same": {{Procedure: "a", Text: "x y"}, {Procedure: "b", Text: "x y"}, {Text: "x y"}},
	} {
		c, err := triage.Train(t.Context(), list, embed.Builtin())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range []string{"", "my order is late", "☃"} {
			got, err := c.Classify(t.Context(), text, []string{"a", "b", "unheard-of"})
			if err != nil || len(got) != 3 {
				t.Fatalf("%s: %q gives %+v, %v; want all three", name, text, got, err)
			}
			sum := 0.0
			for _, x := range got {
				sum += x.Score
			}
			if !(sum >= 0 && sum <= 1) {
				t.Errorf("%s: %q scores %+v, want shares of one", name, text, got)
			}
		}
		if at, _ := c.Threshold(); at != 0 {
			t.Errorf("%s: a threshold of %v is known", name, at)
		}
	}
}

func TestTrainingEndsWithItsContext(t *testing.T) {
	learned, _ := intents(t, 12)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := triage.Train(ctx, learned, embed.Builtin()); !errors.Is(err, context.Canceled) {
		t.Errorf("training after its context ended gives %v", err)
	}
}
