package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
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

// DecodeValue decodes one JSON text. Whole numbers beyond 64 bits become float64.
func DecodeValue(b []byte) (any, error) {
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
	for i, k := range slices.Sorted(maps.Keys(m)) {
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

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return appendEscaped(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendEscaped(b []byte, s string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
