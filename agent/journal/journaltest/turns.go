package journaltest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// from makes an arrival of a customer's.
func (h *harness) from(event string, customer casefile.Customer) journal.Arrival {
	a := h.signal(event)
	a.Signal.Data["customer"] = map[string]any{"id": customer.ID, "email": customer.Email}
	return a
}

// flood accepts signals of one customer, and between them and behind them one of each other, and gives
// the cases of those.
func (h *harness) flood() (others []string) {
	flooder := casefile.Customer{ID: "flooder", Email: "flooder@example.com"}
	customers := []casefile.Customer{{ID: "c1"}, {Email: "c2@example.com"}, {}, {ID: "c4", Email: "flooder@example.com"}}
	for i := range 40 {
		h.accept1(h.from(fmt.Sprint("flood-", i), flooder))
		if i%10 == 9 {
			others = append(others, h.accept1(h.from(fmt.Sprint("other-", i), customers[i/10])).CaseID)
		}
	}
	return others
}

// turn claims one case at a time until all of others were claimed, and fails if that takes more turns
// than each has customers before it.
func (h *harness) turn(others []string) {
	h.t.Helper()
	left := slices.Clone(others)
	for i := 0; len(left) > 0; i++ {
		l := h.claim(1)
		if len(l) != 1 {
			h.t.Fatalf("claim %d gives %+v, want one case: %d of other customers are runnable", i, l, len(left))
		}
		left = slices.DeleteFunc(left, func(id string) bool { return id == l[0].CaseID })
		if i > len(others) {
			h.t.Fatalf("after %d claims, %d customers with one case each still wait behind one with 40", i+1, len(left))
		}
	}
}

func turns(t *testing.T, h *harness) {
	others := h.flood()
	h.turn(others)
	if l := h.claim(1000); len(l) != 39 {
		t.Errorf("of 40 cases of one customer, 1 was claimed, and now %d more; want 39", len(l))
	}
	h.sound()
}

// turnsAfterRestart: whose a case is doesn't get lost, by whatever way the case became runnable.
func turnsAfterRestart(t *testing.T, h *harness) {
	others := h.flood()
	wakeAt := start().Add(time.Hour)
	h.park(others[0], casefile.Waiting, func(p *journal.Park) { p.WakeAt = wakeAt })                              // a timer makes it runnable again
	h.park(others[1], casefile.Escalated, nil)                                                                    // a decision
	h.park(others[2], casefile.Waiting, func(p *journal.Park) { p.WaitFor, p.WakeAt = "parcel.scanned", wakeAt }) // a signal of somebody else
	if _, err := h.Due(bg(), wakeAt.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	h.Store = h.reopen(t, h.Store)
	decided := h.change(others[1], 2, 1)
	decided.Wake = true
	h.append(decided)
	scanned := h.from("scan", casefile.Customer{ID: "flooder"})
	scanned.Signal.Type, scanned.Waits = "parcel.scanned", []string{others[2]}
	if r := h.accept1(scanned); r.CaseID != others[2] {
		t.Fatalf("the signal that case %s waits for went to %s", others[2], r.CaseID)
	}
	if _, err := h.Due(bg(), wakeAt); err != nil {
		t.Fatal(err)
	}
	l := h.claim(1)[0]
	h.Release(l)
	h.Store = h.reopen(t, h.Store)
	h.turn(others)
	h.sound()
}
