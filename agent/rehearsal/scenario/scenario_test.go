package scenario_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"resolute/agent/rehearsal/scenario"
	"resolute/agent/source"
)

const good = `rehearsal: good
now: 2026-03-01T10:00:00Z
signals: [{at: 1h, type: later.came, data: {}}, {at: 0s, type: ticket.created, data: {customer: {id: C-1}, text: Broken.}}]
customer: {persona: angry, knows: {order_id: ORD-1001, card: 4242}, hides: {order_id: 1}, mistakes: {card: {says: 1, corrects: 5m}}, delay: 2h, patience: {questions: 2, waits: 24h, then: writes-again}, reacts: thanks, injects: pay}
world:
  shop.get_order: [{args: {id: ORD-1001}, result: {id: ORD-1001, cents: 5}}]
faults: [{tool: shop.print, on: 2, kind: late_callback}]
expect: {status: resolved, calls: [shop.print], within: 48h}
`

// around is what a scenario may say beside that.
const around = `authority: [{procedure: refund, tool: shop.print, level: act}]
paused: [{tool: shop.print, at: 1h, until: 3h}, {procedure: refund}, {}]
expect: {cases: [{signal: 2, status: resolved, stop: paused}], within: 48h}
`

// shelf is what a shop offers; nothing is known of the till.
type shelf struct{}

func (shelf) Schemas(tool string) (effect string, input, output json.RawMessage, ok bool) {
	switch tool {
	case "shop.get_order":
		return "read", json.RawMessage(`{"properties": {"id": {"type": "string"}}}`),
			json.RawMessage(`{"type": "object", "properties": {"id": {"type": "string"}, "cents": {"type": "integer"}}, "required": ["id"], "additionalProperties": false}`), true
	case "shop.print":
		return "write", nil, nil, true
	case "shop.note":
		return "write", nil, nil, true
	}
	return "", nil, nil, false
}
func (shelf) Known(plugin string) bool { return plugin == "shop" }
func (shelf) Async(tool string) bool   { return tool == "shop.print" }
func (shelf) Names(plugin string) []string {
	switch plugin {
	case "", "shop":
		return []string{"shop.get_order", "shop.note", "shop.print"}
	case "till":
		return []string{"till.pay"}
	}
	return nil
}

func read(text string) (*scenario.Scenario, source.Problems) {
	var problems source.Problems
	s := scenario.Parse("r.yaml", []byte(text), &problems)
	if s != nil {
		s.Check(shelf{}, &problems)
		s.CheckCustomer([]scenario.Question{{Name: "order_id", Takes: func(a string) bool { return strings.HasPrefix(a, "ORD-") }}, {Name: "card"}}, &problems)
		s.CheckProcedures([]string{"refund", "return"}, &problems)
	}
	problems.Sort()
	return s, problems
}

func TestScenarioIsWhatItsFileSays(t *testing.T) {
	s, problems := read(good)
	if len(problems) > 0 {
		t.Fatalf("what is right has problems: %v", problems)
	}
	c := s.Customer
	switch {
	case s.Signals[0].Type != "ticket.created" || s.Signals[1].At != time.Hour:
		t.Errorf("signals are not by time: %+v", s.Signals)
	case s.Signals[0].EventID == s.Signals[1].EventID:
		t.Error("two signals have one identity, so the second would count as a duplicate")
	case c.Persona != scenario.Angry || c.Delay != 2*time.Hour || c.Reacts != scenario.Thanks || c.Injects != "pay":
		t.Errorf("the customer is %+v", c)
	case c.Patience != scenario.Patience{Questions: 2, Waits: 24 * time.Hour, WritesAgain: true}:
		t.Errorf("their patience is %+v", c.Patience)
	case c.Knows[0].Evades != 1 || c.Knows[1].Value != "4242" || c.Knows[1].Wrong != "1" || c.Knows[1].Corrects != 5*time.Minute:
		t.Errorf("they know %+v", c.Knows)
	case s.Faults[0].On != 2 || s.Expect.Within != 48*time.Hour:
		t.Errorf("faults %+v, expected %+v", s.Faults, s.Expect)
	}
	plain, _ := read(strings.Replace(good, "customer: {persona: angry, knows: {order_id: ORD-1001, card: 4242}, hides: {order_id: 1}, mistakes: {card: {says: 1, corrects: 5m}}, delay: 2h, patience: {questions: 2, waits: 24h, then: writes-again}, reacts: thanks, injects: pay}", "customer: {}", 1))
	if c := plain.Customer; c == nil || c.Persona != scenario.Plain || c.Delay != 30*time.Minute || c.Reacts != scenario.Silent || c.Patience != (scenario.Patience{}) {
		t.Errorf("a customer of whom nothing is said is %+v", c)
	}
}

