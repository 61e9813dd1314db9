package insights_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/projection"
)

var (
	ada = map[string]any{"id": "ada", "email": "Ada@example.com"}
	bob = map[string]any{"email": "bob@example.com"}
	cyd = map[string]any{"id": "cyd"}
)

// aMarch is a month whose figures are worked out by hand below. The cases are named by their numbers.
func aMarch(h *house) map[int]string {
	h.Helper()
	c := map[int]string{}
	refund := func(cents int64) casefile.Object { return casefile.Object{"order_id": "O", "amount_cents": cents} }

	// 1: refunded by itself in 10 minutes; EUR is named. What it reads is no write.
	c[1] = h.opens(when("03-01 10:00"), "v1", "ticket.created", ada, nil)
	h.happens(c[1], when("03-01 10:01"), procedure("damaged"), intends("g", "shop.get", refund(9), reading), answers("g", casefile.OutcomeDone))
	h.happens(c[1], when("03-01 10:10"), intends("d", "shop.refund", casefile.Object{"amount_cents": int64(1500), "currency": "eur"}), answers("d", casefile.OutcomeDone), resolvedNow())
	// 2: the same customer two days later; a person approves, 1 h; no currency is named: v1's.
	c[2] = h.opens(when("03-03 10:10"), "v1", "ticket.created", map[string]any{"id": "ada"}, nil)
	h.happens(c[2], when("03-03 10:11"), procedure("damaged"), asks(casefile.StopPolicyApproval))
	h.happens(c[2], when("03-03 11:10"), decides(casefile.DecideApprove), intends("d", "shop.refund", refund(2501), approved), answers("d", casefile.OutcomeDone), resolvedNow())
	// 3: with people twice, 20 minutes and then 30; what was done is undone; closed by a person.
	c[3] = h.opens(when("03-05 09:00"), "v2", "ticket.created", bob, nil)
	h.happens(c[3], when("03-05 09:05"), procedure("damaged"), escalates(casefile.StopPolicyDeny))
	h.happens(c[3], when("03-05 09:30"), decides(casefile.DecideTakeover))
	h.happens(c[3], when("03-05 09:50"), decides(casefile.DecideHandback), intends("d", "shop.refund", refund(700)), answers("d", casefile.OutcomeDone),
		intends("u", "shop.reverse", refund(700), undoing), answers("u", casefile.OutcomeDone))
	h.happens(c[3], when("03-05 10:00"), escalates(casefile.StopCheckFailed), decides(casefile.DecideTakeover))
	h.happens(c[3], when("03-05 10:30"), decides(casefile.DecideClose))
	// 4: resolved in a minute, reopened by a signal, resolved again after 25 h.
	c[4] = h.opens(when("03-10 10:00"), "v2", "ticket.created", cyd, nil)
	h.happens(c[4], when("03-10 10:01"), procedure("double"), resolvedNow())
	h.happens(c[4], when("03-10 20:00"), &casefile.CaseReopened{})
	h.happens(c[4], when("03-11 11:00"), resolvedNow())
	// 5: another of the same customer, which turned out to be 4: no follow-up of anything.
	c[5] = h.opens(when("03-11 12:00"), "v2", "ticket.created", cyd, nil)
	h.happens(c[5], when("03-11 12:01"), procedure("double"), closes(casefile.StopMerged))
	// 6: nobody knows what it is, and a person judges what it would have done without taking it.
	c[6] = h.opens(when("03-20 10:00"), "v2", "ticket.created", nil, nil)
	h.happens(c[6], when("03-20 10:01"), escalates(casefile.StopConfidenceLow))
	// 7: waits for a person; opened on the last day of the month in UTC, which is April in Berlin.
	c[7] = h.opens(when("03-31 23:30"), "v2", "ticket.created", bob, nil)
	h.happens(c[7], when("03-31 23:31"), procedure("damaged"), asks(casefile.StopBudgetExceeded))
	// 8: opened as the month ends, and so none of it; its write is April's.
	c[8] = h.opens(when("04-01 00:00"), "v2", "ticket.created", ada, nil)
	h.happens(c[8], when("04-01 00:01"), procedure("double"), intends("d", "shop.refund", refund(1)), answers("d", casefile.OutcomeDone), resolvedNow())
	// 9: opened as the month begins. Its write is refused, and the next one has no amount.
	c[9] = h.opens(when("03-01 00:00"), "v1", "ticket.created", bob, nil)
	h.happens(c[9], when("03-01 00:00:01"), procedure("damaged"), intends("a", "shop.refund", refund(5)), answers("a", casefile.OutcomeRefused),
		intends("b", "shop.replace", casefile.Object{"order_id": "O"}), answers("b", casefile.OutcomeDone), resolvedNow())
	// 10: a customer says how 2 went; who isn't vouched for says nothing that counts; another left.
	c[10] = h.opens(when("03-06 08:00"), "v2", "feedback.received", ada, casefile.Object{"score": int64(2), "case_id": c[2]})
	h.happens(c[10], when("03-06 08:01"), closes(casefile.StopDeclined))
	c[11] = h.opens(when("03-06 09:00"), "v2", "feedback.received", ada, casefile.Object{"score": int64(5), "untrusted": true})
	h.happens(c[11], when("03-06 09:01"), closes(casefile.StopDeclined))
	h.happens(c[1], when("03-02 08:00"), &casefile.SignalReceived{Signal: casefile.Signal{Type: "feedback.received", Assurance: casefile.AssuranceVouched, Data: casefile.Object{"score": int64(5)}}})
	c[12] = h.opens(when("03-30 09:00"), "v2", "customer.churned", ada, nil)
	h.happens(c[12], when("03-30 09:01"), closes(casefile.StopDeclined))
	// what was learned
	h.did(when("03-04 08:00"), "bundle.applied", "v2", nil)
	h.did(when("03-07 08:00"), "correction.taught", "k1", nil)
	h.did(when("03-07 09:00"), "token.created", "t", nil)
	h.did(when("03-08 08:00"), "authority.accept", "damaged shop.refund", map[string]any{"from": "propose", "to": "act", "band": "0..5000 EUR"})
	h.happens(c[4], when("03-12 08:00"), &casefile.AuthorityChanged{Procedure: "double", Tool: "shop.refund", From: casefile.LevelAct, To: casefile.LevelPropose})
	h.did(when("04-01 00:00"), "correction.taught", "k2", nil)
	return c
}

