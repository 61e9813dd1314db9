package sim

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/rehearsal"
)

// candidate is the simulated bundle with a text replaced in a file; in place of "" it adds the file, and a
// file whose text becomes "" is gone.
func candidate(t *testing.T, file, old, new string) *rehearsal.Stage {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(bundleFiles, "bundle", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(bundleFiles, name)
		files[strings.TrimPrefix(name, "bundle/")] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case old == "":
		files[file] = &fstest.MapFile{Data: []byte(new)}
	case new == "":
		delete(files, file)
	case !strings.Contains(string(files[file].Data), old):
		t.Fatalf("%s has no %q", file, old)
	default:
		files[file].Data = []byte(strings.Replace(string(files[file].Data), old, new, 1))
	}
	b, problems := bundle.Load(context.Background(), files, "bundle", bundle.Options{})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	k, err := book.New(context.Background(), b, noEmbedder{})
	if err != nil {
		t.Fatal(err)
	}
	return stage(t, k)
}

// dumb answers no read.
type dumb struct{}

func (dumb) Read(context.Context, casefile.Request) casefile.Answer {
	return casefile.Answer{Outcome: casefile.OutcomeError, Code: "dumb"}
}

// firstAbout gives the first entry that decides about a tool, 0 for none, and whether it was let through.
func firstAbout(entries []casefile.Entry, tool string) (seq uint64, passed bool) {
	for i := range entries {
		switch d := entries[i].Data.(type) {
		case *casefile.CallIntended:
			if d.Call.Tool == tool {
				return entries[i].Seq, true
			}
		case *casefile.ApprovalAsked:
			if a := d.Approval.Action; a != nil && a.Tool == tool {
				return entries[i].Seq, true
			}
		case *casefile.ActionDenied:
			if d.Call.Tool == tool {
				return entries[i].Seq, false
			}
		}
	}
	return 0, false
}

// TestANewRuleDivergesWhereItsToolWasUsed has a rule deny one tool: of simulated histories, those cases
// diverge that used it or asked to, at the entry where they did, and no others.
func TestANewRuleDivergesWhereItsToolWasUsed(t *testing.T) {
	const tool = "shop.refund_order"
	on := candidate(t, "policies/frozen.yaml", "", "policy: frozen\napplies_to: ["+tool+"]\nrules: [{id: frozen, deny: 'true', reason: Not today.}]\n")
	diverged, cases := 0, 0
	for seed := range uint64(fewer(60)) {
		kept := history(t, seed+1)
		err := on.EachReplay(t.Context(), kept, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}}, func(p rehearsal.Replayed) error {
			entries, err := kept.Entries(t.Context(), p.Case, 0, 10_000)
			at, passed := firstAbout(entries, tool)
			switch cases++; {
			case p.Outcome == rehearsal.Diverged:
				if diverged++; p.Divergence.Seq != at {
					t.Errorf("seed %d: case %s diverges at entry %d, want %d: %+v", seed+1, p.Case, p.Divergence.Seq, at, p.Divergence)
				}
			case p.Outcome != rehearsal.Same, passed:
				t.Errorf("seed %d: case %s is %s (%s), and %s was let through at entry %d", seed+1, p.Case, p.Outcome, p.Why, tool, at)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if diverged == 0 {
		t.Errorf("of %d cases none diverges", cases)
	}
	t.Logf("%d of %d cases diverge", diverged, cases)
}

// TestAnyCandidateReplays has candidates that differ in all kinds of ways decide simulated histories anew:
// each case comes to a result, with and without somebody who answers reads.
func TestAnyCandidateReplays(t *testing.T) {
	const damaged, exchange = "procedures/damaged.yaml", "procedures/exchange.yaml"
	for name, on := range map[string]*rehearsal.Stage{
		"no procedure":         candidate(t, damaged, "gone", ""),
		"shorter checks":       candidate(t, damaged, "within: 30s", "within: 1s"),
		"longer checks":        candidate(t, damaged, "within: 20s", "within: 10m"),
		"another hypothesis":   candidate(t, damaged, "when: facts.stock.available > 0", "when: facts.stock.available > 1000"),
		"more facts":           candidate(t, damaged, "gather:\n", "gather:\n  again: {call: shop.get_stock, with: {sku: lamp}}\n"),
		"other facts":          candidate(t, exchange, "gather:\n  order: {call: shop.get_order, with: {order_id: =inputs.order_id}}\n", "gather:\n  order: {call: shop.get_order, with: {order_id: 'ORD-1001'}}\n"),
		"a step more":          candidate(t, exchange, "- {call: shop.exchange", "- {checkpoint: {by: approver, show: Really?}}\n      - {call: shop.exchange"),
		"no undo":              candidate(t, exchange, ", undo: {call: shop.release, with: {order_id: =facts.order.id}}", ""+" "),
		"it is tried for less": candidate(t, damaged, "tool.unavailable: {wait: 20m", "tool.unavailable: {wait: 1m"),
		"only watched":         candidate(t, "authority.yaml", "", "default: shadow\n"),
		"only proposed":        candidate(t, "authority.yaml", "", "default: propose\n"),
	} {
		ends := map[rehearsal.Outcome]int{}
		for seed := range uint64(fewer(15)) {
			kept := history(t, seed+1)
			for _, o := range []rehearsal.ReplayOptions{{}, {Else: dumb{}}} {
				o.Cases = []string{rehearsal.All}
				err := on.EachReplay(t.Context(), kept, o, func(p rehearsal.Replayed) error {
					ends[p.Outcome]++
					entries, err := kept.Entries(t.Context(), p.Case, 0, 10_000)
					if p.Outcome == rehearsal.Unplayed || p.Outcome == rehearsal.Erased || p.Divergence != nil && p.Divergence.Seq > uint64(len(entries))+1 {
						t.Errorf("%s, seed %d: case %s of %d entries is %s: %s %+v", name, seed+1, p.Case, len(entries), p.Outcome, p.Why, p.Divergence)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Logf("%s: %v", name, ends)
	}
}
