package source

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// itemKind is what an item is.
type itemKind string

// The kinds, in words for messages.
const (
	scalar   itemKind = "text"
	mapping  itemKind = "mapping"
	sequence itemKind = "list"
)

// tag is what YAML takes a scalar for.
type tag int

// The tags.
const (
	str tag = iota
	null
	boolean
	integer
	float
)

// style is how a scalar is written.
type style int

// The styles.
const (
	plain style = iota
	singleQuoted
	doubleQuoted
	block
)

// item is a piece of a YAML file, apart from any parser. A mapping's children are key, value, key,
// value, and so on.
type item struct {
	kind      itemKind
	tag       tag
	style     style
	text      string // of a scalar
	line, col int
	children  []*item
}

// tree makes items of a file.
type tree struct {
	file     string
	problems *Problems
	failed   bool
	depth    int
}

// maxDepth is how deep a file may be nested.
const maxDepth = 60

func (t *tree) add(line, col int, format string, args ...any) {
	t.failed = true
	t.problems.Add(Pos{File: t.file, Line: line, Col: col}, format, args...)
}

// parse gives the file's one document, nil if it is broken.
func (t *tree) parse(text []byte) (root *item) {
	defer func() {
		if r := recover(); r != nil { // a parser that panics costs the file, not the process
			t.add(1, 1, "not YAML: %v", r)
			root = nil
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if t.tooDeep(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, col, message := 1, 1, err.Error()
		var at yaml.Error
		if errors.As(err, &at) {
			message = at.GetMessage()
			if tk := at.GetToken(); tk != nil {
				line, col = tk.Position.Line, tk.Position.Column
			}
		}
		t.add(line, col, "not YAML: %s", message)
		return nil
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			docs = append(docs, d.Body)
		}
	}
	switch len(docs) {
	case 0:
		t.add(1, 1, "the file is empty")
		return nil
	case 1:
	default:
		t.add(1, 1, "the file holds more than one document; make it one file each")
		return nil
	}
	if root = t.item(docs[0]); t.failed {
		return nil
	}
	return root
}

// tooDeep refuses files that take the parser a time that grows with the square of their nesting.
func (t *tree) tooDeep(tokens token.Tokens) bool {
	depth := 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > maxDepth || tk.Position.IndentNum > 8*maxDepth {
			t.add(tk.Position.Line, tk.Position.Column, "it is nested more than %d deep", maxDepth)
			return true
		}
	}
	return false
}

func (t *tree) item(n ast.Node) *item {
	tk := n.GetToken()
	i := &item{kind: scalar, text: tk.Value, line: tk.Position.Line, col: tk.Position.Column}
	if t.depth++; t.depth > maxDepth {
		t.add(i.line, i.col, "it is nested more than %d deep", maxDepth)
		return i
	}
	defer func() { t.depth-- }()
	switch n := n.(type) {
	case *ast.MappingNode:
		i.kind = mapping
		for _, v := range n.Values {
			t.pair(i, v)
		}
		if len(i.children) > 0 && !n.IsFlowStyle {
			i.line, i.col = i.children[0].line, i.children[0].col
		}
	case *ast.MappingValueNode:
		i.kind = mapping
		t.pair(i, n)
		i.line, i.col = i.children[0].line, i.children[0].col
	case *ast.SequenceNode:
		i.kind = sequence
		for _, v := range n.Values {
			i.children = append(i.children, t.item(v))
		}
	case *ast.LiteralNode:
		i.style, i.text = block, n.Value.Value
	case *ast.StringNode:
		i.text = n.Value
		switch tk.Type {
		case token.SingleQuoteType:
			i.style = singleQuoted
		case token.DoubleQuoteType:
			i.style = doubleQuoted
		}
	case *ast.NullNode:
		i.tag = null
	case *ast.BoolNode:
		i.tag = boolean
	case *ast.IntegerNode:
		i.tag = integer
	case *ast.FloatNode:
		i.tag = float
	case *ast.InfinityNode, *ast.NanNode:
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		t.add(i.line, i.col, "anchors and aliases aren't allowed; write it out")
	case *ast.TagNode:
		t.add(i.line, i.col, "tags aren't allowed")
	default:
		t.add(i.line, i.col, "a %s can't stand here", strings.ToLower(n.Type().String()))
	}
	return i
}

func (t *tree) pair(i *item, v *ast.MappingValueNode) {
	key := t.item(v.Key)
	if key.kind != scalar {
		t.add(key.line, key.col, "a key is a text")
	}
	key.tag = str
	value := &item{kind: scalar, tag: null, line: key.line, col: key.col}
	if v.Value != nil {
		value = t.item(v.Value)
	}
	i.children = append(i.children, key, value)
}
