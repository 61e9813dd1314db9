package expr_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
	"resolute/agent/table"
)

const feesCSV = `tier,percent,from_cents:int?,since:timestamp,code
standard,10,,2026-01-01,007
gold,20.5,5000,2026-02-01,008
`

func tables(t testing.TB, csv string) *table.Set {
	t.Helper()
	var ps source.Problems
	parsed := table.Parse("tables/fees.csv", []byte(csv), &ps)
	if ps.Failed() {
		t.Fatal(ps.Error())
	}
	return table.NewSet([]*table.Table{parsed}, map[string][]byte{"fees": []byte(csv)})
}

func withTables(t testing.TB, set *table.Set) *expr.Compiler {
	t.Helper()
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	if c, err = c.WithTables(set); err != nil {
		t.Fatal(err)
	}
	return c
}

func at(text string) source.Text {
	return source.Text{Value: text, Pos: source.Pos{File: "x.yaml", Line: 3, Col: 10}, Plain: true}
}

func TestRulesLookThingsUpInTables(t *testing.T) {
	c := withTables(t, tables(t, feesCSV))
	for _, tt := range []struct {
		text string
		want any
		err  error
	}{
		{`tables.fees.filter(f, f.tier == "gold")[0].percent`, 20.5, nil},
		{`tables.fees.filter(f, f.tier == "gold")[0].from_cents`, int64(5000), nil},
		{`tables.fees.filter(f, f.tier == "standard")[0].from_cents`, nil, expr.ErrAbsent}, // an empty cell is absent
		{`tables.fees.exists(f, has(f.from_cents) && f.from_cents > 100)`, true, nil},
		{`tables.fees.filter(f, f.since <= timestamp("2026-01-15T00:00:00Z")).map(f, f.code)`, []any{"007"}, nil},
		{`tables.fees.filter(f, f.tier == inputs.tier)[0].percent`, nil, expr.ErrAbsent},
		{`tables.fees.filter(f, f.tier == "none")[0].percent`, nil, expr.ErrEval}, // there is no such row
		{`size(tables.fees)`, int64(2), nil},
		{`tables.fees[0]`, map[string]any{"tier": "standard", "percent": 10.0, "since": "2026-01-01T00:00:00Z", "code": "007"}, nil},
	} {
		var ps source.Problems
		p := c.Compile(at(tt.text), expr.Policy, &ps)
		if p == nil {
			t.Errorf("%s doesn't compile: %v", tt.text, ps)
			continue
		}
		if got, err := p.Eval(expr.CaseVars(aCase(), time.Time{})); !reflect.DeepEqual(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%s is %#v (%v), want %#v (%v)", tt.text, got, err, tt.want, tt.err)
		}
		if !expr.ReadsTables(p.Sources()) || len(p.Reads()) > 0 && !strings.Contains(tt.text, "inputs") {
			t.Errorf("%s reads %v, and of the state %v", tt.text, p.Sources(), p.Reads())
		}
	}
}

func TestWhatATableLacksIsFoundWhenCompiling(t *testing.T) {
	c := withTables(t, tables(t, feesCSV))
	for text, want := range map[string]string{
		`tables.fees.exists(f, f.percnt > 1)`:    "undefined field 'percnt'",
		`tables.fees.exists(f, f.tier > 1)`:      "no matching overload",
		`tables.feess.exists(f, f.percent > 1)`:  "there are fees",
		`tables.fees[0].tier.lenght() == 1`:      "lenght",
		`tables.fees.filter(f, f.percent) == []`: "",
	} {
		var ps source.Problems
		if p := c.Compile(at(text), expr.Policy, &ps); p != nil || !strings.HasPrefix(fmt.Sprint(ps), "[x.yaml:3:") || !strings.Contains(fmt.Sprint(ps), want) {
			t.Errorf("%s: %v, want an error at x.yaml:3 with %q", text, ps, want)
		}
	}
	var ps source.Problems
	if p := withTables(t, nil).Compile(at("tables.fees.exists(f, true)"), expr.Policy, &ps); p != nil || !strings.Contains(fmt.Sprint(ps), "has no tables") {
		t.Errorf("a table that isn't there: %v", ps)
	}
}

// TestTablesAreThoseOfNow: an expression that was compiled earlier sees the rows of today, and what
// is no longer there is absent.
func TestTablesAreThoseOfNow(t *testing.T) {
	c := withTables(t, tables(t, feesCSV))
	var ps source.Problems
	p := c.Compile(at(`tables.fees.filter(f, f.tier == "gold")[0].percent`), expr.Policy, &ps)
	vars := expr.CaseVars(aCase(), time.Time{})
	if got, err := p.Eval(vars.WithTables(expr.NewTables(tables(t, "tier,percent\ngold,30.5\n")))); got != 30.5 || err != nil {
		t.Errorf("with a newer table it is %v (%v), want 30.5", got, err)
	}
	if got, err := p.Eval(vars.WithTables(expr.NewTables(tables(t, "tier,share\ngold,30.5\n")))); !errors.Is(err, expr.ErrAbsent) {
		t.Errorf("with a table that lacks the column it is %v (%v), want it absent", got, err)
	}
	if got, err := p.Eval(vars.WithTables(expr.NewTables(nil))); err == nil {
		t.Errorf("without any table it is %v, want an error", got)
	}
}

// TestLoopsHaveAnEnd: whatever a case holds, an expression ends, and says that it costs too much.
func TestLoopsHaveAnEnd(t *testing.T) {
	huge := make([]any, 300_000)
	for i := range huge {
		huge[i] = map[string]any{"sku": fmt.Sprint(i), "n": int64(i)}
	}
	k := aCase()
	k.Facts["huge"] = casefile.Fact{Value: casefile.Value{V: map[string]any{"lines": huge}}}
	for _, text := range []string{
		`facts.huge.lines.all(l, l.n >= 0)`,
		`facts.huge.lines.filter(l, l.sku != "x").size() > 0`,
		`facts.huge.lines.exists(a, facts.huge.lines.exists(b, a.n + b.n < 0))`,
		`[1, 2, 3].all(i, facts.huge.lines.map(l, l.n)[i] >= 0)`,
		`facts.huge.lines.map(l, l.sku).join(",").matches("(a|b)*c$")`,
		`facts.huge.map(x, facts.huge[x]).all(l, l.all(x, x.n >= 0))`,
	} {
		p, ps := compile(t, text, expr.Policy)
		if p == nil {
			t.Errorf("%s doesn't compile: %v", text, ps)
			continue
		}
		if held, err := p.Bool(expr.CaseVars(k, time.Time{})); !errors.Is(err, expr.ErrCost) || held {
			t.Errorf("%s is %v (%v), want that it costs too much", text, held, err)
		}
	}
}
