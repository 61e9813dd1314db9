package tools

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"resolute/agent/casefile"
)

// schema is a compiled JSON Schema; nil is one that anything fits.
type schema struct{ compiled *jsonschema.Schema }

// noLoader keeps a manifest from reading files or addresses by way of $ref.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s; a schema has to be complete in itself", url)
}

// compileSchema reads raw as JSON Schema, 2020-12 unless $schema says another draft. Empty and null
// give nil.
func compileSchema(raw json.RawMessage) (*schema, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	// Not jsonschema.UnmarshalJSON: it would keep a number like 1e999999999 and compute with it.
	doc, err := casefile.DecodeValue(raw)
	if err != nil || doc == nil {
		return nil, err
	}
	const address = "schema:///root.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	if err := c.AddResource(address, doc); err != nil {
		return nil, err
	}
	s, err := c.Compile(address)
	if err != nil {
		return nil, err
	}
	return &schema{s}, nil
}

// validate reports what in v doesn't fit; noun is what a property of v is called.
func (s *schema) validate(v any, noun string) error {
	if s == nil {
		return nil
	}
	err := s.compiled.Validate(v)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var list []string
	for _, f := range faults(nil, invalid, noun, message.NewPrinter(language.English)) {
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	slices.Sort(list)
	if more := len(list) - 3; more > 0 {
		list = append(list[:3], fmt.Sprintf("and %d more", more))
	}
	return errors.New(clip(strings.Join(list, "; ")))
}

// faults appends one line for each place that doesn't fit.
func faults(list []string, e *jsonschema.ValidationError, noun string, english *message.Printer) []string {
	for _, c := range e.Causes {
		list = faults(list, c, noun, english)
	}
	if len(e.Causes) > 0 {
		return list
	}
	at := func(names ...string) string {
		return noun + " " + strings.Join(append(slices.Clone(e.InstanceLocation), names...), ".")
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			list = append(list, at(name)+" is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			list = append(list, at(name)+" is not known")
		}
	default:
		what := k.LocalizedString(english)
		if len(e.InstanceLocation) == 0 {
			return append(list, what)
		}
		list = append(list, at()+": "+what)
	}
	return list
}

// decode reads raw, whose value must fit s, and gives its numbers the kind that s says: int64 for
// integer, float64 for number, and casefile's rule where s says neither.
func (s *schema) decode(raw []byte) (any, error) {
	v, err := casefile.DecodeValue(raw)
	if err != nil || s == nil {
		return v, err
	}
	if err := s.validate(v, "field"); err != nil {
		return nil, err
	}
	return convert(v, s.compiled)
}
