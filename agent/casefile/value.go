package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Object is a JSON object whose numbers keep their kind; see the package comment.
type Object map[string]any

// Value is any JSON value whose numbers keep their kind.
type Value struct{ V any }

// MarshalJSON encodes canonically: keys sorted, doubles with a point or an exponent.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return EncodeValue(map[string]any(o))
}

// UnmarshalJSON decodes a JSON object or null.
func (o *Object) UnmarshalJSON(b []byte) error {
	v, err := DecodeValue(b)
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		*o = nil
	case map[string]any:
		*o = v
	default:
		return errors.New("not a JSON object")
	}
	return nil
}

// MarshalJSON encodes canonically.
func (v Value) MarshalJSON() ([]byte, error) { return EncodeValue(v.V) }

// UnmarshalJSON decodes any JSON value.
func (v *Value) UnmarshalJSON(b []byte) (err error) {
	v.V, err = DecodeValue(b)
	return err
}

// EncodeValue encodes a value of the package comment's kinds canonically: keys sorted, doubles
// with a point or an exponent, no HTML escapes. A value of another kind is encoded as
// encoding/json does; NaN and infinities are errors.
func EncodeValue(v any) ([]byte, error) { return appendValue(nil, v) }

func appendValue(b []byte, v any) ([]byte, error) {
	var err error
	switch t := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, t), nil
	case int64:
		return strconv.AppendInt(b, t, 10), nil
	case int:
		return strconv.AppendInt(b, int64(t), 10), nil
	case float64:
		return appendFloat(b, t)
	case string:
		return appendString(b, t), nil
	case []any:
		b = append(b, '[')
		for i, e := range t {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, e); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case Object:
		return appendObject(b, t)
	case map[string]any:
		return appendObject(b, t)
	}
	return appendOther(b, v)
}

func appendObject(b []byte, m map[string]any) ([]byte, error) {
	var err error
	b = append(b, '{')
	for i, k := range sortedKeys(m) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k), ':')
		if b, err = appendValue(b, m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func appendFloat(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v is not a JSON number", f)
	}
	n := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if !bytes.ContainsAny(b[n:], ".e") {
		b = append(b, ".0"...)
	}
	return b, nil
}

func appendOther(b []byte, v any) ([]byte, error) {
	e, err := json.Marshal(v)
	return append(b, e...), err
}

// appendString writes as encoding/json does without escapes for HTML.
func appendString(b []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		} else if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	if !ascii && (!utf8.ValidString(s) || strings.ContainsAny(s, "\u2028\u2029")) {
		return appendByLibrary(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendEscaped(b []byte, s string) []byte {
	const short = "\b\f\n\r\t\"\\"
	if !utf8.ValidString(s) || strings.ContainsAny(s, "\u2028\u2029") {
		return appendByLibrary(b, s)
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(short, c) >= 0:
			b = append(b, '\\', `bfnrt"\`[strings.IndexByte(short, c)])
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, "01"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// appendByLibrary is for what is not UTF-8, and for line separators.
func appendByLibrary(b []byte, s string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
