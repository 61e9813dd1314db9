package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"resolute/agent/casefile"
)

// decode reads the body, which has to be what the document says of the route.
func (r *request) decode(into any) error {
	body, err := io.ReadAll(r.Request.Body)
	if err != nil {
		return err
	}
	content, err := readJSON(body)
	if err != nil {
		return err
	}
	if o, ok := content.(map[string]any); ok {
		maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil }) // null counts as absent
	}
	if err := fits(r.body, content); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return unreadable(err)
	}
	return nil
}

// unreadable says what is wrong with a body that fits its schema and yet can't be decoded, in JSON's
// words.
func unreadable(err error) error {
	var wrong *json.UnmarshalTypeError
	var when *time.ParseError
	switch {
	case errors.As(err, &wrong):
		pointer := "/" + strings.ReplaceAll(wrong.Field, ".", "/")
		return invalid("the body is not what is expected here: "+pointer+" can't be a "+wrong.Value, problemPart{Pointer: pointer, Detail: "it can't be a " + wrong.Value})
	case errors.As(err, &when):
		return invalid("the body is not what is expected here: " + when.Value + " is no time like 2026-03-01T10:00:00Z (RFC 3339)")
	}
	return fmt.Errorf("decode a body that fits its schema: %w", err)
}

// readJSON reads a body that is one JSON text. A text that Go would only take with replacement
// characters in it is refused: it would be kept as something else than what was sent.
func readJSON(body []byte) (any, error) {
	if at := badUTF8(body); at >= 0 {
		return nil, malformed("the body is not UTF-8, as JSON has to be (RFC 8259, section 8.1): byte " + strconv.Itoa(at) + ", at " + place(body, at) + ", begins no character")
	}
	if at := loneSurrogate(body); at >= 0 {
		return nil, malformed("the body has half a character: the escape at " + place(body, at) + " is a surrogate without its other half (RFC 8259, section 8.2)")
	}
	content, err := casefile.DecodeValue(body)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return content, nil
	case len(bytes.TrimSpace(body)) == 0:
		return nil, malformed("the body is empty; JSON is expected")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, malformed("the body is not JSON: it ends before its value does")
	case errors.As(err, &syntax):
		return nil, malformed("the body is not JSON: at " + place(body, int(syntax.Offset)-1) + ": " + syntax.Error())
	}
	return nil, malformed("the body is not JSON: " + err.Error())
}

// place is where a byte of a body stands, for people.
func place(body []byte, at int) string {
	before := body[:min(max(at, 0), len(body))]
	return fmt.Sprintf("%d:%d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}

// badUTF8 is where the first byte stands that begins no character, -1 for nowhere.
func badUTF8(body []byte) int {
	if utf8.Valid(body) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}

// loneSurrogate is where the first escaped surrogate stands that isn't one of a pair, -1 for nowhere.
// Behind a backslash, wherever it stands, comes what it escapes.
func loneSurrogate(body []byte) int {
	for at := 0; ; {
		next := bytes.IndexByte(body[at:], '\\')
		if next < 0 {
			return -1
		}
		at += next
		first, ok := escaped(body[at:])
		switch {
		case !ok || !utf16.IsSurrogate(first):
			at = min(at+2, len(body))
		default:
			second, _ := escaped(body[at+6:])
			if utf16.DecodeRune(first, second) == utf8.RuneError {
				return at
			}
			at += 12
		}
	}
}

// escaped is the code unit of an escape like \u00e9 that b begins with.
func escaped(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// fits reports all of a value that its schema doesn't allow, each at its JSON pointer.
func fits(s *jsonschema.Schema, content any) error {
	if s == nil {
		return nil
	}
	err := s.Validate(content)
	var unfit *jsonschema.ValidationError
	if !errors.As(err, &unfit) {
		return err
	}
	var wrong []problemPart
	faults(unfit, message.NewPrinter(language.English), func(pointer, detail string) {
		if part := (problemPart{Pointer: pointer, Detail: detail}); !slices.Contains(wrong, part) {
			wrong = append(wrong, part)
		}
	})
	slices.SortFunc(wrong, func(a, b problemPart) int { return strings.Compare(a.Pointer+a.Detail, b.Pointer+b.Detail) })
	first := wrong[0]
	return invalid("the body is not what is expected here: "+strings.TrimPrefix(first.Pointer+": ", ": ")+first.Detail, wrong...)
}

// faults tells each place that doesn't fit.
func faults(e *jsonschema.ValidationError, english *message.Printer, tell func(pointer, detail string)) {
	for _, c := range e.Causes {
		faults(c, english, tell)
	}
	if len(e.Causes) > 0 {
		return
	}
	at := func(names ...string) string {
		var b strings.Builder
		for _, name := range append(slices.Clone(e.InstanceLocation), names...) {
			b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
		}
		return b.String()
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			tell(at(name), "it is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			tell(at(name), "it is not known here")
		}
	case *kind.Type:
		tell(at(), "expected "+strings.Join(k.Want, " or ")+", got "+k.Got)
	case *kind.Enum:
		tell(at(), fmt.Sprintf("%.60v is none of %s", k.Got, joined(k.Want)))
	default:
		tell(at(), k.LocalizedString(english))
	}
}

func joined(values []any) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v)
	}
	return strings.Join(list, ", ")
}
