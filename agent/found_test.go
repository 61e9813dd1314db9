package agent

import (
	"testing"

	"resolute/agent/casefile"
)

// The tests here are the essence of what agent/sim found.

func (r *rig) decided(names ...casefile.DecisionName) {
	for _, name := range names {
		r.c.Fold(&casefile.Entry{Seq: r.c.Seq + 1, At: r.now, Actor: "user:ada", Data: &casefile.OperatorDecided{Decision: name, Principal: "ada"}})
	}
}

func TestHandingBackSendsNothingBlindly(t *testing.T) {
	r := newRig(t, "bank.blind", allow)
	call := r.sent(r.step(Event{}))
	r.parked(r.answer(call, casefile.Answer{Outcome: casefile.OutcomeUnknown}), casefile.Escalated, casefile.StopOutcomeUnknown)
	r.decided(casefile.DecideTakeover, casefile.DecideHandback)
	r.parked(r.step(Event{}), casefile.Escalated, casefile.StopOutcomeUnknown)
	r.decided(casefile.DecideRetry)
	if again := r.sent(r.step(Event{})); again.Key == call.Key {
		t.Errorf("a retry sends the same key again, want another: a person decided")
	}
}

func TestTheSameHypothesisAgainSendsNoKeyTwice(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	call := r.sent(r.step(Event{}))
	r.c.Fold(&casefile.Entry{Seq: r.c.Seq + 1, At: r.now, Data: &casefile.CallAnswered{ID: call.ID, Try: 1, Outcome: casefile.OutcomeDone}})
	r.c.Fold(&casefile.Entry{Seq: r.c.Seq + 1, At: r.now, Data: &casefile.HypothesisFailed{Hypothesis: "h"}})
	r.parked(r.step(Event{}), casefile.Escalated, casefile.StopCheckFailed) // it is chosen again, as by an override
	r.decided(casefile.DecideRetry)
	if again := r.sent(r.step(Event{})); again.Key == call.Key {
		t.Errorf("a retry sends the key of what was done, want another")
	}
}

func TestNothingIsFoundOutForACaseThatIsOver(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	r.decided(casefile.DecideClose)
	if res := r.step(Event{Routed: &Routing{Procedure: "p"}, Found: &Found{}}); len(res.Entries) > 0 {
		t.Errorf("a person closed the case, and the agent writes %+v into it", res.Entries)
	}
}
