package suggest_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/suggest"
)

// shop is a small bundle; what plugins offer isn't known to it.
var shop = map[string]string{
	"resolute.yaml":   "company: Shop\n",
	"tools/shop.yaml": "plugin: shop\nurl: http://127.0.0.1:1\nallow_hosts: [127.0.0.1]\n",
	"authority.yaml":  "default: act\npromote: {after: 20, agreement: 0.8, confidence: 0.9}\n",
	"policies/refunds.yaml": `policy: refunds
applies_to: [shop.refund_order]
rules:
  - {id: over-100, approve: action.args.amount_cents > 10000, reason: Above 100.00 a person decides.}   # since spring
  - {id: for-vips, approve: facts.order.vip, by: approver, reason: Somebody looks.}
examples:
  - {given: {action: {args: {amount_cents: 12000}}, facts: {order: {vip: false}}}, expect: approve, rule: over-100}
  - {given: {action: {args: {amount_cents: 90000}}, facts: {order: {vip: false}}}, expect: approve, rule: over-100}
`,
	"procedures/damaged-item.yaml": `procedure: damaged-item
goal: The customer has their money
start:
  signals: [ticket.created]
  examples:
    - my blender arrived smashed     # spring
    - the box was crushed
inputs:
  order_id: {type: string, pattern: 'ORD-[0-9]{4,}'}
gather:
  order: {call: shop.get_order, with: {order_id: =inputs.order_id}}
hypotheses:
  - name: refundable
    do:
      - {call: shop.refund_order, with: {order_id: =facts.order.id, amount_cents: =facts.order.total_cents}}
    verify: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents == facts.order.total_cents}
otherwise: {escalate: no-option-left}
`,
}

func load(t *testing.T, files map[string]string) suggest.View {
	t.Helper()
	folder, content := fstest.MapFS{}, map[string][]byte{}
	for path, text := range files {
		folder[path], content[path] = &fstest.MapFile{Data: []byte(text)}, []byte(text)
	}
	b, problems := bundle.Load(context.Background(), folder, "", bundle.Options{})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	return suggest.View{Bundle: b, Files: content}
}

// deeds makes n deeds of cases by people in turn, each as the first with what change does to it.
func deeds(n int, people []string, first suggest.Deed, change func(i int, d *suggest.Deed)) (list []suggest.Deed) {
	for i := range n {
		d := first
		d.By, d.Actor = people[i%len(people)], "user:"+people[i%len(people)]
		d.Case, d.Seq, d.At = fmt.Sprintf("%s-%s-%03d", first.How, first.Note, i), 7, time.Date(2026, 3, 1, i, 0, 0, 0, time.UTC)
		d.Customer = fmt.Sprint("c-", i)
		if change != nil {
			change(i, &d)
		}
		list = append(list, d)
	}
	return list
}

var (
	both = []string{"olga", "omar"}
	asks = suggest.Fired{Policy: "refunds", Rule: "over-100", Says: "approve: action.args.amount_cents > 10000"}
	vips = suggest.Fired{Policy: "refunds", Rule: "for-vips", Says: "approve: facts.order.vip (by approver)"}
)

// asked is a decision about a refund that a rule asked for.
func asked(how suggest.How, f suggest.Fired) suggest.Deed {
	return suggest.Deed{How: how, Procedure: "damaged-item", Hypothesis: "refundable", Tool: "shop.refund_order", Rules: []suggest.Fired{f}, Alone: true, Held: how == suggest.Approved, Note: f.Rule}
}

func amount(of func(i int) int64) func(int, *suggest.Deed) {
	return func(i int, d *suggest.Deed) {
		d.Args = casefile.Object{"order_id": "ORD-1", "amount_cents": of(i)}
		d.Observed = map[string]int64{"action.args.amount_cents": of(i)}
	}
}

func rising(i int) int64 { return 10100 + int64(i)*100 }

// edited is a call whose amount a person changed.
func edited(note string) suggest.Deed {
	d := asked(suggest.Edited, asks)
	d.Held, d.Note = true, note
	return d
}

func to(now func(i int) int64, paths ...string) func(int, *suggest.Deed) {
	return func(i int, d *suggest.Deed) {
		amount(rising)(i, d)
		d.Changed = casefile.Object{"amount_cents": now(i)}
		d.Paths = map[string][]string{"amount_cents": paths}
	}
}

func sent(procedure, note string) suggest.Deed {
	return suggest.Deed{How: suggest.Placed, Procedure: procedure, Note: note, Signal: "ticket.created", Held: true}
}

func saying(texts ...string) func(int, *suggest.Deed) {
	return func(i int, d *suggest.Deed) { d.Text = texts[i%len(texts)] }
}

