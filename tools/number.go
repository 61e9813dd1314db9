package tools

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// convert gives the numbers in v, which fits each of the schemas, the kind that they say. It
// changes v.
func convert(v any, in ...*jsonschema.Schema) (any, error) {
	switch t := v.(type) {
	case int64:
		if numberKind(t, in) == real {
			return float64(t), nil
		}
	case float64:
		if numberKind(t, in) != whole {
			return t, nil
		}
		if math.Abs(t) >= 1<<53 { // there a double stands for several integers
			return nil, fmt.Errorf("%s is not an exact integer of 64 bits", strconv.FormatFloat(t, 'g', -1, 64))
		}
		return int64(t), nil
	case map[string]any:
		all := applying(nil, t, in)
		for name, value := range t {
			converted, err := convert(value, ofProperty(all, name)...)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", name, err)
			}
			t[name] = converted
		}
	case []any:
		all := applying(nil, t, in)
		for i, value := range t {
			converted, err := convert(value, ofItem(all, i)...)
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
			t[i] = converted
		}
	}
	return v, nil
}

// applying appends the schemas of in and all that they apply to v in place: references, allOf, and
// the branches of anyOf, oneOf and if that v fits.
func applying(all []*jsonschema.Schema, v any, in []*jsonschema.Schema) []*jsonschema.Schema {
	for _, s := range in {
		if s == nil || slices.Contains(all, s) {
			continue
		}
		all = append(all, s)
		if also, more := inPlace(s, v); more {
			all = applying(all, v, also)
			all = applying(all, v, fitting(s.AnyOf, v))
		}
	}
	return all
}

// inPlace gives what s applies to v beside itself, anyOf left out, and whether there is anything.
func inPlace(s *jsonschema.Schema, v any) (list []*jsonschema.Schema, more bool) {
	if s.Ref == nil && s.DynamicRef == nil && s.RecursiveRef == nil && s.AllOf == nil && s.AnyOf == nil &&
		s.OneOf == nil && s.If == nil && s.DependentSchemas == nil {
		return nil, false
	}
	list = append(list, s.Ref, s.RecursiveRef)
	if s.DynamicRef != nil {
		list = append(list, s.DynamicRef.Ref)
	}
	list = append(append(list, s.AllOf...), fitting(s.OneOf, v)...)
	if s.If != nil {
		if s.If.Validate(v) == nil {
			list = append(list, s.If, s.Then)
		} else {
			list = append(list, s.Else)
		}
	}
	if o, ok := v.(map[string]any); ok {
		for name, dependent := range s.DependentSchemas {
			if _, there := o[name]; there {
				list = append(list, dependent)
			}
		}
	}
	return list, true
}

func fitting(branches []*jsonschema.Schema, v any) (list []*jsonschema.Schema) {
	for _, b := range branches {
		if b.Validate(v) == nil {
			list = append(list, b)
		}
	}
	return list
}

// ofProperty gives the schemas for a property of an object that fits all.
func ofProperty(all []*jsonschema.Schema, name string) (list []*jsonschema.Schema) {
	for _, s := range all {
		n := len(list)
		if p := s.Properties[name]; p != nil {
			list = append(list, p)
		}
		for pattern, p := range s.PatternProperties {
			if pattern.MatchString(name) {
				list = append(list, p)
			}
		}
		if p, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(list) == n {
			list = append(list, p)
		}
	}
	return list
}

// ofItem gives the schemas for an item of an array that fits all. Items and AdditionalItems are of
// drafts before 2020-12.
func ofItem(all []*jsonschema.Schema, i int) (list []*jsonschema.Schema) {
	for _, s := range all {
		if i < len(s.PrefixItems) {
			list = append(list, s.PrefixItems[i])
		} else if s.Items2020 != nil {
			list = append(list, s.Items2020)
		}
		switch items := s.Items.(type) {
		case *jsonschema.Schema:
			list = append(list, items)
		case []*jsonschema.Schema:
			if i < len(items) {
				list = append(list, items[i])
			} else if rest, ok := s.AdditionalItems.(*jsonschema.Schema); ok {
				list = append(list, rest)
			}
		}
	}
	return list
}

// number is the kind that a schema wants a number to have.
type number int

const (
	unsaid number = iota
	whole
	real
)

// numberKind is the kind that all schemas of in, which v fits, want v to have.
func numberKind(v any, in []*jsonschema.Schema) number {
	var seen []*jsonschema.Schema
	return allKind(v, in, &seen)
}

// allKind is the kind where all schemas hold: what is an integer for one is one. No schema is
// looked at twice, so that references in a circle end.
func allKind(v any, in []*jsonschema.Schema, seen *[]*jsonschema.Schema) (k number) {
	for _, s := range in {
		if s == nil || slices.Contains(*seen, s) {
			continue
		}
		*seen = append(*seen, s)
		one := typeKind(s.Types)
		if also, more := inPlace(s, v); more {
			one = narrower(one, allKind(v, also, seen))
			one = narrower(one, anyKind(v, fitting(s.AnyOf, v), seen))
		}
		k = narrower(k, one)
	}
	return k
}

// anyKind is the kind where one schema suffices: what may be any number is one, so that the kind
// doesn't depend on the value.
func anyKind(v any, in []*jsonschema.Schema, seen *[]*jsonschema.Schema) (k number) {
	for _, s := range in {
		k = max(k, allKind(v, []*jsonschema.Schema{s}, seen))
	}
	return k
}

func narrower(a, b number) number {
	if a == unsaid || b == whole {
		return b
	}
	return a
}

func typeKind(t *jsonschema.Types) number {
	switch {
	case t == nil:
		return unsaid
	case *t&typeBit("number") != 0:
		return real
	case *t&typeBit("integer") != 0:
		return whole
	}
	return unsaid
}

func typeBit(name string) jsonschema.Types {
	var t jsonschema.Types
	t.Add(name)
	return t
}
