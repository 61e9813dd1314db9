package triage

import (
	"context"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/procedure"
	"resolute/embed"
)

// Of the bundle's threshold and the one that keeps the stated error rate, the stricter counts.
func TestStricterThresholdCounts(t *testing.T) {
	p := &procedure.Procedure{Name: "late", Goal: "it arrives"}
	p.Start.Examples = []string{"my parcel is late", "where is my parcel"}
	c, err := Train(t.Context(), Examples([]*procedure.Procedure{p, {Name: "other"}}), embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	route := func(bundle, learned, likely float64, stated bool) (string, string) {
		t.Helper()
		sure := *c
		sure.threshold, sure.likely = learned, likely
		r := &Router{Now: time.Now, Books: func(context.Context, string) (Book, error) {
			return Book{Classifier: &sure, Threshold: bundle, Stated: stated, Starting: func(*casefile.Signal, time.Time) []*procedure.Procedure {
				return []*procedure.Procedure{p}
			}}, nil
		}}
		got, err := r.Route(t.Context(), &casefile.Case{Signals: []casefile.Received{{Signal: casefile.Signal{Type: "ticket", Data: casefile.Object{"text": "my parcel is late"}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return got.Procedure, got.Reason
	}
	for _, x := range []struct {
		bundle, learned, likely float64
		stated                  bool
		want, reason            string
	}{
		{0.7, 0, 0.7, false, "late", "most like"},
		{0.7, 0.5, 1, false, "late", "most like"}, // what is proven counts over what is likely
		{0.7, 1, 0.7, false, "", "that keeps what goes wrong under 3 %"},
		{1, 0.5, 0.7, true, "", "below the threshold of 1.00"},
		{0.7, 0, 1, false, "", "too few texts are known to prove one"},
		{0.7, 0, 1, true, "late", "most like"}, // the bundle says so itself
		{0.7, 1, 0.7, true, "", "that keeps what goes wrong under 3 %"},
	} {
		if got, reason := route(x.bundle, x.learned, x.likely, x.stated); got != x.want || !strings.Contains(reason, x.reason) {
			t.Errorf("%+v: it goes to %q because %q; want %q because %q", x, got, reason, x.want, x.reason)
		}
	}
}
