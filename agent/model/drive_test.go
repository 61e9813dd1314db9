package model_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent"
	"resolute/agent/casefile"
)

func TestModelDrivesACaseToItsProvenEnd(t *testing.T) {
	r := newRig(t, sensible)
	id := r.ticket("O-1")
	c := r.settled(id, casefile.Resolved)
	if got := r.shop.effects(); got != "refund_order O-1 3400" {
		t.Errorf("the model paid back %q, want the order's total once", got)
	}
	if c.Reply == nil || c.Reply.Text != "We paid your order back." || c.Outcome != "model" {
		t.Errorf("the case ended with reply %v and outcome %q", c.Reply, c.Outcome)
	}
	if h := c.Hypotheses[0]; h.Name != "model" || h.Statement != "The order arrived broken" {
		t.Errorf("the hypothesis is %+v, want what the model believes under the name that rules know", h)
	}
	if n := len(entriesOf[*casefile.ModelProposed](r, id)); n != 2 {
		t.Errorf("%d proposals were taken, want the call and the reply", n)
	}
	for i, ask := range r.consults() {
		if want := []int{1, 2, 1, 2}[i]; ask.Samples != want {
			t.Errorf("question %d asks for %d answers, want %d", i+1, ask.Samples, want)
		}
	}
}

func TestApprovalOfAModelsCallIsAskedOnceAndSentOnce(t *testing.T) {
	r := newRig(t, sensible)
	id := r.ticket("O-2")
	c := r.settled(id, casefile.Approving)
	asked := len(r.consults())
	r.restart()
	if again := r.settled(id, casefile.Approving); again.Approval.Hash != c.Approval.Hash || len(r.consults()) != asked {
		t.Errorf("a restart asked the model %d times more, and made approval %s of %s", len(r.consults())-asked, again.Approval.Hash, c.Approval.Hash)
	}
	r.decide(id, agent.Decide{Decision: casefile.DecideApprove, Hash: c.Approval.Hash})
	r.settled(id, casefile.Resolved)
	if got := r.shop.effects(); got != "refund_order O-2 34000" {
		t.Errorf("approved once, it did %q", got)
	}
	if n := len(entriesOf[*casefile.ApprovalAsked](r, id)); n != 1 {
		t.Errorf("a person was asked %d times, want once", n)
	}
}

func TestEditOfAModelsCall(t *testing.T) {
	r := newRig(t, sensible)
	id := r.ticket("O-2")
	hash := r.settled(id, casefile.Approving).Approval.Hash
	r.decide(id, agent.Decide{Decision: casefile.DecideEdit, Hash: hash, Args: casefile.Object{"order_id": "O-2", "amount_cents": int64(9000)}})
	r.settled(id, casefile.Resolved)
	if got := r.shop.effects(); got != "refund_order O-2 9000" {
		t.Errorf("with other arguments of a person it did %q", got)
	}
}

func TestRejectionOfAModelsCallGoesToThePerson(t *testing.T) {
	r := newRig(t, sensible)
	id := r.ticket("O-2")
	hash := r.settled(id, casefile.Approving).Approval.Hash
	r.decide(id, agent.Decide{Decision: casefile.DecideReject, Hash: hash, Note: "no"})
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopApprovalRejected || r.shop.effects() != "" {
		t.Errorf("rejected: %s, did %q", plainStop(c), r.shop.effects())
	}
	r.thinks(sensible)
	r.decide(id, agent.Decide{Decision: casefile.DecideRetry})
	if c := r.settled(id, casefile.Approving); c.Approval.Hash == hash {
		t.Error("after a retry the approval that was rejected is asked for again")
	}
}

func TestDenialIsToldToTheModel(t *testing.T) {
	told := ""
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		switch {
		case strings.Contains(ask.Prompt, "id=done.1"):
			return says(ask, drives("reply", tells))
		case strings.Contains(ask.Prompt, "more-than-paid"):
			told = ask.Prompt
			return says(ask, refunds("O-1", 3400))
		}
		return says(ask, refunds("O-1", 9999))
	}, config("thresholds: {model: 0.6}\n"))
	r.settled(r.ticket("O-1"), casefile.Resolved)
	if got := r.shop.effects(); got != "refund_order O-1 3400" || !strings.Contains(told, "Nobody gets back more than they paid.") {
		t.Errorf("did %q, after it was told\n%s", got, told)
	}
}

func TestDenialIsTheCauseWhereTheModelGivesUp(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		if strings.Contains(ask.Prompt, "more-than-paid") {
			return says(ask, drives("escalate", `"text":"I may not do that"`))
		}
		return says(ask, refunds("O-1", 9999))
	}, config("thresholds: {model: 0.6}\n"))
	c := r.settled(r.ticket("O-1"), casefile.Escalated)
	if c.Stop.Code != casefile.StopPolicyDeny || c.Stop.Rule != "more-than-paid" || !strings.Contains(c.Stop.Detail, "I may not do that") {
		t.Errorf("it ends as %s (rule %s), want the denial as the first cause with the model's words", plainStop(c), c.Stop.Rule)
	}
}

