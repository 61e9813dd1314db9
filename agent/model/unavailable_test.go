package model_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/casefile"
)

func config(text string) func(fstest.MapFS) {
	return func(files fstest.MapFS) {
		files["resolute.yaml"] = &fstest.MapFile{Data: []byte("company: Fernhill\n" + text)}
	}
}

func TestLimitsOfTheModelEndTheSearch(t *testing.T) {
	reads := func(n int, ask casefile.Consult) casefile.ModelAnswered {
		return says(ask, drives("call", `"tool":"shop.find_order","args":{"order_id":"O-`+strings.Repeat("1", n+1)+`"}`))
	}
	for limits, want := range map[string]int{"limits: {model_calls: 4}\n": 4, "limits: {model_tokens: 40}\n": 3} { // of 15 tokens each
		r := newRig(t, reads, config(limits))
		c := r.settled(r.ticket("O-1"), casefile.Escalated)
		if c.Stop.Code != casefile.StopLoopLimit || len(r.consults()) != want {
			t.Errorf("%q: %d questions, then %s; want %d, then loop.limit", limits, len(r.consults()), plainStop(c), want)
		}
	}
}

func TestSamplesCountInTheLimit(t *testing.T) {
	r := newRig(t, sensible, config("limits: {model_calls: 5}\nmodel: {samples: 3}\n"))
	id := r.ticket("O-1")
	c := r.settled(id, casefile.Escalated)
	answers := 0
	for _, said := range entriesOf[*casefile.ModelAnswered](r, id) {
		answers += len(said.Answers)
	}
	if c.Stop.Code != casefile.StopLoopLimit || answers > 5 {
		t.Errorf("%d answers, then %s, want no more than limits.model_calls", answers, plainStop(c))
	}
}

func TestAModelThatIsBackIsAskedAgain(t *testing.T) {
	r := newRig(t, func(n int, ask casefile.Consult) casefile.ModelAnswered {
		if n == 1 {
			return fails("loading", true)
		}
		return sensible(n, ask)
	})
	id := r.ticket("O-1")
	if c := r.settled(id, casefile.Waiting); c.Stop.Code != casefile.StopWaitingTimer || !strings.Contains(c.Stop.Detail, "the model is loading") {
		t.Errorf("while the model loads the case is %s", plainStop(c))
	}
	r.restart()
	r.settled(id, casefile.Resolved)
	for i, said := range entriesOf[*casefile.ModelAnswered](r, id) {
		if kept := said.System+said.Prompt != ""; kept != (i > 0) || i == 1 && said.System == "" {
			t.Errorf("answer %d is kept with %d bytes of prompt, want one that came to nothing without any", i+1, len(said.System+said.Prompt))
		}
	}
}

func TestWithoutAModelThatCanAnswerAPersonDoes(t *testing.T) {
	r := newRig(t, func(int, casefile.Consult) casefile.ModelAnswered { return fails("missing", false) })
	id := r.ticket("O-1")
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopModelUnavailable || c.Stop.Detail != "the model is missing" || len(r.consults()) != 1 {
		t.Errorf("%d questions, then %s", len(r.consults()), plainStop(c))
	}
	r.thinks(sensible)
	r.decide(id, agent.Decide{Decision: casefile.DecideRetry})
	r.settled(id, casefile.Resolved)
}

func TestAUseThatIsOffAsksNobody(t *testing.T) {
	r := newRig(t, sensible, config("model: {uses: []}\n"))
	if c := r.settled(r.ticket("O-1"), casefile.Escalated); c.Stop.Code != casefile.StopModelUnavailable || len(r.consults()) != 0 {
		t.Errorf("%d questions, then %s", len(r.consults()), plainStop(c))
	}
}

// A model that says nothing is waited for until its time is over; one that others have, without end.
func TestHowLongAModelIsWaitedFor(t *testing.T) {
	r := newRig(t, func(int, casefile.Consult) casefile.ModelAnswered { return fails("missing", false) })
	id := r.ticket("O-1")
	r.settled(id, casefile.Escalated)
	entries, err := r.store.Entries(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	k, err := book.New(t.Context(), r.version, plainEmbedder{})
	if err != nil {
		t.Fatal(err)
	}
	asked := entries[0].At
	for code, endless := range map[string]bool{"loading": false, "unreachable": false, "dropped": false, "busy": true, "paused": true} {
		c := casefile.New(id)
		for i := range entries {
			e := entries[i]
			if d, ok := e.Data.(*casefile.ModelAnswered); ok {
				said := *d
				said.Error = &casefile.ModelError{Code: code, Temporary: true, NextAt: asked.Add(time.Second)}
				e.Data, e.At = &said, asked
				c.Fold(&e)
				break
			}
			c.Fold(&e)
		}
		if d, ok := k.Playbook.Planner.Plan(c, asked).(casefile.Recheck); !ok || !d.At.Equal(asked.Add(time.Second)) {
			t.Errorf("%s, at once: %#v, want to look again when it says", code, d)
		}
		if d, ok := k.Playbook.Planner.Plan(c, asked.Add(14*time.Minute)).(casefile.Consult); !ok {
			t.Errorf("%s, after 14 minutes: %#v, want the question", code, d)
		}
		after := k.Playbook.Planner.Plan(c, asked.Add(15*time.Minute))
		if d, gone := after.(casefile.Escalate); gone == endless || gone && d.Stop.Code != casefile.StopModelUnavailable {
			t.Errorf("%s, after 15 minutes: %#v", code, after)
		}
	}
}
