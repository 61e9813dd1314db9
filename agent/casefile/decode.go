package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DecodeValue decodes one JSON text. Whole numbers beyond 64 bits become float64.
func DecodeValue(b []byte) (any, error) {
	r := reader{text: b}
	if v, ok := r.value(); ok && r.ended() {
		return v, nil
	}
	// what reader doesn't understand is encoding/json's to understand, or to name what is wrong
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	return plain(v)
}

func plain(v any) (any, error) {
	var err error
	switch t := v.(type) {
	case json.Number:
		return number(string(t))
	case []any:
		for i := range t {
			if t[i], err = plain(t[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range t {
			if t[k], err = plain(t[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func number(s string) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("number %s doesn't fit 64 bits", s)
	}
	return f, nil
}

// reader decodes JSON whose numbers keep their kind, in one pass and without reflection. Every
// answer, signal and argument passes it. It gives up on whatever is not plainly right.
type reader struct {
	text  []byte
	at    int
	depth int
}

// maxDepth is how deep lists and objects may nest before reader gives up.
const maxDepth = 200

// skipSpace gives the next byte that is not white space, 0 at the end.
func (r *reader) skipSpace() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (r *reader) ended() bool {
	r.skipSpace()
	return r.at == len(r.text)
}

func (r *reader) value() (any, bool) {
	switch c := r.skipSpace(); c {
	case '{':
		return r.object()
	case '[':
		return r.list()
	case '"':
		return r.string()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	return r.number()
}

func (r *reader) word(w string) bool {
	if len(r.text)-r.at < len(w) || string(r.text[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	return true
}

// next steps over c, and reports whether it was there.
func (r *reader) next(c byte) bool {
	if r.skipSpace() != c {
		return false
	}
	r.at++
	return true
}

// opens steps into a list or an object. It reports whether that is empty, and whether it isn't too
// deep.
func (r *reader) opens(end byte) (empty, ok bool) {
	r.at++
	r.depth++
	if r.next(end) {
		r.depth--
		return true, true
	}
	return false, r.depth <= maxDepth
}

func (r *reader) object() (map[string]any, bool) {
	m := map[string]any{}
	if empty, ok := r.opens('}'); empty || !ok {
		return m, ok
	}
	for {
		if r.skipSpace() != '"' {
			return nil, false
		}
		key, ok := r.string()
		if !ok || !r.next(':') {
			return nil, false
		}
		if m[key], ok = r.value(); !ok {
			return nil, false
		}
		if r.next('}') {
			r.depth--
			return m, true
		}
		if !r.next(',') {
			return nil, false
		}
	}
}

func (r *reader) list() ([]any, bool) {
	list := []any{}
	if empty, ok := r.opens(']'); empty || !ok {
		return list, ok
	}
	for {
		v, ok := r.value()
		if !ok {
			return nil, false
		}
		list = append(list, v)
		if r.next(']') {
			r.depth--
			return list, true
		}
		if !r.next(',') {
			return nil, false
		}
	}
}

func (r *reader) string() (string, bool) {
	from := r.at
	escaped := false
	for at := from + 1; at < len(r.text); at++ {
		switch c := r.text[at]; {
		case c < ' ':
			return "", false
		case c == '\\':
			escaped = true
			at++
		case c == '"':
			r.at = at + 1
			if escaped {
				var s string
				err := json.Unmarshal(r.text[from:r.at], &s)
				return s, err == nil
			}
			s := r.text[from+1 : at]
			return string(s), utf8.Valid(s)
		}
	}
	return "", false
}

func (r *reader) number() (any, bool) {
	from := r.at
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	zero := r.at < len(r.text) && r.text[r.at] == '0'
	digits := r.digits()
	if digits == 0 || zero && digits > 1 {
		return nil, false
	}
	if r.at < len(r.text) && (r.text[r.at] == '.' || r.text[r.at]|0x20 == 'e') {
		return r.fraction(from)
	}
	n, err := strconv.ParseInt(string(r.text[from:r.at]), 10, 64)
	return n, err == nil
}

// fraction goes on behind the digits of a number that begins at from.
func (r *reader) fraction(from int) (any, bool) {
	if r.text[r.at] == '.' {
		if r.at++; r.digits() == 0 {
			return nil, false
		}
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		if r.at++; r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		if r.digits() == 0 {
			return nil, false
		}
	}
	f, err := strconv.ParseFloat(string(r.text[from:r.at]), 64)
	return f, err == nil
}

// digits steps over digits and counts them.
func (r *reader) digits() int {
	from := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		r.at++
	}
	return r.at - from
}
