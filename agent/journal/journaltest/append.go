package journaltest

import (
	"errors"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

func appendConflict(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	done := h.append(h.change(r.CaseID, 2, 2))
	if done.Seq != 4 || len(done.Offsets) != 2 || done.Offsets[1] != done.Offsets[0]+1 {
		t.Errorf("Append gave %+v, want seq 4 and two offsets", done)
	}
	h.refused(h.change(r.CaseID, 2, 1), journal.ErrConflict)
	h.refused(h.change(r.CaseID, 5, 1), journal.ErrConflict)
	h.refused(h.change(h.id(), 0, 1), journal.ErrNotFound)
	h.refused(h.change("case-1", 0, 1), journal.ErrNotFound)
	wrong := h.change(r.CaseID, 4, 1)
	wrong.Entries[0].Seq = 4
	if _, err := h.Append(bg(), wrong); err == nil {
		t.Errorf("Append took an entry whose seq is not the next")
	}
	if got := h.sound(); got.Entries != 4 {
		t.Errorf("the journal has %d entries, want 4: refused appends leave no trace", got.Entries)
	}
}

// appendRecords: what somebody did and the record of it are there together, or neither is.
func appendRecords(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	late, good, none := h.change(r.CaseID, 5, 1), h.change(r.CaseID, 2, 1), h.change(r.CaseID, 3, 1)
	late.Records = []journal.Record{{Kind: "audit", Key: "late", Value: []byte("x")}}
	good.Records = []journal.Record{{Kind: "audit", Key: "good", Value: []byte("y")}}
	none.Records = []journal.Record{{Kind: "", Key: "none", Value: []byte("z")}}
	h.refused(late, journal.ErrConflict)
	h.append(good)
	if _, err := h.Append(bg(), none); err == nil {
		t.Errorf("Append took a record without a kind")
	}
	list, err := h.List(bg(), "audit", "", 10)
	if err != nil || len(list) != 1 || list[0].Key != "good" || string(list[0].Value) != "y" {
		t.Errorf("the records are %v, %v; want that of the append that was done and no other", list, err)
	}
	if got := h.sound(); got.Entries != 3 {
		t.Errorf("the journal has %d entries, want 3", got.Entries)
	}
}

// expectRecords: of two changes that were worked out from the same record, one is done.
func expectRecords(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	one := func(value string) []journal.Record {
		rec := journal.Record{Kind: "count", Key: "k"}
		if value != "" {
			rec.Value = []byte(value)
		}
		return []journal.Record{rec}
	}
	change := func(after uint64, expect, put string) journal.Append {
		a := h.change(r.CaseID, after, 1)
		a.Expect, a.Records = one(expect), one(put)
		return a
	}
	h.refused(change(2, "0", "1"), journal.ErrConflict)
	h.append(change(2, "", "1"))
	h.refused(change(3, "", "1"), journal.ErrConflict)
	h.append(change(3, "1", "2"))
	for _, was := range []string{"", "1"} {
		if err := h.Replace(bg(), one(was), one("3")...); !errors.Is(err, journal.ErrConflict) {
			t.Errorf("Replace of what should be %q and is 2 gave %v, want ErrConflict", was, err)
		}
	}
	if err := h.Replace(bg(), one("2"), one("")...); err != nil {
		t.Errorf("Replace: %v", err)
	}
	if _, err := h.Get(bg(), "count", "k"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("the record is still there: %v", err)
	}
	if got := h.sound(); got.Entries != 4 {
		t.Errorf("the journal has %d entries, want 4: refused appends leave no trace", got.Entries)
	}
}

func appendLease(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	l := h.claimed(r.CaseID)
	a := h.change(r.CaseID, 2, 1)
	a.Lease = l
	h.append(a)
	a = h.change(r.CaseID, 3, 1)
	a.Lease = &journal.Lease{CaseID: r.CaseID, Worker: "other", Fence: l.Fence + 1}
	h.refused(a, journal.ErrLeaseLost)
	if err := h.Renew(*a.Lease, start(), time.Minute); !errors.Is(err, journal.ErrLeaseLost) {
		t.Errorf("Renew of a lease that nobody has gave %v, want ErrLeaseLost", err)
	}
	h.Release(*a.Lease) // of nobody: changes nothing
	if err := h.Renew(*l, start(), time.Minute); err != nil {
		t.Errorf("Renew of a good lease: %v", err)
	}
	h.Release(*l)
	a.Lease = l
	h.refused(a, journal.ErrLeaseLost)
	if again := h.claimed(r.CaseID); again.Fence <= l.Fence {
		t.Errorf("the fence went from %d to %d, want it to rise", l.Fence, again.Fence)
	}
}

func wakeWhileLeased(t *testing.T, h *harness) {
	key := order("ORD-1", "c1", "")
	r := h.accept1(h.signal("1", key))
	l := h.claimed(r.CaseID)
	h.accept1(h.signal("2", key))
	if n := len(h.claim(10)); n != 0 {
		t.Fatalf("the case was leased to a second worker when a signal came")
	}
	park := &journal.Park{Summary: journal.Summary{ID: r.CaseID, Status: casefile.Waiting}}
	h.refused(journal.Append{CaseID: r.CaseID, After: 2, Lease: l, Park: park}, journal.ErrConflict)
	h.append(journal.Append{CaseID: r.CaseID, After: 3, Lease: l, Park: park})
	if n := len(h.claim(10)); n != 0 {
		t.Errorf("a parked case was claimed")
	}
	decision := h.change(r.CaseID, 3, 1)
	decision.Wake = true
	h.append(decision)
	l = h.claimed(r.CaseID)
	decision = h.change(r.CaseID, 4, 1)
	decision.Wake = true
	h.append(decision)
	h.refused(journal.Append{CaseID: r.CaseID, After: 4, Lease: l, Park: park}, journal.ErrConflict)
	h.Release(*l)
	h.claimed(r.CaseID)
	h.sound()
}

func appendHold(t *testing.T, h *harness) {
	key := order("ORD-1", "c1", "")
	older := h.accept1(h.signal("1", key))
	younger := h.accept1(h.signal("2"))
	a := h.change(younger.CaseID, 2, 1)
	a.Hold = []journal.Key{key}
	_, err := h.Append(bg(), a)
	var held *journal.HeldError
	if !errors.As(err, &held) || held.Case != older.CaseID {
		t.Fatalf("Append with a key that an older case holds gave %v, want a HeldError naming it", err)
	}
	if n := len(h.entries(younger.CaseID)); n != 2 {
		t.Errorf("the refused append left %d entries, want 2", n)
	}
	other := h.change(younger.CaseID, 2, 1)
	other.Hold = []journal.Key{order("ORD-1", "c2", "")}
	h.append(other)
	again := h.change(older.CaseID, 2, 1)
	again.Hold = []journal.Key{key}
	h.append(again)
	h.park(older.CaseID, casefile.Resolved, nil)
	a.After = 3
	h.append(a)
	if r := h.accept1(h.signal("3", key)); r.CaseID != younger.CaseID {
		t.Errorf("the signal did not go to the case that took the key over")
	}
	h.sound()
}

func appendDeliver(t *testing.T, h *harness) {
	older, younger := h.accept1(h.signal("1")), h.accept1(h.signal("2"))
	h.park(older.CaseID, casefile.Waiting, nil)
	l := h.claimed(younger.CaseID)
	signal := h.entries(younger.CaseID)[0].Data.(*casefile.SignalReceived).Signal
	merge := h.change(younger.CaseID, 2, 1)
	merge.Lease = l
	merge.Salts = salts(2)
	merge.DeliverTo = older.CaseID
	merge.Deliver = []casefile.Entry{{At: start(), Actor: casefile.ActorSystem, Data: &casefile.SignalReceived{Signal: signal, From: younger.CaseID}}}
	merge.Park = &journal.Park{Summary: journal.Summary{ID: younger.CaseID, Status: casefile.Closed, EndedAt: start()}}
	h.append(merge)
	list := h.entries(older.CaseID)
	if d, ok := list[len(list)-1].Data.(*casefile.SignalReceived); !ok || d.From != younger.CaseID || list[len(list)-1].Seq != 3 {
		t.Errorf("the older case ends in %+v, want the delivered signal as seq 3", list[len(list)-1])
	}
	h.claimed(older.CaseID)
	h.sound()

	third := h.accept1(h.signal("3"))
	h.Release(*h.claimed(third.CaseID))
	late := h.change(third.CaseID, 2, 1)
	late.Salts, late.DeliverTo, late.Deliver = salts(2), younger.CaseID, merge.Deliver
	h.refused(late, journal.ErrConflict)
	if n := len(h.entries(third.CaseID)); n != 2 {
		t.Errorf("the refused delivery left %d entries in the case that made it", n)
	}
}

func parking(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	h.park(r.CaseID, casefile.Escalated, nil)
	if n := len(h.claim(10)); n != 0 {
		t.Errorf("a parked case was claimed")
	}
	if ids, _, err := h.Open(bg(), casefile.Escalated, "", 10); err != nil || len(ids) != 1 {
		t.Errorf("Open(escalated) gives %v, %v, want the case", ids, err)
	}
	if ids, _, _ := h.Open(bg(), casefile.Working, "", 10); len(ids) != 0 {
		t.Errorf("Open(working) still gives %v", ids)
	}
	wake := h.change(r.CaseID, 2, 1)
	wake.Wake = true
	h.append(wake)
	h.park(r.CaseID, casefile.Resolved, nil)
	for _, s := range []casefile.Status{casefile.Working, casefile.Escalated} {
		if ids, _, _ := h.Open(bg(), s, "", 10); len(ids) != 0 {
			t.Errorf("Open(%s) gives a case that has ended", s)
		}
	}
	reopen := h.change(r.CaseID, 3, 1)
	reopen.Wake = true
	h.append(reopen)
	h.park(r.CaseID, casefile.Waiting, nil)
	if ids, _, _ := h.Open(bg(), casefile.Waiting, "", 10); len(ids) != 1 {
		t.Errorf("a case that a person reopened is not listed as waiting")
	}
	closeIt := h.change(r.CaseID, 4, 1)
	closeIt.Park = &journal.Park{Summary: journal.Summary{ID: h.id(), Status: casefile.Closed}}
	if _, err := h.Append(bg(), closeIt); err == nil {
		t.Errorf("Append took the summary of another case")
	}
	h.sound()
}

func leaseExpiry(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	l := h.claim(1)[0]
	if err := h.Renew(l, start().Add(30*time.Second), time.Minute); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	claim := func(after time.Duration) []journal.Lease {
		list, err := h.Claim(bg(), "second", 10, start().Add(after), time.Minute)
		if err != nil {
			t.Fatalf("Claim: %v", err)
		}
		return list
	}
	if n := len(claim(89 * time.Second)); n != 0 {
		t.Fatalf("a lease was taken away before its renewed time was over")
	}
	a := h.change(r.CaseID, 2, 1)
	a.Lease = &l
	h.append(a)
	second := claim(90 * time.Second)
	if len(second) != 1 || second[0].Fence <= l.Fence {
		t.Fatalf("an expired lease was not claimed anew: %+v", second)
	}
	a = h.change(r.CaseID, 3, 1)
	a.Lease = &l
	h.refused(a, journal.ErrLeaseLost)
	a.Lease = &second[0]
	h.append(a)
}

func timers(t *testing.T, h *harness) {
	due := func(after time.Duration) time.Time {
		next, err := h.Due(bg(), start().Add(after))
		if err != nil {
			t.Fatalf("Due: %v", err)
		}
		return next
	}
	if next := due(0); !next.IsZero() {
		t.Errorf("an empty store has a timer at %v", next)
	}
	var ids []string
	for i := range 3 {
		r := h.accept1(h.signal(string(rune('a' + i))))
		h.park(r.CaseID, casefile.Waiting, func(p *journal.Park) { p.WakeAt = start().Add(time.Duration(i+1) * time.Hour) })
		ids = append(ids, r.CaseID)
	}
	select {
	case <-h.Wakeups():
	default:
		t.Errorf("Wakeups says nothing about a first timer")
	}
	if next := due(time.Minute); !next.Equal(start().Add(time.Hour)) {
		t.Errorf("the next timer is at %v, want in an hour", next)
	}
	if next := due(2 * time.Hour); !next.Equal(start().Add(3 * time.Hour)) {
		t.Errorf("after two hours the next timer is at %v, want the third", next)
	}
	if l := h.claim(10); len(l) != 2 || l[0].CaseID != ids[0] || l[1].CaseID != ids[1] {
		t.Errorf("two timers are over and %+v is runnable", l)
	}
	wake := h.change(ids[2], 2, 1)
	wake.Wake = true
	h.append(wake)
	h.park(ids[2], casefile.Resolved, nil)
	if next := due(9 * time.Hour); !next.IsZero() {
		t.Errorf("a case that has ended still has a timer at %v", next)
	}
	h.sound()
}
