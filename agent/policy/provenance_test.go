package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/policy"
	"resolute/agent/source"
)

// shop is what is known of the tools: customers can write into an order's note and name, and into
// nothing else of it.
func shop() map[string]policy.Tool {
	return map[string]policy.Tool{
		"shop.get_order":   {Trusted: []string{"/id", "/email", "/total_cents", "/lines/*/sku_id", "/parts"}},
		"shop.get_account": {Trusted: []string{"/id"}},
		"shop.pay":         {Marks: map[string]policy.Mark{"payee": policy.Identity, "splits.*.to": policy.Identity}},
	}
}

// written is a case in which the customer has written all that customers can write.
func written() *casefile.Case {
	fact := func(tool string, v map[string]any) casefile.Fact {
		return casefile.Fact{Tool: tool, Value: casefile.Value{V: v}}
	}
	return &casefile.Case{ID: "case-1", Procedure: "damaged", Customer: casefile.Customer{ID: "c-1", Email: "a@example.com", Name: "pay ORD-9", Assurance: casefile.AssuranceVouched},
		Signals: []casefile.Received{{Seq: 1, Signal: casefile.Signal{Type: "ticket.created", Data: casefile.Object{"text": "ORD-9", "cents": int64(9900), "n": int64(1)}}}},
		Inputs:  map[string]casefile.Input{"order_id": {Value: casefile.Value{V: "ORD-9"}}, "cents": {Value: casefile.Value{V: int64(9900)}}, "same": {Value: casefile.Value{V: int64(4900)}}},
		Facts: map[string]casefile.Fact{
			"order": fact("shop.get_order", map[string]any{"id": "ORD-1", "email": "a@example.com", "total_cents": int64(4900), "note": "ORD-9", "note_cents": int64(9900),
				"lines": []any{map[string]any{"sku_id": "A", "name": "ORD-9"}}, "parts": []any{map[string]any{"id": "P-1"}}}),
			"account": fact("shop.get_account", map[string]any{"id": "ACC-1", "echo": map[string]any{"order": "ORD-9"}}), // it echoes what it was called with
			"answer":  {Value: casefile.Value{V: "ORD-9"}},
		}}
}

// planned evaluates arguments as a procedure does.
func planned(t *testing.T, c *casefile.Case, with string) (casefile.Object, map[string][]string) {
	t.Helper()
	k, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var ps source.Problems
	o := k.Object(source.Parse("p.yaml", []byte(with), &ps), expr.Procedure, &ps)
	if ps.Failed() {
		t.Fatal(ps.Error())
	}
	args, err := o.Eval(expr.CaseVars(c, c.OpenedAt))
	if err != nil {
		t.Fatalf("%s: %v", with, err)
	}
	return args, o.Sources()
}

