package procedure_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// driven is a whole procedure of a model that has no problem.
const driven = head + `drive: model
tools: [shop.get, shop.send]
guidance: |
  Send it once.
done: {call: shop.get, with: {id: =inputs.id}, as: after, check: facts.after.id != "", within: 30s, reply: done}
otherwise: {escalate: e, to: people}
replies: {done: 'It is {{ facts.order.id }}'}
`

func TestWhatAModelCantWorkWithIsSaidWhereItStands(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing wrong", driven, nil},
		{"driven by something else", strings.Replace(driven, "drive: model", "drive: dice", 1), []string{`p.yaml:8:8: "dice" is not one of model`}},
		{"driven by both", driven + "hypotheses: []\n", []string{"p.yaml:15:13: either a model drives the procedure or its hypotheses do; leave drive or hypotheses out"}},
		{"done without drive", body + "replies: {done: ok}\ndone: {}\ntools: []\nguidance: x\n", []string{
			"p.yaml:15:7: done is what a model works with; write drive: model, and no hypotheses",
			"p.yaml:16:8: tools is what a model works with; write drive: model, and no hypotheses",
			"p.yaml:17:11: guidance is what a model works with; write drive: model, and no hypotheses"}},
		{"nothing that proves it", strings.Replace(driven, "done: {call", "gone: {call", 1), []string{
			"p.yaml:1:1: done is missing; add for example done: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents > 0, within: 30s, reply: refunded}",
			"p.yaml:12:1: unknown key gone; did you mean done?"}},
		{"a check that proves nothing", strings.Replace(driven, `facts.after.id != ""`, `inputs.id != ""`, 1),
			[]string{"p.yaml:12:66: the check reads no fact, so it proves nothing; read what verify's call gives, by its `as`"}},
		{"done by a write", strings.Replace(driven, "done: {call: shop.get,", "done: {call: shop.send,", 1),
			[]string{"p.yaml:12:14: shop.send changes something (its effect is write); gather, verify and monitors only read", "p.yaml:12:67: after has no field id by its tool's output schema; it has number"}},
		{"no tools", strings.Replace(driven, "tools: [shop.get, shop.send]", "tools: []", 1),
			[]string{"p.yaml:9:8: tools names none, so the model can do nothing; write for example [shop.get_order, shop.refund_order]"}},
		{"tools that aren't there", strings.Replace(driven, "[shop.get, shop.send]", "[shop.gets, shop.send, ship.send, send, shop.send]", 1), []string{
			"p.yaml:9:9: shop has no tool shop.gets; did you mean shop.get?",
			"p.yaml:9:31: no file in tools/ is the plugin ship; did you mean shop?",
			"p.yaml:9:42: send is no tool; tools are called PLUGIN.TOOL",
			"p.yaml:9:48: the tool shop.send is there twice"}},
		{"a model that declines", strings.Replace(driven, "{escalate: e, to: people}", "{close: declined, reply: done}", 1),
			[]string{"p.yaml:13:12: a model may not decline; where it gives up the case goes to a person: {escalate: REASON, to: QUEUE}"}},
		{"a fact that is the model's", strings.Replace(driven, "  order:", "  more: {call: shop.get, with: {id: =inputs.id}}\n  model_1:", 1),
			[]string{"p.yaml:8:19: facts whose names begin with model_ are what the model reads by itself; give model_1 another name",
				"p.yaml:15:11: nothing gives the fact order before it is read"}},
		{"a reply that isn't there", strings.Replace(driven, "reply: done}", "reply: don}", 1),
			[]string{"p.yaml:12:7: there is no reply don; did you mean done?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(append([]string{}, c.want...), check(t, c.text)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
