package model_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent/casefile"
)

// byHypotheses replaces the procedure by one with two hypotheses that are both plausible.
func byHypotheses(uses string) func(fstest.MapFS) {
	return func(files fstest.MapFS) {
		config("model: {uses: [" + uses + "]}\n")(files)
		files["procedures/refund.yaml"] = &fstest.MapFile{Data: []byte(`procedure: refund
goal: The order is paid back
start: {signals: [ticket.created]}
inputs:
  order_id: {type: string, pattern: 'O-[0-9]+', from: signal.data.order_id, ask: Which order is it?}
gather:
  order: {call: shop.get_order, with: {order_id: =inputs.order_id}}
hypotheses:
  - {name: whole, do: [{call: shop.refund_order, with: {order_id: =facts.order.id, amount_cents: =facts.order.total_cents}}], verify: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents > 0}, reply: refunded}
  - {name: half, do: [{call: shop.refund_order, with: {order_id: =facts.order.id, amount_cents: '=facts.order.total_cents / 2'}}], verify: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents > 0}, reply: refunded}
replies:
  refunded: 'You get {{ facts.after.refunded_cents }} cents back for order {{ facts.order.id }}.'
`)}
	}
}

func chooses(choice string) mind {
	return func(_ int, ask casefile.Consult) casefile.ModelAnswered {
		return says(ask, `{"evidence":["facts.order"],"confidence":0.9,"choice":"`+choice+`"}`)
	}
}

func TestModelOrdersHypothesesThatArePlausible(t *testing.T) {
	for _, c := range []struct {
		name  string
		think mind
		uses  string
		want  string
		asked int
	}{
		{"as it says", chooses("half"), "order", "refund_order O-1 1700", 2},
		{"where it isn't used, in the file's order", chooses("half"), "", "refund_order O-1 3400", 0},
		{"where it names none, in the file's order", chooses("double"), "order", "refund_order O-1 3400", 2},
		{"where it says nothing, in the file's order", func(int, casefile.Consult) casefile.ModelAnswered { return fails("loading", true) }, "order", "refund_order O-1 3400", 1},
		{"where it isn't sure, in the file's order", func(_ int, ask casefile.Consult) casefile.ModelAnswered {
			return says(ask, `{"evidence":[],"confidence":0.1,"choice":"half"}`)
		}, "order", "refund_order O-1 3400", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.think, byHypotheses(c.uses))
			r.settled(r.ticket("O-1"), casefile.Resolved)
			if got := r.shop.effects(); got != c.want || len(r.consults()) != c.asked {
				t.Errorf("it did %q after %d questions, want %q after %d", got, len(r.consults()), c.want, c.asked)
			}
		})
	}
}

func TestModelFillsWhatNoPatternFinds(t *testing.T) {
	fills := func(value string) mind {
		return func(_ int, ask casefile.Consult) casefile.ModelAnswered {
			return says(ask, `{"evidence":["signal.1"],"confidence":0.9,"inputs":{"order_id":"`+value+`"}}`)
		}
	}
	two := casefile.Object{"text": "I ordered O-2 first, and then O-1, which is the one that arrived broken."}
	for _, c := range []struct {
		name  string
		think mind
		want  casefile.Status
	}{
		{"with what stands in the text", fills("O-1"), casefile.Resolved},
		{"and asks the customer where it makes something up", fills("O-3"), casefile.Waiting},
		{"and asks the customer where it gives a part of a word", fills("O-"), casefile.Waiting},
		{"and asks the customer where it says nothing", func(int, casefile.Consult) casefile.ModelAnswered { return fails("memory", false) }, casefile.Waiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.think, byHypotheses("fill"))
			data := casefile.Object{"text": two["text"]}
			k := r.settled(r.send("ticket.created", "1", data), c.want)
			if c.want == casefile.Resolved {
				if in := k.Inputs["order_id"]; in.Value.V != "O-1" || in.How != "model" || in.Signal != k.Signals[0].ID {
					t.Errorf("the input is %+v, want O-1 by the model, with the signal that it is in", in)
				}
			} else if k.Question == nil || k.Question.Input != "order_id" {
				t.Errorf("the customer is asked %+v", k.Question)
			}
		})
	}
}

// twoProcedures adds a procedure, and gives both an example: to the embedder here all texts are alike.
func twoProcedures(files fstest.MapFS) {
	byHypotheses("triage")(files)
	p := files["procedures/refund.yaml"]
	p.Data = []byte(strings.Replace(string(p.Data), "signals: [ticket.created]}", "signals: [ticket.created], examples: [it arrived broken, the thing is in pieces]}", 1))
	files["procedures/other.yaml"] = &fstest.MapFile{Data: []byte(strings.NewReplacer("procedure: refund", "procedure: other", "it arrived broken, the thing is in pieces", "where is my parcel, when does it come").Replace(string(p.Data)))}
	files["procedures/machine.yaml"] = &fstest.MapFile{Data: []byte(strings.NewReplacer("procedure: refund", "procedure: machine", "signals: [ticket.created], examples: [it arrived broken, the thing is in pieces]", "signals: [alarm]").Replace(string(p.Data)))}
}

func TestModelTriagesWhereExamplesAreUnsure(t *testing.T) {
	for _, c := range []struct {
		name, choice string
		want         casefile.Status
	}{
		{"among the candidates", "refund", casefile.Resolved},
		{"for none", "none", casefile.Escalated},
		{"never for what the signal can't start", "machine", casefile.Escalated},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(_ int, ask casefile.Consult) casefile.ModelAnswered {
				return says(ask, `{"evidence":["signal.1"],"confidence":0.9,"choice":"`+c.choice+`"}`)
			}, twoProcedures)
			k := r.settled(r.ticket("O-1"), c.want)
			switch {
			case c.want == casefile.Resolved && k.Procedure != "refund":
				t.Errorf("it is handled by %q", k.Procedure)
			case c.want == casefile.Escalated && (k.Procedure != "" || k.Stop.Code != casefile.StopConfidenceLow):
				t.Errorf("it is handled by %q, and %s", k.Procedure, plainStop(k))
			}
		})
	}
}

func TestModelWritesReplies(t *testing.T) {
	for _, c := range []struct{ name, sentence, want string }{
		{"that say the same", "Sorry about the kettle: you get 3400 cents back for order O-1.", "Sorry about the kettle: you get 3400 cents back for order O-1."},
		{"and not those that leave something out", "You get your money back.", "You get 3400 cents back for order O-1."},
		{"and not those that say more", "You get 3400 cents back for order O-1, and a voucher of 500 EUR.", "You get 3400 cents back for order O-1."},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(_ int, ask casefile.Consult) casefile.ModelAnswered {
				return says(ask, `{"evidence":["reply"],"confidence":0.9,"sentences":[{"text":"`+c.sentence+`","evidence":["reply","facts.order","done.1"]}]}`)
			}, byHypotheses("reply"))
			k := r.settled(r.ticket("O-1"), casefile.Resolved)
			if k.Reply == nil || k.Reply.Text != c.want {
				t.Errorf("the customer was told %+v, want %q", k.Reply, c.want)
			}
		})
	}
}
