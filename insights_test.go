package main

import (
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/plugins/demo"
)

// The demo's story in figures: 14 cases resolved by themselves, one that waits for an approval, two with
// people, and what was refunded.
func TestTheStoryInFigures(t *testing.T) {
	r := newRigWith(t, nil) // with what a monitor finds
	steps, err := demo.Story()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, s := range steps {
		if s.AfterQuestion {
			r.settled(ids[s.Story], casefile.Waiting)
		}
		ids[s.Story] = r.send(s.Signal)
	}
	for _, s := range steps {
		if s.Expect != "" {
			r.settled(ids[s.Story], casefile.Status(s.Expect))
		}
	}
	var f insights.Report
	for deadline := time.Now().Add(30 * time.Second); f.Outcomes.Resolved < 14 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) { // one that a monitor finds
		f = insights.Report{}
		if code := r.do("GET", "/api/v1/insights", nil, &f); code != 200 {
			t.Fatalf("GET /insights answers %d", code)
		}
	}
	if o := f.Outcomes; f.Cases != 17 || o.Resolved != 14 || o.ByItself != 14 || o.WithPerson != 0 || o.Open != 1 || o.OpenReasons["policy.approval"] != 1 || o.Escalated != 2 || o.EscalatedReasons["policy.deny"]+o.EscalatedReasons["confidence.low"]+o.EscalatedReasons["evidence.missing"] != 2 || o.Closed != 0 {
		t.Errorf("of %d cases the outcomes are %+v; want 17: 14 resolved by themselves, 1 that waits for an approval, 2 with people", f.Cases, o)
	}
	refunded := int64(0)
	for _, e := range f.Effects {
		if e.Tool == "shop.refund_order" && e.Sum != nil && *e.Currency == r.currency() {
			refunded += *e.Sum
		}
	}
	if refunded != 12_700 {
		t.Errorf("%d cents were refunded by %+v, want 64.00 + 29.00 + 34.00", refunded, f.Effects)
	}
	if len(f.Bundles) != 1 || f.Bundles[0].Cases != 17 || len(f.Bundles[0].ActivatedAt) != 1 || f.Bundles[0].AppliedAt == nil {
		t.Errorf("the version is %+v, want the one that all cases are handled under, activated once", f.Bundles)
	}
	if f.Hours.Hours != nil || f.Hours.Without != 14 || f.CSAT.Value != nil || f.Churn.Customers != nil || f.FollowUps.Value != nil {
		t.Errorf("what nobody measured is %+v, %+v, %+v, %+v; want null, each with its reason", f.Hours, f.CSAT, f.Churn, f.FollowUps)
	}
	var behind struct {
		Items []insights.Behind `json:"items"`
	}
	r.do("GET", "/api/v1/insights/cases?figure=open&reason=policy.approval", nil, &behind)
	if len(behind.Items) != 1 || behind.Items[0].Case != ids["duplicate-charge"] {
		t.Errorf("what waits for an approval is %+v, want the case of the duplicate charge", behind.Items)
	}
}

// currency is the bundle's.
func (r *rig) currency() string {
	b, err := r.app.(*appliance).library.Active()
	if err != nil {
		r.t.Fatal(err)
	}
	return b.Config.Currency
}
