package tools

import (
	"encoding/json"

	"resolute/agent/casefile"
)

// Arguments reads what somebody wants to call a tool with, by the tool's input schema. It is what a
// registry checks calls by, for whoever has a manifest alone.
type Arguments struct{ schema *schema }

// NewArguments compiles a tool's input schema; anything fits where it has none.
func NewArguments(input json.RawMessage) (*Arguments, error) {
	s, err := compileSchema(input)
	if err != nil {
		return nil, err
	}
	return &Arguments{s}, nil
}

// Read gives the arguments with numbers of the kind that the schema says, so that 100.0 for an integer
// is 100. It reports what doesn't fit, and leaves args as they are.
func (a *Arguments) Read(args casefile.Object) (casefile.Object, error) {
	raw, err := args.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var read casefile.Object
	if err := read.UnmarshalJSON(raw); err != nil || a.schema == nil {
		return read, err
	}
	if err := a.schema.validate(map[string]any(read), "argument"); err != nil {
		return nil, err
	}
	converted, err := convert(map[string]any(read), a.schema.compiled)
	if err != nil {
		return nil, err
	}
	object, _ := converted.(map[string]any) // it was one
	return object, nil
}
