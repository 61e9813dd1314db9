package journaltest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

func acceptOpens(t *testing.T, h *harness) {
	a := h.signal("1")
	r := h.accept1(a)
	if want := (journal.Receipt{SignalID: a.Signal.ID, CaseID: a.CaseID, Opened: true}); r != want {
		t.Fatalf("the receipt is %+v, want %+v", r, want)
	}
	list := h.entries(a.CaseID)
	if len(list) != 2 {
		t.Fatalf("a new case has %d entries, want signal.received and case.opened", len(list))
	}
	if d, ok := list[0].Data.(*casefile.SignalReceived); !ok || d.Signal.EventID != "1" || list[0].Actor != "token:test" || list[0].Seq != 1 || !list[0].At.Equal(a.At) {
		t.Errorf("entry 1 is %+v, want the signal by its sender at its arrival", list[0])
	}
	if d, ok := list[1].Data.(*casefile.CaseOpened); !ok || d.Bundle != "v1" || list[1].Actor != casefile.ActorSystem || list[1].Versions.Bundle != "v1" {
		t.Errorf("entry 2 is %+v, want case.opened under bundle v1 by the system", list[1])
	}
	if list[1].Prev != list[0].Hash || list[0].Prev != (casefile.Hash{}) {
		t.Errorf("entry 2 does not name the hash of entry 1")
	}
	cases, _, err := h.Cases(bg(), "", 10, nil)
	if err != nil || len(cases) != 1 || cases[0].Status != casefile.Working || cases[0].Subject != "event 1" || !cases[0].OpenedAt.Equal(a.At) {
		t.Errorf("Cases gives %+v, %v, want the new case as working", cases, err)
	}
	if l := h.claim(10); len(l) != 1 || l[0].CaseID != a.CaseID {
		t.Errorf("Claim gives %+v, want the new case", l)
	}
	if got := h.sound(); got != (journal.Totals{Cases: 1, Entries: 2, Signals: 1}) {
		t.Errorf("Verify counts %+v, want 1 case, 2 entries, 1 signal", got)
	}
}

func acceptOnce(t *testing.T, h *harness) {
	first := h.accept1(h.signal("1"))
	for _, r := range h.accept(h.signal("1"), h.signal("2"), h.signal("2")) {
		switch {
		case r.CaseID == first.CaseID && (!r.Duplicate || r.SignalID != first.SignalID):
			t.Errorf("the second delivery of event 1 gave %+v, want the receipt of the first, as a duplicate", r)
		case r.CaseID != first.CaseID && r.Opened == r.Duplicate:
			t.Errorf("event 2, twice in a batch, gave %+v", r)
		}
	}
	other := h.signal("1")
	other.Signal.Source = "elsewhere"
	if r := h.accept1(other); r.Duplicate {
		t.Errorf("event 1 of another source counts as a duplicate")
	}
	if got := h.sound(); got.Cases != 3 || got.Signals != 3 {
		t.Errorf("three different signals made %d cases of %d signals", got.Cases, got.Signals)
	}
}

func acceptJoins(t *testing.T, h *harness) {
	base := h.accept1(h.signal("base", order("ORD-1", "c1", "ann@example.com")))
	for i, test := range []struct {
		key   journal.Key
		joins bool
	}{
		{order("ORD-1", "c1", "ann@example.com"), true},
		{order("ORD-1", "c1", ""), true},
		{order("ORD-1", "c1", "new@example.com"), true},
		{order("ORD-1", "", "Ann@Example.com"), true},
		{order("ORD-1", "c2", "ann@example.com"), false},
		{order("ORD-1", "", "bob@example.com"), false},
		{order("ORD-1", "", ""), false},
		{order("ORD-2", "c1", "ann@example.com"), false},
		{journal.Key{Scope: "thread", Value: `"ORD-1"`, Customer: casefile.Customer{ID: "c1"}}, false},
	} {
		a := h.signal(fmt.Sprint(i), test.key)
		a.Hold = nil
		if r := h.accept1(a); (r.CaseID == base.CaseID) != test.joins {
			t.Errorf("a signal with key %+v joined the case of c1, ann@example.com, ORD-1: %v, want %v", test.key, !test.joins, test.joins)
		}
	}
	if k := h.kinds(base.CaseID); k != "signal.received case.opened signal.received signal.received signal.received signal.received " {
		t.Errorf("the case has %s, want the joined signals behind its opening", k)
	}
	mail := h.accept1(h.signal("mail", order("ORD-9", "", "eve@example.com")))
	if r := h.accept1(h.signal("withid", order("ORD-9", "c9", "eve@example.com"))); r.CaseID != mail.CaseID {
		t.Errorf("a signal with id and email did not join the case that knows the email alone")
	}
	nobody := h.accept1(h.signal("nobody", order("ORD-7", "", "")))
	if r := h.accept1(h.signal("nobody2", order("ORD-7", "", ""))); r.CaseID != nobody.CaseID {
		t.Errorf("a signal of nobody did not join nobody's case with the same key")
	}
	h.sound()
}

