package expr

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// observed are the variables whose paths approvals are bound to.
var observed = []string{"signal", "case", "inputs", "facts"}

// others are the variables that a value may come from beside those.
var others = []string{"attempts", "history", "item", "action", "now"}

// collect gathers the longest constant paths of all variables that an expression reads.
func collect(e ast.Expr, paths *[]string) {
	if p, ok := path(e); ok {
		*paths = append(*paths, p)
		return
	}
	switch e.Kind() {
	case ast.SelectKind:
		collect(e.AsSelect().Operand(), paths)
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			collect(call.Target(), paths)
		}
		for _, a := range call.Args() {
			collect(a, paths)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			collect(x, paths)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			collect(x.AsMapEntry().Key(), paths)
			collect(x.AsMapEntry().Value(), paths)
		}
	case ast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			collect(x.AsStructField().Value(), paths)
		}
	case ast.ComprehensionKind:
		k := e.AsComprehension()
		for _, x := range []ast.Expr{k.IterRange(), k.AccuInit(), k.LoopCondition(), k.LoopStep(), k.Result()} {
			collect(x, paths)
		}
	}
}

// path gives the constant path that an expression is, if it is one of a variable.
func path(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		return name, slices.Contains(observed, name) || slices.Contains(others, name) || strings.HasPrefix(name, tableRoot)
	case ast.SelectKind:
		p, ok := path(e.AsSelect().Operand())
		return p + "." + e.AsSelect().FieldName(), ok
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return "", false
		}
		key, isText := call.Args()[1].AsLiteral().Value().(string)
		p, ok := path(call.Args()[0])
		return p + "." + key, ok && isText && !strings.Contains(key, ".")
	}
	return "", false
}

// isObserved reports whether a path is one that approvals are bound to.
func isObserved(path string) bool {
	root, _, _ := strings.Cut(path, ".")
	return slices.Contains(observed, root)
}

// split sorts paths, and gives those that approvals are bound to apart.
func split(paths []string) (reads, sources []string) {
	slices.Sort(paths)
	sources = slices.Compact(paths)
	for _, p := range sources {
		if isObserved(p) {
			reads = append(reads, p)
		}
	}
	return reads, sources
}

// ReadsHistory reports whether paths read the customer's earlier cases.
func ReadsHistory(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return p == "history" || strings.HasPrefix(p, "history.") })
}

// ReadsTables reports whether paths read tables.
func ReadsTables(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, tableRoot) })
}
