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
