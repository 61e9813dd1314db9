package rehearsal

import (
	"encoding/json"
	"time"

	"resolute/agent/casefile"
)

// least makes up a result that fits a tool's output schema: what the arguments say where a field is
// named as one, else the least value of its type.
func (w *world) least(q casefile.Request) (casefile.Value, error) {
	_, output := w.stage.tools.Schemas(q.Tool)
	return w.stage.decode(q.Tool, leastOf(output, q.Args, w.now))
}

// kind is the part of a JSON Schema that a value is made of.
type kind struct {
	Type       any                        `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Enum       []any                      `json:"enum"`
	Const      any                        `json:"const"`
	Minimum    float64                    `json:"minimum"`
	Format     string                     `json:"format"`
}

func leastOf(schema json.RawMessage, args casefile.Object, now time.Time) any {
	var k kind
	if len(schema) == 0 || json.Unmarshal(schema, &k) != nil {
		return map[string]any{}
	}
	switch {
	case k.Const != nil:
		return k.Const
	case len(k.Enum) > 0:
		return k.Enum[0]
	}
	switch k.Type {
	case "string":
		switch k.Format {
		case "date-time":
			return now.Format(time.RFC3339)
		case "date":
			return now.Format(time.DateOnly)
		}
		return "rehearsed"
	case "integer":
		return int64(k.Minimum)
	case "number":
		return k.Minimum
	case "boolean":
		return true
	case "array":
		return []any{}
	case "null":
		return nil
	}
	made := map[string]any{}
	for name, field := range k.Properties {
		if v, ok := args[name]; ok {
			made[name] = v
			continue
		}
		made[name] = leastOf(field, nil, now)
	}
	return made
}
