package kb_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/kb"
)

// clock is a time that a test moves.
type clock struct{ now time.Time }

func openAt(t *testing.T, dir string, c *clock) *kb.Base {
	t.Helper()
	n := 0
	b, err := kb.Open(dir, kb.Options{Embedder: newEmbedder(), Now: func() time.Time { return c.now },
		NewID: func() string { n++; return fmt.Sprintf("c%d-%d", c.now.Unix(), n) }})
	must(t, err)
	return b
}

func says(hits []kb.Hit) (list []string) {
	for _, h := range hits {
		if h.Correction != nil {
			list = append(list, h.Text)
		}
	}
	return list
}

func TestCorrectionsComeFirst(t *testing.T) {
	c := &clock{imported}
	dir := t.TempDir()
	b := openAt(t, dir, c)
	add(t, b, file("refunds.md", refunds), file("shipping.md", shipping))
	taught := map[string]kb.Correction{}
	for _, x := range []kb.Correction{
		{Says: "A refund of a scratched item is a third"},
		{Says: "A refund of a scratched item needs a photo", Scope: kb.Scope{Procedure: "damaged-item"}},
		{Says: "A refund of a scratched mug is all of it", Scope: kb.Scope{Product: "mug"}},
		{Says: "A refund of a scratched item goes to Ann by cheque", Scope: kb.Scope{Customer: "ann@example.com"}},
		{Says: "A refund of a scratched item waits in March", ExpiresAt: imported.Add(time.Hour)},
		{Says: "Parrots like seeds"},
	} {
		c.now = c.now.Add(time.Minute)
		got, err := b.Teach(t.Context(), x, "user:bob")
		must(t, err)
		if got.State != kb.Active || got.By != "user:bob" || !got.At.Equal(c.now) {
			t.Errorf("taught %+v, want it active, by bob, now", got)
		}
		taught[x.Says] = got
	}
	ask := func(s *kb.Situation) []kb.Hit {
		hits, err := b.Search(t.Context(), kb.Query{Text: "how much refund for a scratched item", Situation: s})
		must(t, err)
		return hits
	}
	check := func(name string, s *kb.Situation, want ...string) {
		t.Helper()
		hits := ask(s)
		if got := says(hits); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: corrections %q, want %q", name, got, want)
		}
		for i, h := range hits {
			if (h.Correction != nil) != (i < len(want)) || i > 0 && h.Score > hits[i-1].Score {
				t.Errorf("%s: hit %d is a correction: %v; they come before documents, by descending score", name, i, h.Correction != nil)
			}
		}
	}
	march, third, photo := "A refund of a scratched item waits in March", "A refund of a scratched item is a third", "A refund of a scratched item needs a photo"
	ann, mug := "A refund of a scratched item goes to Ann by cheque", "A refund of a scratched mug is all of it"
	all := &kb.Situation{Procedure: "damaged-item", Products: []string{"Mug"}, Customers: []string{"c-1", "ann@example.com"}}
	check("a case that all hold in", all, ann, mug, photo, march, third)
	check("another customer's case", &kb.Situation{Customers: []string{"eve@example.com"}}, march, third)
	check("whoever looks around", nil, ann, mug, photo, march, third)

	c.now = imported.Add(2 * time.Hour)
	check("when one expired", all, ann, mug, photo, third)
	if _, err := b.Revoke(t.Context(), taught[ann].ID, "user:eve"); err != nil {
		t.Fatal(err)
	}
	check("when one was revoked", all, mug, photo, third)
	must(t, b.Close())
	b = openAt(t, dir, c)
	defer b.Close()
	check("after opening again", all, mug, photo, third)
	for address, state := range map[string]kb.CorrectionState{taught[ann].Address(): kb.Revoked, taught[march].Address(): kb.Expired, taught[mug].Address(): kb.Active} {
		if p, err := b.Passage(t.Context(), address); err != nil || p.Correction == nil || p.Correction.State != state || p.Text != p.Correction.Says {
			t.Errorf("%s leads to %+v (error %v), want the correction, %s", address, p, err, state)
		}
	}
	list, next, err := b.Corrections(t.Context(), 4, "")
	must(t, err)
	rest, end, err := b.Corrections(t.Context(), 4, next)
	must(t, err)
	if len(list) != 4 || len(rest) != 2 || end != "" || !slices.IsSortedFunc(append(list, rest...), func(a, b kb.Correction) int { return b.At.Compare(a.At) }) {
		t.Errorf("pages of %d and %d corrections, next %q; want 4 and 2, newest first", len(list), len(rest), end)
	}
}