func TestAMonthWorkedOutByHand(t *testing.T) {
	h := newHouse(t)
	aMarch(h)
	r := h.report(march())
	// 1, 2, 4, 9 resolved; 3 closed by a person, 5 merged, 10 to 12 declined; 6 with people; 7 open.
	check(t, "cases", r.Cases, 11)
	check(t, "outcomes", r.Outcomes, insights.Outcomes{Resolved: 4, ByItself: 3, WithPerson: 1, Escalated: 1, EscalatedReasons: map[string]int{"confidence.low": 1},
		Closed: 5, ClosedReasons: map[string]int{"human.closed": 1, "merged": 1, "declined": 3}, Open: 1, OpenReasons: map[string]int{"budget.exceeded": 1}})
	check(t, "resolved by itself", show(r.ByItself), `{"part":3,"whole":9,"value":0.3333333333333333}`) // all but the merged and the open one
	// 1 s (9), 600 s (1), 3600 s (2), 25 h (4): ranks 1, 2, 3, 4 of 4 for 25, 50, 75 and 90 %
	s := r.TimeToResolution
	check(t, "times", []int64{int64(s.Count), *s.Min, *s.P25, *s.Median, *s.P75, *s.P90, *s.Max, *s.IQR}, []int64{4, 1000, 1000, 600_000, 3_600_000, 90_000_000, 90_000_000, 3_599_000})
	var buckets []int
	for _, b := range s.Buckets {
		buckets = append(buckets, b.Count)
	}
	check(t, "buckets up to 1s 10s 1m 10m 1h 4h 1d 3d 7d and longer", buckets, []int{1, 0, 0, 1, 1, 0, 0, 1, 0, 0})
	check(t, "reopened", show(r.Reopened), `{"part":1,"whole":8,"value":0.125}`) // 4, of 1 2 3 4 9 10 11 12
	// of 1, 2, 4, 9, all a week ago: 1, whose customer came again with 2; 7 came 31 days after 9
	check(t, "follow-ups", show(r.FollowUps), `{"within_ms":604800000,"part":1,"whole":4,"value":0.25,"so_far":1}`)
	check(t, "effects", show(r.Effects), `[{"procedure":"damaged","tool":"shop.refund","currency":"EUR","count":2,"sum_cents":4001},`+
		`{"procedure":"damaged","tool":"shop.replace","currency":null,"count":1,"sum_cents":null,"reason":"these actions have no amount"}]`)
	check(t, "CSAT", show(r.CSAT), `{"responses":2,"satisfied":1,"value":0.5,"mean":3.5}`)
	check(t, "churn", show(r.Churn), `{"customers":1,"of_customers_with_cases":{"part":1,"whole":3,"value":0.3333333333333333}}`)
	check(t, "learned", show(r.Learned), `[{"at":"2026-03-04T08:00:00Z","what":"bundle.applied","subject":"v2"},{"at":"2026-03-07T08:00:00Z","what":"correction.taught","subject":"k1"},`+
		`{"at":"2026-03-08T08:00:00Z","what":"authority.accept","subject":"damaged shop.refund"},{"at":"2026-03-12T08:00:00Z","what":"authority.lowered","subject":"double shop.refund"}]`)
	check(t, "authority", fmt.Sprintln(len(r.Authority), r.Authority[0].What, r.Authority[0].Procedure, r.Authority[0].Tool, r.Authority[0].To, r.Authority[1].What, r.Authority[1].To), "2 accept damaged shop.refund act lowered propose\n")
	check(t, "behind", r.Behind, uint64(0))
}

