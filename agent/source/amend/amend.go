// Package amend changes a bundle's YAML files where people wrote them: comments, order, quotes and
// layout of everything else stay byte by byte as they are.
//
// A change names its place by a path of keys and indexes. The text is changed, parsed again and held
// against what it should say now; where the two differ (a layout that isn't understood, a list on one
// line) the change is refused with ErrLayout rather than guessed at.
package amend

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"resolute/agent/source"
)

// Errors of a change.
var (
	ErrPlace  = errors.New("the file has no such place") // the file was changed since
	ErrLayout = errors.New("the file is written in a way that can't be changed in place")
)

// Path is a place in a file: keys of mappings (string) and indexes of lists (int).
type Path []any

// Get gives the node at a path.
func Get(text []byte, path Path) (source.Node, error) {
	var problems source.Problems
	n := source.Parse("", text, &problems)
	if problems.Failed() {
		return n, fmt.Errorf("%w: %w", ErrPlace, problems.Error())
	}
	for _, p := range path {
		next, ok := child(n, p)
		if !ok {
			return n, fmt.Errorf("%w: %v", ErrPlace, path)
		}
		n = next
	}
	return n, nil
}

func child(n source.Node, at any) (source.Node, bool) {
	switch at := at.(type) {
	case int:
		if list := n.List(); !n.IsScalar() && !n.IsMapping() && at >= 0 && at < len(list) {
			return list[at], true
		}
	case string:
		if n.IsMapping() {
			for _, e := range n.Entries() {
				if e.Key.Value == at {
					return e.Value, true
				}
			}
		}
	}
	return source.Node{}, false
}

// Set puts another scalar in place of the one at a path. The value is a text, also where it looks like
// a number or a bool, unless it stood unquoted there before.
func Set(text []byte, path Path, value string) ([]byte, error) {
	n, err := Get(text, path)
	if err != nil {
		return nil, err
	}
	if !n.IsScalar() {
		return nil, fmt.Errorf("%w: %v is no single value", ErrLayout, path)
	}
	was := n.Text()
	at, ok := offset(text, was)
	if !ok {
		return nil, fmt.Errorf("%w: %v", ErrLayout, path)
	}
	start, end := at, at+len(was.Value)
	written := value
	switch quote := before(text, start); {
	case quote == '\'' && was.Pos != n.Pos():
		written = strings.ReplaceAll(value, "'", "''")
	case quote == '"' && was.Pos != n.Pos():
		if strings.ContainsAny(value, "\"\\\n") {
			return nil, fmt.Errorf("%w: %v is in double quotes", ErrLayout, path)
		}
	case !plainSafe(value):
		written = quoted(value)
	}
	changed := splice(text, start, end, written)
	return hold(changed, path, func(n source.Node) bool { return n.IsScalar() && n.String() == value })
}

// Rename gives a key of a mapping another name.
func Rename(text []byte, path Path, key, name string) ([]byte, error) {
	n, err := Get(text, path)
	if err != nil {
		return nil, err
	}
	for _, e := range n.Entries() {
		if e.Key.Value != key {
			continue
		}
		at, ok := offset(text, e.Key)
		if !ok {
			break
		}
		value := e.Value.Value()
		return hold(splice(text, at, at+len(key), name), append(slices.Clone(path), name), func(n source.Node) bool { return reflect.DeepEqual(n.Value(), value) })
	}
	return nil, fmt.Errorf("%w: %v has no %s", ErrPlace, path, key)
}

// Append adds texts to the end of a list of texts.
func Append(text []byte, path Path, values []string) ([]byte, error) {
	n, err := Get(text, path)
	if err != nil {
		return nil, err
	}
	list := n.List()
	if len(list) == 0 || n.IsScalar() {
		return nil, fmt.Errorf("%w: %v is no list with something in it", ErrLayout, path)
	}
	want := append(slices.Clone(n.Strings()), values...)
	lines := split(text)
	last := list[len(list)-1].Pos().Line
	var changed []byte
	if dash := dashOf(lines[last-1]); dash >= 0 && (len(list) == 1 || list[len(list)-2].Pos().Line != last) {
		var more []string
		for _, v := range values {
			more = append(more, strings.Repeat(" ", dash)+"- "+scalar(v)+"\n")
		}
		end := blockEnd(lines, last, dash)
		changed = []byte(strings.Join(lines[:end], "") + lineEnd(lines[:end]) + strings.Join(more, "") + strings.Join(lines[end:], ""))
	} else {
		changed, err = appendInline(text, list[len(list)-1], values)
		if err != nil {
			return nil, err
		}
	}
	return hold(changed, path, func(n source.Node) bool { return slices.Equal(n.Strings(), want) })
}

// appendInline adds to a list that is written between brackets, behind its last text.
func appendInline(text []byte, last source.Node, values []string) ([]byte, error) {
	t := last.Text()
	at, ok := offset(text, t)
	if !ok {
		return nil, ErrLayout
	}
	if at += len(t.Value); t.Pos != last.Pos() {
		at++ // the quote
	}
	var more strings.Builder
	for _, v := range values {
		more.WriteString(", " + quoted(v))
	}
	return splice(text, at, at, more.String()), nil
}

