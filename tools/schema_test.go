package tools_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/casefile"
	"resolute/tools"
	"resolute/tools/protocol"
)

// withSchemas is a registry whose only tool, t.x, has these schemas.
func withSchemas(input, output string) (*tools.Registry, error) {
	r := tools.NewRegistry(tools.Options{Log: quiet()})
	return r, r.Set([]tools.Plugin{{Name: "t", URL: "http://t.example", Manifest: &protocol.Manifest{Name: "t", Tools: []protocol.Tool{
		{Name: "x", Effect: protocol.Read, InputSchema: json.RawMessage(input), OutputSchema: json.RawMessage(output)},
	}}}})
}

func TestValidateArgsNamesTheArgument(t *testing.T) {
	r, err := withSchemas(`{"type":"object","properties":{"id":{"type":"string","pattern":"^ORD-"},"cents":{"type":"integer","minimum":1},
		"to":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},"required":["id"],"additionalProperties":false}`, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{`{"id":"ORD-1","cents":5}`, ""},
		{`{"id":"ORD-1","cents":5.0}`, ""},
		{`{}`, "argument id is missing"},
		{`{"id":5}`, "argument id: got number, want string"},
		{`{"id":"1"}`, "argument id: '1' does not match pattern '^ORD-'"},
		{`{"id":"ORD-1","cents":0}`, "argument cents: minimum: got 0, want 1"},
		{`{"id":"ORD-1","cents":1.5}`, "argument cents: got number, want integer"},
		{`{"id":"ORD-1","to":{}}`, "argument to.city is missing"},
		{`{"id":"ORD-1","colour":"red"}`, "argument colour is not known"},
		{`{"cents":"5","colour":"red"}`, "argument cents: got string, want integer; argument colour is not known; argument id is missing"},
	} {
		var args casefile.Object
		if err := json.Unmarshal([]byte(c.args), &args); err != nil {
			t.Fatal(err)
		}
		err := r.ValidateArgs("t.x", args)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, tools.ErrArguments) || !strings.HasSuffix(err.Error(), ": "+c.want)) {
			t.Errorf("arguments %s: error %v, want %q", c.args, err, c.want)
		}
	}
	if err := r.ValidateArgs("t.x", nil); err == nil {
		t.Error("no arguments at all were let through, although one is required")
	}
	if err := r.ValidateArgs("t.y", nil); !errors.Is(err, tools.ErrUnknownTool) {
		t.Errorf("arguments of an unknown tool: error %v", err)
	}
}

