package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// TestRulesThatCantBeEvaluatedDeny: whatever a rule says when it holds, and whatever the case holds.
func TestRulesThatCantBeEvaluatedDeny(t *testing.T) {
	huge := make([]any, 300_000)
	for i := range huge {
		huge[i] = map[string]any{"sku": fmt.Sprint("SKU-", i), "cents": int64(i)}
	}
	c := aCase()
	c.Facts["huge"] = casefile.Fact{Value: casefile.Value{V: map[string]any{"lines": huge, "text": strings.Repeat("a", 1<<20), "max": int64(1<<63 - 1), "min": int64(-1 << 63), "nothing": nil}}}
	for _, tt := range []struct{ name, when, says string }{
		{"division by zero", "1 / (facts.order.total - facts.order.total) == 1", "division by zero"},
		{"modulus by zero", "1 % (facts.order.total - 4900) == 1", "modulus by zero"},
		{"a sum that overflows", "facts.huge.max + 1 > 0", "overflow"},
		{"a difference that overflows", "facts.huge.min - 1 < 0", "overflow"},
		{"a product that overflows", "facts.huge.max * facts.order.total > 0", "overflow"},
		{"a negation that overflows", "-facts.huge.min > 0", "overflow"},
		{"a double that is no int", "int(double(facts.order.total) * 1e30) > 0", "overflow"},
		{"a missing fact", "facts.none.total > 1", "absent"},
		{"a missing field", "facts.order.none > 1", "absent"},
		{"a missing field of a field", "facts.order.email.domain == 'x'", ""},
		{"a missing argument", "action.args.none == 1", "absent"},
		{"an input that isn't there", "inputs.none == 1", "absent"},
		{"null where a number is", "facts.huge.nothing > 1", "overload"},
		{"a text where a number is", "facts.order.email > 1", "overload"},
		{"no text of a number", "int(facts.order.email) > 1", ""},
		{"no time", "now - timestamp(facts.order.email) > duration('1h')", ""},
		{"beyond a list's end", "facts.huge.lines[300000].cents > 1", ""},
		{"no condition", "facts.order.total", "not true or false"},
		{"a pattern from outside that is none", "'x'.matches('(' + facts.order.email)", ""},
		{"a loop over a huge list", "facts.huge.lines.exists(l, l.cents < 0)", "costs too much"},
		{"a loop in a loop", "facts.huge.lines.exists(a, facts.huge.lines.exists(b, a.cents + b.cents < 0))", "costs too much"},
		{"what a loop gives, looped over", "facts.huge.lines.map(l, l.sku).filter(s, s != 'x').size() == 0", "costs too much"},
		{"a text that grows", "['1','2','3','4','5','6'].map(i, facts.huge.text + facts.huge.text + facts.huge.text).join(facts.huge.text).size() == 0", "costs too much"},
	} {
		for _, says := range []string{"deny", "approve", "allow"} {
			begun := time.Now()
			g := guard(t, "default: act\n", fmt.Sprintf("policy: p\napplies_to: ['*']\nrules:\n  - {id: r, %s: \"%s\"}\n", says, tt.when))
			v := g.Judge(c, casefile.Proposal{Reads: literal(), Action: refund(int64(4900))})
			if v.Outcome != casefile.Deny || v.Rule != "r" || !strings.Contains(v.Reason, "then it denies") || !strings.Contains(v.Reason, tt.says) {
				t.Errorf("%s, %s: %s: %s by %q, saying %q; want a denial that says %q", tt.name, says, tt.when, v.Outcome, v.Rule, v.Reason, tt.says)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("%s took %v", tt.name, took)
			}
		}
	}
}
