package expr

import "cel.dev/cel-go/interpreter"

// remembered are variables that are made once for many expressions.
type remembered struct {
	Vars
	names  []string
	values []any
}

// Remembered gives the same variables, each made once however many expressions read it. It is for
// evaluations one after the other; With and its like forget what was made.
func (v Vars) Remembered() Vars {
	v.made = &remembered{Vars: v}
	return v
}

// ResolveName gives the value of a variable.
func (r *remembered) ResolveName(name string) (any, bool) {
	for i, n := range r.names {
		if n == name {
			return r.values[i], true
		}
	}
	value, ok := r.Vars.ResolveName(name)
	if ok {
		r.names, r.values = append(r.names, name), append(r.values, value)
	}
	return value, ok
}

// activation is what CEL gets the variables from.
func (v Vars) activation(p *Program) interpreter.Activation {
	if v.tables == nil && p.tables != nil {
		v.tables = p.tables
		return v
	}
	if v.made != nil {
		return v.made
	}
	return v
}
