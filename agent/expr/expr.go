// Package expr compiles and evaluates the CEL expressions of a bundle: conditions, values, texts
// with expressions in them, and objects of arguments.
//
// A Program knows statically which paths of the state it reads, which is what approvals are bound
// to. Evaluation never panics, has a cost limit, and tells an absent value from other errors: what
// an error means (deny, missing evidence, false) is up to who evaluates.
//
// Caveats. Facts, inputs and data are typed when they are read, not when the expression is
// compiled: a misspelt field of a fact is found by package procedure against the tool's schema, or
// else at run time, as absent.
package expr

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"resolute/agent/source"
	"resolute/agent/table"
)

// Scope says which variables an expression may name.
type Scope int

// The scopes.
const (
	Procedure Scope = iota // signal (the one that opened the case), case, inputs, facts, attempts, history, now
	Signal                 // the same but history, and signal is the one at hand
	Policy                 // the same as Procedure, and action
	Monitor                // item, facts, now
)

// Errors of an evaluation.
var (
	ErrAbsent = errors.New("something that it reads is absent")
	ErrEval   = errors.New("it can't be evaluated")
	ErrCost   = errors.New("it costs too much")
)

// Compiler compiles expressions. It is immutable and safe for concurrent use.
type Compiler struct {
	envs   map[Scope]*cel.Env
	tables *table.Set
	values map[string]ref.Val // of the tables
}

