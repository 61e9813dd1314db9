package read

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Audience says who may see a document.
type Audience string

// The audiences. Internal knowledge may inform a decision; it is never quoted to a customer.
const (
	Customer Audience = "customer"
	Internal Audience = "internal"
)

// Metadata says what a document is about, for whom, and when it counts. The zero value is a document
// for everybody at all times.
type Metadata struct {
	Product    string    `json:"product,omitempty"`
	Locale     string    `json:"locale,omitempty"`     // BCP 47, as en or de-CH
	Audience   Audience  `json:"audience,omitempty"`   // Customer if empty
	ValidFrom  time.Time `json:"valid_from,omitzero"`  // before it, the document isn't found
	ValidUntil time.Time `json:"valid_until,omitzero"` // from then on, it isn't found any more
	Edition    string    `json:"edition,omitempty"`    // the version that the document itself names
	Origin     string    `json:"origin,omitempty"`     // where it was taken from, as an address or a system's name
}

// Over is what holds where m was given beside the document, as by flags, and below is what the
// document says of itself: m wins, but of two audiences the narrower counts.
func (m Metadata) Over(below Metadata) Metadata {
	pick := func(above *string, below string) {
		if *above == "" {
			*above = below
		}
	}
	pick(&m.Product, below.Product)
	pick(&m.Locale, below.Locale)
	pick(&m.Edition, below.Edition)
	pick(&m.Origin, below.Origin)
	if m.ValidFrom.IsZero() {
		m.ValidFrom = below.ValidFrom
	}
	if m.ValidUntil.IsZero() {
		m.ValidUntil = below.ValidUntil
	}
	if m.Audience == "" || below.Audience == Internal {
		m.Audience = below.Audience
	}
	return m
}

// Set sets one value by its name in front matter, and reports whether there is one of that name. The
// error says what is wrong with the value.
func (m *Metadata) Set(name, value string) (known bool, err error) {
	value = strings.TrimSpace(value)
	switch name {
	case "product":
		m.Product = value
	case "locale", "lang", "language":
		m.Locale = value
	case "version":
		m.Edition = value
	case "source":
		m.Origin = value
	case "audience":
		switch m.Audience = Audience(strings.ToLower(value)); m.Audience {
		case Customer, Internal, "":
		default:
			return true, fmt.Errorf("%w: audience %q is none; it is internal or customer", ErrContent, value)
		}
	case "valid_from":
		m.ValidFrom, err = moment(name, value)
	case "valid_until":
		m.ValidUntil, err = moment(name, value)
	default:
		return false, nil
	}
	return true, err
}

// moment reads an instant, or a date, which means its first moment in UTC.
func moment(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %s %q is no time; write it like 2026-03-01 or 2026-03-01T10:00:00Z", ErrContent, name, value)
}

// matter takes in what a leading YAML block between lines of three dashes says, and gives the text
// behind it.
func (d *Document) matter(text []byte) ([]byte, error) {
	block, rest := frontMatter(text)
	if len(bytes.TrimSpace(block)) == 0 {
		return rest, nil
	}
	var values map[string]any
	if err := yaml.Unmarshal(block, &values); err != nil {
		// It may be two thematic breaks around text that only looks like it.
		return nil, fmt.Errorf("%w: its front matter is no YAML: %s", ErrContent, firstLine(yaml.FormatError(err, false, false)))
	}
	return rest, d.describe(values)
}

// describe takes in values by the names that front matter and JSON Lines use; others mean nothing here.
func (d *Document) describe(values map[string]any) error {
	for name, value := range values {
		var text string
		switch v := value.(type) {
		case nil:
			continue
		case string:
			text = v
		case time.Time:
			text = v.Format(time.RFC3339)
		case bool, int, int64, uint64, float64:
			text = fmt.Sprint(v)
		default:
			continue
		}
		switch name {
		case "id":
			d.ID = text
		case "title":
			d.Title = strings.TrimSpace(text)
		default:
			if _, err := d.Set(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// frontMatter divides a text into its leading YAML block, if it has one, and the rest.
func frontMatter(text []byte) (block, rest []byte) {
	after, ok := bytes.CutPrefix(text, []byte("---\n"))
	if !ok {
		return nil, text
	}
	for at := 0; at < len(after); {
		line, _, _ := bytes.Cut(after[at:], []byte("\n"))
		end := at
		at = min(at+len(line)+1, len(after))
		if trimmed := string(bytes.TrimRight(line, " \t")); trimmed == "---" || trimmed == "..." {
			return after[:end], after[at:]
		}
	}
	return nil, text
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
