package procedure_test

import (
	"reflect"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/procedure"
	"resolute/agent/source"
)

// The tests here are the essence of what agent/sim found.

const twoRemedies = `procedure: p
goal: g
start: {signals: [t]}
hypotheses:
  - name: send
    when: signal.data.stock > 0
    do: [{call: shop.send, with: {id: a}}]
    verify: {call: shop.get, with: {id: a}, as: after, check: facts.after.id == "a"}
  - name: settled
    when: signal.data.email == "x"
    do: []
    verify: {call: shop.get, with: {id: a}, as: after, check: facts.after.email == "x"}
  - name: pay
    do: [{call: shop.send, with: {id: b}}]
    verify: {call: shop.get, with: {id: a}, as: after, check: facts.after.id == "b"}
`

func planner(t *testing.T, text string) *procedure.Planner {
	t.Helper()
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var problems source.Problems
	p := procedure.Parse("p.yaml", []byte(text), c, &problems)
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	return procedure.NewPlanner([]*procedure.Procedure{p}, 1)
}

// TestNothingOnTopOfARemedy: a remedy was done; news, or a person's hypothesis that failed, lets
// the planner choose again.
func TestNothingOnTopOfARemedy(t *testing.T) {
	p := planner(t, twoRemedies)
	remedied := func(status casefile.HypothesisStatus) *casefile.Case {
		return &casefile.Case{Procedure: "p", Signals: []casefile.Received{{Seq: 1, Signal: casefile.Signal{Type: "t", Data: casefile.Object{"stock": int64(0), "email": ""}}}}, InputsUpTo: 1,
			Hypotheses: []casefile.Hypothesis{{Name: "send", Status: status, Seq: 5}}, Writes: []casefile.Write{{Seq: 7, Hypothesis: "send", Tool: "shop.send"}}}
	}
	for _, status := range []casefile.HypothesisStatus{casefile.Held, casefile.GivenUp} {
		c := remedied(status)
		c.Hypotheses = append(c.Hypotheses, casefile.Hypothesis{Name: "settled", Status: casefile.GivenUp, Seq: 9, Chosen: "user:ada"})
		if d, ok := p.Plan(c, time.Time{}).(casefile.Escalate); !ok || d.Stop.Code != casefile.StopCheckFailed {
			t.Errorf("after a remedy that is %s, the planner wants %+v, want check.failed", status, p.Plan(c, time.Time{}))
		}
	}
	c := remedied(casefile.Held)
	c.Signals[0].Data["email"] = "x"
	if d, ok := p.Plan(c, time.Time{}).(casefile.Note); !ok || d.Data.(*casefile.HypothesisChosen).Hypothesis != "settled" {
		t.Errorf("a hypothesis that only looks is not looked at: %+v", p.Plan(c, time.Time{}))
	}
	c = remedied(casefile.Held)
	c.Epoch = 1
	if d, ok := p.Plan(c, time.Time{}).(casefile.Note); !ok || d.Data.(*casefile.HypothesisChosen).Hypothesis != "pay" {
		t.Errorf("once a person wants it tried again, the planner wants %+v, want pay", p.Plan(c, time.Time{}))
	}
	c.Writes[0].Undone, c.Epoch, c.Hypotheses[0].Status = true, 0, casefile.Reverted
	if d, ok := p.Plan(c, time.Time{}).(casefile.Note); !ok || d.Data.(*casefile.HypothesisChosen).Hypothesis != "pay" {
		t.Errorf("after a remedy that was taken back, the planner wants %+v, want pay", p.Plan(c, time.Time{}))
	}
}

// TestPlanIsTheSameEachTime: evidence stood in the order in which Go walks maps.
func TestPlanIsTheSameEachTime(t *testing.T) {
	p := planner(t, `procedure: p
goal: g
start: {signals: [t]}
hypotheses:
  - name: h
    when: facts.a.id == "" && facts.b.id == "" && facts.c.id == "" && facts.d.id == ""
    do: []
    verify: {call: shop.get, with: {id: a}, as: after, check: facts.after.id == "a"}
`)
	c := &casefile.Case{Procedure: "p", Signals: []casefile.Received{{Seq: 1}}, InputsUpTo: 1, Facts: map[string]casefile.Fact{}}
	for i, name := range []string{"a", "b", "c", "d"} {
		c.Facts[name] = casefile.Fact{Seq: uint64(i + 2), Value: casefile.Value{V: map[string]any{"id": ""}}}
	}
	want := p.Plan(c, time.Time{})
	for range 50 {
		if got := p.Plan(c, time.Time{}); !reflect.DeepEqual(got, want) {
			t.Fatalf("the same case was planned as %+v and as %+v", want, got)
		}
	}
}

