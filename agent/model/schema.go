package model

import (
	"bytes"
	"encoding/json"
	"strings"
)

// shape is a JSON Schema that a server turns into a grammar. Its properties keep their order: an answer
// has them in that order, so that what is believed comes before what is decided.
type shape []property

type property struct {
	name     string
	schema   any // a shape, json.RawMessage or anything that is marshalled
	required bool
}

// MarshalJSON writes an object's schema.
func (s shape) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"type":"object","properties":{`)
	var required []string
	for i, p := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, err
		}
		one, err := json.Marshal(p.schema)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(one)
		if p.required {
			required = append(required, p.name)
		}
	}
	b.WriteString(`},"required":`)
	list, err := json.Marshal(append([]string{}, required...))
	if err != nil {
		return nil, err
	}
	b.Write(list)
	b.WriteString(`,"additionalProperties":false}`)
	return b.Bytes(), nil
}

type words map[string]any

func oneOf(list ...string) any  { return words{"type": "string", "enum": list} }
func someOf(list ...string) any { return words{"type": "array", "items": oneOf(list...)} }
func textOf() any               { return words{"type": "string"} }
func anyOf(list ...any) any     { return words{"anyOf": list} }
func listOf(one any) any        { return words{"type": "array", "items": one} }
func (s shape) raw() json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil { // nothing in it can't be marshalled
		return json.RawMessage(`{"type":"object"}`)
	}
	return b
}

// confidences are the confidences that a model chooses from: limits of numbers are nothing a grammar holds.
var confidences = json.RawMessage(`{"type":"number","enum":[0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1]}`)

// deepestShape is how deep a tool's schema is followed.
const deepestShape = 6

// simple reduces a tool's input schema to what each server that takes a schema understands: types, enums,
// nesting and what is required. What it leaves out is checked when the answer is there.
func simple(raw json.RawMessage) any {
	var root map[string]json.RawMessage
	if json.Unmarshal(raw, &root) != nil {
		return words{"type": "object"}
	}
	return simplified(root, root, deepestShape)
}

func simplified(s, root map[string]json.RawMessage, deep int) any {
	if ref := str(s["$ref"]); ref != "" {
		if s = local(root, ref); s == nil {
			return words{}
		}
	}
	if deep == 0 {
		return words{}
	}
	if v, ok := s["const"]; ok {
		return words{"enum": []json.RawMessage{v}}
	}
	if v, ok := s["enum"]; ok {
		return words{"enum": v}
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		var branches []map[string]json.RawMessage
		if json.Unmarshal(s[key], &branches) == nil && len(branches) > 0 && s["properties"] == nil {
			list := make([]any, len(branches))
			for i, b := range branches {
				list[i] = simplified(b, root, deep-1)
			}
			return anyOf(list...)
		}
	}
	switch t := typeOf(s); t {
	case "object":
		var props map[string]map[string]json.RawMessage
		if json.Unmarshal(s["properties"], &props) != nil || len(props) == 0 {
			return words{"type": "object"}
		}
		var needed []string
		_ = json.Unmarshal(s["required"], &needed) // none, where it is no list
		var made shape
		for _, need := range []bool{true, false} { // a grammar takes what is optional behind what isn't
			for _, name := range sorted(props) {
				if contains(needed, name) == need {
					made = append(made, property{name, simplified(props[name], root, deep-1), need})
				}
			}
		}
		return made
	case "array":
		var items map[string]json.RawMessage
		if json.Unmarshal(s["items"], &items) != nil || items == nil {
			return words{"type": "array"}
		}
		return listOf(simplified(items, root, deep-1))
	case "":
		return words{}
	default:
		return words{"type": t}
	}
}

// typeOf gives the type of a schema, of several the first that isn't null.
func typeOf(s map[string]json.RawMessage) string {
	if t := str(s["type"]); t != "" {
		return t
	}
	var several []string
	_ = json.Unmarshal(s["type"], &several) // none, where it is no list
	for _, t := range several {
		if t != "null" {
			return t
		}
	}
	if s["properties"] != nil {
		return "object"
	}
	return ""
}

// local finds what a reference within the schema names.
func local(root map[string]json.RawMessage, ref string) map[string]json.RawMessage {
	rest, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	at := root
	for _, part := range strings.Split(rest, "/") {
		var next map[string]json.RawMessage
		if json.Unmarshal(at[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)], &next) != nil {
			return nil
		}
		at = next
	}
	if at["$ref"] != nil { // one step is enough for what tools declare
		return nil
	}
	return at
}

func str(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // "" where it is no text
	return s
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}
