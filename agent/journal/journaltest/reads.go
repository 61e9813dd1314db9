package journaltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

func load(t *testing.T, h *harness) {
	if _, _, err := h.Load(bg(), h.id()); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Load of no case gave %v, want ErrNotFound", err)
	}
	key := order("ORD-1", "c1", "")
	r := h.accept1(h.signal("1", key))
	snapshot, tail, err := h.Load(bg(), r.CaseID)
	if err != nil || snapshot != nil || len(tail) != 2 {
		t.Fatalf("Load of a new case gave snapshot %q, %d entries, %v, want no snapshot and 2 entries", snapshot, len(tail), err)
	}
	a := h.change(r.CaseID, 2, 3)
	a.Lease = h.claimed(r.CaseID)
	a.Park = &journal.Park{Summary: journal.Summary{ID: r.CaseID, Status: casefile.Waiting}, Snapshot: []byte("state at 5")}
	h.append(a)
	h.accept1(h.signal("2", key))
	snapshot, tail, err = h.Load(bg(), r.CaseID)
	if err != nil || string(snapshot) != "state at 5" || len(tail) != 1 || tail[0].Seq != 6 {
		t.Fatalf("Load gave snapshot %q, %d entries, %v, want the snapshot at 5 and entry 6", snapshot, len(tail), err)
	}
	h.park(r.CaseID, casefile.Waiting, func(p *journal.Park) { p.Snapshot = nil })
	if again, tail, err := h.Load(bg(), r.CaseID); err != nil || string(again) != string(snapshot) || len(tail) != 1 {
		t.Errorf("after a Park without a snapshot, Load gave snapshot %q, %d entries, %v, want the one before", again, len(tail), err)
	}
	page, err := h.Entries(bg(), r.CaseID, 2, 3)
	if err != nil || len(page) != 3 || page[0].Seq != 3 || page[2].Seq != 5 {
		t.Errorf("Entries after 2, at most 3, gave %d, %v, want 3 to 5", len(page), err)
	}
	all := h.entries(r.CaseID)
	for i := range all {
		if all[i].Seq != uint64(i+1) || i > 0 && all[i].Prev != all[i-1].Hash {
			t.Errorf("entry %d breaks the chain", i+1)
		}
	}
}

func feed(t *testing.T, h *harness) {
	committed, cancel := h.Committed()
	defer cancel()
	one, two := h.accept1(h.signal("1")), h.accept1(h.signal("2"))
	select {
	case <-committed:
	default:
		t.Errorf("Committed says nothing after a commit")
	}
	h.append(h.change(one.CaseID, 2, 1))
	var seen []casefile.Entry
	for after := uint64(0); ; {
		page, last, err := h.Feed(bg(), after, 2)
		if err != nil {
			t.Fatalf("Feed: %v", err)
		}
		if last != 5 {
			t.Fatalf("Feed says that the last offset is %d, want 5", last)
		}
		if len(page) == 0 {
			break
		}
		seen = append(seen, page...)
		after = page[len(page)-1].Offset
	}
	want := append(h.entries(one.CaseID)[:2:2], h.entries(two.CaseID)...)
	want = append(want, h.entries(one.CaseID)[2])
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the feed differs from the cases' entries (-want +got):\n%s", diff)
	}
}

