package expr

import (
	"strings"
	"time"

	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"resolute/agent/casefile"
)

// Vars are the values that an expression sees. It is a small value; With gives changed copies.
type Vars struct {
	c      *casefile.Case
	now    time.Time
	signal *casefile.Signal
	action *casefile.Action
	under  string // hypothesis that the action is of
	item   any
	facts  map[string]any     // instead of the case's, for monitors and examples
	given  map[string]any     // instead of everything, for examples
	tables map[string]ref.Val // nil: as they were when the expression was compiled
	made   *remembered        // nil: each expression makes its own
}

// CaseVars are the values of a case; its signal is the one that opened it.
func CaseVars(c *casefile.Case, now time.Time) Vars {
	v := Vars{c: c, now: now}
	if len(c.Signals) > 0 {
		v.signal = &c.Signals[0].Signal
	}
	return v
}

// ItemVars are the values of a monitor's run.
func ItemVars(facts map[string]any, item any, now time.Time) Vars {
	return Vars{now: now, facts: facts, item: item}
}

// GivenVars are values that stand in a file, for examples.
func GivenVars(given map[string]any, now time.Time) Vars { return Vars{given: given, now: now} }

// With sees another signal.
func (v Vars) With(s *casefile.Signal) Vars {
	v.signal, v.made = s, nil
	return v
}

// WithAction sees an action of a hypothesis.
func (v Vars) WithAction(a *casefile.Action, hypothesis string) Vars {
	v.action, v.under, v.made = a, hypothesis, nil
	return v
}

// WithTables sees tables as they are now.
func (v Vars) WithTables(t Tables) Vars {
	v.tables, v.made = t.values, nil
	return v
}

var _ interpreter.Activation = Vars{}

// Parent is for CEL: there is none.
func (v Vars) Parent() interpreter.Activation { return nil }

// ResolveName gives the value of a variable.
func (v Vars) ResolveName(name string) (any, bool) {
	if name == "now" {
		return v.now, true
	}
	if strings.HasPrefix(name, tableRoot) {
		value, ok := v.tables[name]
		return value, ok
	}
	if v.given != nil {
		value, ok := v.given[name]
		return value, ok
	}
	switch name {
	case "item":
		return v.item, v.item != nil
	case "action":
		if v.action == nil {
			return nil, false
		}
		return v.actionMap(), true
	case "signal":
		if v.signal == nil {
			return nil, false
		}
		return signalMap(v.signal), true
	case "facts":
		return v.factMap(), true
	}
	if v.c == nil {
		return nil, false
	}
	switch name {
	case "case":
		return caseMap(v.c), true
	case "inputs":
		m := make(map[string]any, len(v.c.Inputs))
		for k, in := range v.c.Inputs {
			m[k] = in.Value.V
		}
		return m, true
	case "attempts":
		return attemptList(v.c), true
	case "history":
		if v.c.History == nil || v.c.History.Error != "" {
			return nil, false
		}
		return pastList(v.c.History.Cases), true
	}
	return nil, false
}

// at gives the value at a path under the inputs or the facts of a case, which most expressions are.
// Where it reports false, CEL says what is to be said.
func (v Vars) at(path []string) (any, bool) {
	if len(path) < 2 || v.c == nil || v.given != nil || v.facts != nil {
		return nil, false
	}
	var value any
	switch path[0] {
	case "inputs":
		in, ok := v.c.Inputs[path[1]]
		if !ok {
			return nil, false
		}
		value = in.Value.V
	case "facts":
		f, ok := v.c.Facts[path[1]]
		if !ok {
			return nil, false
		}
		value = f.Value.V
	default:
		return nil, false
	}
	for _, key := range path[2:] {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = m[key]; !ok {
			return nil, false
		}
	}
	return value, true
}

func (v Vars) factMap() map[string]any {
	if v.facts != nil || v.c == nil {
		return v.facts
	}
	m := make(map[string]any, len(v.c.Facts))
	for k, f := range v.c.Facts {
		m[k] = f.Value.V
	}
	return m
}

func (v Vars) actionMap() map[string]any {
	procedure := ""
	if v.c != nil {
		procedure = v.c.Procedure
	}
	return map[string]any{"tool": v.action.Tool, "args": map[string]any(v.action.Args), "effect": v.action.Effect,
		"procedure": procedure, "hypothesis": v.under}
}

func signalMap(s *casefile.Signal) map[string]any {
	return map[string]any{"id": s.EventID, "source": s.Source, "type": s.Type, "subject": s.Subject, "time": s.Time, "data": map[string]any(s.Data)}
}

// caseMap leaves out what isn't known of the customer: a rule that reads it then denies, where an
// empty text could equal another empty text.
func caseMap(c *casefile.Case) map[string]any {
	customer := map[string]any{"assurance": string(c.Customer.Assurance)}
	for key, value := range map[string]string{"id": c.Customer.ID, "email": c.Customer.Email, "name": c.Customer.Name} {
		if value != "" {
			customer[key] = value
		}
	}
	return map[string]any{"id": c.ID, "goal": c.Goal, "opened_at": c.OpenedAt, "customer": customer}
}

func attemptList(c *casefile.Case) []any {
	list := make([]any, len(c.Attempts))
	for i, a := range c.Attempts {
		list[i] = map[string]any{"hypothesis": a.Hypothesis, "step": a.Step, "tool": a.Tool, "outcome": string(a.Outcome), "code": a.Code}
	}
	return list
}

func pastList(cases []casefile.Past) []any {
	list := make([]any, len(cases))
	for i, p := range cases {
		amounts := make([]any, len(p.Amounts))
		for j, n := range p.Amounts {
			amounts[j] = n
		}
		list[i] = map[string]any{"procedure": p.Procedure, "outcome": p.Outcome, "hypothesis": p.Hypothesis, "closed_at": p.ClosedAt, "amounts": amounts}
	}
	return list
}

// Observe gives the values at paths of a case's state, such as facts.order.id. What is absent is
// left out, so that it differs from null.
func Observe(c *casefile.Case, paths []string) map[string]casefile.Value {
	if len(paths) == 0 {
		return nil
	}
	vars := CaseVars(c, time.Time{})
	seen := make(map[string]casefile.Value, len(paths))
	for _, path := range paths {
		root, rest, deeper := strings.Cut(path, ".")
		value, ok := vars.ResolveName(root)
		for ok && deeper {
			var key string
			key, rest, deeper = strings.Cut(rest, ".")
			var m map[string]any
			if m, ok = value.(map[string]any); ok {
				value, ok = m[key]
			}
		}
		if ok {
			seen[path] = casefile.Value{V: plain(value)}
		}
	}
	return seen
}

// plain turns times into texts, so that the value has a JSON.
func plain(v any) any {
	switch t := v.(type) {
	case time.Time:
		return t.UTC().Format(time.RFC3339Nano)
	case map[string]any:
		for _, e := range t {
			if _, ok := e.(time.Time); ok {
				m := make(map[string]any, len(t))
				for k, e := range t {
					m[k] = plain(e)
				}
				return m
			}
		}
	}
	return v
}
