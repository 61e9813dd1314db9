package sim_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	mutants   = flag.String("mutants", "", "which broken engines to build and simulate, a regular expression; without it, only whether their changes still fit is checked")
	rehearsed = flag.String("rehearsed", "", "which broken engines to build and rehearse the demo with, a regular expression")
	within    = flag.Int("within", 1000, "how many seeds a broken engine may survive")
)

// mutant is a broken engine: a package of main's with a text in it changed.
type mutant struct {
	name string
	file string // below agent
	edit []string
}

// brokenEngines are faults that the model must see. Each is a change of the very code that main
// wires; a text that isn't there any more fails the test, so that none rots.
func brokenEngines() []mutant {
	return []mutant{
		{"effect before intent", "engine.go", []string{
			"res := e.core.Step(s.Case, book, ev)\n", "res := e.core.Step(s.Case, book, ev)\n\t\tearly := e.carryOut(calls, s.Case, res.Commands, b)\n",
			"ev = e.carryOut(calls, s.Case, res.Commands, b)", "ev = early"}},
		{"lease ignored", "commit.go", []string{"a.Lease = &l\n", "_ = l\n"}},
		{"lost race ignored", "commit.go", []string{"case errors.Is(err, journal.ErrConflict):\n\t\treturn true, nil", "case errors.Is(err, journal.ErrConflict):\n\t\treturn false, nil"}},
		{"retry with a new key", "pursue.go", []string{"call.Try++\n", "call.Try++\n\tif call.Key != \"\" {\n\t\tcall.Key = call.Key[1:] + call.Key[:1]\n\t}\n"}},
		{"unknown outcome retried blindly", "pursue.go", []string{"case p.State == casefile.NotDone || !p.Writes():\n\t\ts.resend(p)", "case p.State != casefile.InOperation:\n\t\ts.resend(p)"}},
		{"never seen taken for proof at once", "pursue.go", []string{"!a.SentAt.Before(provenAt)", "!a.SentAt.IsZero()"}},
		{"crash taken for not done", "pursue.go", []string{"Outcome: casefile.OutcomeUnknown, Source: casefile.SourceRestart", "Outcome: casefile.OutcomeNotDone, Source: casefile.SourceRestart"}},
		{"doubt forgotten", "pursue.go", []string{"if p.Doubt {", "if p.Doubt && p.Try < 0 {"}},
		{"approval hash not compared", "dispatch.go", []string{"if a.Hash == hash && a.GrantedBy != \"\" {", "if a.GrantedBy != \"\" {"}},
		{"second click counts", "decide.go", []string{"case a.GrantedBy != \"\":", "case a.GrantedBy == r.who.Name:"}},
		{"callback's secret not compared", "callback.go", []string{"return caseID, callID, subtle.ConstantTimeCompare([]byte(mac), []byte(want)) == 1", "_, _ = mac, want\n\treturn caseID, callID, subtle.ConstantTimeCompare(nil, nil) == 1"}},
		{"closed though the check didn't hold", "casefile/fold_plan.go", []string{"h.Check.Held, h.Check.Error, h.Check.NextAt = d.Held, d.Error, d.NextAt", "h.Check.Held, h.Check.Error, h.Check.NextAt = true, d.Error, d.NextAt"}},
		{"check that fails taken for held", "procedure/hypothesis.go", []string{"Held: held && err == nil,", "Held: held || err == nil,"}},
		{"second remedy after a done write", "procedure/hypothesis.go", []string{"h.Status != casefile.GivenUp || !r.c.WroteIn(h)", "h.Status != casefile.GivenUp || r.c.WroteIn(h)"}},
		{"undo taken for granted", "procedure/hypothesis.go", []string{"Reverted: !r.c.WroteIn(h)", "Reverted: true"}},
		{"fold that forgets an attempt", "casefile/fold.go", []string{"a.Outcome, a.Code, a.Detail = d.Outcome, d.Code, d.Detail\n", "_ = a\n"}},
		{"fold that forgets a write", "casefile/fold.go", []string{"if call.Writes() {\n\t\t\tc.Writes = append(", "if call.Writes() && call.Step > 0 {\n\t\t\tc.Writes = append("}},
		{"facts not gathered again after an approval", "casefile/fold.go", []string{"c.Approval.GrantedBy = e.Actor\n\t\t}\n\t\tc.Round++", "c.Approval.GrantedBy = e.Actor\n\t\t}"}},
		{"snapshot that forgets", "casefile/case.go", []string{"`json:\"attempts,omitempty\"`", "`json:\"-\"`"}},
		{"dedupe skipped", "journal/dedupe.go", []string{"b = append(append(b, s.Source...), s.EventID...)", "b = append(append(b, s.ID...), s.EventID...)"}},
		{"rule that can't be told allows", "policy/guard.go", []string{"said.Fired, said.Says, said.Reason = true, casefile.Deny,", "said.Fired, said.Says, said.Reason = false, casefile.Deny,"}},
	}
}