func acceptPrefers(t *testing.T, h *harness) {
	one := h.accept1(h.signal("1", order("ORD-1", "c1", "")))
	two := h.accept1(h.signal("2", order("ORD-2", "c1", "")))
	h.append(journal.Append{CaseID: two.CaseID, After: 2, Hold: []journal.Key{order("ORD-1", "c1", "")}, HoldAnyway: true})
	if r := h.accept1(h.signal("3", order("ORD-2", "c1", ""), order("ORD-1", "c1", ""))); r.CaseID != two.CaseID {
		t.Errorf("the signal went to the case that holds its weaker key")
	}
	if r := h.accept1(h.signal("4", order("ORD-1", "c1", ""))); r.CaseID != one.CaseID {
		t.Errorf("the signal went to the younger of two open cases that hold its key")
	}
	h.park(one.CaseID, casefile.Closed, nil)
	if r := h.accept1(h.signal("5", order("ORD-1", "c1", ""))); r.CaseID != two.CaseID {
		t.Errorf("the signal did not go to the open case that holds its key beside an ended one")
	}
	h.sound()
}

func acceptWait(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1", order("ORD-1", "c1", "")))
	h.park(r.CaseID, casefile.Waiting, func(p *journal.Park) { p.WaitFor = "carrier.scanned" })
	if ids, err := h.Waiting(bg(), "carrier.scanned"); err != nil || len(ids) != 1 || ids[0] != r.CaseID {
		t.Fatalf("Waiting gives %v, %v, want the case that waits", ids, err)
	}
	other := h.signal("2", order("ORD-8", "c8", ""))
	other.Waits = []string{r.CaseID}
	if got := h.accept1(other); got.CaseID == r.CaseID {
		t.Errorf("a signal of another type than the case waits for joined it")
	}
	a := h.signal("3", order("ORD-9", "c9", ""))
	a.Signal.Type, a.Waits = "carrier.scanned", []string{r.CaseID}
	if got := h.accept1(a); got.CaseID != r.CaseID {
		t.Errorf("the signal that the case waits for opened a case of its own")
	}
	h.park(r.CaseID, casefile.Waiting, nil)
	if ids, _ := h.Waiting(bg(), "carrier.scanned"); len(ids) != 0 {
		t.Errorf("Waiting still gives %v after the case went on", ids)
	}
	b := h.signal("4", order("ORD-9", "c9", ""))
	b.Signal.Type, b.Waits = "carrier.scanned", []string{r.CaseID}
	if got := h.accept1(b); got.CaseID == r.CaseID {
		t.Errorf("a case that doesn't wait any more took the signal")
	}
	h.sound()
}

// acceptWritten: what is written to a case goes there while it is open, whoever else would take it.
func acceptWritten(t *testing.T, h *harness) {
	key := order("ORD-1", "c1", "")
	first, other := h.accept1(h.signal("1")), h.accept1(h.signal("2", key))
	write := func(event string, keys ...journal.Key) journal.Arrival {
		a := h.signal(event, keys...)
		a.Case = first.CaseID
		return a
	}
	if r := h.accept1(write("3", key)); r.CaseID != first.CaseID || r.Opened {
		t.Errorf("what was written to an open case gave %+v, want it there and not in the one that holds its key", r)
	}
	if r := h.accept1(write("3", key)); r.CaseID != first.CaseID || !r.Duplicate {
		t.Errorf("written a second time it gave %+v, want a duplicate", r)
	}
	h.park(first.CaseID, casefile.Resolved, func(p *journal.Park) { p.Summary.EndedAt = start().Add(time.Hour) })
	soon := write("4")
	soon.At, soon.ReopenWithin = start().Add(time.Hour+time.Minute), time.Hour
	if r := h.accept1(soon); r.CaseID != first.CaseID || r.Opened {
		t.Errorf("what was written to a case that was just resolved gave %+v, want it reopened", r)
	}
	h.park(first.CaseID, casefile.Resolved, func(p *journal.Park) { p.Summary.EndedAt = start().Add(2 * time.Hour) })
	late := h.accept1(write("5"))
	list := h.entries(late.CaseID)
	if d, ok := list[len(list)-1].Data.(*casefile.CaseLinked); !late.Opened || !ok || d.Case != first.CaseID {
		t.Errorf("what was written to a case that ended gave %+v, ending in %+v, want a case that is linked to it", late, list[len(list)-1].Data)
	}
	if r := h.accept1(write("6", key)); r.CaseID != other.CaseID {
		t.Errorf("what was written to a case that ended gave %+v, want it in the open one that holds its key", r)
	}
	nowhere := h.signal("7")
	nowhere.Case = h.id()
	if r := h.accept1(nowhere); !r.Opened {
		t.Errorf("what was written to a case that isn't there gave %+v, want a case of its own", r)
	}
	h.sound()
}