// TestWhatCustomersWriteDecidesNeitherWhomNorHowMuch: whatever an expression does with it.
func TestWhatCustomersWriteDecidesNeitherWhomNorHowMuch(t *testing.T) {
	const pays = "policy: pays\napplies_to: [shop.pay]\n"
	g := guard(t, "default: act\n", pays).WithTools(shop())
	for _, tt := range []struct {
		name, with string
		denied     string // the argument, "" for none
	}{
		{"trusted fields", "{order_id: =facts.order.id, amount_cents: =facts.order.total_cents}", ""},
		{"what lies below a trusted field", `{part_id: '=facts.order.parts[0].id'}`, ""},
		{"a literal", "{order_id: ORD-1, amount_cents: 500}", ""},
		{"calculated from trusted fields", "{amount_cents: =facts.order.total_cents / 2}", ""},
		{"the case itself", "{case_id: =case.id}", ""},
		{"whom the company vouches for", "{customer_id: =case.customer.id}", ""},
		{"what says neither whom nor how much", "{note: =signal.data.text}", ""},
		{"a list of which all is trusted", "{skus: '=facts.order.lines.map(l, l.sku_id)'}", ""},

		{"an input", "{order_id: =inputs.order_id}", "order_id"},
		{"the signal", "{amount_cents: =signal.data.cents}", "amount_cents"},
		{"an untrusted field", "{amount_cents: =facts.order.note_cents}", "amount_cents"},
		{"an answer", "{order_id: =facts.answer}", "order_id"},
		{"what a customer calls themselves", "{payee: =case.customer.name}", "payee"},
		{"what a tool echoes", "{order_id: =facts.account.echo.order}", "order_id"},
		{"a whole fact of which not all is trusted", "{order_id: '=string(facts.account.size()) + \"\"'}", "order_id"},
		{"concatenation", `{order_id: '="ORD-" + inputs.order_id.substring(4)'}`, "order_id"},
		{"ternary: the value", "{amount_cents: '=true ? inputs.cents : facts.order.total_cents'}", "amount_cents"},
		{"ternary: the condition", `{amount_cents: '=signal.data.text == "ORD-9" ? facts.order.total_cents * 10 : 100'}`, "amount_cents"},
		{"logic", "{amount_cents: '=inputs.cents > 5 || false ? 1 : 2'}", "amount_cents"},
		{"filter: the value", `{order_id: '=[inputs.order_id, "ORD-2"].filter(x, x != "ORD-2")[0]'}`, "order_id"},
		{"filter: the condition", `{order_id: '=["ORD-7", "ORD-8"].filter(x, x != inputs.order_id)[0]'}`, "order_id"},
		{"filter over what is partly trusted", `{sku_id: '=facts.order.lines.filter(l, l.name == "ORD-9")[0].sku_id + "!"'}`, "sku_id"},
		{"slice", "{order_id: '=signal.data.text.substring(0, 5)'}", "order_id"},
		{"index", `{order_id: '=["ORD-7", "ORD-8"][signal.data.n]'}`, "order_id"},
		{"key", `{order_id: '={"ORD-9": "ORD-7"}[inputs.order_id]'}`, "order_id"},
		{"interpolation", `{order_id: '="%s".format([inputs.order_id])'}`, "order_id"},
		{"replace", `{order_id: '=facts.order.id.replace("1", signal.data.text)'}`, "order_id"},
		{"split", `{order_id: '=inputs.order_id.split("-").join("-")'}`, "order_id"},
		{"map and sum", "{amount_cents: '=[inputs.cents].map(x, x * 2)[0]'}", "amount_cents"},
		{"size", "{amount_cents: '=size(signal.data.text) * 100'}", "amount_cents"},
		{"a computed name", "{order_id: '=facts[\"an\" + \"swer\"]'}", "order_id"},
		{"an attempt's words", "{order_id: '=attempts.size() == 0 ? \"ORD-2\" : attempts[0].code'}", "order_id"},
		{"within an object", "{target: {order_id: =inputs.order_id}}", "target"},
		{"within a list", "{splits: [{to: =signal.data.text, share: 1}]}", "splits"},

		{"an input that a trusted fact says too", "{amount_cents: =inputs.same}", ""},
		{"within an object, and a trusted fact says it too", "{target: {amount_cents: =inputs.same}}", ""},
		{"one of two is said by a trusted fact", "{target: {amount_cents: =inputs.same, order_id: =inputs.order_id}}", "target"},
	} {
		c := written()
		args, reads := planned(t, c, tt.with)
		v := g.Judge(c, casefile.Proposal{Action: casefile.Action{Tool: "shop.pay", Effect: "write", Args: args}, Reads: reads})
		want := casefile.Allow
		if tt.denied != "" {
			want = casefile.Deny
		}
		if v.Outcome != want || tt.denied != "" && v.Rule != "provenance:"+tt.denied {
			t.Errorf("%s, %s: %s by %q (%s); want %s for %q", tt.name, tt.with, v.Outcome, v.Rule, v.Reason, want, tt.denied)
		}
	}
}

// TestWhoeverProposesIsKnown: what a person puts is the operator's; what nobody can account for is
// the customer's; what a policy binds may be said by anybody.
func TestWhoeverProposesIsKnown(t *testing.T) {
	const plain, bound = "policy: pays\napplies_to: [shop.pay]\n", "policy: pays\napplies_to: [shop.pay]\nbind: {order_id: facts.order.id}\n"
	for _, tt := range []struct {
		name, policy string
		args         casefile.Object
		reads        map[string][]string
		by           string
		want         casefile.VerdictOutcome
		rule         string
	}{
		{"a person", plain, casefile.Object{"order_id": "ORD-9"}, nil, "id-ann", casefile.Approve, ""},
		{"a planner that can't say where it has it from", plain, casefile.Object{"order_id": "ORD-9"}, nil, "", casefile.Deny, "provenance:order_id"},
		{"one argument more than those that are accounted for", plain, casefile.Object{"order_id": "ORD-1", "payee": "x"}, map[string][]string{"order_id": {"facts.order.id"}}, "", casefile.Deny, "provenance:payee"},
		{"an input that is bound", bound, casefile.Object{"order_id": "ORD-1"}, map[string][]string{"order_id": {"inputs.order_id"}}, "", casefile.Allow, ""},
		{"another value than the bound one", bound, casefile.Object{"order_id": "ORD-9"}, map[string][]string{"order_id": {"inputs.order_id"}}, "", casefile.Deny, "bind:order_id"},
		{"a passage of the knowledge", plain, casefile.Object{"amount_cents": int64(7)}, map[string][]string{"amount_cents": {"knowledge"}}, "", casefile.Allow, ""},
		{"a passage and what the customer said", plain, casefile.Object{"amount_cents": int64(7)}, map[string][]string{"amount_cents": {"knowledge", "signal.data.text"}}, "", casefile.Deny, "provenance:amount_cents"},
	} {
		v := guard(t, "default: act\n", tt.policy).WithTools(shop()).Judge(written(), casefile.Proposal{Action: casefile.Action{Tool: "shop.pay", Effect: "write", Args: tt.args}, Reads: tt.reads, ProposedBy: tt.by})
		if tt.by != "" && v.Outcome == casefile.Allow {
			v.Outcome = casefile.Approve // whether another person looks is authority's to say
		}
		if v.Outcome != tt.want || v.Rule != tt.rule {
			t.Errorf("%s: %s by %q (%s), want %s by %q", tt.name, v.Outcome, v.Rule, v.Reason, tt.want, tt.rule)
		}
	}
}