// Days begin in Berlin, and the month ends in UTC, as the query says: 32 pieces, of which the first and
// the last are cut.
func TestTheTimelineIsTheCompanys(t *testing.T) {
	h := newHouse(t)
	aMarch(h)
	r := h.report(march())
	if r.TimeZone != "Europe/Berlin" || r.Timeline.By != insights.Day || len(r.Timeline.Items) != 32 {
		t.Fatalf("the timeline has %d pieces by %s in %s, want 32 by day in Europe/Berlin", len(r.Timeline.Items), r.Timeline.By, r.TimeZone)
	}
	at := map[string]string{}
	for _, s := range r.Timeline.Items {
		if s.Opened+s.Escalated+s.Writes.ByItself+s.Writes.Approved > 0 || s.Learned != (insights.Learned{}) {
			at[s.From.Format("01-02 15:04")] = fmt.Sprintf("%d opened, %d escalated %v, %+v, %+v", s.Opened, s.Escalated, s.Reasons, s.Writes, s.Learned)
		}
	}
	w, none := func(own, approved int) insights.Writes { return insights.Writes{ByItself: own, Approved: approved} }, insights.Learned{}
	say := func(opened, escalated int, reasons map[string]int, w insights.Writes, l insights.Learned) string {
		if reasons == nil {
			reasons = map[string]int{}
		}
		return fmt.Sprintf("%d opened, %d escalated %v, %+v, %+v", opened, escalated, reasons, w, l)
	}
	check(t, "pieces", at, map[string]string{
		"03-01 00:00": say(2, 0, nil, w(2, 0), none),
		"03-02 23:00": say(1, 0, nil, w(0, 1), none),
		"03-03 23:00": say(0, 0, nil, w(0, 0), insights.Learned{Bundles: 1}),
		"03-04 23:00": say(1, 2, map[string]int{"policy.deny": 1, "check.failed": 1}, w(0, 0), none),
		"03-05 23:00": say(2, 0, nil, w(0, 0), none),
		"03-06 23:00": say(0, 0, nil, w(0, 0), insights.Learned{Corrections: 1}),
		"03-07 23:00": say(0, 0, nil, w(0, 0), insights.Learned{Raised: 1}),
		"03-09 23:00": say(1, 0, nil, w(0, 0), none),
		"03-10 23:00": say(1, 0, nil, w(0, 0), none),
		"03-11 23:00": say(0, 0, nil, w(0, 0), insights.Learned{Lowered: 1}),
		"03-19 23:00": say(1, 1, map[string]int{"confidence.low": 1}, w(0, 0), none),
		"03-29 22:00": say(1, 0, nil, w(0, 0), none), // summer time began
		"03-31 22:00": say(1, 0, nil, w(0, 0), none),
	})
	q := march()
	q.By = insights.Week
	weeks := h.report(q).Timeline.Items
	var bounds []string
	for _, s := range weeks {
		bounds = append(bounds, s.From.Format("01-02 15:04"))
	}
	check(t, "weeks", bounds, []string{"03-01 00:00", "03-01 23:00", "03-08 23:00", "03-15 23:00", "03-22 23:00", "03-29 22:00"})
}

