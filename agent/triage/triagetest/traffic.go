// Package triagetest makes texts whose procedure is known.
package triagetest

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"resolute/agent/triage"
)

// Intents are 14 intents with 12 texts each, of embed/testdata. It is for tests of packages two folders
// below the module's.
func Intents(t testing.TB) (list []triage.Example) {
	t.Helper()
	data, err := os.ReadFile("../../embed/testdata/intents.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		intent, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, triage.Example{Procedure: intent, Text: text})
	}
	return list
}

// Traffic is what customers write: phrases of 14 intents between words that say nothing, with slips,
// and a fifth that is for none of them. The phrases that are used change as time goes from 0 to 1.
type Traffic struct {
	*rand.Rand
	Intents []string
	Phrases map[string][]string
	Strange []string
}

// NewTraffic makes it, from a seed.
func NewTraffic(t testing.TB, seed uint64) *Traffic {
	t.Helper()
	w := &Traffic{Rand: rand.New(rand.NewPCG(seed, 11)), Phrases: map[string][]string{}}
	all := Intents(t)
	for _, x := range all {
		if len(w.Phrases[x.Procedure]) == 0 {
			w.Intents = append(w.Intents, x.Procedure)
		}
		w.Phrases[x.Procedure] = append(w.Phrases[x.Procedure], x.Text)
	}
	for _, name := range []string{"nothing-dev", "nothing-held-out"} {
		data, err := os.ReadFile("../../kb/testdata/retrieval/" + name + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			var q struct{ Query string }
			if err := json.Unmarshal([]byte(line), &q); err != nil {
				t.Fatal(err)
			}
			w.Strange = append(w.Strange, q.Query)
		}
	}
	for _, intent := range w.Intents { // which phrases are old and which are new differs between histories
		list := w.Phrases[intent]
		w.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return w
}

// What stands around a phrase.
var (
	openers = []string{"", "", "", "Hello,", "Hi there,", "Good morning,", "Dear team,", "Hey,", "Sorry to bother you,", "Quick question:"}
	closers = []string{"", "", "", "Thanks!", "Best regards, Sam", "Please get back to me.", "Cheers", "Waiting for your answer.", "Thank you in advance", "Kim"}
)

// Next gives a text that arrives at a time from 0 to 1.
func (w *Traffic) Next(time float64) triage.Example {
	var x triage.Example
	phrase := w.Strange[w.IntN(len(w.Strange))]
	if w.Float64() >= 0.2 {
		x.Procedure = w.Intents[w.IntN(len(w.Intents))]
		list := w.Phrases[x.Procedure]
		const atOnce = 6
		phrase = list[int(time*float64(len(list)-atOnce)+w.Float64()*atOnce)]
	}
	words := strings.Fields(phrase)
	for i := range words {
		switch letters := []rune(words[i]); {
		case len(words) > 4 && w.Float64() < 0.05:
			words[i] = ""
		case len(letters) > 4 && w.Float64() < 0.05:
			j := 1 + w.IntN(len(letters)-3)
			letters[j], letters[j+1] = letters[j+1], letters[j]
			words[i] = string(letters)
		}
	}
	x.Text = strings.Join(strings.Fields(openers[w.IntN(len(openers))]+" "+strings.Join(words, " ")+" "+closers[w.IntN(len(closers))]), " ")
	return x
}