func TestContradictionsAreHeld(t *testing.T) {
	c := &clock{imported}
	b := openAt(t, t.TempDir(), c)
	defer b.Close()
	teach := func(x kb.Correction) kb.Correction {
		t.Helper()
		got, err := b.Teach(t.Context(), x, "user:bob")
		must(t, err)
		return got
	}
	first := teach(kb.Correction{Says: "Returns have sixty days", InsteadOf: "Returns have thirty days"})
	if again := teach(kb.Correction{Says: "Returns have sixty days", InsteadOf: "Returns have thirty days"}); again.ID != first.ID {
		t.Errorf("the same taught again is another: %s, want %s", again.ID, first.ID)
	}
	if other := teach(kb.Correction{Says: "Returns have sixty days", InsteadOf: "Returns have thirty days", Scope: kb.Scope{Product: "mug"}}); other.State != kb.Active {
		t.Errorf("of another scope: %s, want it active", other.State)
	}
	held := teach(kb.Correction{Says: "Returns have ninety days", InsteadOf: "returns have  thirty days"})
	if held.State != kb.Held || !slices.Equal(held.Contradicts, []string{first.ID}) {
		t.Fatalf("one that contradicts: %+v, want it held because of the first", held)
	}
	find := func() []string {
		hits, err := b.Search(t.Context(), kb.Query{Text: "how many days have returns", Situation: &kb.Situation{}})
		must(t, err)
		return says(hits)
	}
	if got := find(); !slices.Equal(got, []string{"Returns have sixty days"}) {
		t.Errorf("found %q, want nothing that is held", got)
	}
	accepted, err := b.Accept(t.Context(), held.ID, "user:admin")
	must(t, err)
	if got := find(); accepted.State != kb.Active || !slices.Equal(got, []string{"Returns have ninety days"}) {
		t.Errorf("accepted: %s, found %q; want it in place of the first", accepted.State, got)
	}
	if old, err := b.Correction(t.Context(), first.ID); err != nil || old.State != kb.Revoked || old.EndedBy != "user:admin" {
		t.Errorf("the first is %+v (error %v), want it revoked by the admin", old, err)
	}
	if _, err := b.Accept(t.Context(), held.ID, "user:admin"); !errors.Is(err, kb.ErrCorrection) {
		t.Errorf("accepting again: error %v, want ErrCorrection", err)
	}
	for _, bad := range []kb.Correction{{Says: " "}, {Says: strings.Repeat("x", 5000)}, {Says: "x", ExpiresAt: imported}} {
		if _, err := b.Teach(t.Context(), bad, "user:bob"); !errors.Is(err, kb.ErrCorrection) {
			t.Errorf("teaching %.20q: error %v, want ErrCorrection", bad.Says, err)
		}
	}
	if _, err := b.Revoke(t.Context(), "none", "user:bob"); !errors.Is(err, kb.ErrNotFound) {
		t.Errorf("revoking what isn't there: error %v, want ErrNotFound", err)
	}
}