func acceptEnded(t *testing.T, h *harness) {
	key := order("ORD-1", "c1", "")
	first := h.accept1(h.signal("1", key))
	h.park(first.CaseID, casefile.Resolved, func(p *journal.Park) { p.Summary.EndedAt = start().Add(time.Hour) })
	soon := h.signal("2", key)
	soon.At, soon.ReopenWithin = start().Add(time.Hour+time.Minute), 2*time.Minute
	if r := h.accept1(soon); r.CaseID != first.CaseID || r.Opened {
		t.Fatalf("a signal a minute after the end gave %+v, want the case reopened", r)
	}
	if k := h.kinds(first.CaseID); !strings.HasSuffix(k, "signal.received case.reopened ") {
		t.Errorf("the reopened case has %s, want signal.received case.reopened at the end", k)
	}
	if ids, _, _ := h.Open(bg(), casefile.Working, "", 10); len(ids) != 1 {
		t.Errorf("the reopened case is not listed as working")
	}
	h.park(first.CaseID, casefile.Resolved, func(p *journal.Park) { p.Summary.EndedAt = start().Add(2 * time.Hour) })
	late := h.signal("3", key)
	late.At, late.ReopenWithin = start().Add(2*time.Hour+2*time.Minute), 2*time.Minute
	r := h.accept1(late)
	if r.CaseID == first.CaseID || !r.Opened {
		t.Fatalf("a signal two minutes after the end gave %+v, want a case of its own", r)
	}
	list := h.entries(r.CaseID)
	if d, ok := list[len(list)-1].Data.(*casefile.CaseLinked); !ok || d.Case != first.CaseID || d.Why == "" {
		t.Errorf("the new case ends in %+v, want a link to the one that ended, with a reason", list[len(list)-1].Data)
	}
	h.park(r.CaseID, casefile.Closed, func(p *journal.Park) { p.Summary.EndedAt = start().Add(3 * time.Hour) })
	closed := h.signal("4", key)
	closed.At, closed.ReopenWithin = start().Add(3*time.Hour+time.Second), time.Hour
	third := h.accept1(closed)
	if third.CaseID == r.CaseID {
		t.Errorf("a case that was closed, not resolved, was reopened")
	}
	list = h.entries(third.CaseID)
	if d, ok := list[len(list)-1].Data.(*casefile.CaseLinked); !ok || d.Case != r.CaseID {
		t.Errorf("the third case ends in %+v, want a link to the second: it took over the key", list[len(list)-1].Data)
	}
	h.sound()
}

func acceptConcurrently(t *testing.T, h *harness) {
	const writers, each = 16, 8
	arrivals := make([][]journal.Arrival, writers)
	for i := range arrivals {
		for j := range each {
			arrivals[i] = append(arrivals[i], h.signal(fmt.Sprint(j), order(fmt.Sprint("ORD-", j/2), "c1", "")))
		}
	}
	var mu sync.Mutex
	cases := map[string]map[string]bool{} // event → cases
	opened := 0
	var wg sync.WaitGroup
	for _, list := range arrivals {
		wg.Go(func() {
			for _, a := range list {
				r, err := h.Accept(bg(), []journal.Arrival{a})
				if err != nil {
					t.Errorf("Accept: %v", err)
					return
				}
				mu.Lock()
				if cases[a.Signal.EventID] == nil {
					cases[a.Signal.EventID] = map[string]bool{}
				}
				cases[a.Signal.EventID][r[0].CaseID] = true
				if r[0].Opened {
					opened++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for event, ids := range cases {
		if len(ids) != 1 {
			t.Errorf("event %s went to %d cases", event, len(ids))
		}
	}
	if opened != each/2 {
		t.Errorf("%d cases were opened, want %d: one for each order", opened, each/2)
	}
	if got := h.sound(); got.Signals != each {
		t.Errorf("%d signals were kept, want %d", got.Signals, each)
	}
}

func acceptRefused(t *testing.T, h *harness) {
	a := h.signal("1")
	h.accept1(a)
	taken := h.signal("3")
	taken.CaseID = a.CaseID
	if _, err := h.Accept(bg(), []journal.Arrival{h.signal("2"), taken}); err == nil {
		t.Fatalf("Accept took a case id that is in use")
	}
	if got := h.sound(); got.Cases != 1 || got.Signals != 1 {
		t.Errorf("the refused batch left %+v behind, want the one case from before", got)
	}
	if r := h.accept1(h.signal("2")); r.Duplicate {
		t.Errorf("a signal of the refused batch counts as accepted")
	}
	short := h.signal("4")
	short.Salts = nil
	if _, err := h.Accept(bg(), []journal.Arrival{short}); err == nil {
		t.Errorf("Accept wrote entries without salts")
	}
	h.sound()
}