func TestFiguresApart(t *testing.T) {
	h := newHouse(t)
	aMarch(h)
	r := h.report(march())
	var procedures, bundles []string
	for _, p := range r.Procedures {
		procedures = append(procedures, fmt.Sprintf("%q %d cases, %d resolved", p.Procedure, p.Cases, p.Outcomes.Resolved))
	}
	for _, b := range r.Bundles {
		bundles = append(bundles, fmt.Sprintf("%s %d cases, %d resolved, median %d s, activated %d times, first %s", b.Version, b.Cases, b.Outcomes.Resolved, *b.TimeToResolution.Median/1000, len(b.ActivatedAt), b.AppliedAt.Format("01-02")))
	}
	check(t, "procedures", procedures, []string{`"" 4 cases, 0 resolved`, `"damaged" 5 cases, 3 resolved`, `"double" 2 cases, 1 resolved`})
	check(t, "versions", bundles, []string{"v1 3 cases, 3 resolved, median 600 s, activated 0 times, first 02-01", "v2 8 cases, 1 resolved, median 90000 s, activated 1 times, first 03-04"})
	q := march()
	q.Procedure, q.Bundle = "damaged", "v1"
	only := h.report(q)
	check(t, "cases of a procedure under a version", []int{only.Cases, only.Outcomes.ByItself, only.CSAT.Responses}, []int{3, 2, 2})
	q.Procedure = "no such"
	none := h.report(q)
	check(t, "cases of what isn't there", []any{none.Cases, none.ByItself.Reason, none.TimeToResolution.Reason, none.TimeToResolution.Median == nil}, []any{0, "no case is over or with people yet", "no case is resolved", true})
}

// Hours come from measured times, or from what an admin sets; each says which.
func TestHoursGivenBack(t *testing.T) {
	h := newHouse(t)
	aMarch(h)
	r := h.report(march())
	if r.Hours.Hours != nil || r.Hours.Reason == "" || r.Hours.Without != 3 {
		t.Errorf("with two times measured the hours are %s, want none, and why", show(r.Hours))
	}
	put := func(s insights.Settings) insights.Hours {
		t.Helper()
		_, err := h.figures.Put(t.Context(), s, journal.Record{Kind: "test", Key: fmt.Sprint(s), Value: []byte("said")})
		h.must(err)
		return h.report(march()).Hours
	}
	// 20 and 30 minutes of damaged: the median is 20, by nearest rank. damaged 2 cases (1, 9), double 1 (4).
	got := put(insights.Settings{LeastMeasured: 2})
	check(t, "measured", show(got.Procedures), `[{"procedure":"damaged","cases":2,"each_ms":1200000,"basis":"measured","measured":2},{"procedure":"double","cases":1,"each_ms":1200000,"basis":"measured-of-all","measured":0}]`)
	check(t, "measured", []any{*got.Hours, *got.MS, got.Cases, got.Without}, []any{1.0, int64(3_600_000), 3, 0})
	ten := 10.0
	got = put(insights.Settings{LeastMeasured: 3, Minutes: &ten, Procedures: map[string]float64{"damaged": 30}})
	check(t, "set", show(got.Procedures), `[{"procedure":"damaged","cases":2,"each_ms":1800000,"basis":"set","measured":2},{"procedure":"double","cases":1,"each_ms":600000,"basis":"assumed","measured":0}]`)
	check(t, "set", *got.MS, int64(4_200_000))
	for _, wrong := range []insights.Settings{{Procedures: map[string]float64{"": 1}}, {Procedures: map[string]float64{"a": -1}}, {LeastMeasured: -1}, {Procedures: map[string]float64{"a": 1e9}}} {
		if _, err := h.figures.Put(t.Context(), wrong, journal.Record{}); err == nil {
			t.Errorf("settings %s were taken", show(wrong))
		}
	}
}

