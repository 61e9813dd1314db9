package plugins_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/plugins"
)

type inner struct {
	SKU string `json:"sku"`
}

type Embedded struct {
	Currency string `json:"currency" enum:"USD,EUR"`
}

type everything struct {
	Embedded
	ID       string            `json:"id" doc:"what it is" pattern:"^X" x-resolute:"identity"`
	Cents    int64             `json:"cents" minimum:"1" maximum:"9" x-resolute:"money"`
	Level    int               `json:"level" enum:"1,2"`
	Share    float64           `json:"share"`
	Ok       bool              `json:"ok"`
	At       time.Time         `json:"at"`
	Note     string            `json:"note,omitempty"`
	Maybe    *int              `json:"maybe"`
	Lines    []inner           `json:"lines"`
	Labels   map[string]string `json:"labels,omitzero"`
	Anything json.RawMessage   `json:"anything"`
	Count    uint              // named as in Go
	Hidden   string            `json:"-"`
}

func TestSchemaSaysWhatTheTypeSays(t *testing.T) {
	t.Parallel()
	raw, err := plugins.Schema(reflect.TypeFor[everything](), true)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"type": "object",
		"additionalProperties": false,
		"required": ["currency", "id", "cents", "level", "share", "ok", "at", "lines", "anything", "Count"],
		"properties": {
			"currency": {"type": "string", "enum": ["USD", "EUR"]},
			"id": {"type": "string", "description": "what it is", "pattern": "^X", "x-resolute": "identity"},
			"cents": {"type": "integer", "minimum": 1, "maximum": 9, "x-resolute": "money"},
			"level": {"type": "integer", "enum": [1, 2]},
			"share": {"type": "number"},
			"ok": {"type": "boolean"},
			"at": {"type": "string", "format": "date-time"},
			"note": {"type": "string"},
			"maybe": {"type": ["integer", "null"]},
			"lines": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["sku"], "properties": {"sku": {"type": "string"}}}},
			"labels": {"type": "object", "additionalProperties": {"type": "string"}},
			"anything": {},
			"Count": {"type": "integer", "minimum": 0}
		}
	}`
	var got, wanted map[string]any
	if err := errors.Join(json.Unmarshal(raw, &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatal(err)
	}
	// the required names follow the order of reflect.VisibleFields, which nobody relies on
	for _, s := range []map[string]any{got, wanted} {
		names := map[any]bool{}
		for _, n := range s["required"].([]any) {
			names[n] = true
		}
		s["required"] = names
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("the schema differs from what the struct says (-want +got):\n%s", diff)
	}
}

func TestSchemaRefusesWhatJSONCannotSay(t *testing.T) {
	t.Parallel()
	type tree struct {
		Children []*struct{ Parent chan int }
	}
	type node struct {
		Next *node `json:"next"`
	}
	for name, typ := range map[string]reflect.Type{
		"a channel":             reflect.TypeFor[tree](),
		"a type in itself":      reflect.TypeFor[node](),
		"keys that aren't text": reflect.TypeFor[struct{ M map[int]int }](),
		"an unknown x-resolute": reflect.TypeFor[struct {
			A int `x-resolute:"cash"`
		}](),
		"a bound that's no number": reflect.TypeFor[struct {
			A int `minimum:"few"`
		}](),
		"an enum of booleans": reflect.TypeFor[struct {
			A bool `enum:"true"`
		}](),
	} {
		if _, err := plugins.Schema(typ, true); !errors.Is(err, plugins.ErrSchema) {
			t.Errorf("%s: got error %v, want one that wraps ErrSchema", name, err)
		}
	}
}
