package api

import (
	"maps"
	"slices"
)

// schema is a JSON Schema 2020-12, as OpenAPI 3.1 holds it.
type schema = map[string]any

// kindOf is a schema of a JSON type, with what it means.
func kindOf(jsonType, about string) schema {
	s := schema{"type": jsonType}
	if about != "" {
		s["description"] = about
	}
	return s
}

func text(about string) schema    { return kindOf("string", about) }
func integer(about string) schema { return kindOf("integer", about) }
func number(about string) schema  { return kindOf("number", about) }
func boolean(about string) schema { return kindOf("boolean", about) }

// moment is a time, RFC 3339.
func moment(about string) schema {
	s := text(about)
	s["format"] = "date-time"
	return s
}

// anything is any JSON value.
func anything(about string) schema { return schema{"description": about} }

// open is an object whose members are somebody else's to name.
func open(about string) schema { return kindOf("object", about) }

// oneOf is a text out of a list.
func oneOf[T ~string](about string, values ...T) schema {
	s := text(about)
	s["enum"] = anys(values)
	return s
}

// anys is a list as the validator reads it.
func anys[T ~string](values []T) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

// object has these members; all but the optional ones are always there.
func object(about string, members schema, optional ...string) schema {
	s := kindOf("object", about)
	s["properties"] = members
	var required []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(optional, name) {
			required = append(required, name)
		}
	}
	if required != nil {
		s["required"] = anys(required)
	}
	return s
}

// closed is an object of a request: a member that isn't known is refused.
func closed(s schema) schema {
	s["additionalProperties"] = false
	return s
}

func arrayOf(items schema) schema { return schema{"type": "array", "items": items} }

// page is how lists are answered.
func page(items schema) schema {
	return object("", schema{"items": arrayOf(items), "next_cursor": orNull(text("where the next page begins; null at the end"))})
}

func orNull(s schema) schema { return schema{"anyOf": []any{s, schema{"type": "null"}}} }

// ref refers to a schema of the document's components.
func ref(name string) schema { return schema{"$ref": "#/components/schemas/" + name} }
