package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"resolute/agent/source"
)

// Limits of a table.
const (
	maxRows    = 20_000
	maxColumns = 100
)

// names are those of tables and columns: expressions select them by it.
var names = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var reserved = []string{"true", "false", "null", "in"}

func named(name string) bool { return names.MatchString(name) && !slices.Contains(reserved, name) }

// cell is a cell as it is written.
type cell struct {
	text string
	pos  source.Pos
}

// parser reads one file.
type parser struct {
	file     string
	csv      *csv.Reader
	problems *source.Problems
}

// Parse reads a table; what is wrong goes to problems, and nil is given for what is no table at all.
func Parse(file string, text []byte, problems *source.Problems) *Table {
	at := source.Pos{File: file, Line: 1, Col: 1}
	t := &Table{Name: strings.TrimSuffix(path.Base(file), path.Ext(file))}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case !named(t.Name):
		problems.Add(at, "%q can't be named in an expression; a table's file is called by letters, digits and _, and begins with no digit", t.Name)
		return nil
	case len(text) > source.MaxFile:
		problems.Add(at, "the file has %d bytes; a table has at most %d", len(text), source.MaxFile)
		return nil
	case !utf8.Valid(text):
		problems.Add(at, "the file is not UTF-8; save it as that")
		return nil
	}
	p := &parser{file: file, csv: csv.NewReader(bytes.NewReader(text)), problems: problems}
	p.csv.FieldsPerRecord = -1
	header, ok := p.record()
	if !ok {
		if !problems.Failed() {
			problems.Add(at, "the table is empty; its first line names the columns")
		}
		return nil
	}
	if !p.header(t, header) {
		return nil
	}
	rows := p.rows(t)
	p.infer(t, rows)
	p.fill(t, rows)
	return t
}

// record gives the next line's cells, false at the end and where the file is broken.
func (p *parser) record() ([]cell, bool) {
	fields, err := p.csv.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, false
	case errors.As(err, &broken):
		p.problems.Add(source.Pos{File: p.file, Line: broken.Line, Col: broken.Column}, "not CSV: %v; a cell with a comma or a quote stands in quotes, and a quote in it is doubled", broken.Err)
		return nil, false
	case err != nil:
		p.problems.Add(source.Pos{File: p.file, Line: 1, Col: 1}, "%v", err)
		return nil, false
	}
	cells := make([]cell, len(fields))
	for i, f := range fields {
		line, col := p.csv.FieldPos(i)
		cells[i] = cell{text: f, pos: source.Pos{File: p.file, Line: line, Col: col}}
	}
	return cells, true
}

func (p *parser) header(t *Table, cells []cell) bool {
	if len(cells) == 1 && strings.ContainsAny(cells[0].text, ";\t") {
		p.problems.Add(cells[0].pos, "cells are separated by commas")
		return false
	}
	if len(cells) > maxColumns {
		p.problems.Add(cells[0].pos, "a table has at most %d columns, and this one has %d", maxColumns, len(cells))
		return false
	}
	sound := true
	for _, c := range cells {
		name, typed, declared := strings.Cut(c.text, ":")
		typed, optional := strings.CutSuffix(typed, "?")
		col := Column{Name: name, Pos: c.pos, Type: Type(typed), Optional: optional}
		switch {
		case !named(name):
			p.problems.Add(c.pos, "%q can't be named in an expression; a column's name has letters, digits and _, and begins with no digit", name)
		case slices.Contains(t.Names(), name):
			p.problems.Add(c.pos, "the column %s is there twice", name)
		case declared && !slices.Contains(types, typed):
			p.problems.Add(c.pos, "%q is no type of a column; it is one of %s, with ? behind it where cells may be empty%s", typed, strings.Join(types, ", "), source.Nearest(typed, types))
		default:
			t.Columns = append(t.Columns, col)
			continue
		}
		sound = false
	}
	return sound
}

// rows gives the lines that have as many cells as there are columns.
func (p *parser) rows(t *Table) [][]cell {
	var rows [][]cell
	seen := map[string]int{}
	for {
		cells, ok := p.record()
		if !ok {
			return rows
		}
		if len(rows) == maxRows {
			p.problems.Add(cells[0].pos, "a table has at most %d rows", maxRows)
			return rows
		}
		if len(cells) != len(t.Columns) {
			p.problems.Add(cells[0].pos, "this row has %d cells, and there are %d columns", len(cells), len(t.Columns))
			continue
		}
		var key strings.Builder
		for _, c := range cells {
			fmt.Fprintf(&key, "%d:%s", len(c.text), c.text)
		}
		if line, twice := seen[key.String()]; twice {
			p.problems.Warn(cells[0].pos, "this row is the same as that of line %d", line)
		}
		seen[key.String()] = cells[0].pos.Line
		rows = append(rows, cells)
	}
}

// infer gives the columns that declare no type the narrowest one that fits all cells.
func (p *parser) infer(t *Table, rows [][]cell) {
	for i := range t.Columns {
		col := &t.Columns[i]
		if col.Type != "" {
			continue
		}
		col.Type = String
		for _, narrow := range []Type{Int, Number, Bool} {
			if len(rows) > 0 && !slices.ContainsFunc(rows, func(r []cell) bool { _, err := guess(narrow, r[i].text); return err != nil }) {
				col.Type = narrow
				break
			}
		}
		if col.Type == String {
			p.mixed(col, rows, i)
		}
	}
}

// mixed warns of a column of numbers that one cell turns into text: no rule can compare it any more.
func (p *parser) mixed(col *Column, rows [][]cell, i int) {
	numbers, odd := 0, -1
	for at, r := range rows {
		if _, err := guess(Number, r[i].text); err == nil {
			numbers++
		} else if odd < 0 {
			odd = at
		}
	}
	if 2*numbers > len(rows) {
		c := rows[odd][i]
		p.problems.Warn(c.pos, "%q makes the column %s text, though %d of its %d cells are numbers; a rule that compares it with a number denies. Put the cell right, or name the type in the first line, like %s:int? or %s:string", c.text, col.Name, numbers, len(rows), col.Name, col.Name)
	}
}

// fill reads the cells as their columns' types.
func (p *parser) fill(t *Table, rows [][]cell) {
	for _, cells := range rows {
		row := make(map[string]any, len(cells))
		for i, c := range cells {
			col := &t.Columns[i]
			if c.text == "" && col.Optional {
				continue
			}
			v, err := read(col.Type, c.text)
			if err != nil {
				p.problems.Add(c.pos, "column %s: %v", col.Name, err)
				continue
			}
			row[col.Name] = v
		}
		t.Rows = append(t.Rows, row)
	}
}
