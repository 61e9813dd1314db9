package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

func denied(casefile.Action) casefile.Verdict {
	return casefile.Verdict{Outcome: casefile.Deny, Code: casefile.StopPolicyDeny, Rule: "own-account", Reason: "Only the owner."}
}

// tells gives what was told in a step, as the time since the start, what and to whom.
func (r *rig) tells(res Result) (list []string) {
	for _, e := range res.Entries {
		if d, ok := e.Data.(*casefile.HandoffNoticed); ok {
			list = append(list, fmt.Sprint(e.At.Sub(t0), " ", d.What, " ", d.To))
		}
	}
	return list
}

// Those of the queue are told at once, reminded until it is due, and told ever more seldom that it is
// overdue, as are those of the default queue; nobody is told any more once somebody has it.
func TestHandoffIsToldUntilSomebodyTakesIt(t *testing.T) {
	r := newRig(t, "bank.credit", denied)
	r.book.Queues = map[string]Queue{"default": {Notify: []string{"lead@example.com"}, Due: 8 * time.Hour, Remind: 2 * time.Hour},
		"desk": {Notify: []string{"https://desk.example.com/hook", "desk@example.com"}, Due: 2 * time.Hour, Remind: 45 * time.Minute}}
	r.planner.to = "desk"
	res := r.parked(r.step(Event{}), casefile.Escalated, casefile.StopPolicyDeny)
	if until := r.c.Stop.Until; r.c.Stop.To != "desk" || until == nil || !until.Equal(t0.Add(2*time.Hour)) {
		t.Errorf("it stopped as %+v, want it in the queue desk, due in 2 h", r.c.Stop)
	}
	got := r.tells(res)
	for range 5 {
		early := r.now
		r.now = res.WakeAt.Add(-1)
		if n := r.tells(r.step(Event{})); len(n) > 0 {
			t.Fatalf("told before it is time: %v, behind %v", n, early.Sub(t0))
		}
		r.now = res.WakeAt
		res = r.step(Event{})
		got = append(got, r.tells(res)...)
	}
	var want []string
	for at, what := range map[time.Duration]string{0: "handed over", 45 * time.Minute: "reminder", 90 * time.Minute: "reminder", 120 * time.Minute: "overdue", 165 * time.Minute: "overdue", 210 * time.Minute: "overdue"} {
		want = append(want, fmt.Sprint(at, " ", what, " https://desk.example.com/hook"), fmt.Sprint(at, " ", what, " desk@example.com"))
		if what == "overdue" {
			want = append(want, fmt.Sprint(at, " ", what, " lead@example.com"))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("told were\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.c.Handoff == nil || !r.c.Handoff.Overdue {
		t.Errorf("the handoff is %+v, want it overdue", r.c.Handoff)
	}
	r.c.Fold(&casefile.Entry{Seq: r.c.Seq + 1, At: r.now, Actor: "user:anna", Data: &casefile.OperatorDecided{Decision: casefile.DecideTakeover}})
	r.now = r.now.Add(48 * time.Hour)
	if res := r.step(Event{}); len(res.Entries) > 0 || !res.WakeAt.IsZero() {
		t.Errorf("somebody has it, and %+v is noted, to wake at %v", res.Entries, res.WakeAt)
	}
}

// Where a queue names nobody, that it is overdue is noted once, and nothing turns in circles.
func TestHandoffThatNobodyIsToldOf(t *testing.T) {
	r := newRig(t, "bank.credit", denied)
	r.book.Queues = map[string]Queue{"default": {Due: time.Hour, Remind: time.Minute}}
	res := r.parked(r.step(Event{}), casefile.Escalated, casefile.StopPolicyDeny)
	if r.now = res.WakeAt; r.now.Sub(t0) != time.Hour {
		t.Fatalf("it wakes after %v, want 1 h, when it is due", r.now.Sub(t0))
	}
	if res = r.step(Event{}); !slices.Equal(r.tells(res), []string{"1h0m0s overdue "}) || !res.WakeAt.IsZero() {
		t.Errorf("when it is due %v is noted, to wake at %v; want that it is overdue, and no more", r.tells(res), res.WakeAt)
	}
}

// Whoever takes a case over reads why it stopped, what was tried and what would let it go on.
func TestBriefSaysWhatIsToBeKnown(t *testing.T) {
	r := newRig(t, "bank.credit", denied)
	r.book.Queues = map[string]Queue{"default": {Notify: []string{"a@example.com"}, Due: time.Hour}}
	r.c.Goal, r.c.Facts = "The account shows the credit", map[string]casefile.Fact{"account": {Tool: "bank.read", Seq: 2}}
	r.step(Event{})
	text := Brief(r.c, casefile.NoticeOpened)
	for _, want := range []string{"The account shows the credit", "policy.deny", "Believed: h, trying", "Known: account, from bank.read (entry:2)", "Tried: bank.credit, denied: own-account", "To unblock it: ", "due 2026-03-01T11:00:00Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("the brief doesn't say %q:\n%s", want, text)
		}
	}
}
