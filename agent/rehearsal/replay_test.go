package rehearsal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

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
		p := replayed(t, s, r, rehearsal.ReplayOptions{Cases: []string{tt.id}, Stored: func(string) bool { return false }})[0]
		if p.Outcome != tt.outcome || !strings.Contains(p.Why, tt.why) {
			t.Errorf("case %s is %s: %q, want %s: %q", tt.id, p.Outcome, p.Why, tt.outcome, tt.why)
		}
		if tt.id == list[0].ID && (!p.Open || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "is gone")) {
			t.Errorf("a case that isn't over, of a bundle that is gone: %+v", p)
		}
	}
}