// TestNumbersFollowTheSchema: integer is int64, number is float64, wherever the schema says so.
func TestNumbersFollowTheSchema(t *testing.T) {
	type m = map[string]any
	type l = []any
	for name, c := range map[string]struct {
		schema, raw string
		want        any // an error if nil
	}{
		"no schema":           {``, `{"a":1,"b":1.0,"c":1e2}`, m{"a": int64(1), "b": 1.0, "c": 100.0}},
		"null for a schema":   {`null`, `1`, int64(1)},
		"true for a schema":   {`true`, `1.0`, 1.0},
		"integer":             {`{"type":"integer"}`, `5.0`, int64(5)},
		"integer by exponent": {`{"type":"integer"}`, `1e3`, int64(1000)},
		"number":              {`{"type":"number"}`, `5`, 5.0},
		"either":              {`{"type":["integer","number"]}`, `5`, 5.0},
		"nullable":            {`{"type":["integer","null"]}`, `5.0`, int64(5)},
		"unsaid":              {`{"minimum":1}`, `5`, int64(5)},
		"nested":              {`{"properties":{"a":{"properties":{"b":{"type":"number"}}}}}`, `{"a":{"b":5},"c":5}`, m{"a": m{"b": 5.0}, "c": int64(5)}},
		"items":               {`{"items":{"type":"number"}}`, `[1,2.5]`, l{1.0, 2.5}},
		"prefix and rest":     {`{"prefixItems":[{"type":"integer"}],"items":{"type":"number"}}`, `[1.0,1]`, l{int64(1), 1.0}},
		"items of a draft 7":  {`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"integer"}],"additionalItems":{"type":"number"}}`, `[1.0,1]`, l{int64(1), 1.0}},
		"additional":          {`{"properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"number"}}`, `{"a":1.0,"b":1}`, m{"a": int64(1), "b": 1.0}},
		"by pattern":          {`{"patternProperties":{"_rate$":{"type":"number"}}}`, `{"tax_rate":1,"tax":1}`, m{"tax_rate": 1.0, "tax": int64(1)}},
		"by reference":        {`{"$defs":{"money":{"type":"integer"}},"properties":{"a":{"$ref":"#/$defs/money"}}}`, `{"a":1.0}`, m{"a": int64(1)}},
		"tree":                {`{"type":"object","properties":{"n":{"type":"number"},"kids":{"type":"array","items":{"$ref":"#"}}}}`, `{"n":1,"kids":[{"n":2,"kids":[]}]}`, m{"n": 1.0, "kids": l{m{"n": 2.0, "kids": l{}}}}},
		"dynamic tree":        {`{"$dynamicAnchor":"x","properties":{"n":{"type":"number"},"kid":{"$dynamicRef":"#x"}}}`, `{"kid":{"n":1}}`, m{"kid": m{"n": 1.0}}},
		"reference in a ring": {`{"$id":"https://r.example/","$dynamicAnchor":"x","type":["object","number"],"properties":{"p":{"$id":"b","$dynamicAnchor":"x","$dynamicRef":"#x"}}}`, `{"p":5}`, m{"p": int64(5)}},
		"all of":              {`{"allOf":[{"type":"number"},{"type":"integer"}]}`, `5.0`, int64(5)},
		"all of objects":      {`{"allOf":[{"properties":{"a":{"type":"integer"}}},{"properties":{"b":{"type":"number"}}}]}`, `{"a":1.0,"b":1}`, m{"a": int64(1), "b": 1.0}},
		"any of":              {`{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `5.0`, int64(5)},
		"any of, number too":  {`{"anyOf":[{"type":"integer"},{"type":"number"}]}`, `5`, 5.0},
		"one of objects":      {`{"oneOf":[{"properties":{"k":{"const":"a"},"v":{"type":"integer"}}},{"properties":{"k":{"const":"b"},"v":{"type":"number"}}}]}`, `{"k":"b","v":1}`, m{"k": "b", "v": 1.0}},
		"if then":             {`{"if":{"properties":{"k":{"const":"a"}}},"then":{"properties":{"v":{"type":"integer"}}},"else":{"properties":{"v":{"type":"number"}}}}`, `{"k":"a","v":1.0}`, m{"k": "a", "v": int64(1)}},
		"if else":             {`{"if":{"properties":{"k":{"const":"a"}}},"then":{"properties":{"v":{"type":"integer"}}},"else":{"properties":{"v":{"type":"number"}}}}`, `{"k":"b","v":1}`, m{"k": "b", "v": 1.0}},
		"dependent":           {`{"dependentSchemas":{"k":{"properties":{"v":{"type":"number"}}}}}`, `{"k":true,"v":1}`, m{"k": true, "v": 1.0}},
		"largest integer":     {`{"type":"integer"}`, `9223372036854775807`, int64(9223372036854775807)},
		"too large":           {`{"type":"integer"}`, `9223372036854775808`, nil},
		"large and inexact":   {`{"type":"integer"}`, `9007199254740993.0`, nil},
		"beyond a double":     {`{"type":"number"}`, `1e999999999`, nil},
		"not whole":           {`{"type":"integer"}`, `5.5`, nil},
		"more than one":       {``, `1 2`, nil},
		"nothing":             {``, ``, nil},
	} {
		r, err := withSchemas(`{}`, c.schema)
		if err != nil {
			t.Errorf("%s: the schema is refused: %v", name, err)
			continue
		}
		got, err := r.DecodeResult("t.x", json.RawMessage(c.raw))
		if (err == nil) != (c.want != nil) || err != nil && !errors.Is(err, tools.ErrResult) {
			t.Errorf("%s: error %v, want the value %v", name, err, c.want)
		} else if d := cmp.Diff(c.want, got.V); d != "" {
			t.Errorf("%s: the value is another one (-want +got):\n%s", name, d)
		}
	}
}

func TestSchemasThatCantBeUsed(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"strin"}`:                         "input_schema",
		`{"$ref":"file:///etc/passwd"}`:            "complete in itself",
		`{"$ref":"https://a.example/schema.json"}`: "complete in itself",
		`{"$schema":"https://a.example/meta"}`:     "complete in itself",
		`{"minimum":1e999999999}`:                  "doesn't fit 64 bits",
		`{"pattern":"("}`:                          "input_schema",
		`{"$ref":"#/nowhere"}`:                     "input_schema",
		`{`:                                        "input_schema",
		`5`:                                        "input_schema",
	} {
		if _, err := withSchemas(schema, ""); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "plugin t: tool x") {
			t.Errorf("input schema %s: error %v, want one that names the tool and says %q", schema, err, want)
		}
	}
}
