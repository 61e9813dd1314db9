package rehearsal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/scenario"
)

// replayed lets all cases of a journal happen again.
func replayed(t testing.TB, s *rehearsal.Stage, from rehearsal.Recorded, o rehearsal.ReplayOptions) (list []rehearsal.Replayed) {
	t.Helper()
	err := s.EachReplay(t.Context(), from, o, func(p rehearsal.Replayed) error {
		list = append(list, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestWhatHappensUnderFaultsReplays records cases with each kind of fault at each call, and two at once:
// under the same bundle nothing is decided otherwise.
func TestWhatHappensUnderFaultsReplays(t *testing.T) {
	s := stage(t, files())
	cases := 0
	check := func(scene string, seed uint64, faults ...scenario.Fault) {
		store := s.Record(scene, seed, faults...)
		for _, p := range replayed(t, s, store, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}}) {
			if cases++; p.Outcome != rehearsal.Same {
				t.Errorf("%s with %v is %s: %s %+v", scene, faults, p.Outcome, p.Why, p.Divergence)
			}
		}
	}
	for _, scene := range []struct{ name, tool string }{{"credit", "bank.credit"}, {"print", "bank.print"}, {"pay", "till.pay"}} {
		var all []scenario.Fault
		for _, kind := range scenario.Kinds() {
			for _, tool := range []string{"bank.get_account", scene.tool, "bank.uncredit"} {
				for on := range 3 {
					all = append(all, scenario.Fault{Tool: tool, On: on + 1, Kind: kind})
				}
			}
		}
		check(scene.name, 1)
		for i, f := range all {
			check(scene.name, uint64(i), f)
			check(scene.name, uint64(i), f, all[(i*7+3)%len(all)])
		}
	}
	t.Logf("%d cases", cases)
}

// change gives the files of the bundle with one of them changed.
func change(t testing.TB, file string, old, new string) fstest.MapFS {
	t.Helper()
	m := files()
	text := string(m[file].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s doesn't say %q", file, old)
	}
	m[file].Data = []byte(strings.Replace(text, old, new, 1))
	return m
}

// TestDivergencesAreLocated holds a recorded case against candidates that decide otherwise, each at the
// entry where they do.
func TestDivergencesAreLocated(t *testing.T) {
	const file = "procedures/credit.yaml"
	store := stage(t, files()).Record("credit", 1)
	kindAt := map[uint64]casefile.Kind{}
	list, _, err := store.Cases(t.Context(), "", 10, func(*journal.Summary) bool { return true })
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	entries, err := store.Entries(t.Context(), list[0].ID, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		kindAt[e.Seq] = e.Data.Kind()
	}
	policy := func(rule string) fstest.MapFS {
		return change(t, "policies/all.yaml", "bind:", "rules: ["+rule+"]\nbind:")
	}
	gone := files()
	delete(gone, file)
	delete(gone, "rehearsals/credit.yaml")
	for _, tt := range []struct {
		name     string
		files    fstest.MapFS
		at       casefile.Kind // of the recorded entry
		now, why string
	}{
		{"a rule denies", policy("{id: never, deny: action.tool == 'bank.credit', reason: Not any more.}"), casefile.KindCallIntended, "denied: bank.credit", "rule never: Not any more."},
		{"a rule takes a person", policy("{id: look, approve: action.tool == 'bank.credit', by: approver, reason: Somebody looks.}"), casefile.KindCallIntended, "a person is asked: bank.credit", "a person must approve by rule look: Somebody looks."},
		{"other arguments", change(t, file, "amount_cents: 500", "amount_cents: 400"), casefile.KindCallIntended, `"amount_cents":400`, "the record has no answer to it"},
		{"another tool", change(t, file, "{call: bank.credit, with: {account_id: =facts.account.id, amount_cents: 500}, undo: {call: bank.uncredit, with: {account_id: =facts.account.id}}}", "{call: till.pay, with: {account_id: =facts.account.id}}"), casefile.KindCallIntended, "till.pay", "the record has no answer to it"},
		{"another hypothesis", change(t, file, "name: owed\n", "name: owed\n    when: facts.account.done\n"), casefile.KindHypothesisChosen, "hypothesis else", "owed is ruled out by facts.account.done"},
		{"another input", change(t, file, "from: signal.data.account_id", "from: signal.data.customer.id"), casefile.KindInputsFound, "inputs", "account_id is missing now"},
		{"one fact more", change(t, file, "gather:\n", "gather:\n  more: {call: bank.get_account, with: {account_id: ACC-9}}\n"), casefile.KindCallIntended, "ACC-9", "the record has no answer to it"},
		{"another check", change(t, file, "check: facts.after.done", "check: '!facts.after.done'"), casefile.KindCheckRead, "the check fails", "the check differs"},
		{"no procedure", gone, casefile.KindProcedureChosen, "no procedure", "the candidate has no procedure credit"},
		{"it requires more", change(t, file, "hypotheses:\n", "require: [{check: facts.account.done, otherwise: {escalate: not-yet}}]\nhypotheses:\n"), casefile.KindHypothesisChosen, "escalated", "not-yet"},
		{"less authority", change(t, "authority.yaml", "act", "shadow"), casefile.KindCallIntended, "in shadow: bank.credit", "the agent only watches here"},
	} {
		p := replayed(t, stage(t, tt.files), store, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}})[0]
		d := p.Divergence
		if p.Outcome != rehearsal.Diverged || d == nil {
			t.Errorf("%s: it is %s, want it to diverge: %s", tt.name, p.Outcome, p.Why)
			continue
		}
		if kindAt[d.Seq] != tt.at || !strings.Contains(d.Now, tt.now) || !strings.Contains(d.Why, tt.why) {
			t.Errorf("%s: it diverges at entry %d (%s), now %q since %q; want %s, %q, %q", tt.name, d.Seq, kindAt[d.Seq], d.Now, d.Why, tt.at, tt.now, tt.why)
		}
	}
}