// TestScenariosAreReadStrictly makes each mistake that there is, and wants it named at its place.
func TestScenariosAreReadStrictly(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"rehearsal: good", "rehearsl: good", "r.yaml:1:1: rehearsal is missing"},
		{"rehearsal: good", "rehearsal: good\nworlds: {}", "r.yaml:2:1: unknown key worlds; did you mean world?"},
		{"now: 2026-03-01T10:00:00Z", "now: 2026-02-30T10:00:00Z", `r.yaml:2:6: "2026-02-30T10:00:00Z" is no time; write it like 2026-03-01T10:00:00Z`},
		{"now: 2026-", "now: 1926-", "r.yaml:2:6: a rehearsal happens between 1970 and 2200, not in 1926"},
		{"now: 2026-03-01T10:00:00Z\n", "", "r.yaml:1:1: now is missing"},
		{"at: 1h", "at: 72h", "r.yaml:3:16: the signal would arrive after 72h0m0s, when the rehearsal is over: it ends at expect.within, 48h0m0s"},
		{"at: 1h", "at: soon", `r.yaml:3:16: "soon" is not a duration`},
		{"type: later.came, ", "", "r.yaml:3:11: type is missing"},
		{"type: later.came", "type: operator.decided", "r.yaml:3:26: signals of type operator.decided come from resolute alone"},
		{"data: {}", "data: [1]", "r.yaml:3:44: a mapping (key: value) is expected here"},
		{"data: {}", "assurance: much", `r.yaml:3:49: "much" is not one of vouched, none`},
		{"signals: [{at: 1h, type: later.came, data: {}}, {at: 0s, type: ticket.created, data: {customer: {id: C-1}, text: Broken.}}]", "signals: []", "r.yaml:3:10: nothing arrives, so nothing can happen; add a signal"},
		{"signals: [{", "signals: [5, {", "r.yaml:3:11: a mapping (key: value) is expected here"},

		{"persona: angry", "persona: grumpy", `r.yaml:4:21: "grumpy" is not one of plain, terse, chatty, angry, foreign`},
		{"knows: {order_id", "knows: {ordr_id", "r.yaml:4:86: they don't know order_id, so they can say nothing else first; add it to knows; did you mean ordr_id?"},
		{"card: 4242", "card: [4242]", "r.yaml:4:62: what they know is a text or a number"},
		{"card: 4242", "card: ''", "r.yaml:4:62: what they know is a text or a number"},
		{"card: 4242", "card: 4242, colour: red", "r.yaml:4:76: warning: no procedure asks a customer for colour, so they never say it"},
		{"order_id: ORD-1001, c", "order_id: nine, c", `r.yaml:4:46: warning: "nine" is no answer for who asks for order_id: they will be asked again, in vain`},
		{"hides: {order_id: 1}", "hides: {order_id: 0}", "r.yaml:4:87: write how often they say something else first, from 1, or never"},
		{"hides: {order_id: 1}", "hides: {order_id: often}", `r.yaml:4:87: "often" is not a whole number of 0 or more`},
		{"says: 1,", "says: 4242,", "r.yaml:4:115: that is what they know, so it is no mistake"},
		{"says: 1,", "", "r.yaml:4:108: says is missing; add for example says: ORD-1000"},
		{"corrects: 5m", "corrects: 0s", "r.yaml:4:128: write how long after it they take it back, like 5m"},
		{"{says: 1, corrects: 5m}", "1", "r.yaml:4:108: a mapping (key: value) is expected here"},
		{"delay: 2h", "delay: 80h", "r.yaml:4:141: they would answer after 80h0m0s, when the rehearsal is over: it ends at expect.within, 48h0m0s"},
		{"within: 48h", "within: 1h", "r.yaml:4:141: they would answer after 2h0m0s, when the rehearsal is over"},
		{"questions: 2", "questions: 0", "r.yaml:4:167: somebody who answers no question needs no customer here"},
		{"waits: 24h", "waits: 1s", "r.yaml:4:177: nobody is impatient within 1m0s; write it like 24h"},
		{"waits: 24h, ", "", "r.yaml:4:176: this is what they do when they hear nothing; say for how long by waits: 24h"},
		{"then: writes-again", "then: sues", `r.yaml:4:188: "sues" is not one of gives-up, writes-again`},
		{"reacts: thanks", "reacts: cries", `r.yaml:4:211: "cries" is not one of nothing, thanks, complains, asks-again`},
		{"customer: {id: C-1}, ", "", "r.yaml:4:11: nobody is known to write: the first signal has no customer in its data"},
		{"injects: pay", "inject: pay", "r.yaml:4:219: unknown key inject; did you mean injects?"},

		{"shop.get_order: [", "shop.get_ordr: [", "r.yaml:6:3: plugin shop has no tool get_ordr; did you mean shop.get_order?"},
		{"shop.get_order: [", "shopp.get_order: [", "r.yaml:6:3: the bundle has no plugin shopp; did you mean shop.get_order?"},
		{"shop.get_order: [", "order: [", `r.yaml:6:3: "order" is no tool; write it like shop.get_order`},
		{"shop.get_order: [{args: {id: ORD-1001}, result: {id: ORD-1001, cents: 5}}]", "shop.get_order: []", "r.yaml:6:19: shop.get_order gets no answer here; add one, or leave the tool out"},
		{"shop.get_order: [{args: {id: ORD-1001}, result: {id: ORD-1001, cents: 5}}]", "plugin: dead", `r.yaml:6:11: "dead" is not one of live`},
		{"args: {id: ORD-1001}", "args: {ids: ORD-1001}", "r.yaml:6:27: shop.get_order takes no argument ids, so this answer is never given; did you mean id?"},
		{"args: {id: ORD-1001}", "args: 5", "r.yaml:6:27: a mapping (key: value) is expected here"},
		{", result: {id: ORD-1001, cents: 5}", "", "r.yaml:6:20: result is missing"},
		{"result: {id: ORD-1001, ", "result: {", "r.yaml:6:51: the result of shop.get_order has a field id, which is missing here"},
		{"cents: 5", "cents: five", "r.yaml:6:51: cents in the result of shop.get_order is of type integer, and this is of type string"},
		{"cents: 5", "cent: 5", "r.yaml:6:51: the result of shop.get_order has no field cent; did you mean cents?"},
		{"result: {id: ORD-1001, cents: 5}", "result: [1]", "r.yaml:6:51: the result of shop.get_order is of type object, and this is of type array"},

		{"tool: shop.print, ", "", "r.yaml:7:10: tool is missing"},
		{"tool: shop.print, ", "tool: shop.burn, ", "r.yaml:7:10: plugin shop has no tool burn"},
		{"tool: shop.print, ", "tool: shop.note, ", "r.yaml:7:10: late_callback can't befall shop.note, which answers at once"},
		{"tool: shop.print, on: 2, kind: late_callback", "tool: shop.get_order, on: 2, kind: timeout_after_effect", "r.yaml:7:10: timeout_after_effect can't befall shop.get_order, which changes nothing"},
		{"on: 2", "on: 0", "r.yaml:7:33: calls are counted from 1"},
		{"kind: late_callback", "kind: late_calback", `r.yaml:7:42: "late_calback" is not one of`},

		{"status: resolved", "status: done", `r.yaml:8:18: "done" is not one of resolved, escalated, approval, waiting, closed`},
		{"calls: [shop.print]", "calls: [shop.burn]", "r.yaml:8:9: plugin shop has no tool burn"},
		{"within: 48h", "within: 0s", "r.yaml:8:57: nothing can come about within no time; write it like 1h"},
		{"{status: resolved, calls: [shop.print], within: 48h}", "{within: 48h}", "r.yaml:8:9: nothing is expected, so the rehearsal proves nothing"},
		{"expect: {status: resolved, calls: [shop.print], within: 48h}\n", "", "r.yaml:1:1: expect is missing"},
		{"world:\n  shop.get_order: [{args: {id: ORD-1001}, result: {id: ORD-1001, cents: 5}}]\n", "", "r.yaml:1:1: world is missing"},
	} {
		text := strings.Replace(good, tt.from, tt.to, 1)
		if text == good {
			t.Errorf("%q is not in the scenario any more", tt.from)
		}
		_, problems := read(text)
		found := false
		for _, p := range problems {
			found = found || strings.HasPrefix(p.String(), tt.want)
		}
		if !found {
			t.Errorf("%q in place of %q: want %s in %v", tt.to, tt.from, tt.want, problems)
		}
	}
}