// Move puts the item of a list from one index to another, with the comment above it.
func Move(text []byte, path Path, from, to int) ([]byte, error) {
	n, err := Get(text, path)
	if err != nil {
		return nil, err
	}
	list := n.List()
	if from < 0 || to < 0 || from >= len(list) || to >= len(list) || n.IsScalar() || n.IsMapping() {
		return nil, fmt.Errorf("%w: %v has no items %d and %d", ErrPlace, path, from, to)
	}
	want := n.Value().([]any)
	item := want[from]
	want = slices.Insert(slices.Delete(slices.Clone(want), from, from+1), to, item)
	lines := split(text)
	dash := dashOf(lines[list[from].Pos().Line-1])
	if dash < 0 {
		return nil, fmt.Errorf("%w: %v is a list on one line", ErrLayout, path)
	}
	starts := make([]int, len(list)+1)
	for i, item := range list {
		starts[i] = item.Pos().Line - 1
		for starts[i] > 0 && strings.HasPrefix(strings.TrimSpace(lines[starts[i]-1]), "#") {
			starts[i]--
		}
	}
	starts[len(list)] = blockEnd(lines, list[len(list)-1].Pos().Line, dash)
	if !slices.IsSorted(starts) || len(slices.Compact(slices.Clone(starts))) != len(starts) {
		return nil, fmt.Errorf("%w: %v has several items on one line", ErrLayout, path)
	}
	if end := starts[len(list)]; !strings.HasSuffix(lines[end-1], "\n") {
		lines[end-1] += "\n"
	}
	var blocks []string
	for i := range list {
		blocks = append(blocks, strings.Join(lines[starts[i]:starts[i+1]], ""))
	}
	block := blocks[from]
	blocks = slices.Insert(slices.Delete(blocks, from, from+1), to, block)
	changed := strings.Join(lines[:starts[0]], "") + strings.Join(blocks, "") + strings.Join(lines[starts[len(list)]:], "")
	return hold([]byte(changed), path, func(n source.Node) bool { return reflect.DeepEqual(n.Value(), any(want)) })
}

// Insert puts lines as another item at the end of a list of mappings; they are written as if the dash
// stood in the first column.
func Insert(text []byte, path Path, item string) ([]byte, error) {
	n, err := Get(text, path)
	if err != nil {
		return nil, err
	}
	list := n.List()
	if len(list) == 0 || n.IsScalar() || n.IsMapping() {
		return nil, fmt.Errorf("%w: %v is no list with something in it", ErrLayout, path)
	}
	lines := split(text)
	last := list[len(list)-1].Pos().Line
	dash := dashOf(lines[last-1])
	if dash < 0 {
		return nil, fmt.Errorf("%w: %v is a list on one line", ErrLayout, path)
	}
	end := blockEnd(lines, last, dash)
	var more strings.Builder
	for _, line := range split([]byte(strings.TrimSuffix(item, "\n"))) {
		more.WriteString(strings.Repeat(" ", dash) + strings.TrimSuffix(line, "\n") + "\n")
	}
	changed := strings.Join(lines[:end], "") + lineEnd(lines[:end]) + more.String() + strings.Join(lines[end:], "")
	return hold([]byte(changed), path, func(n source.Node) bool { return len(n.List()) == len(list)+1 })
}

// hold reads what was changed again, and gives it if the place says what it should.
func hold(changed []byte, path Path, as func(source.Node) bool) ([]byte, error) {
	n, err := Get(changed, path)
	if err != nil || !as(n) {
		return nil, fmt.Errorf("%w: %v", ErrLayout, path)
	}
	return changed, nil
}

// offset is where a text begins in the file, if it stands there just as it reads.
func offset(text []byte, t source.Text) (int, bool) {
	if !t.Plain {
		return 0, false
	}
	at := 0
	for range t.Pos.Line - 1 {
		next := bytes.IndexByte(text[at:], '\n')
		if next < 0 {
			return 0, false
		}
		at += next + 1
	}
	at += t.Pos.Col - 1
	if at > len(text) || !bytes.HasPrefix(text[at:], []byte(t.Value)) {
		return 0, false
	}
	return at, true
}

func before(text []byte, at int) byte {
	if at == 0 {
		return 0
	}
	return text[at-1]
}

func splice(text []byte, start, end int, with string) []byte {
	return slices.Concat(text[:start], []byte(with), text[end:])
}

// split gives the lines with their ends.
func split(text []byte) []string {
	return strings.SplitAfter(strings.TrimSuffix(string(text), ""), "\n")
}

// lineEnd is what the last line lacks of one.
func lineEnd(lines []string) string {
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		return "\n"
	}
	return ""
}

// dashOf is the column of the dash that begins a line's item, from 0; -1 for none.
func dashOf(line string) int {
	trimmed := strings.TrimLeft(line, " ")
	if !strings.HasPrefix(trimmed, "- ") {
		return -1
	}
	return len(line) - len(trimmed)
}

// blockEnd is the index behind the last line of the item that begins in a line (from 1) with a dash.
func blockEnd(lines []string, line, dash int) int {
	end := line
	for i := line; i < len(lines); i++ {
		trimmed := strings.TrimLeft(lines[i], " ")
		if strings.TrimSpace(trimmed) == "" {
			continue // it belongs to the item only if more of it follows
		}
		if len(lines[i])-len(trimmed) <= dash {
			break
		}
		end = i + 1
	}
	return end
}

// plainSafe reports whether a value can stand without quotes wherever a plain one stood.
func plainSafe(v string) bool {
	return v != "" && v == strings.TrimSpace(v) && !strings.ContainsAny(v, "\n{}[],#&*!|%@`'\"") && !strings.Contains(v, ": ") && !strings.HasSuffix(v, ":") && !strings.ContainsAny(v[:1], "-?:>")
}

// scalar writes a text of a list's item, without quotes where it needs none.
func scalar(v string) string {
	if plainSafe(v) && strings.ContainsAny(v, " ") && !strings.HasPrefix(v, "=") {
		return v
	}
	return quoted(v)
}

func quoted(v string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(v, "\n", " "), "'", "''") + "'"
}
