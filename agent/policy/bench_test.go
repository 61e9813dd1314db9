package policy_test

import (
	"fmt"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// BenchmarkVerdictOf50Rules: all kinds of conditions, a binding, where values come from, and a table.
func BenchmarkVerdictOf50Rules(b *testing.B) {
	conditions := []string{
		"facts.order.total_cents > %d && case.customer.email != ''",
		"action.args.amount_cents > %d",
		"facts.order.email != case.customer.email || facts.order.total_cents > %d",
		"action.procedure == 'other' && action.args.amount_cents > %d",
		"inputs.order_id.startsWith('X') || facts.order.total_cents == %d",
	}
	text := "policy: p\napplies_to: ['*']\nbind: {order_id: facts.order.id}\nfrom: {amount_cents: [tool]}\nrules:\n"
	for i := range 50 {
		text += fmt.Sprintf("  - {id: r%d, deny: \"%s\"}\n", i, fmt.Sprintf(conditions[i%len(conditions)], 100_000+i))
	}
	g := guard(b, "default: act\n", text).WithTools(shop())
	c := written()
	c.Inputs["order_id"] = casefile.Input{Value: casefile.Value{V: "ORD-1"}}
	p := casefile.Proposal{Action: casefile.Action{Tool: "shop.pay", Effect: "write", Args: casefile.Object{"order_id": "ORD-1", "amount_cents": int64(4900)}},
		Reads: map[string][]string{"order_id": {"facts.order.id"}, "amount_cents": {"facts.order.total_cents"}}, Hypothesis: "h", Now: time.Unix(0, 0)}
	if v := g.Judge(c, p); v.Outcome != casefile.Allow || len(v.Rules) != 52 {
		b.Fatalf("%s by %q (%s), of %d rules", v.Outcome, v.Rule, v.Reason, len(v.Rules))
	}
	b.ReportAllocs()
	for b.Loop() {
		g.Judge(c, p)
	}
}