// What somebody teaches beyond measure within an hour is held, with why, until an admin accepts it; what
// others teach meanwhile counts. The same from another case is one correction that is from both.
func TestFloodOfCorrectionsIsHeld(t *testing.T) {
	b := openAt(t, t.TempDir(), &clock{imported})
	defer b.Close()
	teach := func(n int, by, from string) kb.Correction {
		t.Helper()
		c, err := b.Teach(t.Context(), kb.Correction{Scope: kb.Scope{Procedure: "late"}, Says: fmt.Sprintf("it was number %d", n), FromCase: from}, by)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for n := range 100 {
		if c := teach(n, "token:bot", "case-1"); c.State != kb.Active {
			t.Fatalf("correction %d of an hour is %s (%s), want it to count", n, c.State, c.Why)
		}
	}
	held := teach(100, "token:bot", "case-1")
	if held.State != kb.Held || !strings.Contains(held.Why, "token:bot taught 100") {
		t.Errorf("the 101st of an hour is %s because %q, want it held, and by whom", held.State, held.Why)
	}
	if c := teach(0, "token:bot", "case-2"); len(c.FromCases) != 0 {
		t.Errorf("what it taught counts for %v too, want nothing more from it", c.FromCases)
	}
	if c := teach(101, "user:ann", "case-1"); c.State != kb.Active {
		t.Errorf("what another teaches meanwhile is %s, want it to count", c.State)
	}
	c := teach(101, "user:ann", "case-3")
	if again := teach(101, "user:ann", "case-3"); c.ID != again.ID || len(again.FromCases) != 1 || again.FromCases[0] != "case-3" {
		t.Errorf("the same from another case is %+v, want one correction that is from both", again)
	}
	before := b.Generation()
	if c, err := b.Accept(t.Context(), held.ID, "user:admin"); err != nil || c.State != kb.Active || c.Why != "" || b.Generation() == before {
		t.Errorf("accepted it is %+v, %v, want it to count", c, err)
	}
	list, err := b.Counting(t.Context(), imported)
	if err != nil || len(list) != 102 {
		t.Errorf("%d count, %v, want 102", len(list), err)
	}
}

// A correction that rehearsals don't bear is held with why until an admin accepts it, and then isn't tried
// again; one that is from a case more is. On a base of its own exactly what is tried counts.
func TestCorrectionsAreHeldByTrials(t *testing.T) {
	b := openAt(t, t.TempDir(), &clock{imported})
	defer b.Close()
	teach := func(says, from string) kb.Correction {
		t.Helper()
		c, err := b.Teach(t.Context(), kb.Correction{Scope: kb.Scope{Procedure: "late"}, Says: says, FromCase: from}, "user:ann")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	found := func(b *kb.Base) (texts []string) {
		t.Helper()
		hits, err := b.Search(t.Context(), kb.Query{Text: "parcels from abroad are late", K: 5})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			texts = append(texts, h.Text)
		}
		return texts
	}
	bad, good := teach("parcels from abroad are late by a year", "case-1"), teach("parcels from abroad are late by a week", "case-1")
	if c, err := b.Hold(t.Context(), bad.ID, "a rehearsal fails"); err != nil || c.State != kb.Held || c.Why != "a rehearsal fails" {
		t.Errorf("held it is %+v, %v", c, err)
	}
	if err := b.Tried(t.Context(), good.ID, bad.ID); err != nil {
		t.Fatal(err)
	}
	if got := found(b); len(got) != 1 || got[0] != good.Says {
		t.Errorf("found is %q, want what isn't held alone", got)
	}
	if c, _ := b.Correction(t.Context(), bad.ID); c.State != kb.Held || !c.TriedAt.IsZero() {
		t.Errorf("what is held counts as tried: %+v", c)
	}
	if c := teach(good.Says, "case-2"); c.ID != good.ID || !c.TriedAt.IsZero() {
		t.Errorf("from a case more it is %+v, want it to be tried again", c)
	}
	if c, err := b.Accept(t.Context(), bad.ID, "user:admin"); err != nil || c.State != kb.Active || c.TriedAt.IsZero() {
		t.Errorf("accepted it is %+v, %v, want it to count and not to be tried again", c, err)
	}
	if _, err := b.Revoke(t.Context(), good.ID, "user:admin"); err != nil {
		t.Fatal(err)
	}
	if c, err := b.Hold(t.Context(), good.ID, "too late"); err != nil || c.State != kb.Revoked {
		t.Errorf("what was revoked is %+v, %v when its trial ends, want it to stay so", c, err)
	}

	tried := openAt(t, t.TempDir(), &clock{imported})
	defer tried.Close()
	for _, list := range [][]kb.Correction{{good, bad}, {good}, {}, {bad}} {
		if err := tried.Only(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		if got := found(tried); len(got) != len(list) {
			t.Errorf("with %d corrections on it, a base finds %q", len(list), got)
		}
	}
}
