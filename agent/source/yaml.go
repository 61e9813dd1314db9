package source

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxFile is how large a file may be, in bytes.
const MaxFile = 1 << 20

// Node is a place in a YAML file. The zero Node is absent: it reads as nothing.
type Node struct {
	node     *item
	file     string
	problems *Problems
}

// Parse reads a file; what is wrong goes to problems. The node of a broken file is absent.
func Parse(file string, text []byte, problems *Problems) Node {
	at := Pos{File: file, Line: 1, Col: 1}
	if len(text) > MaxFile {
		problems.Add(at, "the file is larger than %d bytes", MaxFile)
		return Node{}
	}
	t := &tree{file: file, problems: problems}
	root := t.parse(text)
	if root == nil {
		return Node{}
	}
	return Node{node: root, file: file, problems: problems}
}

// Here reports whether the node is in the file.
func (n Node) Here() bool { return n.node != nil }

// Pos is where the node stands.
func (n Node) Pos() Pos {
	if n.node == nil {
		return Pos{File: n.file, Line: 1, Col: 1}
	}
	return Pos{File: n.file, Line: n.node.line, Col: n.node.col}
}

// Fail adds an error at the node.
func (n Node) Fail(format string, args ...any) {
	if n.problems != nil {
		n.problems.Add(n.Pos(), format, args...)
	}
}

// Warn adds a warning at the node.
func (n Node) Warn(format string, args ...any) {
	if n.problems != nil {
		n.problems.Warn(n.Pos(), format, args...)
	}
}

func (n Node) child(y *item) Node { return Node{node: y, file: n.file, problems: n.problems} }

// Text is a scalar as it is written, with its place.
type Text struct {
	Value string
	Pos   Pos  // of its first character
	Plain bool // on one line and without escapes, so that an offset in Value is one in the file
}

// At is the place of the character at an offset of Value, as far as that can be told.
func (t Text) At(offset int) Pos {
	p := t.Pos
	if t.Plain {
		p.Col += offset
	}
	return p
}

// IsScalar reports whether the node is a scalar.
func (n Node) IsScalar() bool { return n.node != nil && n.node.kind == scalar }

// IsMapping reports whether the node is a mapping.
func (n Node) IsMapping() bool { return n.node != nil && n.node.kind == mapping }

// Text reads a scalar.
func (n Node) Text() Text {
	t := Text{Pos: n.Pos()}
	if n.node == nil {
		return t
	}
	if n.node.kind != scalar {
		n.Fail("a text is expected here, not a %s", n.node.kind)
		return t
	}
	t.Value = n.node.text
	switch n.node.style {
	case singleQuoted:
		t.Pos.Col++
		t.Plain = !strings.ContainsAny(t.Value, "'\n")
	case doubleQuoted:
		t.Pos.Col++
		t.Plain = !strings.ContainsAny(t.Value, "\"\\\n")
	case block:
		t.Pos.Line++
	default:
		t.Plain = !strings.Contains(t.Value, "\n")
	}
	return t
}

// String reads a scalar.
func (n Node) String() string { return n.Text().Value }

// List reads a list; a single value counts as a list of one.
func (n Node) List() []Node {
	switch {
	case n.node == nil || n.node.kind == scalar && n.node.tag == null:
		return nil
	case n.node.kind != sequence:
		return []Node{n}
	}
	list := make([]Node, len(n.node.children))
	for i, y := range n.node.children {
		list[i] = n.child(y)
	}
	return list
}

// Strings reads a list of texts.
func (n Node) Strings() []string {
	var list []string
	for _, e := range n.List() {
		list = append(list, e.String())
	}
	return list
}

// Duration reads a text like 30s or 4h, not negative.
func (n Node) Duration() time.Duration {
	if !n.Here() {
		return 0
	}
	d, err := time.ParseDuration(n.String())
	if err != nil || d < 0 {
		n.Fail("%q is not a duration; write it like 30s, 15m or 72h", n.node.text)
		return 0
	}
	return d
}

// Int reads a whole number, not negative.
func (n Node) Int() int {
	if !n.Here() {
		return 0
	}
	v, err := strconv.Atoi(n.String())
	if err != nil || v < 0 {
		n.Fail("%q is not a whole number of 0 or more", n.node.text)
		return 0
	}
	return v
}

