package procedure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"resolute/agent/expr"
	"resolute/agent/source"
)

// ToolSet is what is known of the tools that a procedure may call.
type ToolSet interface {
	// Schemas gives a tool's effect and schemas; ok is false if its plugin doesn't have it.
	Schemas(tool string) (effect string, input, output json.RawMessage, ok bool)
	// Known reports whether anything is known of a plugin; of one that is down nothing is.
	Known(plugin string) bool
	// Names gives the tools of a plugin, all if it is "".
	Names(plugin string) []string
}

// CheckRead checks a reading call that stands outside of any procedure, and what reads its result:
// programs, and result as an object. Its arguments can read no fact.
func CheckRead(c *Call, tools ToolSet, result *expr.Object, programs []*expr.Program, problems *source.Problems) {
	k := &checker{Procedure: &Procedure{}, tools: tools, problems: problems, facts: map[string]json.RawMessage{}}
	k.call(c, true)
	for _, e := range programs {
		k.program(e)
	}
	k.reads(result.Pos, result)
}

// schema is the part of a JSON Schema that tells which fields there are.
type schema struct {
	Properties           map[string]json.RawMessage `json:"properties"`
	Required             []string                   `json:"required"`
	AdditionalProperties json.RawMessage            `json:"additionalProperties"`
	Type                 any                        `json:"type"`

	// With any of these, fields may be declared elsewhere.
	Ref      json.RawMessage `json:"$ref"`
	Dynamic  json.RawMessage `json:"$dynamicRef"`
	AllOf    json.RawMessage `json:"allOf"`
	AnyOf    json.RawMessage `json:"anyOf"`
	OneOf    json.RawMessage `json:"oneOf"`
	Then     json.RawMessage `json:"then"`
	Else     json.RawMessage `json:"else"`
	Patterns json.RawMessage `json:"patternProperties"`
	Depend   json.RawMessage `json:"dependentSchemas"`
}

// closed reports whether a field that isn't among the properties can't be there at all.
func (s *schema) closed() bool {
	return string(s.AdditionalProperties) == "false" && s.Patterns == nil
}

// open reports whether the schema says, or leaves to another one, which other fields there may be.
func (s *schema) open() bool {
	if s.closed() {
		return false
	}
	for _, part := range []json.RawMessage{s.AdditionalProperties, s.Ref, s.Dynamic, s.AllOf, s.AnyOf, s.OneOf, s.Then, s.Else, s.Patterns, s.Depend} {
		if part != nil {
			return true
		}
	}
	return s.Properties == nil
}

// field reports a path of a fact that its tool doesn't declare. A schema that merely lists its
// fields allows others, but a reader of one of those relies on what nobody promised.
func (k *checker) field(at source.Pos, fact string, raw json.RawMessage, path string) {
	walked := fact
	for path != "" && len(raw) > 0 {
		var s schema
		if json.Unmarshal(raw, &s) != nil {
			return
		}
		var name string
		name, path, _ = strings.Cut(path, ".")
		next, ok := s.Properties[name]
		if !ok {
			if !s.open() {
				k.fail(at, "%s has no field %s by its tool's output schema%s", walked, name, hintOr(name, slices.Sorted(maps.Keys(s.Properties)), "; it has "))
			}
			return
		}
		walked, raw = walked+"."+name, next
	}
}

// hintOr gives the most alike of the known names, else all of them.
func hintOr(name string, known []string, all string) string {
	if hint := source.Nearest(name, known); hint != "" || len(known) == 0 {
		return hint
	}
	if all == "" {
		all = "; known are "
	}
	return all + strings.Join(known, ", ")
}

// call checks a call, and adds the fact that it gives.
func (k *checker) call(c *Call, reading bool) {
	effect, input, output, ok := k.tool(c.Tool, c.Pos)
	if ok && reading && effect != "read" {
		k.problems.Add(c.Pos, "%s changes something (its effect is %s); gather, verify and monitors only read", c.Tool, effect)
	}
	k.reads(c.Pos, c.With)
	if ok {
		k.arguments(c, input)
	}
	if c.As != "" {
		k.facts[c.As] = output
	}
}

// tool reports a tool that isn't there, and gives what is known of one.
func (k *checker) tool(name string, at source.Pos) (effect string, input, output json.RawMessage, ok bool) {
	plugin, _, dotted := strings.Cut(name, ".")
	effect, input, output, ok = k.tools.Schemas(name)
	switch {
	case name == "":
	case !dotted:
		k.problems.Add(at, "%s is no tool; tools are called PLUGIN.TOOL", name)
	case !ok && k.tools.Known(plugin):
		k.problems.Add(at, "%s has no tool %s%s", plugin, name, hintOr(name, k.tools.Names(plugin), "; it has "))
	case !ok && !slices.Contains(k.plugins(), plugin):
		k.problems.Add(at, "no file in tools/ is the plugin %s%s", plugin, source.Nearest(plugin, k.plugins()))
	}
	return effect, input, output, ok
}

func (k *checker) plugins() []string {
	var list []string
	for _, t := range k.tools.Names("") {
		if plugin, _, _ := strings.Cut(t, "."); !slices.Contains(list, plugin) {
			list = append(list, plugin)
		}
	}
	return list
}

func (k *checker) arguments(c *Call, raw json.RawMessage) {
	var s schema
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return
	}
	known := slices.Sorted(maps.Keys(s.Properties))
	given := map[string]bool{}
	for _, arg := range c.With.Names() {
		given[arg.Value] = true
		prop, ok := s.Properties[arg.Value]
		switch {
		case ok:
			if v, isLiteral := c.With.Literal(arg.Value); isLiteral {
				k.literal(c, arg, v, prop)
			}
		case s.closed():
			k.problems.Add(arg.Pos, "%s has no argument %s%s", c.Tool, arg.Value, hintOr(arg.Value, known, "; it has "))
		case !s.open():
			k.problems.Warn(arg.Pos, "%s doesn't declare the argument %s%s", c.Tool, arg.Value, hintOr(arg.Value, known, "; it has "))
		}
	}
	for _, name := range s.Required {
		if !given[name] {
			k.problems.Add(c.With.Pos, "%s needs the argument %s", c.Tool, name)
		}
	}
}

func (k *checker) literal(c *Call, arg source.Text, v any, raw json.RawMessage) {
	var s schema
	if json.Unmarshal(raw, &s) != nil {
		return
	}
	want, _ := s.Type.(string)
	got := "null"
	switch v.(type) {
	case string:
		got = "string"
	case int64:
		got = "integer"
	case float64:
		got = "number"
	case bool:
		got = "boolean"
	}
	if want == "" || want == got || want == "number" && got == "integer" {
		return
	}
	hint := ""
	if text, ok := v.(string); ok && strings.ContainsAny(text, ".(") {
		hint = fmt.Sprintf("; an expression starts with =, like =%s", text)
	}
	k.problems.Add(arg.Pos, "%s of %s takes a value of type %s, and this one is of type %s%s", arg.Value, c.Tool, want, got, hint)
}