func lists(t *testing.T, h *harness) {
	var newest []string
	for i := range 7 {
		newest = append([]string{h.accept1(h.signal(fmt.Sprint(i))).CaseID}, newest...)
	}
	var got []string
	for cursor := ""; ; {
		page, next, err := h.Cases(bg(), cursor, 3, nil)
		if err != nil {
			t.Fatalf("Cases: %v", err)
		}
		for _, s := range page {
			got = append(got, s.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(newest, got); diff != "" {
		t.Errorf("Cases, page by page, is not newest first (-want +got):\n%s", diff)
	}
	one, next, err := h.Cases(bg(), "", 5, func(s *journal.Summary) bool { return s.Subject == "event 3" })
	if err != nil || len(one) != 1 || next != "" {
		t.Errorf("Cases that match gave %d, next %q, %v, want one", len(one), next, err)
	}
	some, err := h.Summaries(bg(), []string{newest[4], newest[1]})
	if err != nil || len(some) != 2 || some[0].ID != newest[4] || some[1].ID != newest[1] || some[1].Subject != "event 5" {
		t.Errorf("Summaries of the third and the sixth gave %+v, %v", some, err)
	}
	if _, err := h.Summaries(bg(), []string{newest[0], "01990000-0000-7000-8000-000000000000"}); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Summaries of a case that isn't there: %v, want %v", err, journal.ErrNotFound)
	}
	got = nil
	for cursor := ""; ; {
		page, next, err := h.Open(bg(), casefile.Working, cursor, 3)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		got = append(page, got...)
		for i := range len(page) / 2 {
			got[i], got[len(page)-1-i] = got[len(page)-1-i], got[i]
		}
		if cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(newest, got); diff != "" {
		t.Errorf("Open, page by page, is not oldest first (-want +got, both reversed):\n%s", diff)
	}
}

func outbox(t *testing.T, h *harness) {
	r := h.accept1(h.signal("1"))
	a := h.change(r.CaseID, 2, 2)
	a.Messages = []journal.NewMessage{{Entry: 0}, {Entry: 1, Message: journal.Message{Delivery: journal.Delivery{NextAt: start().Add(time.Hour)}}}}
	offsets := h.append(a).Offsets
	due := func(after time.Duration) []journal.Message {
		list, err := h.Undelivered(bg(), start().Add(after), 10)
		if err != nil {
			t.Fatalf("Undelivered: %v", err)
		}
		return list
	}
	list := due(0)
	if len(list) != 1 || list[0].Offset != offsets[0] || list[0].Text != "hello" || list[0].To != "a@example.com" || list[0].Kind != "reply" || list[0].CaseID != r.CaseID || list[0].Status != journal.DeliveryQueued {
		t.Fatalf("Undelivered gives %+v, want the first message", list)
	}
	if err := h.Delivered(bg(), offsets[0], journal.Delivery{Status: journal.DeliveryQueued, Tries: 1, NextAt: start().Add(2 * time.Hour), Error: "503"}); err != nil {
		t.Fatalf("Delivered: %v", err)
	}
	if list := due(time.Hour); len(list) != 1 || list[0].Offset != offsets[1] {
		t.Errorf("after an hour Undelivered gives %+v, want the second message alone", list)
	}
	if list := due(2 * time.Hour); len(list) != 2 || list[1].Tries != 1 || list[1].Error != "503" {
		t.Errorf("after two hours Undelivered gives %+v, want both, the first one with its try", list)
	}
	if err := h.Delivered(bg(), offsets[0], journal.Delivery{Status: journal.DeliverySent, Tries: 2}); err != nil {
		t.Fatalf("Delivered: %v", err)
	}
	if list := due(9 * time.Hour); len(list) != 1 {
		t.Errorf("a message that was sent is still to be delivered")
	}
	here := h.change(r.CaseID, 4, 1)
	here.Messages = []journal.NewMessage{{Message: journal.Message{Delivery: journal.Delivery{Status: journal.DeliveryReady}}}}
	ready := h.append(here).Offsets[0]
	if list := due(9 * time.Hour); len(list) != 1 {
		t.Errorf("a message that is ready is still to be delivered")
	}
	if page, _, err := h.Outbox(bg(), 0, 1); err != nil || page[0].Offset != ready || page[0].Status != journal.DeliveryReady {
		t.Errorf("Outbox gives %+v, %v, want the message that is ready", page, err)
	}
	if err := h.Delivered(bg(), 1, journal.Delivery{Status: journal.DeliverySent}); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Delivered of an entry that is no message gave %v, want ErrNotFound", err)
	}
	page, next, err := h.Outbox(bg(), ready, 1)
	if err != nil || len(page) != 1 || page[0].Offset != offsets[1] || next != offsets[1] {
		t.Errorf("Outbox gives %+v, next %d, %v, want the newest message", page, next, err)
	}
	page, next, err = h.Outbox(bg(), next, 1)
	if err != nil || len(page) != 1 || page[0].Offset != offsets[0] || page[0].Status != journal.DeliverySent || next != 0 {
		t.Errorf("Outbox below it gives %+v, next %d, %v, want the older one and no more", page, next, err)
	}
	h.sound()
}

func records(t *testing.T, h *harness) {
	put := func(r ...journal.Record) {
		t.Helper()
		if err := h.Put(bg(), r...); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	put(journal.Record{Kind: "token", Key: "b", Value: []byte("2")}, journal.Record{Kind: "token", Key: "a", Value: []byte("1")},
		journal.Record{Kind: "token", Key: "c", Value: []byte{}}, journal.Record{Kind: "tokens", Key: "a", Value: []byte("x")})
	if v, err := h.Get(bg(), "token", "b"); err != nil || string(v) != "2" {
		t.Errorf("Get gives %q, %v, want 2", v, err)
	}
	if v, err := h.Get(bg(), "token", "c"); err != nil || v == nil || len(v) != 0 {
		t.Errorf("Get of an empty value gives %v, %v", v, err)
	}
	put(journal.Record{Kind: "token", Key: "b"})
	if _, err := h.Get(bg(), "token", "b"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Get of a deleted record gave %v, want ErrNotFound", err)
	}
	list, err := h.List(bg(), "token", "", 10)
	if err != nil || len(list) != 2 || list[0].Key != "a" || list[1].Key != "c" {
		t.Errorf("List gives %+v, %v, want a and c", list, err)
	}
	if list, _ := h.List(bg(), "token", "a", 10); len(list) != 1 || list[0].Key != "c" {
		t.Errorf("List after a gives %+v, want c", list)
	}
	for before, want := range map[string]string{"": "c a", "c": "a", "b": "a", "a": "", "zz": "c a"} {
		back, err := h.ListBack(bg(), "token", before, 10)
		var keys []string
		for _, r := range back {
			keys = append(keys, r.Key)
		}
		if got := strings.Join(keys, " "); err != nil || got != want {
			t.Errorf("tokens before %q, the last first, are %q (%v), want %q", before, got, err, want)
		}
	}
	if list, _ := h.ListBack(bg(), "token", "", 1); len(list) != 1 || list[0].Key != "c" {
		t.Errorf("the last token is %v, want c", list)
	}
	if list, _ := h.List(bg(), "token", "", 1); len(list) != 1 {
		t.Errorf("List of at most 1 gives %d", len(list))
	}
	h.sound()
}

func restart(t *testing.T, h *harness) {
	key := order("ORD-1", "c1", "")
	one, two, three := h.accept1(h.signal("1", key)), h.accept1(h.signal("2")), h.accept1(h.signal("3"))
	h.park(two.CaseID, casefile.Waiting, func(p *journal.Park) { p.WakeAt, p.WaitFor = start().Add(time.Hour), "x" })
	h.park(three.CaseID, casefile.Resolved, nil)
	l := h.claimed(one.CaseID)
	a := h.change(one.CaseID, 2, 1)
	a.Lease = l
	h.append(a)
	before := h.entries(one.CaseID)

	h.Store = h.reopen(t, h.Store)
	if diff := cmp.Diff(before, h.entries(one.CaseID)); diff != "" {
		t.Errorf("entries differ after a restart (-before +after):\n%s", diff)
	}
	leases := h.claim(10)
	if len(leases) != 1 || leases[0].CaseID != one.CaseID || leases[0].Fence <= l.Fence {
		t.Errorf("after a restart Claim gives %+v, want the runnable case with a higher fence than %d", leases, l.Fence)
	}
	a = h.change(one.CaseID, 3, 1)
	a.Lease = l
	h.refused(a, journal.ErrLeaseLost)
	if r := h.accept1(h.signal("1")); !r.Duplicate || r.CaseID != one.CaseID {
		t.Errorf("after a restart a known signal gave %+v, want a duplicate", r)
	}
	if r := h.accept1(h.signal("4", key)); r.CaseID != one.CaseID {
		t.Errorf("after a restart the key was forgotten")
	}
	if next, err := h.Due(bg(), start()); err != nil || !next.Equal(start().Add(time.Hour)) {
		t.Errorf("after a restart the next timer is at %v, %v", next, err)
	}
	if ids, _ := h.Waiting(bg(), "x"); len(ids) != 1 {
		t.Errorf("after a restart nobody waits")
	}
	h.sound()
}

// recordsOfWhoLeaves: who stops waiting for records has them stored and hears so, or neither.
func recordsOfWhoLeaves(t *testing.T, h *harness) {
	gone, leave := context.WithCancel(bg())
	leave()
	for name, put := range map[string]func(journal.Record) error{
		"put":     func(r journal.Record) error { return h.Put(gone, r) },
		"replace": func(r journal.Record) error { return h.Replace(gone, nil, r) },
	} {
		for i := range 20 {
			r := journal.Record{Kind: "token", Key: fmt.Sprint(name, i), Value: []byte("v")}
			said := put(r)
			if err := h.Put(bg(), journal.Record{Kind: "token", Key: "next", Value: []byte("v")}); err != nil { // whatever was under way is over
				t.Fatal(err)
			}
			if _, err := h.Get(bg(), r.Kind, r.Key); (err == nil) != (said == nil) {
				t.Fatalf("%s: its caller has left and hears %v; reading it gives %v", name, said, err)
			}
		}
	}
}
