package figures

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

type file struct{ db *bbolt.DB }

func (f file) apply(t *testing.T, entries ...casefile.Entry) {
	t.Helper()
	err := f.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte("view"))
		if err != nil {
			return err
		}
		return apply(projection.Over(b), entries)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f file) Read(_ context.Context, _ string, fn func(view *projection.Bucket, to uint64) error) error {
	return f.db.View(func(tx *bbolt.Tx) error { return fn(projection.Over(tx.Bucket([]byte("view"))), 0) })
}

// A verdict counts once, whether a person is asked or not, and a call's tries each for themselves.
func TestEachVerdictAndEachTryCountsOnce(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "v.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f, at, seq := file{db}, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), uint64(0)
	say := func(d casefile.Data) {
		seq++
		f.apply(t, casefile.Entry{Case: "c1", Seq: seq, At: at.Add(time.Duration(seq) * time.Second), Data: d})
	}
	action := func(cents int64) casefile.Action {
		return casefile.Action{Tool: "shop.refund", Effect: "write", Args: casefile.Object{"amount_cents": cents}}
	}
	fired := []casefile.RuleResult{{Policy: "refunds", Rule: "over-100", Fired: true}, {Policy: "refunds", Rule: "own", Fired: false}}
	asked := action(18900)
	say(&casefile.ApprovalAsked{Approval: casefile.Approval{Action: &asked, Rules: fired}})
	say(&casefile.CallIntended{Call: casefile.Call{ID: "do", Try: 1, Action: asked}, ApprovedBy: "user:kim", Verdict: &casefile.Verdict{Rules: fired}})
	say(&casefile.CallAnswered{ID: "do", Try: 1, Outcome: casefile.OutcomeUnknown, Source: casefile.SourceAnswer, Code: "no-answer", DurationMS: 3000})
	say(&casefile.CallAnswered{ID: "do", Try: 1, Outcome: casefile.OutcomeNotDone, Source: casefile.SourceOperation})
	say(&casefile.CallIntended{Call: casefile.Call{ID: "do", Try: 2, Action: asked}})
	say(&casefile.CallAnswered{ID: "do", Try: 2, Outcome: casefile.OutcomeDone, Source: casefile.SourceAnswer, DurationMS: 40})
	say(&casefile.ActionDenied{Call: casefile.Call{ID: "x", Action: action(50000)}, Verdict: casefile.Verdict{Rules: fired}})
	rules, err := New(f).Rules(t.Context())
	if err != nil || len(rules) != 1 || rules[0].Fired != 2 || rules[0].Least != 18900 || rules[0].Most != 50000 || rules[0].Sum != 68900 || rules[0].Case != "c1" {
		t.Errorf("the rule fired twice, on 189.00 and 500.00, not %+v (%v)", rules, err)
	}
	tools, err := New(f).Tools(t.Context())
	if err != nil || len(tools) != 1 || tools[0].Calls != 2 || len(tools[0].Tries) != 2 {
		t.Fatalf("the tool was tried twice, not %+v (%v)", tools, err)
	}
	if took, ok := tools[0].Took(0.95); !ok || took != 3*time.Second {
		t.Errorf("95 of 100 tries took 3 s at most, not %v", took)
	}
	if c := tools[0].Classes(); len(c) != 2 || c[0].Count != 1 {
		t.Errorf("one try was done and one unknown, not %+v", c)
	}
	for i := range Kept {
		say(&casefile.CallIntended{Call: casefile.Call{ID: fmt.Sprint(i), Try: 1, Action: asked}})
		say(&casefile.CallAnswered{ID: fmt.Sprint(i), Try: 1, Outcome: casefile.OutcomeDone, Source: casefile.SourceAnswer, DurationMS: 1})
	}
	if tools, err = New(f).Tools(t.Context()); err != nil || len(tools[0].Tries) != Kept || tools[0].Calls != Kept+2 || tools[0].Tries[Kept-1].Seq != seq {
		t.Errorf("the last %d tries are kept of %d, not %d of %d (%v)", Kept, Kept+2, len(tools[0].Tries), tools[0].Calls, err)
	}
}
