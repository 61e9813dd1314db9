package casefile

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// allKinds are the kinds that newData knows, in the order of their declaration.
var allKinds = []Kind{KindSignalReceived, KindCaseOpened, KindCaseReopened, KindCaseLinked, KindProcedureChosen, KindInputsFound,
	KindCaseCorrelated, KindKnowledgeFound, KindHistoryFound, KindModelAnswered, KindModelProposed, KindHypothesisChosen, KindHypothesisFailed, KindHypothesisEnded, KindStepDone, KindActionDenied, KindActionShadowed,
	KindCallIntended, KindCallAnswered, KindApprovalAsked, KindApprovalVoided, KindApprovalExpired, KindOperatorDecided, KindAuthorityChanged, KindCustomerAsked,
	KindCustomerAnswered, KindQuestionEnded, KindWaitStarted, KindWaitEnded, KindCheckRead, KindReplyWritten, KindCaseStopped, KindHandoffOpened, KindHandoffNoticed, KindCaseResolved, KindCaseClosed}

// fill sets every field below v to something other than zero.
func fill(v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 10, 0, 0, 120_000_000, time.UTC)))
		return
	case Object:
		v.Set(reflect.ValueOf(Object{"b": int64(1), "a": []any{nil, 1.5, "ü\n<"}}))
		return
	case Value:
		v.Set(reflect.ValueOf(Value{map[string]any{"z": 2.0, "y": "\u2028"}}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"b \"key\"", "a"} {
			e := reflect.New(v.Type().Elem()).Elem()
			fill(e)
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
	case reflect.String:
		v.SetString(`a "text" with ä, <b> and ` + "\n")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7_000_000)
	case reflect.Uint64:
		v.SetUint(8)
	case reflect.Float64:
		v.SetFloat(0.25)
	}
}

// TestWritersAgreeWithEncodingJSON holds what entries write of themselves against encoding/json, with
// no field set and with all: a field that a writer forgets shows.
func TestWritersAgreeWithEncodingJSON(t *testing.T) {
	themselves := 0
	for _, kind := range allKinds {
		full := newData(kind)
		fill(reflect.ValueOf(full).Elem())
		for _, d := range []Data{newData(kind), full} {
			if _, ok := d.(selfWriting); ok {
				themselves++
			}
			want, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			w := writer{}
			w.data(d)
			if w.err != nil {
				t.Fatalf("%s: %v", kind, w.err)
			}
			a, errA := DecodeValue(w.b)
			b, errB := DecodeValue(want)
			if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
				t.Errorf("%s is written as\n%s\nand encoding/json writes\n%s", kind, w.b, want)
			}
		}
	}
	if themselves < 20 {
		t.Errorf("only %d write themselves", themselves)
	}
}

func TestPayloadComesBack(t *testing.T) {
	for _, kind := range allKinds {
		d := newData(kind)
		fill(reflect.ValueOf(d).Elem())
		for _, e := range []Entry{{Data: newData(kind)}, {Data: d, Evidence: []string{"entry:1", `kb://"x"#y`}, Versions: Versions{"b", "p", "q", "t", "m"}}} {
			b, err := AppendPayload([]byte("before"), &e)
			if err != nil || !strings.HasPrefix(string(b), "before") {
				t.Fatal(kind, err)
			}
			var back Entry
			if err := DecodePayload(&back, kind, b[len("before"):]); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			again, err := AppendPayload(nil, &back)
			if err != nil || string(again) != string(b[len("before"):]) {
				t.Errorf("%s comes back as\n%s\nand was\n%s (%v)", kind, again, b, err)
			}
		}
	}
}

func TestStringsAreWrittenAsEncodingJSONDoes(t *testing.T) {
	all := []string{"", "plain", "ä😀", "\u2028", "a\u2029\n", "\xff", "\xff\n", `"\`, "<&>", "\x7f"}
	for c := range rune(0x20) {
		all = append(all, "x"+string(c)+"ä")
	}
	for _, s := range all {
		want := string(appendByLibrary(nil, s))
		if got := string(appendString(nil, s)); got != want {
			t.Errorf("%q is written as %s, by encoding/json %s", s, got, want)
		}
	}
}

func BenchmarkAppendPayload(b *testing.B) {
	d := new(CallIntended)
	fill(reflect.ValueOf(d).Elem())
	e := Entry{Data: d, Evidence: []string{"entry:3"}, Versions: Versions{Bundle: "0123456789abcdef", Procedure: "damaged-item"}}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = AppendPayload(buf[:0], &e); err != nil {
			b.Fatal(err)
		}
	}
}