// TestOtherWordsAreNoOtherDecision tells a reply that reads otherwise from one that is another.
func TestOtherWordsAreNoOtherDecision(t *testing.T) {
	store := stage(t, files()).Record("credit", 1)
	s := stage(t, change(t, "procedures/credit.yaml", "It is done.", "It has been done."))
	p := replayed(t, s, store, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}})[0]
	if p.Outcome != rehearsal.Reworded || len(p.Reworded) != 1 || p.Reworded[0].Was != "It is done." || p.Reworded[0].Now != "It has been done." {
		t.Errorf("a reply in other words: %+v", p)
	}
	r, err := s.Replay(t.Context(), store, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}})
	if err != nil || !r.Passed || r.Replays.Reworded != 1 || r.Replays.Total() != 1 {
		t.Errorf("other words don't fail a replay: %+v, %v", r, err)
	}
}

// reader makes up journals.
type reader map[string]func() ([]casefile.Entry, error)

func (r reader) Entries(_ context.Context, id string, _ uint64, _ int) ([]casefile.Entry, error) {
	if f, ok := r[id]; ok {
		return f()
	}
	return nil, fmt.Errorf("case %s: %w", id, journal.ErrNotFound)
}

func (r reader) Cases(context.Context, string, int, func(*journal.Summary) bool) ([]journal.Summary, string, error) {
	return nil, "", nil
}

// noBooks is a house that has lost its bundles.
type noBooks struct{}

func (noBooks) Book(_ context.Context, version string) (*book.Book, error) {
	return nil, fmt.Errorf("%w: %s", bundle.ErrVersion, version)
}

// TestWhatCantBeReplayedIsNamed has journals that aren't whole, and cases that aren't there.
func TestWhatCantBeReplayedIsNamed(t *testing.T) {
	s := stage(t, files())
	store := s.Record("credit", 1)
	list, _, err := store.Cases(t.Context(), "", 10, func(*journal.Summary) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	entries := func() []casefile.Entry {
		whole, err := store.Entries(t.Context(), list[0].ID, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return whole
	}
	r := reader{
		"erased": func() ([]casefile.Entry, error) {
			e := entries()
			e[2].Data = nil
			return e, nil
		},
		"newer": func() ([]casefile.Entry, error) {
			return nil, fmt.Errorf("case newer, seq 4: %w", casefile.ErrKind)
		},
		"damaged": func() ([]casefile.Entry, error) {
			return nil, fmt.Errorf("case damaged, seq 4: %w", journal.ErrDamaged)
		},
		"headless": func() ([]casefile.Entry, error) { return entries()[:1], nil },
		list[0].ID: func() ([]casefile.Entry, error) { return entries()[:8], nil },
	}
	for _, tt := range []struct {
		id      string
		outcome rehearsal.Outcome
		why     string
	}{
		{"erased", rehearsal.Erased, "entry 3 is empty"},
		{"newer", rehearsal.Unplayed, "seq 4: unknown kind of entry"},
		{"damaged", rehearsal.Unplayed, "seq 4: the data file is damaged"},
		{"headless", rehearsal.Unplayed, "none that opens it"},
		{"nobody's", rehearsal.Unplayed, "case nobody's: not found"},
		{list[0].ID, rehearsal.Same, ""},
	} {
		p := replayed(t, s, r, rehearsal.ReplayOptions{Cases: []string{tt.id}, Books: noBooks{}})[0]
		if p.Outcome != tt.outcome || !strings.Contains(p.Why, tt.why) {
			t.Errorf("case %s is %s: %q, want %s: %q", tt.id, p.Outcome, p.Why, tt.outcome, tt.why)
		}
		if tt.id == list[0].ID && (!p.Open || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "is gone")) {
			t.Errorf("a case that isn't over, of a bundle that is gone: %+v", p)
		}
	}
}

// answering is what reads are answered with that no record has.
type answering struct {
	asked []string
	say   map[string]any
}

func (a *answering) Read(_ context.Context, q casefile.Request) casefile.Answer {
	a.asked = append(a.asked, q.Tool)
	return casefile.Answer{Outcome: casefile.OutcomeDone, Status: 200, Result: casefile.Value{V: a.say}}
}

// TestElseAnswersReadsAlone has candidates that ask for more and for less than the record knows, and one
// that does something else: nothing that writes is ever asked of anybody.
func TestElseAnswersReadsAlone(t *testing.T) {
	const file = "procedures/credit.yaml"
	store := stage(t, files()).Record("credit", 1)
	for _, tt := range []struct {
		name    string
		files   fstest.MapFS
		outcome rehearsal.Outcome
		asked   int
	}{
		{"the same", files(), rehearsal.Same, 0},
		{"one fact more", change(t, file, "gather:\n", "gather:\n  more: {call: bank.get_account, with: {account_id: ACC-9}}\n"), rehearsal.Same, 1},
		{"one fact more, which decides", change(t, file, "gather:\n", "require: [{check: facts.more.done, otherwise: {escalate: not-yet}}]\ngather:\n  more: {call: bank.get_account, with: {account_id: ACC-9}}\n"), rehearsal.Diverged, 1},
		{"another write", change(t, file, "{call: bank.credit, with: {account_id: =facts.account.id, amount_cents: 500}, undo: {call: bank.uncredit, with: {account_id: =facts.account.id}}}", "{call: till.pay, with: {account_id: =facts.account.id}}"), rehearsal.Diverged, 0},
	} {
		live := &answering{say: map[string]any{"id": "ACC-9", "done": false}}
		p := replayed(t, stage(t, tt.files), store, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}, Else: live})[0]
		if p.Outcome != tt.outcome || len(live.asked) != tt.asked {
			t.Errorf("%s: it is %s (%s %+v) and asked %v, want %s and %d reads", tt.name, p.Outcome, p.Why, p.Divergence, live.asked, tt.outcome, tt.asked)
		}
	}
}

