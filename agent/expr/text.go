package expr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// Template is a text with expressions in it: {{ CEL }}.
type Template struct {
	Source string
	parts  []part
	reads  []string
	past   bool // it reads the customer's earlier cases
}

type part struct {
	text    string
	program *Program // nil: text
}

// Template compiles a text; what is wrong goes to problems, and nil is given.
func (c *Compiler) Template(t source.Text, scope Scope, problems *source.Problems) *Template {
	tpl := &Template{Source: t.Value}
	ok := true
	for rest, offset := t.Value, 0; rest != ""; {
		text, after, open := strings.Cut(rest, "{{")
		if text != "" {
			tpl.parts = append(tpl.parts, part{text: text})
		}
		if !open {
			break
		}
		code, tail, closed := strings.Cut(after, "}}")
		offset += len(text) + len("{{")
		at := inText(t, offset)
		if !closed {
			problems.Add(at, "{{ is not closed by }}")
			return nil
		}
		lead := len(code) - len(strings.TrimLeft(code, " \t\n"))
		p := c.Compile(source.Text{Value: strings.TrimSpace(code), Pos: source.Pos{File: at.File, Line: at.Line, Col: at.Col + lead}, Plain: true}, scope, problems)
		if p == nil {
			ok = false
		} else {
			tpl.parts = append(tpl.parts, part{program: p})
			tpl.reads = append(tpl.reads, p.reads...)
			tpl.past = tpl.past || p.ReadsHistory()
		}
		offset += len(code) + len("}}")
		rest = tail
	}
	if !ok {
		return nil
	}
	slices.Sort(tpl.reads)
	tpl.reads = slices.Compact(tpl.reads)
	return tpl
}

// inText is the place of an offset in a text that may have lines.
func inText(t source.Text, offset int) source.Pos {
	before := t.Value[:offset]
	if lines := strings.Count(before, "\n"); lines > 0 || !t.Plain {
		return source.Pos{File: t.Pos.File, Line: t.Pos.Line + lines, Col: offset - strings.LastIndex(before, "\n")}
	}
	return t.At(offset)
}

// Reads gives the paths of the state that the text reads.
func (t *Template) Reads() []string { return t.reads }

// ReadsHistory reports whether it reads the customer's earlier cases.
func (t *Template) ReadsHistory() bool { return t.past }

// Facts gives the names of the facts that it reads.
func (t *Template) Facts() []string { return under("facts", t.reads) }

// Inputs gives the names of the inputs that it reads.
func (t *Template) Inputs() []string { return under("inputs", t.reads) }

// Render gives the text. An expression that errs is an error: half a text is never given.
func (t *Template) Render(v Vars) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.program == nil {
			b.WriteString(p.text)
			continue
		}
		value, err := p.program.Eval(v)
		if err != nil {
			return "", err
		}
		if err := print(&b, value); err != nil {
			return "", fmt.Errorf("%s: %w", p.program.Source, err)
		}
	}
	return b.String(), nil
}

func print(b *strings.Builder, value any) error {
	switch v := value.(type) {
	case nil:
		return errors.New("it is null")
	case string:
		b.WriteString(v)
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
	case []any, map[string]any:
		text, err := casefile.EncodeValue(v)
		if err != nil {
			return err
		}
		b.Write(text)
	default:
		fmt.Fprint(b, v)
	}
	return nil
}

// Object is a `with:`: arguments of which some are expressions. A string that starts with = is one;
// a literal that starts with = is written as ="=...".
type Object struct {
	Pos     source.Pos
	fields  []field
	reads   []string
	sources map[string][]string
}

type field struct {
	name string
	pos  source.Pos
	value
}

// value is a program, a literal, a list or an object.
type value struct {
	program *Program
	literal any
	list    []value
	object  *Object
}

// Object compiles a mapping; what is wrong goes to problems.
func (c *Compiler) Object(n source.Node, scope Scope, problems *source.Problems) *Object {
	o := &Object{Pos: n.Pos(), sources: map[string][]string{}}
	var all []string
	for _, e := range n.Entries() {
		var paths []string
		o.fields = append(o.fields, field{name: e.Key.Value, pos: e.Key.Pos, value: c.value(e.Value, scope, problems, &paths)})
		_, sources := split(paths)
		o.sources[e.Key.Value] = sources
		all = append(all, sources...)
	}
	o.reads, _ = split(all)
	return o
}

func (c *Compiler) value(n source.Node, scope Scope, problems *source.Problems, sources *[]string) value {
	switch {
	case n.IsMapping():
		o := c.Object(n, scope, problems)
		for _, paths := range o.sources {
			*sources = append(*sources, paths...)
		}
		return value{object: o}
	case !n.IsScalar():
		list := make([]value, 0)
		for _, e := range n.List() {
			list = append(list, c.value(e, scope, problems, sources))
		}
		return value{list: list}
	}
	literal := n.Scalar()
	text, ok := literal.(string)
	code, isCEL := strings.CutPrefix(text, "=")
	if !ok || !isCEL {
		return value{literal: literal}
	}
	t := n.Text()
	t.Value = code
	t.Pos = t.At(1)
	p := c.Compile(t, scope, problems)
	if p != nil {
		*sources = append(*sources, p.sources...)
	}
	return value{program: p}
}

// Sources gives the paths that each argument's value is made from, of other variables than the
// state's too; a literal has none. The map is not to be changed.
func (o *Object) Sources() map[string][]string {
	if o == nil {
		return nil
	}
	return o.sources
}

// Reads gives the paths of the state that the arguments read.
func (o *Object) Reads() []string {
	if o == nil {
		return nil
	}
	return o.reads
}

// ReadsHistory reports whether they read the customer's earlier cases.
func (o *Object) ReadsHistory() bool {
	for _, paths := range o.Sources() {
		if ReadsHistory(paths) {
			return true
		}
	}
	return false
}

// Facts gives the names of the facts that they read.
func (o *Object) Facts() []string { return under("facts", o.Reads()) }

// Inputs gives the names of the inputs that they read.
func (o *Object) Inputs() []string { return under("inputs", o.Reads()) }

// Names gives the arguments' names with their places.
func (o *Object) Names() []source.Text {
	var names []source.Text
	if o != nil {
		for _, f := range o.fields {
			names = append(names, source.Text{Value: f.name, Pos: f.pos})
		}
	}
	return names
}

// Literal gives the literal value of an argument, false if it is computed or absent.
func (o *Object) Literal(name string) (any, bool) {
	for _, f := range o.fields {
		if f.name == name && f.program == nil && f.list == nil && f.object == nil {
			return f.literal, true
		}
	}
	return nil, false
}

// Eval gives the arguments; an error names the one that can't be made.
func (o *Object) Eval(v Vars) (casefile.Object, error) {
	out := casefile.Object{}
	if o == nil {
		return out, nil
	}
	for _, f := range o.fields {
		value, err := f.eval(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		out[f.name] = value
	}
	return out, nil
}

func (x *value) eval(v Vars) (any, error) {
	switch {
	case x.program != nil:
		return x.program.Eval(v)
	case x.object != nil:
		o, err := x.object.Eval(v)
		return map[string]any(o), err
	case x.list != nil:
		list := make([]any, len(x.list))
		for i := range x.list {
			var err error
			if list[i], err = x.list[i].eval(v); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return list, nil
	}
	return x.literal, nil
}