// TestWhatStandsAroundIsReadStrictly does the same with what stands around the agent.
func TestWhatStandsAroundIsReadStrictly(t *testing.T) {
	whole := strings.Replace(good, "expect: {status: resolved, calls: [shop.print], within: 48h}\n", around, 1)
	s, problems := read(whole)
	if len(problems) > 0 {
		t.Fatalf("what is right has problems: %v", problems)
	}
	if l, p, o := s.Authority[0], s.Paused, s.Expect.Cases[0]; l.Level != "act" || l.Procedure != "refund" || p[0].At != time.Hour || p[0].Until != 3*time.Hour || p[1].Procedure != "refund" || len(p) != 3 || o.Signal != 2 || o.Stop != "paused" {
		t.Errorf("it was read as %+v, %+v, %+v", l, p, o)
	}
	for _, tt := range []struct{ from, to, want string }{
		{"level: act", "level: acts", `r.yaml:8:58: "acts" is not one of shadow, propose, act`},
		{", level: act", "", "r.yaml:8:13: level is missing; add for example level: act"},
		{"procedure: refund, tool", "procedure: refunds, tool", "r.yaml:8:13: the bundle has no procedure refunds; did you mean refund?"},
		{"tool: shop.print, level", "tool: shop.prnt, level", "r.yaml:8:13: plugin shop has no tool prnt; did you mean shop.print?"},
		{"tool: shop.print, at", "tool: shop.prnt, at", "r.yaml:9:10: plugin shop has no tool prnt"},
		{"{procedure: refund}", "{procedure: refnd}", "r.yaml:9:49: the bundle has no procedure refnd; did you mean refund?"},
		{"{procedure: refund}", "{procedure: refund, tool: shop.print}", "r.yaml:9:75: name a tool or a procedure, or neither for everything"},
		{"until: 3h", "until: 30m", "r.yaml:9:44: it would end before it begins, at 1h0m0s"},
		{"at: 1h, until: 3h", "at: 90h", "r.yaml:9:33: it would begin after 90h0m0s, when the rehearsal is over: it ends at expect.within, 48h0m0s"},
		{"{}]", "{when: 5h}]", "r.yaml:9:71: unknown key when; known are procedure, tool, at, until"},
		{"{signal: 2", "{signal: 3", "r.yaml:10:18: there is no signal 3, there are 2"},
		{"{signal: 2", "{signal: 0", "r.yaml:10:27: signals are counted from 1, by time"},
		{"signal: 2, ", "", "r.yaml:10:18: signal is missing"},
		{", status: resolved, stop: paused", "", "r.yaml:10:18: nothing is expected of this case; add for example status: resolved"},
		{"status: resolved, stop", "status: done, stop", `r.yaml:10:38: "done" is not one of resolved`},
	} {
		text := strings.Replace(whole, tt.from, tt.to, 1)
		_, problems := read(text)
		found := false
		for _, p := range problems {
			found = found || strings.HasPrefix(p.String(), tt.want)
		}
		if !found || text == whole {
			t.Errorf("%q in place of %q: want %s in %v", tt.to, tt.from, tt.want, problems)
		}
	}
}