// TestHalfDoneHypothesisKeepsItsInputs: a customer named another order while the first of two
// writes was under way, and the second was about that one.
func TestHalfDoneHypothesisKeepsItsInputs(t *testing.T) {
	p := planner(t, `procedure: p
goal: g
start: {signals: [t]}
inputs:
  order: {type: string, from: signal.data.order}
hypotheses:
  - name: h
    do: [{call: shop.send, with: {id: =inputs.order}}, {call: shop.send, with: {id: =inputs.order, count: =2}}]
    verify: {call: shop.get, with: {id: =inputs.order}, as: after, check: facts.after.id == inputs.order}
`)
	said := func(seq uint64, order string) casefile.Received {
		return casefile.Received{Seq: seq, Signal: casefile.Signal{ID: order, Type: "t", Time: time.Unix(int64(seq), 0), Data: casefile.Object{"order": order}}}
	}
	c := &casefile.Case{Procedure: "p", Signals: []casefile.Received{said(1, "A"), said(6, "B")}, InputsUpTo: 1,
		Inputs:     map[string]casefile.Input{"order": {Value: casefile.Value{V: "A"}, Signal: "A", How: "from"}},
		Hypotheses: []casefile.Hypothesis{{Name: "h", Status: casefile.Trying, Seq: 3, Step: 1}}, Writes: []casefile.Write{{Seq: 7, Hypothesis: "h", Tool: "shop.send"}}}
	if d, ok := p.Plan(c, time.Time{}).(casefile.CallTools); !ok || d.Calls[0].Args["id"] != "A" {
		t.Errorf("the second write is planned as %+v, want it to be about A, as the first", p.Plan(c, time.Time{}))
	}
	c.Hypotheses[0].Step, c.Hypotheses[0].Check = 2, casefile.Check{Tries: 1, Held: true}
	if d, ok := p.Plan(c, time.Time{}).(casefile.Escalate); !ok {
		t.Errorf("what was done and proven for A ends as %+v, want a person to see that B was meant", d)
	}
	c.Signals[1] = said(6, "A")
	if _, ok := p.Plan(c, time.Time{}).(casefile.Resolve); !ok {
		t.Errorf("news that says the same keeps it from being resolved: %+v", p.Plan(c, time.Time{}))
	}
}

// TestRefusedCheckIsReadAgain: a check whose read is refused (the record isn't there yet) was judged again
// and again at the same time, until the step gave up.
func TestRefusedCheckIsReadAgain(t *testing.T) {
	p := planner(t, `procedure: p
goal: g
start: {signals: [t]}
hypotheses:
  - name: h
    do: []
    verify: {call: shop.get, with: {id: a}, as: after, check: facts.after.id == "a", within: 1m}
`)
	now := time.Unix(100, 0)
	c := casefile.New("c")
	fold := func(d casefile.Data) {
		c.Fold(&casefile.Entry{Seq: c.Seq + 1, At: now, Data: d})
	}
	for _, d := range []casefile.Data{&casefile.SignalReceived{Signal: casefile.Signal{Type: "t"}}, &casefile.CaseOpened{}, &casefile.ProcedureChosen{Procedure: "p"},
		&casefile.InputsFound{UpTo: 1}, &casefile.HypothesisChosen{Hypothesis: "h"},
		&casefile.CallIntended{Call: casefile.Call{ID: "verify/h/0/e0", Purpose: casefile.ForVerify, Fact: "after", Hypothesis: "h", Try: 1}},
		&casefile.CallAnswered{ID: "verify/h/0/e0", Try: 1, Outcome: casefile.OutcomeRefused, Code: "no_such_order"}} {
		fold(d)
	}
	read, ok := p.Plan(c, now).(casefile.Note)
	if !ok {
		t.Fatalf("after a refused check the planner wants %+v, want it judged", p.Plan(c, now))
	}
	fold(read.Data)
	if d, ok := p.Plan(c, now).(casefile.Recheck); !ok || !d.At.After(now) {
		t.Fatalf("a check that was judged once leads to %+v, want to look again later", p.Plan(c, now))
	}
	if d, ok := p.Plan(c, now.Add(10*time.Second)).(casefile.CallTools); !ok || d.Calls[0].Purpose != casefile.ForVerify {
		t.Errorf("then the planner wants %+v, want the check read again", p.Plan(c, now.Add(10*time.Second)))
	}
}
