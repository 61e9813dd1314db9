package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"resolute/agent/casefile"
)

// ArgField is a field of the form that a tool's JSON Schema makes: one for each argument.
type ArgField struct {
	Name      string // of the argument
	Form      string // name and id in the form
	Kind      string // text, long, number, choice, yesno or json
	Value     string
	Options   []string
	Min, Max  string
	Step      string // "1" for whole numbers, "any" for others
	MaxLength int
	Required  bool
	Locked    string // why nothing else is allowed, "" where it is
	Hint      string
}

// argPrefix begins the names of arguments in forms.
const argPrefix = "arg."

// property is what a form reads of a property's JSON Schema. What it doesn't know is left to the tool's
// whole schema, which the arguments are held against before anything happens.
type property struct {
	Type        any               `json:"type"`
	Enum        []json.RawMessage `json:"enum"`
	Minimum     *json.Number      `json:"minimum"`
	Maximum     *json.Number      `json:"maximum"`
	MaxLength   int               `json:"maxLength"`
	Pattern     string            `json:"pattern"`
	Description string            `json:"description"`
	Title       string            `json:"title"`
	Marks       string            `json:"x-resolute"`
}

// argSchema is what a form reads of a tool's input schema.
type argSchema struct {
	Properties map[string]property `json:"properties"`
	Required   []string            `json:"required"`
}

// readSchema reads an input schema; of one that is none, or that is no object's, there is nothing.
func readSchema(raw json.RawMessage) argSchema {
	var s argSchema
	if json.Unmarshal(raw, &s) != nil {
		return argSchema{}
	}
	return s
}

// names gives the arguments in the order in which a form asks for them: those that are needed first.
func (s argSchema) names() []string {
	names := slices.DeleteFunc(slices.Clone(s.Required), func(n string) bool { _, ok := s.Properties[n]; return !ok })
	for _, n := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// kind is how a property is asked for.
func (p property) kind() string {
	if len(p.Enum) > 0 {
		return "choice"
	}
	t, _ := p.Type.(string)
	if list, ok := p.Type.([]any); ok { // a type or null
		for _, one := range list {
			if name, _ := one.(string); name != "null" {
				t = name
			}
		}
	}
	switch t {
	case "string":
		if p.MaxLength > maxText {
			return "long"
		}
		return "text"
	case "integer", "number":
		return "number"
	case "boolean":
		return "yesno"
	}
	return "json"
}

// whole reports whether a number has no fraction.
func (p property) whole() bool { return strings.Contains(fmt.Sprint(p.Type), "integer") }

// argFields makes a form of a schema. Its fields hold the values given, or what somebody typed before.
func argFields(raw json.RawMessage, args map[string]any, typed url.Values, locked map[string]string, currency string) []ArgField {
	s := readSchema(raw)
	var list []ArgField
	for _, name := range s.names() {
		p := s.Properties[name]
		f := ArgField{Name: name, Form: argPrefix + name, Kind: p.kind(), MaxLength: p.MaxLength, Required: slices.Contains(s.Required, name), Locked: locked[name]}
		f.Hint = cmp.Or(p.Description, p.Title)
		value, given := args[name]
		if given {
			f.Value = argText(value)
		}
		if f.Kind == "number" {
			f.Step = "any"
			if p.whole() {
				f.Step = "1"
			}
			if p.Minimum != nil {
				f.Min = p.Minimum.String()
			}
			if p.Maximum != nil {
				f.Max = p.Maximum.String()
			}
		}
		for _, e := range p.Enum {
			if v, err := casefile.DecodeValue(e); err == nil {
				f.Options = append(f.Options, argText(v))
			}
		}
		if f.Kind == "text" && p.Pattern != "" {
			f.Hint = strings.TrimSpace(f.Hint + " Like " + p.Pattern + ".")
		}
		if n, ok := value.(int64); ok && (p.Marks == "money" || strings.HasSuffix(name, "_cents")) {
			if c, ok := args["currency"].(string); ok && c != "" {
				currency = c
			}
			f.Hint = strings.TrimSpace(f.Hint + " In minor units: " + strconv.FormatInt(n, 10) + " is " + money(n, currency) + " " + currency + ".")
		}
		if was, ok := typed[f.Form]; ok && f.Locked == "" {
			f.Value = was[0]
		}
		list = append(list, f)
	}
	return list
}

// argText is a value as a form has it.
func argText(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case nil:
		return ""
	}
	b, err := casefile.EncodeValue(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// argsOf reads the arguments that a form gives, each as its schema says. Whether they fit together is the
// schema's to say.
func argsOf(raw json.RawMessage, form url.Values) (casefile.Object, error) {
	s, args := readSchema(raw), casefile.Object{}
	for _, name := range s.names() {
		p, text := s.Properties[name], form.Get(argPrefix+name)
		if text == "" {
			if required := slices.Contains(s.Required, name); required && (p.kind() == "text" || p.kind() == "long") && form.Has(argPrefix+name) {
				args[name] = "" // the schema says whether that will do
			}
			continue
		}
		v, err := p.read(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s %w", errRequest, name, err)
		}
		args[name] = v
	}
	return args, nil
}

// read reads one value.
func (p property) read(text string) (any, error) {
	switch p.kind() {
	case "text", "long":
		return text, nil
	case "choice":
		for _, e := range p.Enum {
			if v, err := casefile.DecodeValue(e); err == nil && argText(v) == text {
				return v, nil
			}
		}
		return nil, fmt.Errorf("is none of those that can be chosen: %.60q", text)
	case "yesno":
		return text == "true", nil
	case "number":
		if p.whole() {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("is a whole number, and %.60q is none", text)
			}
			return n, nil
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return nil, fmt.Errorf("is a number, and %.60q is none", text)
		}
		return f, nil
	}
	v, err := casefile.DecodeValue([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("is written as JSON, and %.60q is none: %w", text, err)
	}
	return v, nil
}
