package insights_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/projection"
)

var histories = flag.Int("histories", 6, "random histories that figures are held against")

// Whatever happens, the parts are the whole, the cases behind each figure are as many as it says, and
// figures that are made anew are those that were followed.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(*histories) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newHouse(t)
			h.lives(rand.New(rand.NewPCG(seed, 7)), 60)
			h.now = when("05-01 00:00")
			for _, q := range []insights.Query{march(), {From: when("01-01 00:00"), To: when("12-01 00:00"), Again: 72 * time.Hour}, {From: when("03-07 12:30"), To: when("03-19 03:00"), By: insights.Week},
				{From: when("03-01 00:00"), To: when("04-01 00:00"), Procedure: "p1"}, {From: when("03-01 00:00"), To: when("04-01 00:00"), Bundle: "v2"}} {
				h.adds(q, h.report(q))
			}
			h.splits()
			followed := h.dump()
			h.leave()
			h.follow("anew.db")
			h.current()
			if anew := h.dump(); followed != anew {
				t.Errorf("figures that are made anew aren't those that were followed:\n%s\n%s", anew, followed)
			}
		})
	}
}

// lives lets n cases live through March, all at once.
func (h *house) lives(r *rand.Rand, n int) {
	h.Helper()
	now := when("02-28 20:00")
	var open []string
	calls := 0
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for len(open) < n || r.IntN(60) > 0 {
		now = now.Add(time.Duration(r.Int64N(int64(20 * time.Minute * time.Duration(1+r.IntN(8))))))
		if len(open) < n && r.IntN(7) == 0 || len(open) == 0 {
			who := map[string]any{"id": pick("", "a", "b", "c"), "email": pick("", "A@x.example", "b@x.example")}
			open = append(open, h.opens(now, pick("v1", "v2", "v3"), pick("ticket.created", "ticket.created", "feedback.received", "customer.churned"), who, casefile.Object{"score": int64(r.IntN(7))}))
			continue
		}
		id := open[r.IntN(len(open))]
		switch r.IntN(14) {
		case 0, 1:
			h.happens(id, now, procedure(pick("p1", "p2")))
		case 2, 3, 4:
			calls++
			call := fmt.Sprint("c", calls)
			args := casefile.Object{"amount_cents": r.Int64N(9_000)}
			if r.IntN(3) == 0 {
				args["currency"] = pick("EUR", "usd", "GBP")
			}
			list := []casefile.Data{intends(call, pick("a.b", "c.d"), args), answers(call, casefile.Outcome(pick("done", "done", "refused", "unknown")))}
			if r.IntN(3) == 0 {
				list = append(list, intends(call+"u", "c.d", args, undoing), answers(call+"u", casefile.OutcomeDone))
			}
			h.happens(id, now, list...)
		case 5, 6:
			h.happens(id, now, escalates(casefile.StopCode(pick("policy.deny", "check.failed", "confidence.low"))))
		case 7:
			h.happens(id, now, asks(casefile.StopPolicyApproval))
		case 8, 9:
			h.happens(id, now, decides(casefile.DecisionName(pick("approve", "reject", "takeover", "takeover", "handback", "handback", "close", "reopen", "retry", "override"))))
		case 10, 11:
			h.happens(id, now, resolvedNow())
		case 12:
			h.happens(id, now, closes(casefile.StopCode(pick("declined", "merged"))))
		case 13:
			h.happens(id, now, &casefile.CaseReopened{})
		}
	}
}

