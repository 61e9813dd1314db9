package read

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// lines reads JSON Lines: on each an object with `text` (or `answer`, `body`, `content`), and beside
// it what it has of `id`, `title` (or `question`), `source`, `format` and metadata.
func (r reader) lines(f File, yield sink) bool {
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(f.Content, []byte("\ufeff"))) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		d := Document{Path: f.Path + "/" + strconv.Itoa(number), Raw: line}
		if !r.one(d, yield, func(d *Document) error { return r.line(d, f.Path, line) }) {
			return false
		}
	}
	if number == 0 {
		return yield(Document{}, &Failure{f.Path, fmt.Errorf("%w: it is empty", ErrContent)})
	}
	return true
}

func (r reader) line(d *Document, file string, line []byte) error {
	var values map[string]any
	if err := json.Unmarshal(line, &values); err != nil {
		return fmt.Errorf("%w: it is no JSON object: %w", ErrContent, err)
	}
	text := func(names ...string) string {
		for _, name := range names {
			switch v := values[name].(type) {
			case string:
				if v != "" {
					return v
				}
			case float64:
				return strconv.FormatFloat(v, 'f', -1, 64)
			}
		}
		return ""
	}
	if values["metadata"] != nil {
		if inner, ok := values["metadata"].(map[string]any); ok {
			if err := d.describe(inner); err != nil {
				return err
			}
		}
	}
	if err := d.describe(values); err != nil {
		return err
	}
	body := text("text", "answer", "body", "content")
	if strings.TrimSpace(body) == "" {
		return fmt.Errorf("%w: it has no text", ErrContent)
	}
	format := text("format")
	if format == "" {
		format = Markdown
	}
	if format, err := FormatOf(File{Format: format}); err != nil || Many(format) || format == PDF {
		return fmt.Errorf("%w: %q on a line of JSON", ErrFormat, format)
	}
	d.ID, d.Title = text("id", "_id"), text("title", "question")
	switch path := text("path"); {
	case path != "":
		d.Path = cleanPath(path)
	case d.ID != "":
		d.Path = file + "/" + d.ID
	}
	return r.whole(d, format, []byte(body))
}
