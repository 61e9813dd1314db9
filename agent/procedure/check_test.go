package procedure_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/expr"
	"resolute/agent/procedure"
	"resolute/agent/source"
)

// tool is what a plugin declares.
type tool struct{ effect, input, output string }

// shop is a set of tools; the plugin down is declared, and nothing is known of it.
type shop map[string]tool

var offers = shop{
	"shop.get":    {"read", `{"properties":{"id":{"type":"string"}},"required":["id"],"additionalProperties":false}`, `{"properties":{"id":{},"email":{},"lines":{"properties":{"sku":{}}}}}`},
	"shop.listed": {"read", `{"properties":{"id":{"type":"string"}}}`, `{"properties":{"id":{}},"additionalProperties":true}`},
	"shop.mixed":  {"read", `{"allOf":[{"properties":{"id":{}}}]}`, `{"properties":{"id":{}},"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}`},
	"shop.closed": {"read", `{"type":"object","additionalProperties":false}`, `{"properties":{"id":{}},"additionalProperties":false,"allOf":[{}]}`},
	"shop.send":   {"write", `{"properties":{"id":{"type":"string"},"count":{"type":"integer"}},"required":["id"],"additionalProperties":false}`, `{"properties":{"number":{}}}`},
}

func (s shop) Schemas(name string) (effect string, input, output json.RawMessage, ok bool) {
	t, ok := s[name]
	return t.effect, json.RawMessage(t.input), json.RawMessage(t.output), ok
}
func (s shop) Known(plugin string) bool { return plugin == "shop" }
func (s shop) Names(plugin string) []string {
	names := []string{}
	for name := range s {
		if plugin == "" || strings.HasPrefix(name, plugin+".") {
			names = append(names, name)
		}
	}
	if plugin == "" {
		names = append(names, "down.")
	}
	slices.Sort(names)
	return names
}

// check parses and checks a file, and gives its problems in order.
func check(t *testing.T, text string) []string {
	t.Helper()
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var problems source.Problems
	if p := procedure.Parse("p.yaml", []byte(text), c, &problems); p != nil {
		p.Check(offers, []string{"default", "people"}, &problems)
	}
	problems.Sort()
	lines := []string{}
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return lines
}

// head is a procedure up to its hypotheses, 7 lines long.
const head = `procedure: p
goal: g
start: {signals: [t]}
inputs:
  id: {type: string, from: signal.data.id}
gather:
  order: {call: shop.get, with: {id: =inputs.id}}
`

// body is a whole procedure of 13 lines that has no problem.
const body = head + `hypotheses:
  - name: h
    do: [{call: shop.send, with: {id: =facts.order.id}, as: sent}]
    verify: {call: shop.get, with: {id: =inputs.id}, as: after, check: facts.after.id != ""}
    reply: done
otherwise: {escalate: e}
`

