package source

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// MaxFile is how large a file may be, in bytes.
const MaxFile = 1 << 20

// Node is a place in a YAML file. The zero Node is absent: it reads as nothing.
type Node struct {
	node     *yaml.Node
	file     string
	problems *Problems
}

var syntaxLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// Parse reads a file; what is wrong goes to problems. The node of a broken file is absent.
func Parse(file string, text []byte, problems *Problems) Node {
	at := Pos{File: file, Line: 1, Col: 1}
	if len(text) > MaxFile {
		problems.Add(at, "the file is larger than %d bytes", MaxFile)
		return Node{}
	}
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		problems.Add(at, "the file is empty")
		return Node{}
	case err != nil:
		message := strings.TrimPrefix(err.Error(), "yaml: ")
		if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
			at.Line, _ = strconv.Atoi(m[1])
			message = m[2]
		}
		problems.Add(at, "not YAML: %s", message)
		return Node{}
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		problems.Add(at, "the file holds more than one document; make it one file each")
	}
	n := Node{node: doc.Content[0], file: file, problems: problems}
	if n.refuseAliases(n.node) {
		return Node{}
	}
	return n
}

func (n Node) refuseAliases(y *yaml.Node) bool {
	if y.Kind == yaml.AliasNode || y.Anchor != "" {
		n.problems.Add(Pos{File: n.file, Line: y.Line, Col: y.Column}, "anchors and aliases aren't allowed; write it out")
		return true
	}
	return slices.ContainsFunc(y.Content, n.refuseAliases)
}

// Here reports whether the node is in the file.
func (n Node) Here() bool { return n.node != nil }

// Pos is where the node stands.
func (n Node) Pos() Pos {
	if n.node == nil {
		return Pos{File: n.file, Line: 1, Col: 1}
	}
	return Pos{File: n.file, Line: n.node.Line, Col: n.node.Column}
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

func (n Node) child(y *yaml.Node) Node { return Node{node: y, file: n.file, problems: n.problems} }

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
func (n Node) IsScalar() bool { return n.node != nil && n.node.Kind == yaml.ScalarNode }

// IsMapping reports whether the node is a mapping.
func (n Node) IsMapping() bool { return n.node != nil && n.node.Kind == yaml.MappingNode }

// Text reads a scalar.
func (n Node) Text() Text {
	t := Text{Pos: n.Pos()}
	if n.node == nil {
		return t
	}
	if n.node.Kind != yaml.ScalarNode {
		n.Fail("a text is expected here, not a %s", kind(n.node))
		return t
	}
	t.Value = n.node.Value
	switch n.node.Style &^ yaml.TaggedStyle {
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
		t.Pos.Col++
		t.Plain = !strings.ContainsAny(t.Value, "'\"\\\n")
	case yaml.LiteralStyle, yaml.FoldedStyle:
		t.Pos.Line++
	default:
		t.Plain = !strings.Contains(t.Value, "\n")
	}
	return t
}

// String reads a scalar.
func (n Node) String() string { return n.Text().Value }

func kind(y *yaml.Node) string {
	switch y.Kind {
	case yaml.MappingNode:
		return "mapping"
	case yaml.SequenceNode:
		return "list"
	}
	return "text"
}

// List reads a list; a single value counts as a list of one.
func (n Node) List() []Node {
	switch {
	case n.node == nil || n.node.Tag == "!!null":
		return nil
	case n.node.Kind != yaml.SequenceNode:
		return []Node{n}
	}
	list := make([]Node, len(n.node.Content))
	for i, y := range n.node.Content {
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
		n.Fail("%q is not a duration; write it like 30s, 15m or 72h", n.node.Value)
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
		n.Fail("%q is not a whole number of 0 or more", n.node.Value)
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
		n.Fail("%q is not a number", n.node.Value)
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
	n.Fail("%q is neither true nor false", n.node.Value)
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
	n.Fail("%q is not one of %s%s", n.node.Value, strings.Join(words, ", "), Nearest(n.node.Value, words))
	return words[0]
}

// Scalar reads a scalar as YAML means it: nil, bool, int64, float64 or string. Quoted ones are
// strings.
func (n Node) Scalar() any {
	switch n.node.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.node.Value == "true" || n.node.Value == "True" || n.node.Value == "TRUE"
	case "!!int":
		if v, err := strconv.ParseInt(n.node.Value, 10, 64); err == nil {
			return v
		}
	case "!!float":
		if v, err := strconv.ParseFloat(n.node.Value, 64); err == nil {
			return v
		}
	}
	return n.node.Value
}

// Value reads anything: scalars as Scalar, lists as []any, mappings as map[string]any.
func (n Node) Value() any {
	if n.node == nil {
		return nil
	}
	switch n.node.Kind {
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.node.Content))
		for _, e := range n.List() {
			list = append(list, e.Value())
		}
		return list
	case yaml.MappingNode:
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
	if n.node == nil || n.node.Tag == "!!null" {
		return nil
	}
	if n.node.Kind != yaml.MappingNode {
		n.Fail("a mapping (key: value) is expected here, not a %s", kind(n.node))
		return nil
	}
	var list []Entry
	for i := 0; i+1 < len(n.node.Content); i += 2 {
		key := n.child(n.node.Content[i])
		if slices.ContainsFunc(list, func(e Entry) bool { return e.Key.Value == key.node.Value }) {
			key.Fail("%s is there twice", key.node.Value)
			continue
		}
		list = append(list, Entry{Key: key.Text(), Value: n.child(n.node.Content[i+1])})
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
