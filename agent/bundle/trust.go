package bundle

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"resolute/agent/policy"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// Trusted is a tool's output fields that customers can't write into, as JSON Pointers.
type Trusted struct {
	Pos    source.Pos // of the tool's name
	Fields []source.Text
}

func parseTrusted(n source.Node) map[string]Trusted {
	all := map[string]Trusted{}
	for _, e := range n.Entries() {
		t := Trusted{Pos: e.Key.Pos}
		for _, f := range e.Value.List() {
			if pointer := f.Text(); strings.HasPrefix(pointer.Value, "/") && len(pointer.Value) > 1 {
				t.Fields = append(t.Fields, pointer)
			} else if f.Here() {
				f.Fail("%q is no field; write it as a JSON Pointer like /id or /lines/*/sku", pointer.Value)
			}
		}
		all[e.Key.Value] = t
	}
	return all
}

// TrustedFields are the fields of Trusted, as JSON Pointers by tool.
func (p *Plugin) TrustedFields() map[string][]string {
	all := make(map[string][]string, len(p.Trusted))
	for tool, t := range p.Trusted {
		for _, f := range t.Fields {
			all[tool] = append(all[tool], f.Value)
		}
	}
	return all
}

// shape is the part of a JSON Schema that says what a value is made of.
type shape struct {
	Mark       string           `json:"x-resolute"`
	Properties map[string]shape `json:"properties"`
	Items      *shape           `json:"items"`
	AnyOf      []shape          `json:"anyOf"`
	OneOf      []shape          `json:"oneOf"`
	AllOf      []shape          `json:"allOf"`
}

// marks gathers what arguments decide, by their paths.
func (s shape) marks(path string, all map[string]policy.Mark) {
	if m := policy.Mark(s.Mark); path != "" && (m == policy.Identity || m == policy.Money) {
		all[path] = m
	}
	for name, p := range s.Properties {
		p.marks(strings.TrimPrefix(path+"."+name, "."), all)
	}
	if s.Items != nil {
		s.Items.marks(path+".*", all)
	}
	for _, more := range [][]shape{s.AnyOf, s.OneOf, s.AllOf} {
		for _, p := range more {
			p.marks(path, all)
		}
	}
}

// declares reports whether an output schema can have a field; one that says nothing of it can.
func (s shape) declares(field []string) bool {
	switch {
	case len(field) == 0:
		return true
	case s.Items != nil && field[0] == "*":
		return s.Items.declares(field[1:])
	case s.Properties == nil:
		return true
	}
	p, ok := s.Properties[field[0]]
	return ok && p.declares(field[1:])
}

// guardTools are what the guard knows of the bundle's tools. It reports trusted fields that no tool has.
func (l *loader) guardTools() map[string]policy.Tool {
	all := map[string]policy.Tool{}
	for _, p := range l.Plugins {
		m, known := l.Manifests[p.Name]
		for _, t := range m.Tools {
			k := policy.Tool{Marks: map[string]policy.Mark{}}
			var input shape
			if json.Unmarshal(t.InputSchema, &input) == nil {
				input.marks("", k.Marks)
			}
			all[p.Name+"."+t.Name] = k
		}
		for _, name := range slices.Sorted(maps.Keys(p.Trusted)) {
			trusted := p.Trusted[name]
			i := slices.IndexFunc(m.Tools, func(t protocol.Tool) bool { return t.Name == name })
			if known && i < 0 {
				names := make([]string, len(m.Tools))
				for j := range m.Tools {
					names[j] = m.Tools[j].Name
				}
				l.problems.Add(trusted.Pos, "plugin %s has no tool %s whose fields could be trusted%s", p.Name, name, source.Nearest(name, names))
				continue
			}
			k := all[p.Name+"."+name]
			var output shape
			if i >= 0 {
				_ = json.Unmarshal(m.Tools[i].OutputSchema, &output) // one that can't be read declares all
			}
			for _, f := range trusted.Fields {
				if !output.declares(strings.Split(f.Value[1:], "/")) {
					l.problems.Add(f.Pos, "%s.%s has no field %s by its output schema%s", p.Name, name, f.Value, source.Nearest(f.Value[1:], slices.Sorted(maps.Keys(output.Properties))))
				}
				k.Trusted = append(k.Trusted, f.Value)
			}
			all[p.Name+"."+name] = k
		}
	}
	return all
}
