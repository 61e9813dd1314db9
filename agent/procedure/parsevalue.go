package procedure

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"

	"resolute/agent/expr"
	"resolute/agent/source"
)

var (
	wordName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
	fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	toolName  = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+$`)
)

const (
	wordNameRule  = "use letters, digits, - and _"
	fieldNameRule = "use letters, digits and _, so that expressions can say it"
)

// need gives the value of a key that must be there and say something.
func (r *reader) need(m source.Mapping, key, example string) source.Node {
	v := m.Need(key, example)
	if v.IsScalar() && v.String() == "" {
		v.Fail("%s is empty; write for example %s: %s", key, key, example)
		return source.Node{}
	}
	return v
}

// mapping reports whether a node is a mapping, and says how one looks if it is something else.
func (r *reader) mapping(n source.Node, example string) bool {
	if n.Here() && !n.IsMapping() {
		n.Fail("a mapping is expected here, for example %s", example)
	}
	return n.IsMapping()
}

// name reads a name of something.
func (r *reader) name(n source.Node, allowed *regexp.Regexp, of string) string {
	if !n.Here() {
		return ""
	}
	s := n.String()
	if n.IsScalar() && !allowed.MatchString(s) {
		rule := wordNameRule
		if allowed == fieldName {
			rule = fieldNameRule
		}
		n.Fail("%q can't be the name of %s; %s", s, of, rule)
	}
	return s
}

// text reads what must say something; it is false where it doesn't or isn't there.
func (r *reader) text(n source.Node, what string) (source.Text, bool) {
	if !n.Here() {
		return source.Text{}, false
	}
	t := n.Text()
	if n.IsScalar() && strings.TrimSpace(t.Value) == "" {
		n.Fail("%s is expected here, and there is nothing", what)
		return t, false
	}
	return t, n.IsScalar()
}

func (r *reader) program(n source.Node, scope expr.Scope) *expr.Program {
	t, ok := r.text(n, "an expression")
	if !ok {
		return nil
	}
	x := r.compiler.Compile(t, scope, &r.problems)
	if x != nil {
		r.p.written[x] = []source.Text{t}
	}
	return x
}

func (r *reader) template(n source.Node) *expr.Template {
	t, ok := r.text(n, "a text")
	if !ok {
		return nil
	}
	x := r.compiler.Template(t, expr.Procedure, &r.problems)
	if x != nil {
		r.p.written[x] = []source.Text{t}
	}
	return x
}

// pattern reads a regular expression, and gives it also anchored at both ends.
func (r *reader) pattern(n source.Node) (re, whole *regexp.Regexp) {
	t, ok := r.text(n, "a pattern")
	if !ok {
		return nil, nil
	}
	re, err := regexp.Compile(t.Value)
	if err == nil {
		whole, err = regexp.Compile(`\A(?:` + t.Value + `)\z`)
	}
	if err != nil {
		at := t.Pos
		var wrong *syntax.Error
		if errors.As(err, &wrong) {
			at = t.At(max(strings.Index(t.Value, wrong.Expr), 0))
			err = errors.New(wrong.Code.String() + ": " + wrong.Expr)
		}
		r.problems.Add(at, "the pattern is not a regular expression (RE2): %v", err)
		return nil, nil
	}
	return re, whole
}

// orElse gives the hint, or what there is.
func orElse(hint string, names []string, none, some string) string {
	switch {
	case hint != "":
		return hint
	case len(names) == 0:
		return none
	}
	return some + strings.Join(names, ", ")
}
