package expr

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
)

// costLimit bounds one evaluation, in CEL's cost units: some milliseconds.
const costLimit = 1_000_000

// textSize is what a value that nothing loops over counts as, in bytes: comparing two of that size
// takes as long as reading them.
const textSize = 1 << 20

// limits gives what bounds the evaluation of an expression: nothing where it can't cost more than it
// may, since counting costs more than most rules, and a limit at run time elsewhere.
func (c *Compiler) limits(env *cel.Env, compiled *cel.Ast) []cel.ProgramOption {
	if loopsAreBounded(compiled.NativeRep().Expr()) {
		if estimate, err := env.EstimateCost(compiled, coster{c}); err == nil && estimate.Max <= costLimit {
			return nil
		}
	}
	return []cel.ProgramOption{cel.CostLimit(costLimit)}
}

// loopsAreBounded reports whether all that is looped over is written out, a table, or what a loop
// over those gives.
func loopsAreBounded(e ast.Expr) bool {
	bounded := true
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.ComprehensionKind {
			return
		}
		switch r := e.AsComprehension().IterRange(); r.Kind() {
		case ast.ListKind, ast.ComprehensionKind:
		default:
			p, ok := path(r)
			bounded = bounded && ok && strings.HasPrefix(p, tableRoot)
		}
	}))
	return bounded
}

// coster tells CEL how large values are: a table is as it is, and nothing else is longer than textSize.
type coster struct{ compiler *Compiler }

// EstimateSize is for CEL.
func (k coster) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if path := n.Path(); len(path) == 1 {
		if name, ok := strings.CutPrefix(path[0], tableRoot); ok {
			if t, ok := k.compiler.tables.Table(name); ok {
				return &cost.SizeEstimate{Max: uint64(len(t.Rows))}
			}
		}
	}
	if known := n.ComputedSize(); known != nil {
		return known
	}
	return &cost.SizeEstimate{Max: textSize}
}

// EstimateCallCost is for CEL.
func (coster) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
