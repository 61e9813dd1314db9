package casefile_test

import (
	"testing"

	"resolute/agent/casefile"
)

// TestRetryKeepsWhatIsUnderWay is the essence of what agent/sim found: a person took a case over,
// and let it be tried again, while a call was under way. Its hypothesis was given up, and the
// refusal that came had nothing to fail.
func TestRetryKeepsWhatIsUnderWay(t *testing.T) {
	c := casefile.New("c")
	fold := func(list ...casefile.Data) {
		for _, d := range list {
			c.Fold(&casefile.Entry{Seq: c.Seq + 1, Data: d})
		}
	}
	fold(&casefile.SignalReceived{}, &casefile.CaseOpened{}, &casefile.HypothesisChosen{Hypothesis: "h"},
		&casefile.CallIntended{Call: casefile.Call{ID: "do/h/0", Purpose: casefile.ForDo, Hypothesis: "h", Try: 1, Action: casefile.Action{Tool: "t", Effect: "write"}}},
		&casefile.CallAnswered{ID: "do/h/0", Try: 1, Outcome: casefile.OutcomeNotDone},
		&casefile.OperatorDecided{Decision: casefile.DecideTakeover}, &casefile.OperatorDecided{Decision: casefile.DecideRetry})
	if h := c.Current(); h == nil || h.Epoch != 1 {
		t.Fatalf("the hypothesis of the call that is under way is %+v, want it to go on in epoch 1", c.Hypotheses)
	}
	round := c.Round
	if fold(&casefile.SignalReceived{}); c.Round != round {
		t.Errorf("a signal made the facts stale while a write may be done, and its check compares with them")
	}
	fold(&casefile.CallAnswered{ID: "do/h/0", Try: 1, Outcome: casefile.OutcomeRefused}, &casefile.HypothesisFailed{Hypothesis: "h"}, &casefile.SignalReceived{})
	if c.Round == round {
		t.Errorf("a signal did not make the facts stale once nothing is under way")
	}
}

// TestHandingBackForgetsNoFailure is the essence of what agent/sim found: a call was refused while a
// person had the case, and sent again once they handed it back.
func TestHandingBackForgetsNoFailure(t *testing.T) {
	for purpose, keeps := range map[casefile.Purpose]bool{casefile.ForDo: true, casefile.ForGather: false} {
		c := casefile.New("c")
		for _, d := range []casefile.Data{&casefile.SignalReceived{}, &casefile.CaseOpened{}, &casefile.HypothesisChosen{Hypothesis: "h"},
			&casefile.CallIntended{Call: casefile.Call{ID: "x", Purpose: purpose, Try: 1}}, &casefile.OperatorDecided{Decision: casefile.DecideTakeover},
			&casefile.CallAnswered{ID: "x", Try: 1, Outcome: casefile.OutcomeRefused}, &casefile.OperatorDecided{Decision: casefile.DecideHandback}} {
			c.Fold(&casefile.Entry{Seq: c.Seq + 1, Data: d})
		}
		if (c.Failure != nil) != keeps {
			t.Errorf("after the handback of a case whose %s was refused, the failure is %+v", purpose, c.Failure)
		}
	}
}
