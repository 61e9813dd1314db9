package casefile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// texts are JSON and what is nearly JSON.
var texts = []string{
	`{}`, `[]`, `null`, ` true `, `false`, `0`, `-0`, `-1`, `12`, `01`, `1.`, `.5`, `1.5`, `-2e3`, `1E+2`, `1e`, `9223372036854775807`, `9223372036854775808`,
	`1e400`, `"x"`, `"\u00e4\n\""`, `"a` + "\n" + `"`, `"` + "\xff" + `"`, `"\ud800"`, `{"a":1,"b":[1,2,{"c":null}],"a":2}`, `{"a":1,}`, `[1,]`, `{a:1}`, `1 2`, `tru`,
	`nul`, `"`, `"\`, `-`, `{"a"}`, `{"a":}`, `[`, ``, `[[]]`, "\t[ 1 , 2 ]\r\n", strings.Repeat("[", 300) + strings.Repeat("]", 300), "\u00a01", "1\x00", "\x00",
}

// decodedByLibrary is what encoding/json alone makes of a text.
func decodedByLibrary(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, json.Unmarshal(text, &v)
	}
	return plain(v)
}

func checkDecode(t *testing.T, text []byte) {
	t.Helper()
	got, err := DecodeValue(text)
	want, wantErr := decodedByLibrary(text)
	if (err == nil) != (wantErr == nil && json.Valid(text)) {
		t.Fatalf("%q: %v, encoding/json says %v", text, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%q is %#v, by encoding/json %#v", text, got, want)
	}
}

func TestDecodeValueAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range texts {
		checkDecode(t, []byte(text))
	}
}

func FuzzDecodeValue(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkDecode(t, text) })
}

func BenchmarkDecodeValue(b *testing.B) {
	text := []byte(`{"id":"ORD-1001","customer_id":"CUS-1","customer_email":"mara@lindqvist.example","total_cents":6400,"items":[{"sku":"BLENDER-1","quantity":1,"price_cents":6400}],"delivered_at":"2026-02-27T09:00:00Z","replacement_id":"","refunded_cents":0}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeValue(text); err != nil {
			b.Fatal(err)
		}
	}
}