func TestATableForSpreadsheets(t *testing.T) {
	h := newHouse(t)
	aMarch(h)
	id := h.opens(when("03-15 10:00"), "v2", "ticket.created", cyd, nil)
	h.happens(id, when("03-15 10:01"), procedure("=HYPERLINK(\"x\")\n+1"), escalates("@evil"))
	var out bytes.Buffer
	h.must(insights.WriteCSV(&out, h.report(march())))
	rows, err := csv.NewReader(&out).ReadAll()
	h.must(err)
	has := func(row ...string) {
		t.Helper()
		if !slices.ContainsFunc(rows, func(r []string) bool { return slices.Equal(r, row) }) {
			t.Errorf("the table lacks %q", row)
		}
	}
	has("figure", "dimension", "value", "unit")
	has("behind", "", "0", "entries") // a table that is behind says so
	has("cases", "", "12", "cases")
	has("escalated", "reason=confidence.low", "1", "cases")
	has("time_to_resolution_p90", "bundle=v1", "3600000", "ms")
	has("effects_sum", "procedure=damaged tool=shop.refund currency=EUR", "4001", "minor units")
	has("hours_given_back", "", "", "ms")
	has("cases", `procedure==HYPERLINK("x") +1`, "1", "cases")
	for _, r := range rows {
		for _, cell := range r {
			if cell != "" && bytes.ContainsAny([]byte{cell[0]}, "=+-@\t\r\n") || bytes.ContainsAny([]byte(cell), "\r\n\t") {
				t.Errorf("a spreadsheet may take %q for a formula", cell)
			}
		}
	}
}

// What makes no sense in the view is made anew, whoever meets it: who reads, or who follows.
func TestARecordThatMakesNoSense(t *testing.T) {
	for _, who := range []string{"reads", "follows"} {
		t.Run(who, func(t *testing.T) {
			h := newHouse(t)
			c := aMarch(h)
			want := show(h.report(march()))
			h.leave()
			db, err := bbolt.Open(filepath.Join(h.dir, "views.db"), 0o600, nil)
			h.must(err)
			h.must(db.Update(func(tx *bbolt.Tx) error {
				cases := tx.Bucket([]byte("insights@1")).Bucket([]byte("data")).Bucket([]byte("cases"))
				return cases.ForEach(func(k, _ []byte) error { return cases.Put(bytes.Clone(k), []byte("nonsense")) })
			}))
			h.must(db.Close())
			h.follow("views.db")
			if who == "reads" {
				if _, err := h.figures.Report(t.Context(), march()); !errors.Is(err, projection.ErrDamaged) {
					t.Errorf("a report of nonsense says %v, want ErrDamaged", err)
				}
			}
			h.happens(c[6], when("04-02 10:00"), procedure("double")) // something to follow
			h.happens(c[6], when("04-02 10:01"), procedure(""))
			got := h.report(march())
			got.Entry -= 2
			check(t, "figures that were made anew", show(got), want)
		})
	}
}

func check[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: what was worked out (-) isn't what came (+):\n%s", what, diff)
	}
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
