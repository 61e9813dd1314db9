package expr_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

func aCase() *casefile.Case {
	return &casefile.Case{ID: "c-1", Goal: "the goal", Customer: casefile.Customer{Email: "owner@example.com"},
		OpenedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
		Signals:  []casefile.Received{{Seq: 1, Signal: casefile.Signal{Type: "ticket.created", Data: casefile.Object{"order_id": "ORD-1"}}}},
		Inputs:   map[string]casefile.Input{"order_id": {Value: casefile.Value{V: "ORD-1"}}},
		Facts: map[string]casefile.Fact{"order": {Value: casefile.Value{V: map[string]any{
			"total_cents": int64(4900), "weight": 2.0, "note": nil, "delivered_at": "2026-02-20T10:00:00Z", "lines": []any{map[string]any{"sku": "A"}, map[string]any{"sku": "B"}}}}}},
	}
}

func compile(t testing.TB, text string, scope expr.Scope) (*expr.Program, source.Problems) {
	t.Helper()
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var ps source.Problems
	return c.Compile(source.Text{Value: text, Pos: source.Pos{File: "x.yaml", Line: 3, Col: 10}, Plain: true}, scope, &ps), ps
}

// TestPathsAreReadAsCELReadsThem: what is nothing but a path is looked up without CEL.
func TestPathsAreReadAsCELReadsThem(t *testing.T) {
	for _, text := range []string{"inputs.order_id", `inputs["order_id"]`, "inputs.nope", "facts.order", "facts.order.total_cents", "facts.order.weight", "facts.order.note",
		"facts.order.lines", "facts.order.nope", "facts.order.weight.deeper", "facts.nope", "facts", "signal.data.order_id", "case.opened_at", "facts.order.note.deeper"} {
		path, ps := compile(t, text, expr.Procedure)
		other, _ := compile(t, "["+text+"][0]", expr.Procedure)
		if path == nil || other == nil {
			t.Fatalf("%s doesn't compile: %v", text, ps)
		}
		vars := expr.CaseVars(aCase(), time.Time{})
		got, gotErr := path.Eval(vars)
		want, wantErr := other.Eval(vars)
		if !reflect.DeepEqual(got, want) || errors.Is(gotErr, expr.ErrAbsent) != errors.Is(wantErr, expr.ErrAbsent) || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%s is %#v (%v), CEL says %#v (%v)", text, got, gotErr, want, wantErr)
		}
	}
}

func TestEvaluation(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		text  string
		want  any
		err   error
		reads []string
	}{
		{`facts.order.total_cents > 10000`, false, nil, []string{"facts.order.total_cents"}},
		{`facts.order.weight >= 2`, true, nil, []string{"facts.order.weight"}},
		{`facts.order["total_cents"] == 4900.0`, true, nil, []string{"facts.order.total_cents"}},
		{`now - timestamp(facts.order.delivered_at) < duration("720h")`, true, nil, []string{"facts.order.delivered_at"}},
		{`facts.order.lines.exists(l, l.sku == inputs.order_id)`, false, nil, []string{"facts.order.lines", "inputs.order_id"}},
		{`facts.order.lines.map(l, l.sku)`, []any{"A", "B"}, nil, []string{"facts.order.lines"}},
		{`case.customer.email == signal.data.email`, nil, expr.ErrAbsent, []string{"case.customer.email", "signal.data.email"}},
		{`facts.stock.available > 0`, nil, expr.ErrAbsent, []string{"facts.stock.available"}},
		{`has(facts.stock) && facts.stock.available > 0`, false, nil, []string{"facts.stock", "facts.stock.available"}},
		{`1 / (facts.order.total_cents - 4900) == 1`, nil, expr.ErrEval, []string{"facts.order.total_cents"}},
		{`case.opened_at < now`, true, nil, []string{"case.opened_at"}},
		{`"ORD-" + string(facts.order.total_cents)`, "ORD-4900", nil, []string{"facts.order.total_cents"}},
		{`facts.order.note == null`, true, nil, []string{"facts.order.note"}},
		{`size(attempts) == 0`, true, nil, nil},
	} {
		p, ps := compile(t, tt.text, expr.Procedure)
		if p == nil {
			t.Errorf("%s doesn't compile: %v", tt.text, ps)
			continue
		}
		got, err := p.Eval(expr.CaseVars(aCase(), now))
		if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
			t.Errorf("%s: error %v, want %v", tt.text, err, tt.err)
			continue
		}
		a, _ := casefile.EncodeValue(got)
		b, _ := casefile.EncodeValue(tt.want)
		if err == nil && string(a) != string(b) {
			t.Errorf("%s gives %s, want %s", tt.text, a, b)
		}
		if !slices.Equal(p.Reads(), tt.reads) {
			t.Errorf("%s reads %v, want %v", tt.text, p.Reads(), tt.reads)
		}
	}
}

