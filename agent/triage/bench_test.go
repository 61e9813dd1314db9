package triage_test

import (
	"fmt"
	"testing"

	"resolute/agent/triage"
	"resolute/agent/triage/triagetest"
	"resolute/embed"
)

// many are 10,010 texts of 77 classes: the traffic of 14 intents, each cut into parts that a word tells.
func many(b *testing.B) []triage.Example {
	w := triagetest.NewTraffic(b, 1)
	list := make([]triage.Example, 0, 10010)
	count := map[string]int{}
	for len(list) < cap(list) {
		x := w.Next(w.Float64() * 0.999)
		if x.Procedure == "" {
			continue
		}
		part := w.IntN(6)
		x.Procedure, x.Text = fmt.Sprint(x.Procedure, part), fmt.Sprintf("%s %s", x.Text, departments[part])
		if (count[x.Procedure] > 0 || len(count) < 77) && count[x.Procedure] < 130 {
			count[x.Procedure]++
			list = append(list, x)
		}
	}
	return list
}

var departments = []string{"in the garden", "for the kitchen", "at the office", "from the bookshop", "with the toys", "among shoes"}

// BenchmarkTrain learns 10,010 texts of 77 classes.
func BenchmarkTrain(b *testing.B) {
	texts := many(b)
	for b.Loop() {
		if _, err := (triage.Trainer{Embedder: embed.Builtin(), Strangers: -1}).Train(b.Context(), texts, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecide decides about one text among those 77 classes.
func BenchmarkDecide(b *testing.B) {
	texts := many(b)
	c, err := triage.Trainer{Embedder: embed.Builtin(), Strangers: -1}.Train(b.Context(), texts, nil)
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		if _, err := c.Decide(b.Context(), texts[i%len(texts)].Text); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkWith teaches one text.
func BenchmarkWith(b *testing.B) {
	learned, others := intents(b, 5)
	c, err := triage.Train(b.Context(), learned, embed.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.With(b.Context(), others[0]); err != nil {
			b.Fatal(err)
		}
	}
}