// NewCompiler makes a compiler for all scopes.
func NewCompiler() (*Compiler, error) {
	base, err := cel.NewEnv(cel.CrossTypeNumericComparisons(true), cel.ParserRecursionLimit(60), cel.ParserExpressionSizeLimit(20_000), ext.Strings(),
		cel.Variable("now", cel.TimestampType), cel.Variable("facts", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return nil, fmt.Errorf("CEL: %w", err)
	}
	object := cel.MapType(cel.StringType, cel.DynType)
	ofCase := []cel.EnvOption{cel.Variable("signal", object), cel.Variable("case", object), cel.Variable("inputs", object), cel.Variable("attempts", cel.ListType(cel.DynType))}
	c := &Compiler{envs: map[Scope]*cel.Env{}}
	past := append(slices.Clone(ofCase), cel.Variable("history", cel.ListType(object)))
	for scope, vars := range map[Scope][]cel.EnvOption{
		Procedure: past, Signal: ofCase, Policy: append(slices.Clone(past), cel.Variable("action", object)), Monitor: {cel.Variable("item", cel.DynType)},
	} {
		if c.envs[scope], err = base.Extend(vars...); err != nil {
			return nil, fmt.Errorf("CEL: %w", err)
		}
	}
	return c, nil
}

// Program is a compiled expression. It is immutable and safe for concurrent use.
type Program struct {
	Source  string
	Pos     source.Pos
	program cel.Program
	reads   []string
	sources []string
	claims  []Claim
	tables  map[string]ref.Val // as they were when it was compiled
	path    []string           // where it is nothing but a path of the state: its parts
	kind    string
}

// Any is the kind of a value that is known only once it is evaluated.
const Any = "dyn"

// Kind is what the value will be, in CEL's words for types, as far as the expression alone says: int,
// bool, list(int), or Any.
func (p *Program) Kind() string { return p.kind }

// Compile compiles an expression; what is wrong goes to problems, and nil is given.
func (c *Compiler) Compile(t source.Text, scope Scope, problems *source.Problems) *Program {
	compiled, issues := c.envs[scope].Compile(t.Value)
	if issues != nil && issues.Err() != nil {
		for _, e := range issues.Errors() {
			at := t.Pos
			if e.Location.Line() == 1 {
				at = t.At(e.Location.Column())
			}
			problems.Add(at, "%s", c.explain(e.Message, scope))
		}
		return nil
	}
	program, err := c.envs[scope].Program(compiled, append(c.limits(c.envs[scope], compiled), cel.EvalOptions(cel.OptOptimize))...)
	if err != nil {
		problems.Add(t.Pos, "%v", err)
		return nil
	}
	p := &Program{Source: t.Value, Pos: t.Pos, program: program, tables: c.values, kind: compiled.OutputType().String()}
	if whole, ok := path(compiled.NativeRep().Expr()); ok && isObserved(whole) {
		p.path = strings.Split(whole, ".")
	}
	var paths []string
	collect(compiled.NativeRep().Expr(), &paths)
	p.reads, p.sources = split(paths)
	p.claims = claims(compiled.NativeRep().Expr(), nil)
	return p
}

// explain makes a compile error teach.
func (c *Compiler) explain(message string, scope Scope) string {
	name, ok := strings.CutPrefix(message, "undeclared reference to '")
	if !ok {
		return "CEL: " + message
	}
	name, _, _ = strings.Cut(name, "'")
	if name == "tables" || strings.HasPrefix(name, tableRoot) {
		return "CEL: " + c.explainTable(strings.TrimPrefix(name, tableRoot))
	}
	known := []string{"now", "facts"}
	switch scope {
	case Monitor:
		known = append(known, "item")
	case Policy:
		known = append(known, "action", "signal", "case", "inputs", "attempts", "history")
	case Procedure:
		known = append(known, "signal", "case", "inputs", "attempts", "history")
	default:
		known = append(known, "signal", "case", "inputs", "attempts")
	}
	hint := source.Nearest(name, known)
	if hint == "" {
		hint = "; known are " + strings.Join(known, ", ")
	}
	return "CEL: unknown name " + name + hint
}

// Reads gives the paths under signal, case, inputs and facts that the expression reads.
func (p *Program) Reads() []string { return p.reads }

// Sources gives all paths that the expression reads, of other variables too: what its value comes from.
func (p *Program) Sources() []string { return p.sources }

// ReadsHistory reports whether it reads the customer's earlier cases.
func (p *Program) ReadsHistory() bool { return ReadsHistory(p.sources) }

// Facts gives the names of the facts that it reads.
func (p *Program) Facts() []string { return under("facts", p.reads) }

// Inputs gives the names of the inputs that it reads.
func (p *Program) Inputs() []string { return under("inputs", p.reads) }

func under(root string, reads []string) []string {
	var names []string
	for _, r := range reads {
		if rest, ok := strings.CutPrefix(r, root+"."); ok {
			name, _, _ := strings.Cut(rest, ".")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Eval gives the value, in casefile's kinds; times and durations are texts. Errors wrap ErrAbsent,
// ErrCost or ErrEval.
func (p *Program) Eval(v Vars) (value any, err error) {
	if value, ok := v.at(p.path); ok {
		return value, nil
	}
	out, err := p.eval(v)
	if err != nil {
		return nil, err
	}
	return native(out)
}

// Bool gives the value of a condition.
func (p *Program) Bool(v Vars) (bool, error) {
	if value, ok := v.at(p.path); ok {
		if b, ok := value.(bool); ok {
			return b, nil
		}
	}
	out, err := p.eval(v)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("%w: %s is a %s, not true or false", ErrEval, p.Source, out.Type().TypeName())
	}
	return bool(b), nil
}

func (p *Program) eval(v Vars) (out ref.Val, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrEval, r)
		}
	}()
	out, _, err = p.program.Eval(v.activation(p))
	if err == nil {
		return out, nil
	}
	kind := ErrEval
	switch message := err.Error(); {
	case strings.Contains(message, "no such key"), strings.Contains(message, "no such attribute"), strings.Contains(message, "no such field"):
		kind = ErrAbsent
	case strings.Contains(message, "cost limit exceeded"):
		kind = ErrCost
	}
	return nil, fmt.Errorf("%w: %s: %v", kind, p.Source, err)
}

// native turns a CEL value into casefile's kinds.
func native(v ref.Val) (any, error) {
	switch t := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(t), nil
	case types.Int:
		return int64(t), nil
	case types.Uint:
		if t > math.MaxInt64 {
			return nil, fmt.Errorf("%w: %d doesn't fit 64 bits", ErrEval, t)
		}
		return int64(t), nil
	case types.Double:
		if f := float64(t); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("%w: %v is no number", ErrEval, f)
		}
		return float64(t), nil
	case types.String:
		return string(t), nil
	case types.Bytes:
		return string(t), nil
	case types.Timestamp:
		return t.UTC().Format(time.RFC3339Nano), nil
	case types.Duration:
		return t.Duration.String(), nil
	case traits.Lister:
		var list []any
		for it := t.Iterator(); it.HasNext() == types.True; {
			e, err := native(it.Next())
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return list, nil
	case traits.Mapper:
		m := map[string]any{}
		for it := t.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			e, err := native(t.Get(key))
			if err != nil {
				return nil, err
			}
			m[fmt.Sprint(key.Value())] = e
		}
		return m, nil
	}
	return nil, fmt.Errorf("%w: a %s can't be used as a value", ErrEval, v.Type().TypeName())
}