func TestCompileErrorsTeachAtTheirPlace(t *testing.T) {
	for _, tt := range []struct {
		text  string
		scope expr.Scope
		want  string
	}{
		{`acton.args.amount_cents > 1`, expr.Policy, "x.yaml:3:10: CEL: unknown name acton; did you mean action?"},
		{`1 == 1 && fact.order.id == ""`, expr.Procedure, "x.yaml:3:20: CEL: unknown name fact; did you mean facts?"},
		{`history.size() > 2`, expr.Signal, "x.yaml:3:10: CEL: unknown name history; known are"},
		{`action.args.amount_cents > 1`, expr.Procedure, "x.yaml:3:10: CEL: unknown name action; known are"},
	} {
		if _, ps := compile(t, tt.text, tt.scope); len(ps) == 0 || len(ps[0].String()) < len(tt.want) || ps[0].String()[:len(tt.want)] != tt.want {
			t.Errorf("%s: problems %v, want %s", tt.text, ps, tt.want)
		}
	}
	if p, ps := compile(t, `facts.order.total_cents >`, expr.Policy); p != nil || len(ps) == 0 {
		t.Errorf("half an expression compiles: %v", ps)
	}
}

func TestCostIsLimited(t *testing.T) {
	p, ps := compile(t, `[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, a + b + c + d + e > 0)))))`, expr.Policy)
	if p == nil {
		t.Fatal(ps)
	}
	if _, err := p.Bool(expr.CaseVars(aCase(), time.Now())); !errors.Is(err, expr.ErrCost) {
		t.Errorf("a loop over a hundred thousand combinations: %v, want ErrCost", err)
	}
}

func TestTemplateAndObject(t *testing.T) {
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	vars := expr.CaseVars(aCase(), time.Now())
	var ps source.Problems
	tpl := c.Template(source.Text{Value: "We refunded {{ facts.order.total_cents }} for {{inputs.order_id}}.", Plain: true}, expr.Procedure, &ps)
	if got, err := tpl.Render(vars); err != nil || got != "We refunded 4900 for ORD-1." {
		t.Errorf("rendered %q, %v", got, err)
	}
	if tpl := c.Template(source.Text{Value: "x {{ facts.order.nothing }}", Plain: true}, expr.Procedure, &ps); tpl == nil {
		t.Error(ps)
	} else if got, err := tpl.Render(vars); !errors.Is(err, expr.ErrAbsent) || got != "" {
		t.Errorf("a text that reads what is absent gives %q, %v", got, err)
	}
	if c.Template(source.Text{Value: "x {{ facts", Plain: true}, expr.Procedure, &ps) != nil || !ps.Failed() {
		t.Error("an open {{ is no problem")
	}
	ps = nil
	o := c.Object(source.Parse("w.yaml", []byte("{order_id: =inputs.order_id, amount_cents: 300, deep: {total: =facts.order.total_cents, list: [a, =1+1]}}"), &ps), expr.Procedure, &ps)
	args, err := o.Eval(vars)
	b, _ := casefile.EncodeValue(map[string]any(args))
	if want := `{"amount_cents":300,"deep":{"list":["a",2],"total":4900},"order_id":"ORD-1"}`; err != nil || string(b) != want {
		t.Errorf("arguments %s %v, want %s", b, err, want)
	}
	if !slices.Equal(o.Reads(), []string{"facts.order.total_cents", "inputs.order_id"}) {
		t.Errorf("reads %v", o.Reads())
	}
}

func TestObserveTellsAbsentFromNull(t *testing.T) {
	seen := expr.Observe(aCase(), []string{"facts.order.note", "facts.order.nothing", "inputs.order_id", "case.customer.email", "signal.data.order_id"})
	if _, ok := seen["facts.order.nothing"]; ok {
		t.Error("an absent value was observed")
	}
	if v, ok := seen["facts.order.note"]; !ok || v.V != nil {
		t.Error("null was not observed")
	}
	if seen["case.customer.email"].V != "owner@example.com" || seen["signal.data.order_id"].V != "ORD-1" || seen["inputs.order_id"].V != "ORD-1" {
		t.Errorf("observed %v", seen)
	}
}

func BenchmarkCondition(b *testing.B) {
	p, ps := compile(b, `facts.order.total_cents > 10000 && case.customer.email != ""`, expr.Procedure)
	if p == nil {
		b.Fatal(ps)
	}
	vars := expr.CaseVars(aCase(), time.Now())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Bool(vars); err != nil {
			b.Fatal(err)
		}
	}
}