// adds holds that the parts of a report are its whole, and that each number has so many cases behind it.
func (h *house) adds(q insights.Query, r *insights.Report) {
	h.Helper()
	total := func(m map[string]int) (n int) {
		for _, v := range m {
			n += v
		}
		return n
	}
	same := func(what string, got, want int) {
		h.Helper()
		if got != want {
			h.Errorf("%s of %+v are %d, want %d", what, q, got, want)
		}
	}
	sum := func(what string, f *insights.Figures) {
		h.Helper()
		o := &f.Outcomes
		same(what+": resolved, escalated, closed and open", o.Resolved+o.Escalated+o.Closed+o.Open, f.Cases)
		same(what+": by itself and with a person", o.ByItself+o.WithPerson, o.Resolved)
		same(what+": reasons of escalated", total(o.EscalatedReasons), o.Escalated)
		same(what+": reasons of closed", total(o.ClosedReasons), o.Closed)
		same(what+": reasons of open", total(o.OpenReasons), o.Open)
		same(what+": times", f.TimeToResolution.Count, o.Resolved)
		n := 0
		for _, b := range f.TimeToResolution.Buckets {
			n += b.Count
		}
		same(what+": times in buckets", n, o.Resolved)
		same(what+": settled", f.ByItself.Whole, f.Cases-o.Open-o.ClosedReasons["merged"])
		if f.FollowUps.Part > f.FollowUps.SoFar || f.FollowUps.SoFar > o.Resolved {
			h.Errorf("%s: follow-ups are %+v of %d resolved", what, f.FollowUps, o.Resolved)
		}
	}
	sum("all", &r.Figures)
	procedures, bundles := 0, 0
	for i := range r.Procedures {
		sum("procedure "+r.Procedures[i].Procedure, &r.Procedures[i].Figures)
		procedures += r.Procedures[i].Cases
	}
	for i := range r.Bundles {
		sum("version "+r.Bundles[i].Version, &r.Bundles[i].Figures)
		bundles += r.Bundles[i].Cases
	}
	same("cases by procedure", procedures, r.Cases)
	same("cases by version", bundles, r.Cases)
	opened, handed, writes := 0, 0, 0
	for i := range r.Timeline.Items {
		s := &r.Timeline.Items[i]
		if i > 0 && !s.From.Equal(r.Timeline.Items[i-1].To) {
			h.Errorf("the timeline has a gap before %v", s.From)
		}
		opened, handed, writes = opened+s.Opened, handed+s.Escalated, writes+s.Writes.ByItself+s.Writes.Approved+s.Writes.ByPerson
		same("reasons of a span", total(s.Reasons), s.Escalated)
	}
	same("cases of the timeline", opened, r.Cases)
	o := &r.Outcomes
	for figure, want := range map[string]int{"cases": r.Cases, "resolved": o.Resolved, "resolved_by_itself": o.ByItself, "resolved_with_person": o.WithPerson, "escalated": o.Escalated, "closed": o.Closed, "open": o.Open,
		"settled": r.ByItself.Whole, "ended": r.Reopened.Whole, "reopened": r.Reopened.Part, "watched_for_follow_up": r.FollowUps.Whole, "followed_up": r.FollowUps.Part, "followed_up_so_far": r.FollowUps.SoFar,
		"escalations": handed, "effects": writes, "feedback": r.CSAT.Responses} {
		same("cases behind "+figure, len(h.behind(insights.Traced{Query: q, Figure: figure})), want)
	}
	for reason, want := range o.EscalatedReasons {
		same("cases behind escalated for "+reason, len(h.behind(insights.Traced{Query: q, Figure: "escalated", Reason: reason})), want)
	}
	for reason, want := range o.OpenReasons {
		same("cases behind open for "+reason, len(h.behind(insights.Traced{Query: q, Figure: "open", Reason: reason})), want)
	}
	h.pays(q, r)
}

// pays holds that effects are the sums of the cases behind them.
func (h *house) pays(q insights.Query, r *insights.Report) {
	h.Helper()
	type of struct{ tool, currency string }
	got, want := map[of]int64{}, map[of]int64{}
	for _, e := range r.Effects {
		if e.Sum != nil {
			got[of{e.Tool, *e.Currency}] += *e.Sum
		}
	}
	for key := range got {
		for _, b := range h.behind(insights.Traced{Query: q, Figure: "effects", Tool: key.tool, Currency: key.currency}) {
			want[key] += *b.Value
		}
		if got[key] != want[key] {
			h.Errorf("%v of %+v moved %d, and its cases %d", key, q, got[key], want[key])
		}
	}
}

// behind gives all cases behind a figure, a few at a time.
func (h *house) behind(t insights.Traced) (all []insights.Behind) {
	h.Helper()
	for cursor := ""; ; {
		page, next, err := h.figures.Trace(context.Background(), t, cursor, 7)
		h.must(err)
		all = append(all, page...)
		if cursor = next; cursor == "" {
			break
		}
	}
	if !slices.IsSortedFunc(all, func(a, b insights.Behind) int { return a.At.Compare(b.At) }) {
		h.Errorf("the cases behind %s aren't in the order of time", t.Figure)
	}
	return all
}

// splits holds that a period has what its parts have.
func (h *house) splits() {
	h.Helper()
	whole, first, second := march(), march(), march()
	first.To = when("03-11 07:13")
	second.From = first.To
	a, b, all := h.report(first), h.report(second), h.report(whole)
	if a.Cases+b.Cases != all.Cases || a.Outcomes.Resolved+b.Outcomes.Resolved != all.Outcomes.Resolved || a.CSAT.Responses+b.CSAT.Responses != all.CSAT.Responses {
		h.Errorf("two parts of March have %d and %d cases, the whole %d", a.Cases, b.Cases, all.Cases)
	}
}

// dump gives all that the view has.
func (h *house) dump() string {
	h.Helper()
	var out bytes.Buffer
	h.current()
	h.must(h.views.Read(context.Background(), insights.View, func(view *projection.Bucket, _ uint64) error {
		return view.ForEachBucket(func(name []byte) error {
			b := view.Bucket(name)
			fmt.Fprintf(&out, "%s (%d)\n", name, b.Sequence())
			return b.ForEach(func(k, v []byte) error {
				fmt.Fprintf(&out, "  %x: %x\n", k, v)
				return nil
			})
		})
	}))
	return out.String()
}