func TestModelReadsByItself(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		switch {
		case strings.Contains(ask.Prompt, "id=done.1"):
			return says(ask, drives("reply", tells))
		case strings.Contains(ask.Prompt, "id=facts.model_1"):
			return says(ask, refunds("O-1", 3400))
		case strings.Contains(ask.Prompt, "there is no order O-9"):
			return says(ask, drives("call", `"tool":"shop.find_order","args":{"order_id":"O-2"}`))
		}
		return says(ask, drives("call", `"tool":"shop.find_order","args":{"order_id":"O-9"}`))
	})
	c := r.settled(r.ticket("O-1"), casefile.Resolved)
	if f := c.Facts["model_1"]; f.Tool != "shop.find_order" || len(c.Facts) != 3 {
		t.Errorf("the facts are %v, want what it read as model_1", c.Facts)
	}
	if n := r.consults()[0].Samples; n != 1 {
		t.Errorf("a read took %d answers, want 1", n)
	}
}

func TestModelAsksTheCustomer(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		if strings.Contains(ask.Prompt, "It is the kettle") {
			return sensible(n, ask)
		}
		return says(ask, drives("ask", `"text":"What is broken?"`))
	})
	id := r.ticket("O-1")
	if c := r.settled(id, casefile.Waiting); c.Question == nil || c.Question.Text != "What is broken?" {
		t.Fatalf("the question is %v", c.Question)
	}
	r.restart()
	if got := r.send("customer.replied", "2", casefile.Object{"text": "It is the kettle"}); got != id {
		t.Fatalf("the answer went to %s, want %s", got, id)
	}
	c := r.settled(id, casefile.Resolved)
	if f := c.Facts["model_1"]; f.Value.V != "It is the kettle" {
		t.Errorf("the answer is %v", f)
	}
	if n := len(entriesOf[*casefile.CustomerAsked](r, id)); n != 1 {
		t.Errorf("the customer was asked %d times", n)
	}
}

func TestModelWaitsForASignal(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		if strings.Contains(ask.Prompt, "id=signal.2") {
			return sensible(n, ask)
		}
		return says(ask, drives("wait", `"for":"parcel.returned"`))
	}, func(files fstest.MapFS) {
		p := files["procedures/refund.yaml"]
		p.Data = []byte(strings.Replace(string(p.Data), "signals: [ticket.created]", "signals: [ticket.created, parcel.returned]", 1))
	})
	id := r.ticket("O-1")
	if c := r.settled(id, casefile.Waiting); c.Wait == nil || c.Wait.For != "parcel.returned" {
		t.Fatalf("it waits for %v", c.Wait)
	}
	if got := r.send("parcel.returned", "2", casefile.Object{"order_id": "O-1", "thread": "other"}); got != id {
		t.Fatalf("what it waited for went to %s, want %s", got, id)
	}
	r.settled(id, casefile.Resolved)
}

func TestOnlyACheckThatHoldsEndsTheCase(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		if strings.Contains(ask.Prompt, "does not hold") {
			return sensible(n, ask)
		}
		return says(ask, drives("close", ""))
	})
	c := r.settled(r.ticket("O-1"), casefile.Resolved)
	if got := r.shop.effects(); got != "refund_order O-1 3400" {
		t.Errorf("told that nothing was done it did %q", got)
	}
	if len(c.Hypotheses) != 2 || c.Hypotheses[0].Cause == nil || c.Hypotheses[0].Cause.Code != casefile.StopCheckFailed {
		t.Errorf("the hypotheses are %+v, want the first one given up as its check failed", c.Hypotheses)
	}
}

func TestWhoSaysTwiceThatAllIsDoneAndIsntGoesToAPerson(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered { return says(ask, drives("close", "")) })
	if c := r.settled(r.ticket("O-1"), casefile.Escalated); c.Stop.Code != casefile.StopCheckFailed {
		t.Errorf("it ends as %s", plainStop(c))
	}
}

func TestNoSecondRemedyOnTopOfOneThatMayHaveWorked(t *testing.T) {
	r := newRig(t, sensible)
	r.shop.broken = true
	if c := r.settled(r.ticket("O-1"), casefile.Escalated); c.Stop.Code != casefile.StopCheckFailed || r.shop.effects() != "refund_order O-1 3400" {
		t.Errorf("a refund that nothing shows ends as %s, after %q", plainStop(c), r.shop.effects())
	}
}

func TestTakeoverAndHandback(t *testing.T) {
	r := newRig(t, sensible)
	id := r.ticket("O-2")
	r.settled(id, casefile.Approving)
	r.decide(id, agent.Decide{Decision: casefile.DecideTakeover, Note: "mine"})
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopHumanTakeover {
		t.Errorf("taken over it is %s", plainStop(c))
	}
	r.decide(id, agent.Decide{Decision: casefile.DecideHandback})
	c := r.settled(id, casefile.Approving)
	r.decide(id, agent.Decide{Decision: casefile.DecideApprove, Hash: c.Approval.Hash})
	r.settled(id, casefile.Resolved)
	if got := r.shop.effects(); got != "refund_order O-2 34000" {
		t.Errorf("handed back it did %q", got)
	}
}
