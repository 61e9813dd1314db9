package source_test

import (
	"strings"
	"testing"
	"time"

	"resolute/agent/source"
)

func TestProblemsNameTheirPlace(t *testing.T) {
	read := func(n source.Node) {
		m := n.Mapping("name", "start", "every", "steps")
		m.Need("name", "x")
		m.Get("every").Duration()
		m.Get("steps").Int()
		m.Get("start").Mapping("signals")
	}
	for _, tt := range []struct{ text, want string }{
		{"name: a\nstrat: {}\n", "f.yaml:2:1: unknown key strat; did you mean start?"},
		{"name: a\nname: b\n", "f.yaml:2:1: name is there twice"},
		{"start: {}\n", "f.yaml:1:1: name is missing; add for example name: x"},
		{"name: a\nevery: soon\n", "f.yaml:2:8: \"soon\" is not a duration; write it like 30s, 15m or 72h"},
		{"name: a\nsteps: -1\n", "f.yaml:2:8: \"-1\" is not a whole number of 0 or more"},
		{"name: a\nstart: [a, b]\n", "f.yaml:2:8: a mapping (key: value) is expected here, not a list"},
		{"name: &a b\n", "f.yaml:1:7: anchors and aliases aren't allowed; write it out"},
		{"", "f.yaml:1:1: the file is empty"},
		{"name: [a\n", "f.yaml:1:"},
		{"name: a\n---\nname: b\n", "f.yaml:1:1: the file holds more than one document; make it one file each"},
		{strings.Repeat("[", 200_000), "f.yaml:1:61: it is nested more than 60 deep"},
	} {
		var ps source.Problems
		begun := time.Now()
		read(source.Parse("f.yaml", []byte(tt.text), &ps))
		if len(ps) == 0 || !strings.HasPrefix(ps[0].String(), tt.want) {
			t.Errorf("%.40q: %v, want %s", tt.text, ps, tt.want)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%.40q took %v", tt.text, took)
		}
	}
}

func TestFlowMappingsReadAsTheyLook(t *testing.T) {
	var ps source.Problems
	m := source.Parse("f.yaml", []byte(`a: {check: facts.after.replacement_id != "", within: 30s}
b: {order_id: =inputs.order_id, ask: Which order is it?}
c: {pattern: 'ORD-[0-9]{4,}', when: 'now - timestamp(x) < duration("72h")'}
on: {no: yes}
`), &ps).Mapping("a", "b", "c", "on")
	a, b, c := m.Get("a").Mapping("check", "within"), m.Get("b").Mapping("order_id", "ask"), m.Get("c").Mapping("pattern", "when")
	for got, want := range map[string]string{
		a.Get("check").String(): `facts.after.replacement_id != ""`, b.Get("order_id").String(): "=inputs.order_id", b.Get("ask").String(): "Which order is it?",
		c.Get("pattern").String(): "ORD-[0-9]{4,}", c.Get("when").String(): `now - timestamp(x) < duration("72h")`, m.Get("on").Mapping("no").Get("no").String(): "yes",
	} {
		if got != want {
			t.Errorf("read %q, want %q", got, want)
		}
	}
	if at := c.Get("when").Text().At(6); at.Line != 3 || at.Col != 44 || len(ps) > 0 {
		t.Errorf("the 7th character of when is at %v, want 3:44 (%v)", at, ps)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: b", "a: {b: [c, 'd']}", "a: |\n  b\n", "- a\n- b", "a: &x b\nc: *x", "? a\n: b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		var ps source.Problems
		n := source.Parse("f.yaml", text, &ps)
		n.Value()
		n.Mapping("a").Get("a").Text()
	})
}
