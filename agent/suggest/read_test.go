package suggest

import (
	"testing"

	"resolute/agent/casefile"
)

// What people did in place of a step is a remedy only where the check of its hypothesis held then: another
// check would fail after a write that was done.
func TestAnActionHeldWhereItsCheckDid(t *testing.T) {
	for _, tt := range []struct {
		status casefile.Status
		check  casefile.HypothesisStatus
		want   bool
	}{
		{casefile.Resolved, casefile.Held, true},
		{casefile.Closed, casefile.GivenUp, false}, // by hand, whatever the check says
		{casefile.Resolved, casefile.GivenUp, false},
	} {
		r := reader{c: &casefile.Case{Status: tt.status, Hypotheses: []casefile.Hypothesis{{Name: "refundable", Status: tt.check}}, Writes: []casefile.Write{{Tool: "shop.refund", Seq: 7}}},
			list: []Deed{{How: Acted, Hypothesis: "refundable", Tool: "shop.refund", Seq: 5}}}
		if r.judge(); r.list[0].Held != tt.want {
			t.Errorf("done, the check %s, the case %s: held is %v", tt.check, tt.status, r.list[0].Held)
		}
	}
}
