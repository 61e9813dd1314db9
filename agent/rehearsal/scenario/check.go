package scenario

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"resolute/agent/source"
)

// ToolSet is what is known of the bundle's tools.
type ToolSet interface {
	// Schemas gives a tool's effect and schemas; ok is false if its plugin doesn't have it.
	Schemas(tool string) (effect string, input, output json.RawMessage, ok bool)
	// Known reports whether anything is known of a plugin; of one that is down nothing is.
	Known(plugin string) bool
	// Names gives the tools of a plugin, all if it is "".
	Names(plugin string) []string
	// Async reports whether a tool's result may come later.
	Async(tool string) bool
}

// Check reports what can't happen with these tools.
func (s *Scenario) Check(tools ToolSet, problems *source.Problems) {
	k := checker{tools, problems}
	for _, t := range s.World {
		_, input, output, ok := k.tool(t.Pos, t.Name)
		for _, a := range t.Answers {
			if ok {
				k.args(a, t.Name, input)
				k.result(a.ResultAt, t.Name, a.Result, output)
			}
		}
	}
	for _, f := range s.Faults {
		effect, _, _, ok := k.tool(f.Pos, f.Tool)
		if ok && !f.Kind.Fits(effect, tools.Async(f.Tool)) {
			what := "changes nothing"
			if f.Kind != TimeoutAfterEffect {
				what = "answers at once"
			}
			problems.Add(f.Pos, "%s can't befall %s, which %s", f.Kind, f.Tool, what)
		}
	}
	for _, l := range s.Authority {
		k.tool(l.Pos, l.Tool)
	}
	for _, p := range s.Paused {
		k.tool(p.Pos, p.Tool)
	}
	for _, name := range append(slices.Clone(s.Expect.Calls), s.Expect.Never...) {
		k.tool(s.Expect.Pos, name)
	}
}

type checker struct {
	tools    ToolSet
	problems *source.Problems
}

// tool looks a tool up; a plugin that is down can't be held to anything.
func (k checker) tool(at source.Pos, name string) (effect string, input, output json.RawMessage, ok bool) {
	effect, input, output, ok = k.tools.Schemas(name)
	plugin, _, dotted := strings.Cut(name, ".")
	switch names := k.tools.Names(plugin); {
	case ok || name == "":
	case !dotted:
		k.problems.Add(at, "%q is no tool; write it like shop.get_order", name)
	case len(names) == 0:
		k.problems.Add(at, "the bundle has no plugin %s%s", plugin, source.Nearest(name, k.tools.Names("")))
	case k.tools.Known(plugin):
		k.problems.Add(at, "plugin %s has no tool %s%s", plugin, strings.TrimPrefix(name, plugin+"."), source.Nearest(name, names))
	}
	return effect, input, output, ok
}

// shape is the part of a JSON Schema that an answer is held against here; the rest of it is when the
// answer is given.
type shape struct {
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
	Additional json.RawMessage            `json:"additionalProperties"`
	Type       any                        `json:"type"`
}

func (k checker) args(a Answer, tool string, input json.RawMessage) {
	var s shape
	if json.Unmarshal(input, &s) != nil || s.Properties == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a.Args)) {
		if _, ok := s.Properties[name]; !ok {
			k.problems.Add(a.ArgsAt, "%s takes no argument %s, so this answer is never given%s", tool, name, source.Nearest(name, slices.Sorted(maps.Keys(s.Properties))))
		}
	}
}

func (k checker) result(at source.Pos, tool string, v any, output json.RawMessage) {
	var s shape
	if json.Unmarshal(output, &s) != nil {
		return
	}
	if want, _ := s.Type.(string); want != "" && !fits(v, want) {
		k.problems.Add(at, "the result of %s is of type %s, and this is of type %s", tool, want, typeOf(v))
		return
	}
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	for _, name := range s.Required {
		if _, there := m[name]; !there {
			k.problems.Add(at, "the result of %s has a field %s, which is missing here", tool, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		raw, known := s.Properties[name]
		if !known && string(s.Additional) == "false" {
			k.problems.Add(at, "the result of %s has no field %s%s", tool, name, source.Nearest(name, slices.Sorted(maps.Keys(s.Properties))))
		}
		var field shape
		if known && json.Unmarshal(raw, &field) == nil {
			if want, _ := field.Type.(string); want != "" && !fits(m[name], want) {
				k.problems.Add(at, "%s in the result of %s is of type %s, and this is of type %s", name, tool, want, typeOf(m[name]))
			}
		}
	}
}

func fits(v any, want string) bool {
	got := typeOf(v)
	return got == want || want == "number" && got == "integer"
}

// typeOf names what a value is in a JSON Schema.
func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int64:
		return "integer"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
