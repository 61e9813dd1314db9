package ollamatest

import "encoding/json"

// Fit completes an object by what a schema requires of it and it lacks, each with the smallest value
// that fits: the first of an enum, "", 0, false, an empty list, an object of what it requires. What
// the object has stays as it is, whether it fits or not. With no object it makes one.
func Fit(schema json.RawMessage, object map[string]json.RawMessage) json.RawMessage {
	var s shape
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		s = shape{Type: json.RawMessage(`"object"`)}
	}
	made := map[string]json.RawMessage{}
	for name, value := range object {
		made[name] = value
	}
	for _, name := range s.Required {
		if _, ok := made[name]; !ok {
			made[name] = s.Properties[name].smallest()
		}
	}
	text, _ := json.Marshal(made)
	return text
}

// shape is what is read of a JSON Schema.
type shape struct {
	Type       json.RawMessage   `json:"type"`
	Properties map[string]shape  `json:"properties"`
	Required   []string          `json:"required"`
	Enum       []json.RawMessage `json:"enum"`
	Const      json.RawMessage   `json:"const"`
	AnyOf      []shape           `json:"anyOf"`
	OneOf      []shape           `json:"oneOf"`
	Items      *shape            `json:"items"`
	MinItems   int               `json:"minItems"`
}

func (s shape) smallest() json.RawMessage {
	switch {
	case s.Const != nil:
		return s.Const
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.AnyOf) > 0:
		return s.AnyOf[0].smallest()
	case len(s.OneOf) > 0:
		return s.OneOf[0].smallest()
	}
	kind := ""
	if json.Unmarshal(s.Type, &kind) != nil {
		var kinds []string
		if json.Unmarshal(s.Type, &kinds) == nil && len(kinds) > 0 {
			kind = kinds[0]
		}
	}
	switch kind {
	case "string":
		return json.RawMessage(`""`)
	case "number", "integer":
		return json.RawMessage(`0`)
	case "boolean":
		return json.RawMessage(`false`)
	case "array":
		list := []json.RawMessage{}
		for range s.MinItems {
			if s.Items != nil {
				list = append(list, s.Items.smallest())
			}
		}
		text, _ := json.Marshal(list)
		return text
	case "object":
		made := map[string]json.RawMessage{}
		for _, name := range s.Required {
			made[name] = s.Properties[name].smallest()
		}
		text, _ := json.Marshal(made)
		return text
	}
	return json.RawMessage(`null`)
}
