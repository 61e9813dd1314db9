package policy

import (
	"strings"

	"resolute/agent/casefile"
)

// Mark says what an argument decides.
type Mark string

// The marks.
const (
	Identity Mark = "identity" // whom or what it is about
	Money    Mark = "money"    // how much
)

// Tool is what the guard knows of a tool; the zero value is a tool of which it knows nothing.
type Tool struct {
	// Trusted are the output fields that customers can't write into, as JSON Pointers; a part * stands
	// for every element. What lies below a trusted field is trusted too.
	Trusted []string
	// Marks are those of the schema, by the argument's path: amount_cents, or lines.*.sku.
	Marks map[string]Mark
}

// mark gives what an argument decides, "" for neither: by its schema, else by its name.
func (t Tool) mark(path string) Mark {
	if m, ok := t.Marks[path]; ok {
		return m
	}
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case strings.HasSuffix(name, "_id"):
		return Identity
	case strings.HasSuffix(name, "_cents"):
		return Money
	}
	return ""
}

// trusts reports whether an output field, or the one that it lies below, is trusted.
func (t Tool) trusts(field []string) bool {
	for _, pointer := range t.Trusted {
		if covers(parts(pointer), field) {
			return true
		}
	}
	return false
}

// trustsAll reports whether all that a value at a field holds is trusted.
func (t Tool) trustsAll(field []string, value any) bool {
	if t.trusts(field) {
		return true
	}
	switch v := value.(type) {
	case map[string]any:
		for key, e := range v {
			if !t.trustsAll(below(field, key), e) {
				return false
			}
		}
		return len(v) > 0
	case []any:
		for _, e := range v {
			if !t.trustsAll(below(field, "*"), e) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

// says reports whether a trusted field holds a value.
func (t Tool) says(field []string, value, want any) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, e := range v {
			if t.says(below(field, key), e, want) {
				return true
			}
		}
		return false
	case []any:
		for _, e := range v {
			if t.says(below(field, "*"), e, want) {
				return true
			}
		}
		return false
	case nil:
		return false
	}
	return t.trusts(field) && same(value, want)
}

// same compares two values that are no lists and no objects. 1 and 1.0 differ.
func same(a, b any) bool {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return ok && x == y
	case int64:
		y, ok := b.(int64)
		return ok && x == y
	case float64:
		y, ok := b.(float64)
		return ok && x == y
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	}
	return false
}

func below(field []string, part string) []string { return append(field[:len(field):len(field)], part) }

// covers reports whether a pointer is a field, or one that it lies below.
func covers(pointer, field []string) bool {
	if len(pointer) > len(field) {
		return false
	}
	for i, part := range pointer {
		if part != field[i] && part != "*" {
			return false
		}
	}
	return true
}

// parts are those of a JSON Pointer (RFC 6901).
func parts(pointer string) []string {
	if pointer == "" {
		return nil
	}
	list := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := range list {
		list[i] = strings.ReplaceAll(strings.ReplaceAll(list[i], "~1", "/"), "~0", "~")
	}
	return list
}

// at gives the value at a field of a fact.
func at(value any, field []string) (any, bool) {
	for _, key := range field {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = m[key]; !ok {
			return nil, false
		}
	}
	return value, true
}

// origin gives who the value at a path of a case's state comes from. What it doesn't know is the
// customer's.
func origin(c *casefile.Case, tools map[string]Tool, path string) casefile.Origin {
	root, rest, _ := strings.Cut(path, ".")
	switch root {
	case "facts":
		return factOrigin(c, tools, rest)
	case "case":
		return caseOrigin(c, rest)
	case "tables", "now":
		return casefile.FromBundle
	case "history":
		return casefile.FromTool
	case "knowledge":
		return casefile.FromKnowledge
	}
	return casefile.FromCustomer
}

func factOrigin(c *casefile.Case, tools map[string]Tool, path string) casefile.Origin {
	name, rest, deeper := strings.Cut(path, ".")
	f, ok := c.Facts[name]
	if !ok || f.Tool == "" { // without a tool it is what somebody answered
		return casefile.FromCustomer
	}
	var field []string
	if deeper {
		field = strings.Split(rest, ".")
	}
	if value, _ := at(f.Value.V, field); tools[f.Tool].trustsAll(field, value) {
		return casefile.FromTool
	}
	return casefile.FromCustomer
}

// caseOrigin: who the customer is comes from whoever vouches for it.
func caseOrigin(c *casefile.Case, path string) casefile.Origin {
	switch path {
	case "id", "goal", "opened_at", "customer.assurance":
		return casefile.FromBundle
	case "customer.id":
		if c.Customer.Assurance == casefile.AssuranceVouched {
			return casefile.FromTool
		}
	case "customer.email":
		if c.Customer.Assurance.Lower(casefile.AssuranceAuthenticated) == casefile.AssuranceAuthenticated {
			return casefile.FromTool
		}
	}
	return casefile.FromCustomer
}
