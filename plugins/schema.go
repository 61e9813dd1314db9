package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// ErrSchema is wrapped by what Schema reports.
var ErrSchema = errors.New("no JSON Schema can be derived")

// Schema derives the JSON Schema 2020-12 of what encoding/json makes of type t. A struct's fields
// have their names from the json tag; those with omitempty or omitzero and pointers are optional
// (a pointer without either may be null), all others required. These tags say more:
//
//	doc:"what it is"          description
//	enum:"a,b"                the only values, separated by commas
//	pattern:"^ORD-[0-9]{4}$"  regular expression that a string matches somewhere
//	minimum:"1" maximum:"9"   bounds of a number, both allowed
//	format:"date-time"        named format of a string
//	x-resolute:"money"        or "identity": what the guard has to watch over
//
// With closed, no object in it may have other properties. Integers are `integer`, floats `number`,
// time.Time is a date-time, json.RawMessage and interfaces are anything.
func Schema(t reflect.Type, closed bool) (json.RawMessage, error) {
	d := deriver{closed: closed}
	s, err := d.of(t, t.String())
	if err != nil {
		return nil, err
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	return json.Marshal(s)
}

type deriver struct {
	closed bool
	open   []reflect.Type // the structs being derived, outermost first
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// of derives the schema of t; path names the place in error messages.
func (d *deriver) of(t reflect.Type, path string) (map[string]any, error) {
	switch t {
	case timeType:
		return map[string]any{"type": "string", "format": "date-time"}, nil
	case rawType:
		return map[string]any{}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}, nil
	case reflect.Bool:
		return map[string]any{"type": "boolean"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}, nil
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}, nil
	case reflect.Interface:
		return map[string]any{}, nil
	case reflect.Pointer:
		return d.of(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "contentEncoding": "base64"}, nil
		}
		items, err := d.of(t.Elem(), path+"[]")
		if err != nil {
			return nil, err
		}
		return map[string]any{"type": "array", "items": items}, nil
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return nil, fmt.Errorf("%w: %s is a map whose keys aren't strings", ErrSchema, path)
		}
		values, err := d.of(t.Elem(), path+"{}")
		if err != nil {
			return nil, err
		}
		return map[string]any{"type": "object", "additionalProperties": values}, nil
	case reflect.Struct:
		return d.object(t, path)
	}
	return nil, fmt.Errorf("%w: %s is a %s, which JSON doesn't have", ErrSchema, path, t.Kind())
}

func (d *deriver) object(t reflect.Type, path string) (map[string]any, error) {
	for _, outer := range d.open {
		if outer == t {
			return nil, fmt.Errorf("%w: %s contains itself", ErrSchema, path)
		}
	}
	d.open = append(d.open, t)
	defer func() { d.open = d.open[:len(d.open)-1] }()

	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() || promoted(t, f) {
			continue
		}
		if f.Anonymous && name == "" && deref(f.Type).Kind() == reflect.Struct {
			continue // its fields are among the visible ones
		}
		if name == "" {
			name = f.Name
		}
		p, err := d.property(f, path+"."+name)
		if err != nil {
			return nil, err
		}
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if f.Type.Kind() == reflect.Pointer && !optional {
			nullable(p)
		}
		properties[name] = p
		if !optional && f.Type.Kind() != reflect.Pointer {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "required": required}
	if d.closed {
		s["additionalProperties"] = false
	}
	return s, nil
}

// nullable lets s be null as well, which is what encoding/json makes of a nil pointer.
func nullable(s map[string]any) {
	if kind, ok := s["type"]; ok {
		s["type"] = []any{kind, "null"}
	}
	if values, ok := s["enum"].([]any); ok {
		s["enum"] = append(values, nil)
	}
}

// promoted reports whether f belongs to an embedded struct that has a name of its own in JSON.
func promoted(t reflect.Type, f reflect.StructField) bool {
	for i := 1; i < len(f.Index); i++ {
		outer := t.FieldByIndex(f.Index[:i])
		if name, _, _ := strings.Cut(outer.Tag.Get("json"), ","); name != "" {
			return true
		}
	}
	return false
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// property is the schema of a field with what its tags add.
func (d *deriver) property(f reflect.StructField, path string) (map[string]any, error) {
	s, err := d.of(f.Type, path)
	if err != nil {
		return nil, err
	}
	for tag, key := range map[string]string{"doc": "description", "pattern": "pattern", "format": "format"} {
		if v, ok := f.Tag.Lookup(tag); ok {
			s[key] = v
		}
	}
	if v, ok := f.Tag.Lookup("x-resolute"); ok {
		if v != "identity" && v != "money" {
			return nil, fmt.Errorf("%w: x-resolute of %s is %q, not identity or money", ErrSchema, path, v)
		}
		s["x-resolute"] = v
	}
	for _, bound := range []string{"minimum", "maximum"} {
		if v, ok := f.Tag.Lookup(bound); ok {
			if s[bound], err = literal(deref(f.Type), v); err != nil {
				return nil, fmt.Errorf("%w: %s of %s: %w", ErrSchema, bound, path, err)
			}
		}
	}
	if v, ok := f.Tag.Lookup("enum"); ok {
		var values []any
		for one := range strings.SplitSeq(v, ",") {
			value, err := literal(deref(f.Type), one)
			if err != nil {
				return nil, fmt.Errorf("%w: enum of %s: %w", ErrSchema, path, err)
			}
			values = append(values, value)
		}
		s["enum"] = values
	}
	return s, nil
}

// literal reads a tag's value as a value of type t.
func literal(t reflect.Type, text string) (any, error) {
	switch t.Kind() {
	case reflect.String:
		return text, nil
	case reflect.Float32, reflect.Float64:
		return strconv.ParseFloat(text, 64)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.ParseInt(text, 10, 64)
	}
	return nil, fmt.Errorf("a %s has no such tag", t.Kind())
}
