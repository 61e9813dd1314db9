package triage_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"resolute/agent/casefile"
	"resolute/agent/procedure"
	"resolute/agent/triage"
	"resolute/embed"
)

// desk routes by procedures that are all started by tickets, but for one of machines.
type desk struct {
	t          *testing.T
	classifier *triage.Classifier
	starting   map[string][]*procedure.Procedure // by type of signal
	threshold  float64
}

func newDesk(t *testing.T, threshold float64) *desk {
	t.Helper()
	named := map[string]*procedure.Procedure{}
	d := &desk{t: t, threshold: threshold, starting: map[string][]*procedure.Procedure{}}
	for _, x := range examples {
		p := named[x.Procedure]
		if p == nil {
			p = &procedure.Procedure{Name: x.Procedure, Goal: "the goal of " + x.Procedure}
			named[x.Procedure] = p
			d.starting["ticket"] = append(d.starting["ticket"], p)
		}
		p.Start.Examples = append(p.Start.Examples, x.Text)
	}
	machine := &procedure.Procedure{Name: "restart", Goal: "it runs"}
	d.starting["alert"] = []*procedure.Procedure{machine}
	d.starting["either"] = []*procedure.Procedure{named["damaged-item"], machine}
	d.starting["damage"] = []*procedure.Procedure{named["damaged-item"]}
	var err error
	if d.classifier, err = triage.Train(t.Context(), triage.Examples(append(slices.Clone(d.starting["ticket"]), machine)), embed.Builtin()); err != nil {
		t.Fatal(err)
	}
	return d
}

// route gives "PROCEDURE: REASON" for signals, each as "TYPE TEXT".
func (d *desk) route(signals ...string) (string, []casefile.Candidate, string) {
	d.t.Helper()
	c := &casefile.Case{}
	for _, s := range signals {
		kind, text, _ := strings.Cut(s, " ")
		c.Signals = append(c.Signals, casefile.Received{Signal: casefile.Signal{Type: kind, Data: casefile.Object{"text": text}}})
	}
	r := &triage.Router{Now: time.Now, Books: func(context.Context, string) (triage.Book, error) {
		return triage.Book{Classifier: d.classifier, Threshold: d.threshold, Stated: true, Starting: func(s *casefile.Signal, _ time.Time) []*procedure.Procedure { return d.starting[s.Type] }}, nil
	}}
	got, err := r.Route(d.t.Context(), c)
	if err != nil {
		d.t.Fatal(err)
	}
	if got.Procedure != "" && got.Goal == "" || got.Procedure == "" && got.Goal != "" {
		d.t.Errorf("%q gives procedure %q and goal %q", signals, got.Procedure, got.Goal)
	}
	return got.Procedure, got.Candidates, got.Reason
}

func TestRoute(t *testing.T) {
	d := newDesk(t, 0.7)
	const broken, invoice = "ticket the lamp came with a crack in the glass, what you sent me is broken", "ticket please send the invoice again, the address on it is wrong"
	for _, c := range []struct {
		name    string
		signals []string
		want    string
		reason  string
		scored  bool
	}{
		{"by its text", []string{broken}, "damaged-item", "sure, most like", true},
		{"by the newest text", []string{broken, invoice}, "invoice-wrong", "sure, most like", true},
		{"a newer signal that starts nothing is passed over", []string{broken, "gateway.ping x"}, "damaged-item", "sure, most like", true},
		{"the only one, without examples, needs no text", []string{"alert "}, "restart", "the only procedure that starts with alert", false},
		{"the only one, with examples, needs a text that is like them", []string{"damage do you ship to Iceland?"}, "", "below the threshold of 0.70", true},
		{"and takes one that is", []string{"damage the lamp came with a crack in the glass"}, "damaged-item", "sure, most like", true},
		{"one without examples is no match for a text", []string{"either the lamp came with a crack in the glass"}, "damaged-item", "sure, most like", true},
		{"nothing starts", []string{"gateway.ping x"}, "", "no procedure starts with a signal of type gateway.ping", false},
		{"nothing starts with any", []string{"gateway.ping x", "gateway.pong x"}, "", "no procedure starts with these signals", false},
		{"no signal at all", nil, "", "no procedure starts", false},
		{"none of these", []string{"ticket do you ship to Iceland?"}, "", "below the threshold of 0.70", true},
		{"nothing said", []string{"ticket "}, "", "below the threshold of 0.70", true},
	} {
		got, candidates, reason := d.route(c.signals...)
		if got != c.want || !strings.Contains(reason, c.reason) || len(candidates) > 0 != c.scored {
			t.Errorf("%s: %q because %q, %d candidates; want %q because %q, candidates: %v", c.name, got, reason, len(candidates), c.want, c.reason, c.scored)
		}
	}
}

