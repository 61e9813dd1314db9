package read

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Names that a column of questions, and one of answers, may have.
var (
	questions = []string{"question", "q", "title", "heading", "frage", "query"}
	answers   = []string{"answer", "a", "text", "body", "content", "antwort", "response"}
)

// row is one line of a CSV file by the names of its columns.
type row map[string]string

func (w row) first(names []string) string {
	for _, name := range names {
		if w[name] != "" {
			return w[name]
		}
	}
	return ""
}

// table reads questions and answers: one document with a section for each, or, where rows have an id
// or metadata of their own, a document for each row.
func (r reader) table(f File, yield sink) bool {
	var rows []row
	var own bool
	err := guard(func() (err error) {
		rows, own, err = readTable(f.Content)
		return err
	})
	if err != nil {
		return yield(Document{}, &Failure{f.Path, err})
	}
	if !own {
		return r.one(Document{Path: f.Path, Raw: f.Content}, yield, func(d *Document) error {
			var path headingPath
			for _, w := range rows {
				d.Blocks = append(d.Blocks, w.section(&path)...)
			}
			return nil
		})
	}
	given := map[string]int{}
	for i, w := range rows {
		question := w.first(questions)
		key := w["id"]
		if key == "" {
			key = slug(question)
		}
		if given[key]++; given[key] > 1 {
			key = fmt.Sprintf("%s-%d", key, given[key])
		}
		d := Document{ID: w["id"], Path: f.Path + "/" + key, Title: question, Raw: fmt.Append(nil, w)}
		more := r.one(d, yield, func(d *Document) error {
			for name, value := range w {
				if _, err := d.Set(name, value); err != nil {
					return fmt.Errorf("line %d: %w", i+2, err)
				}
			}
			d.Blocks = w.section(new(headingPath))
			return nil
		})
		if !more {
			return false
		}
	}
	return true
}

// section is the question as a heading and the answer below it.
func (w row) section(path *headingPath) []Block {
	question := strings.Join(strings.Fields(w.first(questions)), " ")
	path.enter(1, question)
	blocks := []Block{{Kind: Heading, Headings: path.titles(), Slugs: path.slugs(), Text: question}}
	if answer := strings.TrimSpace(w.first(answers)); answer != "" {
		blocks = append(blocks, Block{Kind: Prose, Headings: path.titles(), Slugs: path.slugs(), Text: answer})
	}
	return blocks
}

// readTable reads the rows, and tells whether they have ids or metadata of their own.
func readTable(content []byte) (rows []row, own bool, err error) {
	text, err := readable(content)
	if err != nil {
		return nil, false, err
	}
	c := csv.NewReader(bytes.NewReader(text))
	c.Comma, c.LazyQuotes, c.FieldsPerRecord = separator(text), true, -1
	header, err := c.Read()
	if err != nil {
		return nil, false, fmt.Errorf("%w: its first line is no CSV: %w", ErrContent, err)
	}
	for i, name := range header {
		header[i] = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
		var m Metadata
		if known, _ := m.Set(header[i], ""); known || header[i] == "id" {
			own = true
		}
	}
	named := func(names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(header, n) })
	}
	if !named(questions) || !named(answers) {
		return nil, false, fmt.Errorf("%w: its first line must name its columns, question and answer among them; it names %q", ErrContent, header)
	}
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, own, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("%w: %w", ErrContent, err)
		}
		w := row{}
		for i, value := range record {
			if i < len(header) {
				w[header[i]] = strings.TrimSpace(value)
			}
		}
		if w.first(questions) != "" && w.first(answers) != "" {
			rows = append(rows, w)
		}
	}
}

// separator is the sign that divides the first line most often.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', 0
	for _, sign := range ",;\t" {
		if n := bytes.Count(line, []byte(string(sign))); n > most {
			best, most = sign, n
		}
	}
	return best
}