// TestBrokenEnginesAreCaught proves the tests: each broken engine breaks a promise within so many
// seeds. It builds this test with the change, and runs TestSeeds of that, two at a time. That takes
// more than a minute, so it is asked for by -mutants.
func TestBrokenEnginesAreCaught(t *testing.T) {
	two := make(chan struct{}, 2)
	for _, m := range brokenEngines() {
		t.Run(m.name, func(t *testing.T) {
			file, text := m.change(t)
			if *mutants == "" || !regexp.MustCompile(*mutants).MatchString(m.name) {
				return
			}
			t.Parallel()
			two <- struct{}{}
			defer func() { <-two }()
			cmd := exec.CommandContext(t.Context(), build(t, ".", file, text), "-test.run", "^TestSeeds$", "-seeds", fmt.Sprint(*within), "-shrink", "0")
			out, err := cmd.CombinedOutput()
			found := regexp.MustCompile(`(seed \d+) breaks a promise: (.*)`).FindStringSubmatch(string(out))
			if err == nil || found == nil {
				t.Fatalf("no promise was broken in %d seeds: %v\n%.4000s", *within, err, out)
			}
			t.Logf("%s: %.150s", found[1], found[2])
		})
	}
}

// beyondRehearsal are broken engines that no rehearsal can notice, each with what that takes.
var beyondRehearsal = map[string]string{
	"lease ignored":                              "a second worker",
	"approval hash not compared":                 "people who decide",
	"second click counts":                        "people who decide",
	"facts not gathered again after an approval": "people who decide",
	"rule that can't be told allows":             "a rule that reads what isn't there; the policies' examples are for that",
}

// TestRehearsalsCatchBrokenEngines has each broken engine rehearse, with faults, the demo's bundle and
// the one of package rehearsal, whose plugins behave in more ways. It takes minutes, so it is asked for
// by -rehearsed.
func TestRehearsalsCatchBrokenEngines(t *testing.T) {
	for _, m := range brokenEngines() {
		if *rehearsed == "" || !regexp.MustCompile(*rehearsed).MatchString(m.name) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			file, text := m.change(t)
			caught := false
			for of, test := range map[string]string{"../..": "^TestDemoRehearses$", "../rehearsal": "^TestFaults"} {
				out, err := exec.CommandContext(t.Context(), build(t, of, file, text), "-test.run", test).CombinedOutput()
				found := regexp.MustCompile(`(?m)^.*\.yaml:\d+:\d+: .*$`).Find(out)
				switch {
				case found == nil && err != nil:
					t.Errorf("%s failed, and no rehearsal did: %v\n%.2000s", of, err, out)
				case found == nil:
					t.Logf("%s: nothing", of)
				default:
					caught = true
					t.Logf("%s: %.300s", of, bytes.TrimSpace(found))
				}
			}
			if why := beyondRehearsal[m.name]; caught != (why == "") {
				t.Errorf("caught: %t, and it takes %q to notice it", caught, why)
			}
		})
	}
}

// change gives the mutant's file and the text that it has in the mutant.
func (m mutant) change(t *testing.T) (file, changed string) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed = string(text)
	for i := 0; i < len(m.edit); i += 2 {
		if n := strings.Count(changed, m.edit[i]); n != 1 {
			t.Fatalf("%s has %d times what %q changes; find the place anew:\n%s", m.file, n, m.name, m.edit[i])
		}
		changed = strings.Replace(changed, m.edit[i], m.edit[i+1], 1)
	}
	return file, changed
}

// build makes a package's test with another text in a file.
func build(t *testing.T, of, file, text string) (binary string) {
	t.Helper()
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: filepath.Join(dir, "broken.go")}})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "broken.go"), []byte(text), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "broken.test")
	compile := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, of)
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("the broken engine can't be built: %v\n%s", err, out)
	}
	return binary
}