// folder is the cases of several journals.
type folder struct {
	ids     []string
	entries map[string][]casefile.Entry
}

func (f *folder) Entries(_ context.Context, id string, _ uint64, _ int) ([]casefile.Entry, error) {
	return f.entries[id], nil
}

func (f *folder) Cases(_ context.Context, cursor string, limit int, _ func(*journal.Summary) bool) (list []journal.Summary, next string, err error) {
	for _, id := range f.ids {
		if id <= cursor {
			continue
		}
		if len(list) == limit {
			return list, list[limit-1].ID, nil
		}
		list = append(list, journal.Summary{ID: id})
	}
	return list, "", nil
}

// TestReplaysOfASeedAreTheSame replays more cases than a page of the listing has, one at a time and many
// at once.
func TestReplaysOfASeedAreTheSame(t *testing.T) {
	s := stage(t, files())
	f := &folder{entries: map[string][]casefile.Entry{}}
	for seed := range uint64(300) {
		store := s.Record([]string{"credit", "print", "pay"}[seed%3], seed+1)
		list, _, err := store.Cases(t.Context(), "", 10, func(*journal.Summary) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		entries, err := store.Entries(t.Context(), list[0].ID, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		f.ids, f.entries[list[0].ID] = append(f.ids, list[0].ID), entries
	}
	slices.Sort(f.ids)
	other := stage(t, change(t, "policies/all.yaml", "bind:", "rules: [{id: never, deny: action.tool == 'bank.print', reason: Not any more.}]\nbind:"))
	var first []byte
	for _, parallel := range []int{1, 7} {
		r, err := other.Replay(t.Context(), f, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}, Seed: 5, Parallel: parallel})
		if err != nil {
			t.Fatal(err)
		}
		if r.Replays.Diverged != 100 || r.Replays.Same != 200 || r.Passed {
			t.Fatalf("a third of 300 cases diverges: %+v", r.Replays)
		}
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		} else if !bytes.Equal(first, raw) {
			t.Error("one at a time gave another report than many at once")
		}
	}
}

// TestAReplayEndsWithItsContext stops in the middle, without a report of what it didn't get to.
func TestAReplayEndsWithItsContext(t *testing.T) {
	s := stage(t, files())
	store := s.Record("credit", 1)
	ctx, cancel := context.WithCancel(t.Context())
	o := rehearsal.ReplayOptions{Cases: []string{rehearsal.All}, Before: func(context.Context, int, int) { cancel() }}
	if err := s.EachReplay(ctx, store, o, func(p rehearsal.Replayed) error {
		t.Errorf("case %s is told as %s", p.Case, p.Outcome)
		return nil
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v, want it canceled", err)
	}
}

// TestWhatCustomersWriteIsToldInPart has a text of a case be longer than a report should be.
func TestWhatCustomersWriteIsToldInPart(t *testing.T) {
	long := strings.Repeat("é", 5_000)
	m := change(t, "procedures/credit.yaml", "It is done.", "It is done. "+long)
	store := stage(t, m).Record("credit", 1)
	p := replayed(t, stage(t, files()), store, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}})[0]
	if p.Outcome != rehearsal.Reworded || len(p.Reworded[0].Was) > 1_100 || !utf8.ValidString(p.Reworded[0].Was) {
		t.Errorf("it is %s, and what was said is told in %d bytes", p.Outcome, len(p.Reworded[0].Was))
	}
}
