package table_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"resolute/agent/source"
	"resolute/agent/table"
)

func parse(file, text string) (*table.Table, source.Problems) {
	var ps source.Problems
	return table.Parse(file, []byte(text), &ps), ps
}

func TestColumnsAreTyped(t *testing.T) {
	got, ps := parse("tables/fees.csv", "\ufefftier,n,share,on,code,since:timestamp,until:timestamp?,\"note\"\r\n"+
		"gold,1,2.5,true,007,2026-03-01,,\"a, \"\"b\"\"\"\r\n"+
		"iron,-2,3,false,12,2026-03-01T10:00:00+02:00,2027-01-01,\r\n")
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	want := []map[string]any{
		{"tier": "gold", "n": int64(1), "share": 2.5, "on": true, "code": "007", "since": day, "note": `a, "b"`},
		{"tier": "iron", "n": int64(-2), "share": 3.0, "on": false, "code": "12", "since": day.Add(8 * time.Hour), "until": time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), "note": ""},
	}
	if got.Name != "fees" || !reflect.DeepEqual(got.Rows, want) {
		t.Errorf("%s has the rows\n%v, want\n%v", got.Name, got.Rows, want)
	}
}

func TestProblemsOfTablesNameTheirPlace(t *testing.T) {
	for _, tt := range []struct{ file, text, want string }{
		{"t.csv", "", "t.csv:1:1: the table is empty"},
		{"t-1.csv", "a\n1\n", `t-1.csv:1:1: "t-1" can't be named`},
		{"t.csv", "a;b\n1;2\n", "t.csv:1:1: cells are separated by commas"},
		{"t.csv", "a,b c\n1,2\n", `t.csv:1:3: "b c" can't be named`},
		{"t.csv", "a,in\n1,2\n", `t.csv:1:3: "in" can't be named`},
		{"t.csv", "a,b,a\n1,2,3\n", "t.csv:1:5: the column a is there twice"},
		{"t.csv", "a:integer\n1\n", `t.csv:1:1: "integer" is no type of a column`},
		{"t.csv", "a,b\n1,2\n3\n", "t.csv:3:1: this row has 1 cells, and there are 2 columns"},
		{"t.csv", "a,b\n1,2,3\n", "t.csv:2:1: this row has 3 cells"},
		{"t.csv", "a,b:int\n1,x\n", `t.csv:2:3: column b: "x" is no whole number`},
		{"t.csv", "a,b:int\n1,\n", "t.csv:2:3: column b: the cell is empty; where it may be, the column's type is int?"},
		{"t.csv", "a,b:int\n1, 2\n", `t.csv:2:3: column b: " 2" has space around it`},
		{"t.csv", "a,b:int\n1,9223372036854775808\n", "t.csv:2:3: column b: 9223372036854775808 doesn't fit 64 bits"},
		{"t.csv", "a,b:number\n1,Inf\n", `t.csv:2:3: column b: "Inf" is no number`},
		{"t.csv", "a,b:number\n1,1e999\n", `t.csv:2:3: column b: "1e999" is no number`},
		{"t.csv", "a,b:bool\n1,yes\n", `t.csv:2:3: column b: "yes" is neither true nor false`},
		{"t.csv", "a,b:timestamp\n1,1.3.2026\n", `t.csv:2:3: column b: "1.3.2026" is no time`},
		{"t.csv", "a,b\n1,\"2\n", "t.csv:2:"},
		{"t.csv", "a,b\n1,2\"3\n", "t.csv:2:4: not CSV"},
		{"t.csv", "a,b\n1,\xff\n", "t.csv:1:1: the file is not UTF-8"},
		{"t.csv", "a\n" + strings.Repeat("1\n", source.MaxFile), "t.csv:1:1: the file has"},
		{"t.csv", "a,b\n1,2\n3,4\n1,2\n", "t.csv:4:1: warning: this row is the same as that of line 2"},
		{"t.csv", "a,b\nx,1\ny,2.5\nz,\"5,000\"\n", `t.csv:4:3: warning: "5,000" makes the column b text, though 2 of its 3 cells are numbers`},
		{"t.csv", "a,b\nx,1\ny,\nz,5\n", `t.csv:3:3: warning: "" makes the column b text`},
	} {
		if _, ps := parse(tt.file, tt.text); len(ps) == 0 || !strings.HasPrefix(fmt.Sprint(ps[0]), tt.want) {
			t.Errorf("%.40q: %v, want %s", tt.text, ps, tt.want)
		}
	}
}

func TestColumnsOfNamesAreNotWarnedOf(t *testing.T) {
	for _, text := range []string{"a\nx1\ny2\n3\n", "a:string\n1\n2\nx\n", "a\n1\n2\n", "a\n"} {
		if _, ps := parse("t.csv", text); len(ps) > 0 {
			t.Errorf("%q: %v, want no warning", text, ps)
		}
	}
}

// FuzzParse: a table that is read without an error has every cell that is there by its column's type.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a:int?,b:timestamp\n,2026-01-01\n", "\"a\n\",b", "a\n\"1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ps := parse("t.csv", text)
		if got == nil || ps.Failed() {
			return
		}
		for _, row := range got.Rows {
			for _, c := range got.Columns {
				if _, there := row[c.Name]; !there && !c.Optional {
					t.Errorf("%q: a row lacks %s", text, c.Name)
				}
			}
		}
	})
}