// Float reads a number.
func (n Node) Float() float64 {
	if !n.Here() {
		return 0
	}
	v, err := strconv.ParseFloat(n.String(), 64)
	if err != nil {
		n.Fail("%q is not a number", n.node.text)
	}
	return v
}

// Bool reads true or false.
func (n Node) Bool() bool {
	if !n.Here() {
		return false
	}
	switch n.String() {
	case "true":
		return true
	case "false":
		return false
	}
	n.Fail("%q is neither true nor false", n.node.text)
	return false
}

// OneOf reads one of the words; the first is meant where the node is absent.
func (n Node) OneOf(words ...string) string {
	if !n.Here() {
		return words[0]
	}
	if s := n.String(); slices.Contains(words, s) {
		return s
	}
	n.Fail("%q is not one of %s%s", n.node.text, strings.Join(words, ", "), Nearest(n.node.text, words))
	return words[0]
}

// Scalar reads a scalar as YAML means it: nil, bool, int64, float64 or string. Quoted ones are
// strings.
func (n Node) Scalar() any {
	switch n.node.tag {
	case null:
		return nil
	case boolean:
		return n.node.text == "true" || n.node.text == "True" || n.node.text == "TRUE"
	case integer:
		if v, err := strconv.ParseInt(n.node.text, 10, 64); err == nil {
			return v
		}
	case float:
		if v, err := strconv.ParseFloat(n.node.text, 64); err == nil {
			return v
		}
	}
	return n.node.text
}

// Value reads anything: scalars as Scalar, lists as []any, mappings as map[string]any.
func (n Node) Value() any {
	if n.node == nil {
		return nil
	}
	switch n.node.kind {
	case sequence:
		list := make([]any, 0, len(n.node.children))
		for _, e := range n.List() {
			list = append(list, e.Value())
		}
		return list
	case mapping:
		m := map[string]any{}
		for _, e := range n.Entries() {
			m[e.Key.Value] = e.Value.Value()
		}
		return m
	}
	return n.Scalar()
}

// Entry is a key of a mapping with its value.
type Entry struct {
	Key   Text
	Value Node
}

// Entries reads a mapping with keys of any name, in the file's order. A key that is there twice is
// an error.
func (n Node) Entries() []Entry {
	if n.node == nil || n.node.kind == scalar && n.node.tag == null {
		return nil
	}
	if n.node.kind != mapping {
		n.Fail("a mapping (key: value) is expected here, not a %s", n.node.kind)
		return nil
	}
	var list []Entry
	for i := 0; i+1 < len(n.node.children); i += 2 {
		key := n.child(n.node.children[i])
		if slices.ContainsFunc(list, func(e Entry) bool { return e.Key.Value == key.node.text }) {
			key.Fail("%s is there twice", key.node.text)
			continue
		}
		list = append(list, Entry{Key: key.Text(), Value: n.child(n.node.children[i+1])})
	}
	return list
}

// Mapping is a mapping with known keys.
type Mapping struct {
	Node
	entries []Entry
}

// Mapping reads a mapping that has no other keys than the known ones.
func (n Node) Mapping(known ...string) Mapping {
	m := Mapping{Node: n, entries: n.Entries()}
	for _, e := range m.entries {
		if !slices.Contains(known, e.Key.Value) {
			n.problems.Add(e.Key.Pos, "unknown key %s%s", e.Key.Value, orList(Nearest(e.Key.Value, known), known))
		}
	}
	return m
}

func orList(hint string, known []string) string {
	if hint != "" {
		return hint
	}
	return "; known are " + strings.Join(known, ", ")
}

// Get gives the value of a key, absent if it isn't there.
func (m Mapping) Get(key string) Node {
	for _, e := range m.entries {
		if e.Key.Value == key {
			return e.Value
		}
	}
	return Node{file: m.file, problems: m.problems}
}

// Need gives the value of a key that must be there; example says how it could look.
func (m Mapping) Need(key, example string) Node {
	v := m.Get(key)
	if !v.Here() && m.Here() {
		m.Fail("%s is missing; add for example %s: %s", key, key, example)
	}
	return v
}
