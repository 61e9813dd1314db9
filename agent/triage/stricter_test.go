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
	route := func(bundle, learned float64) (string, string) {
		t.Helper()
		sure := *c
		sure.threshold = learned
		r := &Router{Now: time.Now, Books: func(context.Context, string) (Book, error) {
			return Book{Classifier: &sure, Threshold: bundle, Starting: func(*casefile.Signal, time.Time) []*procedure.Procedure {
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
		bundle, learned float64
		want, reason    string
	}{{0.7, 0, "late", "most like"}, {0.7, 0.5, "late", "most like"}, {0.7, 1, "", "that keeps what goes wrong under 3 %"}, {1, 0.5, "", "below the threshold of 1.00"}} {
		if got, reason := route(x.bundle, x.learned); got != x.want || !strings.Contains(reason, x.reason) {
			t.Errorf("the bundle says %v, what was learned %v: it goes to %q because %q; want %q because %q", x.bundle, x.learned, got, reason, x.want, x.reason)
		}
	}
}