func TestWhoTheCustomerIsComesFromWhoeverVouchesForIt(t *testing.T) {
	g := guard(t, "default: act\n", "policy: p\napplies_to: [shop.pay]\nfrom: {who: [tool]}\n")
	for _, tt := range []struct {
		assurance  casefile.Assurance
		path       string
		trustworth bool
	}{
		{casefile.AssuranceVouched, "case.customer.id", true}, {casefile.AssuranceVouched, "case.customer.email", true},
		{casefile.AssuranceAuthenticated, "case.customer.id", false}, {casefile.AssuranceAuthenticated, "case.customer.email", true},
		{casefile.AssuranceNone, "case.customer.id", false}, {casefile.AssuranceNone, "case.customer.email", false},
		{casefile.AssuranceVouched, "case.customer.name", false}, {casefile.AssuranceVouched, "case.customer", false}, {casefile.AssuranceVouched, "case", false},
	} {
		c := written()
		c.Customer.Assurance = tt.assurance
		v := g.Judge(c, casefile.Proposal{Action: casefile.Action{Tool: "shop.pay", Effect: "write", Args: casefile.Object{"who": "x"}}, Reads: map[string][]string{"who": {tt.path}}})
		if (v.Outcome != casefile.Deny) != tt.trustworth {
			t.Errorf("%s of a customer whose assurance is %s: %s (%s), want it trusted: %v", tt.path, tt.assurance, v.Outcome, v.Reason, tt.trustworth)
		}
	}
}

func TestPoliciesSayWhereValuesMayComeFrom(t *testing.T) {
	reads := map[casefile.Origin]string{casefile.FromTool: "facts.order.id", casefile.FromKnowledge: "knowledge", casefile.FromCustomer: "signal.data.text", casefile.FromBundle: "tables.fees"}
	for _, allow := range casefile.Origins {
		g := guard(t, "default: act\n", fmt.Sprintf("policy: p\napplies_to: [shop.pay]\nfrom: {what: [%s]}\n", allow)).WithTools(shop())
		for from, path := range reads {
			v := g.Judge(written(), casefile.Proposal{Action: casefile.Action{Tool: "shop.pay", Effect: "write", Args: casefile.Object{"what": "x"}}, Reads: map[string][]string{"what": {path}}})
			if (v.Outcome == casefile.Allow) != (from == allow) || from != allow && (v.Rule != "from:what" || !strings.Contains(v.Reason, string(allow))) {
				t.Errorf("from: [%s], and it comes from %s: %s by %q (%s)", allow, from, v.Outcome, v.Rule, v.Reason)
			}
		}
	}
}

func TestFromIsChecked(t *testing.T) {
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"from: {amount_cents: [tol]}": "p.yaml:3:23", "from: {amount_cents: []}": "names no origin", "from: {amount_cent: [tool]}": "did you mean amount_cents?", "from: [tool]": "p.yaml:3:7",
	} {
		var ps source.Problems
		if p := policy.Parse("p.yaml", []byte("policy: p\napplies_to: [shop.refund]\n"+text+"\n"), c, &ps); p != nil {
			p.CheckTools(map[string][]string{"shop.refund": {"amount_cents"}}, &ps)
		}
		if !ps.Failed() || !strings.Contains(ps.Error().Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, ps, want)
		}
	}
}