// The threshold is what the bundle says, and the score at it is enough.
func TestThreshold(t *testing.T) {
	const text = "ticket what you sent me arrived broken, the glass of the lamp has a crack"
	_, candidates, _ := newDesk(t, 0).route(text)
	score := candidates[0].Score
	if score <= 0.5 || score >= 1 {
		t.Fatalf("the score is %v, want a text between sure and unsure", score)
	}
	for threshold, want := range map[float64]string{0: "damaged-item", score: "damaged-item", math.Nextafter(score, 1): "", 1: ""} {
		got, all, reason := newDesk(t, threshold).route(text)
		if got != want || len(all) != 3 || all[0].Procedure != "damaged-item" || all[0].Nearest == "" {
			t.Errorf("%.4f sure, the threshold is %.4f: %q because %q with %+v; want %q, and the candidates either way", score, threshold, got, reason, all, want)
		}
	}
}

// What could as well be the one as the other is neither: both score just below a half, so that no
// threshold above it lets one start.
func TestAmbiguous(t *testing.T) {
	c, err := triage.Train(t.Context(), []triage.Example{{Procedure: "a", Text: "the parcel is late"}, {Procedure: "b", Text: "the parcel is late"}, {Procedure: "c", Text: "change my address"}}, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.Classify(t.Context(), "the parcel is late", []string{"a", "b", "c"})
	if err != nil || list[0].Score != list[1].Score || list[0].Score >= 0.5 || list[0].Score < 0.45 {
		t.Errorf("two procedures with the same example score %+v, %v; want both the same and just below a half", list, err)
	}
	d := newDesk(t, 0.5)
	d.classifier, d.starting["ticket"] = c, []*procedure.Procedure{{Name: "a", Goal: "g"}, {Name: "b", Goal: "g"}, {Name: "c", Goal: "g"}}
	if got, candidates, _ := d.route("ticket the parcel is late"); got != "" || len(candidates) != 3 || candidates[2].Procedure != "c" {
		t.Errorf("it goes to %q by %+v, want nobody, and both before the third", got, candidates)
	}
	d.starting["ticket"] = d.starting["ticket"][:1]
	d.starting["ticket"][0].Start.Examples = []string{"the parcel is late"} // or it would start without being asked for
	if got, candidates, _ := d.route("ticket the parcel is late"); got != "a" || candidates[0].Score < 0.9 {
		t.Errorf("without its rival it goes to %q by %+v, want a, surely", got, candidates)
	}
}

func TestAtMostFiveCandidates(t *testing.T) {
	var list []triage.Example
	var started []*procedure.Procedure
	for i := range 9 {
		name := fmt.Sprintf("p%d", i)
		list = append(list, triage.Example{Procedure: name, Text: "something about the " + strings.Repeat("x", i+3)})
		started = append(started, &procedure.Procedure{Name: name, Goal: "g"})
	}
	d := newDesk(t, 0.7)
	d.starting["ticket"] = started
	var err error
	if d.classifier, err = triage.Train(t.Context(), list, embed.Builtin()); err != nil {
		t.Fatal(err)
	}
	if _, candidates, _ := d.route("ticket something"); len(candidates) != 5 {
		t.Errorf("%d candidates are told, want the 5 that are surest", len(candidates))
	}
}

// Scores are shares of one: none is negative, and together they leave room for none of these. They
// don't depend on the order in which procedures are named, the surest stands first, and one more
// rival makes nobody surer.
func TestScores(t *testing.T) {
	c, err := triage.Train(t.Context(), examples, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"damaged-item", "duplicate-charge", "invoice-wrong"}
	words := strings.Fields("blender arrived smashed charged twice invoice address wrong my the card payment Iceland ship box crushed ü 12 ORD-1001 please again")
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(r, "words"), " ")
		among := rapid.Permutation(names).Draw(r, "order")
		list, err := c.Classify(context.Background(), text, among)
		if err != nil {
			r.Fatal(err)
		}
		sum := 0.0
		score := map[string]float64{}
		for i, x := range list {
			if x.Score < 0 || x.Score > 1 || math.IsNaN(x.Score) || i > 0 && x.Score > list[i-1].Score {
				r.Fatalf("%q scores %+v, want falling shares of one", text, list)
			}
			sum += x.Score
			score[x.Procedure] = x.Score
		}
		if len(score) != len(names) || sum >= 1 {
			r.Fatalf("%q scores %+v in all %v, want every procedure once and less than one", text, list, sum)
		}
		fewer, err := c.Classify(context.Background(), text, among[:2])
		if err != nil {
			r.Fatal(err)
		}
		for _, x := range fewer {
			if x.Score < score[x.Procedure] {
				r.Fatalf("%q: %s is %v sure against one rival and %v against two", text, x.Procedure, x.Score, score[x.Procedure])
			}
		}
	})
}

// What an author wrote as an example is taken for it, and surely so.
func TestExamplesAreTakenForThemselves(t *testing.T) {
	d := newDesk(t, 0.7)
	for _, x := range examples {
		if got, candidates, _ := d.route("ticket " + x.Text); got != x.Procedure || candidates[0].Nearest != x.Text {
			t.Errorf("the example %q of %s goes to %q by %+v", x.Text, x.Procedure, got, candidates)
		}
	}
}
