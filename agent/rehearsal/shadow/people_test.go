package shadow

import (
	"slices"
	"testing"

	"resolute/agent/casefile"
)

// case of one proposal: a person is asked at entry 3 and decides at entry 4.
func asked(decision casefile.DecisionName, d casefile.OperatorDecided) []casefile.Entry {
	d.Decision = decision
	if decision != casefile.DecideOverride {
		d.Hash = "h"
	}
	list := []casefile.Entry{{Data: &casefile.SignalReceived{}}, {Data: &casefile.CaseOpened{}}, {Data: &casefile.ApprovalAsked{Approval: casefile.Approval{Hash: "h", Action: refund(300)}}}, {Data: &d}}
	for i := range list {
		list[i].Seq = uint64(i + 1)
	}
	return list
}

func refund(cents int64) *casefile.Action {
	return &casefile.Action{Tool: "shop.refund_order", Effect: "write", Args: casefile.Object{"amount_cents": cents}}
}

func acts(cents int64) *casefile.Entry {
	return &casefile.Entry{Data: &casefile.CallIntended{Call: casefile.Call{Action: *refund(cents)}}}
}

func TestCandidatesAreHeldAgainstPeople(t *testing.T) {
	denies := &casefile.Entry{Data: &casefile.ActionDenied{Call: casefile.Call{Action: *refund(300)}}}
	suspects := &casefile.Entry{Data: &casefile.HypothesisChosen{Hypothesis: "lost"}}
	same := Compared{}
	at := func(seq uint64, did *casefile.Entry) Compared { return Compared{Diverged: true, Seq: seq, Did: did} }
	yes, no, edit := asked(casefile.DecideApprove, casefile.OperatorDecided{}), asked(casefile.DecideReject, casefile.OperatorDecided{}), asked(casefile.DecideEdit, casefile.OperatorDecided{Action: refund(200)})
	over := asked(casefile.DecideOverride, casefile.OperatorDecided{Hypothesis: "lost"})
	instead := asked(casefile.DecideOverride, casefile.OperatorDecided{Action: refund(100)})
	for _, tt := range []struct {
		name    string
		entries []casefile.Entry
		did     Compared
		want    string
	}{
		{"a yes to what it proposes too", yes, same, "agreed"},
		{"a yes to what it does without asking", yes, at(3, acts(300)), "agreed"},
		{"a yes to what it does with another amount", yes, at(3, acts(299)), "not"},
		{"a yes to what it denies", yes, at(3, denies), "not"},
		{"a yes to what it proposes, after which it does something else", yes, at(5, acts(1)), "agreed"},
		{"a yes, and it went another way long before", yes, at(2, suspects), "not"},
		{"a no to what it proposes too", no, same, "not"},
		{"a no to what it does without asking", no, at(3, acts(300)), "not"},
		{"a no to what it denies", no, at(3, denies), "agreed"},
		{"a no where it does nothing", no, at(3, nil), "agreed"},
		{"a no, and it went another way long before", no, at(2, suspects), ""},
		{"an edit of what it proposes too", edit, same, "not"},
		{"an edit to what it proposes", edit, at(3, acts(200)), "agreed"},
		{"an edit to what it doesn't propose", edit, at(3, acts(201)), "not"},
		{"an override where it proposes the same", over, same, "not"},
		{"an override to the hypothesis that it has", over, at(2, suspects), "agreed"},
		{"an override to an action that it proposes", instead, at(3, acts(100)), "agreed"},
		{"an override to an action that it doesn't propose", instead, at(3, acts(300)), "not"},
	} {
		list, got := judge(tt.entries, &tt.did), ""
		if len(list) == 1 {
			if got = "not"; list[0].Agreed {
				got = "agreed"
			}
		}
		if got != tt.want || len(list) > 1 {
			t.Errorf("%s: %v, want %q", tt.name, list, tt.want)
		}
	}
}

// TestNothingIsJudgedBeyondADivergence has people asked twice: what a candidate would have come to the
// second time nobody knows, once it went another way.
func TestNothingIsJudgedBeyondADivergence(t *testing.T) {
	twice := asked(casefile.DecideApprove, casefile.OperatorDecided{})
	again := asked(casefile.DecideApprove, casefile.OperatorDecided{})[2:]
	for i := range again {
		again[i].Seq = uint64(5 + i)
	}
	twice = append(twice, again...)
	for _, tt := range []struct {
		seq  uint64
		want []bool
	}{{3, []bool{false}}, {5, []bool{true, false}}, {7, []bool{true, true}}} {
		did := Compared{Diverged: true, Seq: tt.seq}
		var got []bool
		for _, j := range judge(twice, &did) {
			got = append(got, j.Agreed)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("with a divergence at entry %d the decisions are judged as %v, want %v", tt.seq, got, tt.want)
		}
	}
}

func TestWhatIsCountedIsTakenBack(t *testing.T) {
	tally := newTally()
	first := result{Procedure: "damaged-item", Kind: OtherCall, Judged: []judgement{{casefile.DecideApprove, true}, {casefile.DecideReject, false}}}
	tally.count(&first, "c", 1)
	tally.example(OtherCall, Example{CaseID: "c", Seq: 3})
	tally.count(&first, "c", -1)
	second := result{Procedure: "refund", Judged: []judgement{{casefile.DecideApprove, true}}}
	tally.count(&second, "c", 1)
	var r Report
	tally.fill(&r)
	if r.Cases != 1 || r.Same != 1 || r.Diverged != 0 || len(r.Kinds) != 0 || r.People.Counted != (Counted{1, 1}) || len(r.Procedures) != 1 || r.Procedures[0].Procedure != "refund" {
		t.Errorf("a case that went on is counted as %+v, want what it came to last alone", r)
	}
}
