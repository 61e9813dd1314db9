package expr

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// Claim is something that must hold for a condition to hold: how the value at a path compares with a
// literal.
type Claim struct {
	Path  string
	Op    string // ==, !=, <, <=, > or >=
	Value any    // string, bool, int64 or float64
}

// flipped are the comparisons, each with what it is from the other side.
var flipped = map[string]string{operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals, operators.Less: operators.Greater,
	operators.LessEquals: operators.GreaterEquals, operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals}

var signs = map[string]string{operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=", operators.Greater: ">", operators.GreaterEquals: ">="}

// claims gathers what must hold for a condition to hold.
func claims(e ast.Expr, list []Claim) []Claim {
	if e.Kind() != ast.CallKind {
		return list
	}
	call := e.AsCall()
	op, args := call.FunctionName(), call.Args()
	if op == operators.LogicalAnd {
		return claims(args[1], claims(args[0], list))
	}
	if _, compares := flipped[op]; !compares || len(args) != 2 {
		return list
	}
	left, right := args[0], args[1]
	if left.Kind() == ast.LiteralKind {
		left, right, op = right, left, flipped[op]
	}
	p, ok := path(left)
	if !ok || right.Kind() != ast.LiteralKind {
		return list
	}
	switch v := right.AsLiteral().Value().(type) {
	case string, bool, int64, float64:
		return append(list, Claim{Path: p, Op: signs[op], Value: v})
	}
	return list
}

// Claims gives comparisons that must all hold for the condition to hold. There may be others.
func (p *Program) Claims() []Claim { return p.claims }

// Never reports whether the condition can't hold, whatever it reads: it is false by itself, or claims
// what contradicts itself.
func (p *Program) Never() bool {
	if len(p.sources) == 0 {
		held, err := p.Bool(GivenVars(map[string]any{}, time.Time{}))
		return err == nil && !held
	}
	for i, a := range p.claims {
		if slices.ContainsFunc(p.claims[:i], func(b Claim) bool { return a.Path == b.Path && contradict(a, b) }) {
			return true
		}
	}
	return false
}

// contradict reports whether two claims about one path can't both hold.
func contradict(a, b Claim) bool {
	if a.Op == "==" {
		return !holds(a.Value, b)
	}
	if b.Op == "==" {
		return !holds(b.Value, a)
	}
	x, xOK := number(a.Value)
	y, yOK := number(b.Value)
	if !xOK || !yOK {
		return false
	}
	if below(a.Op) && above(b.Op) {
		return x < y || x == y && (a.Op == "<" || b.Op == ">")
	}
	if above(a.Op) && below(b.Op) {
		return x > y || x == y && (a.Op == ">" || b.Op == "<")
	}
	return false
}

func below(op string) bool { return op == "<" || op == "<=" }
func above(op string) bool { return op == ">" || op == ">=" }

// holds reports whether a claim may hold for a value.
func holds(v any, c Claim) bool {
	x, xOK := number(v)
	y, yOK := number(c.Value)
	if !xOK || !yOK {
		switch c.Op {
		case "==":
			return v == c.Value
		case "!=":
			return v != c.Value
		}
		return true
	}
	switch c.Op {
	case "==":
		return x == y
	case "!=":
		return x != y
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	}
	return x >= y
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
