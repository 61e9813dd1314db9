package casefile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The model is asked anew when something happened that it doesn't know, and not for what it wanted and
// what is read to go on with that.
func TestNews(t *testing.T) {
	begun := then(opened, chosen, first)
	read := answer(ForGather, OutcomeDone)
	for _, c := range []struct {
		name   string
		before []Data
		data   Data
		news   bool
	}{
		{"a signal", begun, opened[0], true},
		{"a write is done", then(begun, sent(ForDo, "write")), answer(ForDo, OutcomeDone), true},
		{"nobody knows whether it is", then(begun, sent(ForDo, "write")), answer(ForDo, OutcomeUnknown), false},
		{"an answer that comes too late", begun, answer(ForDo, OutcomeDone), false},
		{"the procedure reads again", then(begun, &CallIntended{Call: Call{ID: read.ID, Purpose: ForGather, Try: 1}}), read, false},
		{"the check is read", then(begun, sent(ForVerify, "read")), answer(ForVerify, OutcomeDone), false},
		{"a denial", begun, denied, true},
		{"a yes", begun, &OperatorDecided{Decision: DecideApprove}, false},
		{"a no", begun, &OperatorDecided{Decision: DecideReject}, true},
		{"the check failed for good", begun, &HypothesisFailed{Hypothesis: "h"}, true},
		{"it is asked", begun, thought, false},
		{"a wait", begun, waits, false},
	} {
		got := folded(then(c.before, c.data)...)
		if news := got.News == got.Seq; news != c.news {
			t.Errorf("%s: news %v, want %v", c.name, news, c.news)
		}
		if a := folded(then(begun, thought, c.data)...).Asked(UseDrive); c.news && len(c.before) == len(begun) && a != nil {
			t.Errorf("%s: what the model said before still holds", c.name)
		}
	}
}

// A call that ends otherwise than done is a failure, with the stop code that it counts as.
func TestFoldFailures(t *testing.T) {
	for _, c := range []struct {
		purpose Purpose
		outcome Outcome
		code    string
		want    StopCode
	}{
		{ForDo, OutcomeRefused, "sold_out", ""},
		{ForGather, OutcomeRefused, "no_such_order", StopEvidenceMissing},
		{ForVerify, OutcomeRefused, "no_such_order", ""},
		{ForDo, OutcomeError, "", StopToolError},
		{ForGather, OutcomeError, string(StopManifestChanged), StopManifestChanged},
		{ForDo, OutcomeDenied, "", StopPolicyDeny},
		{ForDo, OutcomeUnavailable, "", StopToolUnavailable},
		{ForDo, OutcomeAbandoned, "", StopOutcomeUnknown},
	} {
		a := answer(c.purpose, c.outcome)
		a.Code = c.code
		got := folded(then(opened, chosen, first, sent(c.purpose, "write"), a)...)
		want := &Failure{Call: string(c.purpose), Purpose: c.purpose, Name: "f", Tool: "a.b", Outcome: c.outcome, Code: c.code, Detail: "detail", Stop: c.want}
		if diff := cmp.Diff(want, got.Failure); diff != "" {
			t.Errorf("%s that ends %s %q (-want +got):\n%s", c.purpose, c.outcome, c.code, diff)
		}
		if len(got.Pending)+len(got.Writes)+len(got.Facts) != 0 || got.Hypotheses[0].Step != 0 {
			t.Errorf("%s that ends %s leaves %+v, want nothing pending, written, known or over", c.purpose, c.outcome, got)
		}
	}
}

// Whether a write may have happened is settled by the plugin's word alone.
func TestFoldDoubt(t *testing.T) {
	again := func(try int) *CallIntended {
		c := call(ForDo, "write")
		c.Try, c.Doubt = try, true // as the step hands it on
		return &CallIntended{Call: c}
	}
	for _, c := range []struct {
		name   string
		source Source
		doubt  bool
	}{{"a 503 to the repeat says nothing of the first", SourceAnswer, true}, {"the plugin never saw the key", SourceOperation, false}} {
		got := folded(then(opened, chosen, first, sent(ForDo, "write"), answer(ForDo, OutcomeUnknown), again(2),
			&CallAnswered{ID: "do", Try: 2, Outcome: OutcomeNotDone, Source: c.source})...)
		if got.Pending[0].Doubt != c.doubt || got.Pending[0].State != NotDone {
			t.Errorf("%s: the call is %s, in doubt %v; want %s and %v", c.name, got.Pending[0].State, got.Pending[0].Doubt, NotDone, c.doubt)
		}
	}
}
