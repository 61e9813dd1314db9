// Package table reads a bundle's tables: the CSV files that rules look things up in. A table has
// typed columns, so that what a rule reads is known when the bundle is checked, and a cell that
// doesn't fit is an error at its place rather than a wrong verdict later.
//
// The first line names the columns. A name may be followed by a type, as in `limit_cents:int`, and
// by a question mark where cells may be empty, as in `until:timestamp?`; a cell that is empty is
// absent then, and a rule that reads it denies. A column without a type is of the narrowest one that
// all its cells fit: int, number, bool or string.
//
// Caveats. A number with leading zeros is a string unless the column says otherwise: 007 is a name.
// A timestamp is never guessed. It imports nothing of ours but source.
package table

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"resolute/agent/source"
)

// Type is what the cells of a column are.
type Type string

// The types, and what a row holds for each.
const (
	String    Type = "string"    // string
	Int       Type = "int"       // int64
	Number    Type = "number"    // float64
	Bool      Type = "bool"      // bool: true or false
	Timestamp Type = "timestamp" // time.Time: RFC 3339, or a day (its first moment in UTC)
)

var types = []string{string(String), string(Int), string(Number), string(Bool), string(Timestamp)}

// Column is a column of a table.
type Column struct {
	Name     string
	Pos      source.Pos
	Type     Type // "" until it is inferred
	Optional bool // cells may be empty
}

// Table is one file. It is immutable.
type Table struct {
	Name    string // of the file, without .csv
	Columns []Column
	Rows    []map[string]any // by column; what is empty in an optional column is absent
}

// Column gives the column of a name.
func (t *Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// Names gives the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Set are all tables of a bundle. It is immutable; nil is one without tables.
type Set struct {
	tables map[string]*Table
	hash   string
}

// NewSet makes a set of tables; text is what each was read from, by name.
func NewSet(tables []*Table, text map[string][]byte) *Set {
	if len(tables) == 0 {
		return nil
	}
	s := &Set{tables: map[string]*Table{}}
	for _, t := range tables {
		s.tables[t.Name] = t
	}
	h := sha256.New()
	for _, name := range s.Names() {
		sum := sha256.Sum256(text[name])
		_, _ = h.Write(append([]byte(name+"\x00"), sum[:]...)) // a hash never fails
	}
	s.hash = hex.EncodeToString(h.Sum(nil))
	return s
}

// Names gives the names of the tables, sorted.
func (s *Set) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.tables))
}

// Table gives the table of a name.
func (s *Set) Table(name string) (*Table, bool) {
	if s == nil {
		return nil, false
	}
	t, ok := s.tables[name]
	return t, ok
}

// Hash is that of the tables' content, "" for none.
func (s *Set) Hash() string {
	if s == nil {
		return ""
	}
	return s.hash
}