var leaks = saying("the kettle leaks from below", "water comes out under my kettle", "kettle drips all over the table", "there is a puddle under the new kettle", "it loses water", "my kettle wets the desk", "leaking kettle")

// TestMine: what decisions suggest, and what they don't.
func TestMine(t *testing.T) {
	for name, c := range map[string]struct {
		deeds []suggest.Deed
		kept  suggest.Kept
		want  []string // for each suggestion its kind, and lines that its files have and had not
	}{
		"always approved": {deeds: deeds(60, both, asked(suggest.Approved, asks), amount(rising)),
			want: []string{"rule.loosen|  - {id: over-100, approve: action.args.amount_cents > 16000, reason: Above 160.00 a person decides.}   # since spring"}},
		"approved up to what was rejected": {deeds: append(deeds(60, both, asked(suggest.Approved, asks), amount(rising)),
			deeds(30, both, asked(suggest.Rejected, asks), amount(func(i int) int64 { return 20000 + int64(i) }))...),
			want: []string{"rule.loosen|  - {id: over-100, approve: action.args.amount_cents > 16000, reason: Above 160.00 a person decides.}   # since spring"}},
		"half approved, half rejected": {deeds: append(deeds(40, both, asked(suggest.Approved, asks), amount(rising)),
			deeds(40, both, asked(suggest.Rejected, asks), amount(rising))...)},
		"approved by one alone": {deeds: deeds(200, both[:1], asked(suggest.Approved, asks), amount(rising))},
		"a flood by one account": {deeds: append(deeds(500, both[:1], asked(suggest.Approved, asks), amount(rising)),
			deeds(3, both[1:], func() suggest.Deed { d := asked(suggest.Approved, asks); d.Note = "other"; return d }(), amount(rising))...)},
		"approved and then taken back": {deeds: deeds(60, both, func() suggest.Deed {
			d := asked(suggest.Approved, asks)
			d.Held, d.Reversed = false, true
			return d
		}(), amount(rising))},
		"too few": {deeds: deeds(19, both, asked(suggest.Approved, asks), amount(rising))},
		"another rule asked too": {deeds: deeds(60, both, asked(suggest.Approved, asks), func(i int, d *suggest.Deed) {
			amount(rising)(i, d)
			d.Rules = append(slices.Clone(d.Rules), vips)
		})},
		"a rule that was another then": {deeds: deeds(60, both, asked(suggest.Approved, suggest.Fired{Policy: "refunds", Rule: "over-100", Says: "approve: action.args.amount_cents > 5000"}), amount(rising))},
		"a rule that vanished":         {deeds: deeds(60, both, asked(suggest.Approved, suggest.Fired{Policy: "gone", Rule: "over-100", Says: "approve: x"}), amount(rising))},
		"always rejected": {deeds: deeds(60, both, asked(suggest.Rejected, vips), nil),
			want: []string{"rule.deny|  - {id: for-vips, deny: facts.order.vip, by: approver, reason: Somebody looks.}"}},
		"one case counts once": {deeds: deeds(60, both, asked(suggest.Rejected, vips), func(_ int, d *suggest.Deed) { d.Case = "the same" })},

		"edited to a fact": {deeds: deeds(3, both, edited(""), to(func(i int) int64 { return 500 + int64(i) }, "facts.order.refundable_cents", "facts.after.x")),
			want: []string{"argument|      - {call: shop.refund_order, with: {order_id: =facts.order.id, amount_cents: =facts.order.refundable_cents}}|" +
				"    verify: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents == facts.order.refundable_cents}"}},
		"edited to a share": {deeds: deeds(3, both, edited(""), to(func(i int) int64 { return rising(i) / 2 })),
			want: []string{"argument|      - {call: shop.refund_order, with: {order_id: =facts.order.id, amount_cents: '=(facts.order.total_cents) * 50 / 100'}}|" +
				"    verify: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: 'facts.after.refunded_cents == (facts.order.total_cents) * 50 / 100'}"}},
		"edited to one amount": {deeds: deeds(4, both, edited(""), to(func(int) int64 { return 777 })),
			want: []string{"argument|      - {call: shop.refund_order, with: {order_id: =facts.order.id, amount_cents: =777}}|" +
				"    verify: {call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents == 777}"}},
		"edited this way and that": {deeds: deeds(6, both, edited(""), to(func(i int) int64 { return int64(i*i*37 + 11) }))},
		"edited, and more often not": {deeds: append(deeds(3, both, edited(""), to(func(int) int64 { return 777 })), deeds(10, both, func() suggest.Deed {
			d := asked(suggest.Approved, asks)
			d.Alone = false
			return d
		}(), amount(rising))...)},
		"a step that calls another tool now": {deeds: deeds(4, both, func() suggest.Deed { d := edited(""); d.Tool = "shop.gone"; return d }(), to(func(int) int64 { return 777 }))},

		"sent to a procedure": {deeds: deeds(3, both, sent("damaged-item", ""), leaks),
			want: []string{"examples|    - kettle drips all over the table|    - the kettle leaks from below|    - water comes out under my kettle"}},
		"sent by one customer again and again": {deeds: deeds(6, both, sent("damaged-item", ""), func(i int, d *suggest.Deed) { leaks(i, d); d.Customer = "c-1" })},
		"sent to two procedures":               {deeds: append(deeds(3, both, sent("damaged-item", ""), leaks), deeds(3, both, sent("other", "o"), leaks)...)},
		"what is an example already":           {deeds: deeds(4, both, sent("damaged-item", ""), saying("My blender arrived smashed", "the box was crushed", "it leaks", "it drips"))},
		"people act instead": {deeds: deeds(3, both, suggest.Deed{How: suggest.Acted, Procedure: "damaged-item", Hypothesis: "refundable", Tool: "shop.send_voucher", Held: true}, func(i int, d *suggest.Deed) {
			d.Args = casefile.Object{"order_id": fmt.Sprint("ORD-", i), "amount_cents": int64(500), "why": "it's broken"}
			d.Paths = map[string][]string{"order_id": {"facts.other.id", "facts.order.id"}}
		}), want: []string{"remedy|      - {call: shop.send_voucher, with: {amount_cents: =500, order_id: =facts.order.id, why: 'it''s broken'}}|" +
			"    verify: {call: 'shop.get_order', with: {order_id: '=inputs.order_id'}, as: 'after', check: 'facts.after.refunded_cents == facts.order.total_cents'}|  - name: send-voucher-as-people-do"}},
		"people act now so, now so": {deeds: deeds(3, both, suggest.Deed{How: suggest.Acted, Procedure: "damaged-item", Hypothesis: "refundable", Tool: "shop.send_voucher", Held: true}, func(i int, d *suggest.Deed) {
			d.Args = casefile.Object{"amount_cents": int64(500 + i)}
		})},
		"settled by hand": {deeds: deeds(3, both, suggest.Deed{How: suggest.Settled, Note: "we rent nothing, told them so", Signal: "ticket.created", Held: true, Found: []string{"damaged-item/order_id"}}, saying("do you rent mixers", "may I hire a mixer", "rent a 'pan'?")),
			want: []string{"procedure|    - 'do you rent mixers'|    - 'may I hire a mixer'|    - 'rent a ''pan''?'"}},
		"settled by hand, and nothing is known of them": {deeds: deeds(3, both, suggest.Deed{How: suggest.Settled, Note: "told them", Signal: "ticket.created", Held: true}, saying("do you rent mixers", "may I hire a mixer", "rent a pan?"))},
		"another is chosen, and more often not":         {deeds: deeds(3, both, suggest.Deed{How: suggest.Chose, Procedure: "damaged-item", Hypothesis: "refundable", Instead: "x", Held: true}, nil), kept: suggest.Kept{{Procedure: "damaged-item", Hypothesis: "refundable"}: 10}},
		"sent to a procedure that is gone":              {deeds: deeds(4, both, sent("gone", ""), leaks)},
	} {
		t.Run(name, func(t *testing.T) {
			v := load(t, shop)
			got := suggest.Mine(c.deeds, c.kept, v, suggest.Defaults(v.Bundle))
			var said []string
			for _, s := range got {
				lines := []string{}
				for path, text := range s.Changed() {
					was := strings.Split(string(v.Files[path]), "\n")
					for _, line := range strings.Split(string(text), "\n") {
						if s.Kind == suggest.Procedure && !strings.HasPrefix(line, "    - '") {
							continue
						}
						if !slices.Contains(was, line) {
							lines = append(lines, line)
						}
					}
				}
				if s.Kind != suggest.Loosen && s.Kind != suggest.Tighten { // whose policy's examples change along
					files := maps.Clone(shop)
					for path, text := range s.Changed() {
						files[path] = string(text)
					}
					load(t, files)
				}
				slices.Sort(lines)
				said = append(said, string(s.Kind)+"|"+strings.Join(lines, "|"))
			}
			if !slices.Equal(said, c.want) {
				t.Errorf("suggested is\n%s\nwant\n%s\n(%+v)", strings.Join(said, "\n"), strings.Join(c.want, "\n"), got)
			}
			shuffled := slices.Clone(c.deeds)
			slices.Reverse(shuffled)
			if again := suggest.Mine(shuffled, maps.Clone(c.kept), v, suggest.Defaults(v.Bundle)); !reflect.DeepEqual(again, got) {
				t.Errorf("the same deeds in another order suggest %+v, and before %+v", again, got)
			}
		})
	}
}