func TestWhatCantWorkIsSaidWhereItStands(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing wrong", body + "replies: {done: 'It is {{ facts.sent.number }}'}\n", nil},

		{"a pattern that quotes to its end", strings.Replace(body, "from: signal.data.id}", `pattern: '\Qabc'}`, 1) + "replies: {done: ok}\n", nil},
		{"a pattern that is none", strings.Replace(body, "from: signal.data.id}", "pattern: 'a)('}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:5:31: pattern: unexpected ): `a)(`; it is an RE2 expression"}},

		{"a question that reads a fact", strings.Replace(body, "data.id}", "data.id, ask: 'Is it {{ facts.order.id }}?'}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:5:3: the question for id is asked before any fact is gathered, so it can't read one"}},
		{"a question that reads what it asks for", strings.Replace(body, "data.id}", "data.id, ask: 'Is it {{ inputs.id }}?'}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:5:3: the question for id reads id itself, which is absent when it is asked"}},
		{"a question that reads no input", strings.Replace(body, "data.id}", "data.id, ask: 'Is it {{ inputs.idd }}?'}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:5:3: there is no input idd; did you mean id?"}},
		{"an input from no input", strings.Replace(body, "signal.data.id", "inputs.other", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:5:28: there is no input other"}},
		{"an input from any fact", strings.Replace(body, "signal.data.id", "'facts[signal.data.id]'", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:5:29: an input comes from signals, before any fact is gathered"}},

		{"a check of no fact", strings.Replace(body, `facts.after.id != ""`, `inputs.id != ""`, 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:11:72: the check reads no fact, so it proves nothing; read what verify's call gives, by its `as`"}},
		{"a check of another fact", strings.Replace(body, `facts.after.id`, `facts.sent.number`, 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:11:72: warning: the check doesn't read facts.after, which verify's call gives, so it proves nothing new"}},
		{"a verify without a name", strings.Replace(body, `as: after, check: facts.after.id`, `check: facts.order.id`, 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:11:61: warning: the check reads nothing that verify's call gives, so it proves nothing new; give the call an `as` and read it"}},

		{"a field that isn't listed", strings.Replace(body, "facts.order.id}", "facts.order.idd}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:17: order has no field idd by its tool's output schema; did you mean id?"}},
		{"a deeper one", strings.Replace(body, "facts.order.id}", "facts.order.lines.skew}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:17: order.lines has no field skew by its tool's output schema; did you mean sku?"}},
		{"fields of open schemas", strings.Replace(body, "hypotheses:", "  more: {call: shop.listed, with: {id: =inputs.id}}\n  mixed: {call: shop.mixed, with: {any: 1}}\nrequire: [{check: facts.more.any == facts.mixed.any, otherwise: {escalate: e}}]\nhypotheses:", 1) + "replies: {done: ok}\n", nil},
		{"a field of a closed schema of several", strings.Replace(body, "hypotheses:", "  shut: {call: shop.closed}\nrequire: [{check: facts.shut.any == 1, otherwise: {escalate: e}}]\nhypotheses:", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:9:19: shut has no field any by its tool's output schema; it has id"}},

		{"an argument that a closed tool lacks", strings.Replace(body, "{id: =facts.order.id}", "{id: =facts.order.id, coun: 1}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:56: shop.send has no argument coun; did you mean count?"}},
		{"an argument of a tool that takes none", strings.Replace(body, "hypotheses:", "  shut: {call: shop.closed, with: {id: a}}\nhypotheses:", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:8:36: shop.closed has no argument id"}},
		{"an argument that an open tool doesn't declare", strings.Replace(body, "hypotheses:", "  more: {call: shop.listed, with: {idd: a}}\nhypotheses:", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:8:36: warning: shop.listed doesn't declare the argument idd; did you mean id?"}},
		{"an argument of the wrong type", strings.Replace(body, "{id: =facts.order.id}", "{id: facts.order.id, count: few}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:55: count of shop.send takes a value of type integer, and this one is of type string"}},
		{"an argument that is missing", strings.Replace(body, "{id: =facts.order.id}", "{}", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:34: shop.send needs the argument id"}},

		{"a reply with another path's fact", body + "  \nreplies: {done: '{{ facts.other.number }}'}\n",
			[]string{"p.yaml:15:11: nothing gives the fact other before it is read; did you mean order?"}},
		{"a route's reply with a fact that may be missing", strings.Replace(body, "hypotheses:", "require: [{check: facts.order.id != \"\", otherwise: {close: declined, reply: no}}]\nhypotheses:", 1) + "replies: {done: ok, no: '{{ facts.sent.number }}'}\n",
			[]string{"p.yaml:15:21: warning: the fact sent may not be there yet when this is read, and then nothing is sent"}},
		{"a fallback's reply with a fact that nothing gives", body + "on: {check.failed: {then: {close: declined, reply: done}}}\nreplies: {done: '{{ facts.order.id }} {{ facts.never }}'}\n",
			[]string{"p.yaml:15:11: nothing gives the fact never before it is read"}},
		{"a reply that nobody writes", body + "replies: {done: ok, spare: '{{ facts.nothing }}'}\n",
			[]string{"p.yaml:14:21: nothing gives the fact nothing before it is read"}},
		{"an undo that reads what was done", strings.Replace(body, "as: sent}", "as: sent, undo: {call: shop.send, with: {id: =facts.sent.number}}}", 1) + "replies: {done: ok}\n", nil},

		{"names", strings.NewReplacer("procedure: p", "procedure: My Procedure", "name: h", "name: H/1", "as: sent", "as: 2nd", "order:", "in:", "facts.order.id", `"x"`, "  id:", "  i-d:", "=inputs.id", "x").Replace(body) + "replies: {done: ok}\n",
			[]string{`p.yaml:1:12: "My Procedure" is no name; it has only a-z, 0-9, - and _`,
				`p.yaml:5:3: "i-d" can't be named in an expression; a name has letters, digits and _, and begins with no digit`,
				`p.yaml:7:3: "in" can't be named in an expression; a name has letters, digits and _, and begins with no digit`,
				`p.yaml:9:11: "H/1" is no name; it has only a-z, 0-9, - and _`,
				`p.yaml:10:50: "2nd" can't be named in an expression; a name has letters, digits and _, and begins with no digit`}},
		{"no signals", strings.Replace(body, "[t]", "[]", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:3:18: signals names no type, so nothing starts the procedure; write for example [ticket.created]"}},

		{"every code that escalates", body + "on: {authority.shadow: {then: {escalate: a}}, budget.exceeded: {then: {escalate: a}}, model.unavailable: {then: {escalate: a}}, human.takeover: {then: {escalate: a}}, input.missing: {then: {escalate: a}}, tool.unavailable: {wait: 4h}}\nreplies: {done: ok}\n", nil},
		{"a code that doesn't", body + "on: {policy.denied: {then: {escalate: a}}}\nreplies: {done: ok}\n",
			[]string{"p.yaml:14:6: policy.denied is no stop code that escalates; did you mean policy.deny?"}},
		{"a fallback without then", body + "on: {check.failed: {escalate: a}}\nreplies: {done: ok}\n",
			[]string{"p.yaml:14:20: say where the case goes: then: {escalate: REASON, to: QUEUE} or then: {close: declined, reply: NAME}",
				"p.yaml:14:21: unknown key escalate; known are wait, then"}},
		{"a wait for what doesn't come back", body + "on: {check.failed: {wait: 4h, then: {escalate: a}}}\nreplies: {done: ok}\n",
			[]string{"p.yaml:14:27: only tool.unavailable waits"}},

		{"a tool that isn't there", strings.Replace(body, "call: shop.send", "call: shop.sned", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:17: shop has no tool shop.sned; did you mean shop.send?"}},
		{"a plugin that isn't there", strings.Replace(body, "call: shop.send", "call: shp.send", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:10:17: no file in tools/ is the plugin shp; did you mean shop?"}},
		{"a plugin that is down", strings.Replace(body, "call: shop.send", "call: down.send", 1) + "replies: {done: ok}\n", nil},
		{"a gather that writes", strings.Replace(body, "{call: shop.get, with", "{call: shop.send, with", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:7:17: shop.send changes something (its effect is write); gather, verify and monitors only read",
				"p.yaml:10:17: order has no field id by its tool's output schema; it has number"}},
		{"a circle", strings.Replace(body, "=inputs.id}}\nhypo", "=facts.b.id}}\n  b: {call: shop.get, with: {id: =facts.order.id}}\nhypo", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:7:17: order needs a fact that needs order: break the circle", "p.yaml:8:13: b needs a fact that needs b: break the circle",
				"p.yaml:11:17: nothing gives the fact order before it is read"}},
		{"an unknown queue and reply", strings.Replace(body, "{escalate: e}", "{escalate: e, to: peple}", 1) + "replies: {dome: ok}\n",
			[]string{"p.yaml:9:5: there is no reply done; did you mean dome?", "p.yaml:13:12: there is no queue peple in resolute.yaml; did you mean people?"}},
		{"the same hypothesis twice", strings.Replace(body, "otherwise:", "  - {name: h, do: [], verify: {call: shop.get, with: {id: a}, as: x, check: facts.x.id != \"\"}}\notherwise:", 1) + "replies: {done: ok}\n",
			[]string{"p.yaml:13:5: hypothesis h is there twice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == nil {
				c.want = []string{}
			}
			if d := cmp.Diff(c.want, check(t, c.text)); d != "" {
				t.Errorf("problems of the file, - as they should be, + as they are:\n%s\n%s", d, numbered(c.text))
			}
		})
	}
}

func numbered(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		fmt.Fprintf(&b, "%3d %s\n", i+1, line)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	f.Add(body + "replies: {done: 'It is {{ facts.sent.number }}'}\n")
	f.Add("procedure: p\ninputs: {a: {type: string, pattern: '\\Qabc'}}\nhypotheses: [{do: [{ask: {}}, {wait: {}}, {checkpoint: {}}, {call: 1}]}]\non: {a: , b: {then: }}\n")
	f.Add("procedure: {a: b}\nstart: []\ngather: {a: , b: []}\nverify: 1\nrequire: [{}, 1]\notherwise: x\n")
	c, err := expr.NewCompiler()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var problems source.Problems
		if p := procedure.Parse("p.yaml", []byte(text), c, &problems); p != nil {
			p.Check(offers, []string{"default"}, &problems)
		}
	})
}
