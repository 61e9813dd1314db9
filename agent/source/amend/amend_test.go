package amend_test

import (
	"errors"
	"strings"
	"testing"

	"resolute/agent/source/amend"
)

const policy = `# who may have what
policy: refunds
rules:
  - {id: own, deny: facts.a != case.b, reason: 'It''s theirs, alone'}   # never touch
  - {id: over-100, approve: action.args.amount_cents > 10000, by: approver}
  - {id: strange, approve: 'a > 1, or so'}
examples:
  # the first
  - my blender arrived smashed
  - "the box was crushed:
    and the mug is in pieces"

list: [one, 'two, or so']
hypotheses:
  - name: a
    do:
      - {call: x}

  # b is for the rest
  - name: b
    do:
      - {call: y}
otherwise: {escalate: x}
`

// TestAmend changes one place and nothing else.
func TestAmend(t *testing.T) {
	for name, c := range map[string]struct {
		do        func([]byte) ([]byte, error)
		from, now string
	}{
		"a number in an expression": {func(b []byte) ([]byte, error) {
			return amend.Set(b, amend.Path{"rules", 1, "approve"}, "action.args.amount_cents > 15000")
		}, "> 10000,", "> 15000,"},
		"an expression that now needs quotes": {func(b []byte) ([]byte, error) {
			return amend.Set(b, amend.Path{"rules", 1, "approve"}, `a in ["b", 'c']`)
		}, "approve: action.args.amount_cents > 10000,", `approve: 'a in ["b", ''c'']',`},
		"in quotes": {func(b []byte) ([]byte, error) {
			return amend.Set(b, amend.Path{"rules", 2, "approve"}, "a > 2, or 'so'")
		}, "'a > 1, or so'", "'a > 2, or ''so'''"},
		"a key": {func(b []byte) ([]byte, error) {
			return amend.Rename(b, amend.Path{"rules", 1}, "approve", "deny")
		}, "over-100, approve:", "over-100, deny:"},
		"behind an item of two lines": {func(b []byte) ([]byte, error) {
			return amend.Append(b, amend.Path{"examples"}, []string{"it: is - broken", "it leaks"})
		}, "is in pieces\"\n", "is in pieces\"\n  - 'it: is - broken'\n  - it leaks\n"},
		"between brackets": {func(b []byte) ([]byte, error) {
			return amend.Append(b, amend.Path{"list"}, []string{"three"})
		}, "'two, or so']", "'two, or so', 'three']"},
		"the order": {func(b []byte) ([]byte, error) {
			return amend.Move(b, amend.Path{"hypotheses"}, 1, 0)
		}, policy[strings.Index(policy, "  - name: a"):strings.Index(policy, "otherwise")],
			"  # b is for the rest\n  - name: b\n    do:\n      - {call: y}\n  - name: a\n    do:\n      - {call: x}\n\n"},
		"another item": {func(b []byte) ([]byte, error) {
			return amend.Insert(b, amend.Path{"hypotheses"}, "- name: c\n  do: [{call: z}]")
		}, "- {call: y}\n", "- {call: y}\n  - name: c\n    do: [{call: z}]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.do([]byte(policy))
			want := strings.Replace(policy, c.from, c.now, 1)
			if err != nil || string(got) != want {
				t.Errorf("it is now (%v)\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

// TestAmendRefuses what isn't there, and what it would have to guess.
func TestAmendRefuses(t *testing.T) {
	for name, do := range map[string]func([]byte) ([]byte, error){
		"a place that is gone":       func(b []byte) ([]byte, error) { return amend.Set(b, amend.Path{"rules", 7, "approve"}, "x") },
		"a key that is gone":         func(b []byte) ([]byte, error) { return amend.Rename(b, amend.Path{"rules", 0}, "approve", "deny") },
		"a text over two lines":      func(b []byte) ([]byte, error) { return amend.Set(b, amend.Path{"examples", 1}, "x") },
		"a mapping":                  func(b []byte) ([]byte, error) { return amend.Set(b, amend.Path{"otherwise"}, "x") },
		"the order between brackets": func(b []byte) ([]byte, error) { return amend.Move(b, amend.Path{"list"}, 1, 0) },
		"no YAML":                    func([]byte) ([]byte, error) { return amend.Set([]byte("a: [b"), amend.Path{"a"}, "x") },
	} {
		if got, err := do([]byte(policy)); !errors.Is(err, amend.ErrPlace) && !errors.Is(err, amend.ErrLayout) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}