// TestWhatIsNotKnownIsNotHeldAgainst: of a plugin that is down nothing can be said.
func TestWhatIsNotKnownIsNotHeldAgainst(t *testing.T) {
	if _, problems := read(strings.Replace(good, "calls: [shop.print]", "calls: [till.whatever]", 1)); len(problems) > 0 {
		t.Errorf("a tool of a plugin that is down: %v", problems)
	}
}

// FuzzParse has files of any content read: what is wrong is an error with a place in them, never a
// panic, and what has none can be played.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add(strings.Replace(good, "expect: ", around+"was: ", 1))
	for _, cut := range []string{"rehearsal: good\n", "angry", "data: {}", "world:", "expect: ", "[{", ": {", "2026", "5m", "\n"} {
		f.Add(strings.ReplaceAll(good, cut, ""))
		f.Add(strings.ReplaceAll(good, cut, cut+cut))
	}
	for _, text := range []string{"", "rehearsal", "[]", "{}", "rehearsal: [a]\nnow: {}\nsignals: 5\nworld: 5\nexpect: 5\ncustomer: 5\nfaults: {a: b}", "signals: [{data: {customer: 5}}]\ncustomer: {knows: 5, hides: [], mistakes: {a: {}}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, problems := read(text)
		lines := strings.Count(text, "\n") + 1
		for _, p := range problems {
			if p.File != "r.yaml" || p.Line > lines+1 || p.Message == "" {
				t.Errorf("%q has the problem %q", text, p)
			}
		}
		if problems.Failed() {
			return
		}
		if s == nil || s.Name == "" || s.Now.IsZero() || len(s.Signals) == 0 || s.Expect.Within <= 0 {
			t.Errorf("%q has no problem, and can't be played: %+v", text, s)
		}
	})
}
