package agent

import (
	"fmt"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

func sends(tools ...string) (list []Command) {
	for _, t := range tools {
		list = append(list, Send{Call: casefile.Call{Action: casefile.Action{Tool: t}}})
	}
	return list
}

// seat takes seats for as many cases as get one, at most n.
func seat(b *bulkhead, n int, tools ...string) (taken []*berth) {
	for range n {
		s := &berth{of: b}
		if s.take(sends(tools...)) != "" {
			break
		}
		taken = append(taken, s)
	}
	return taken
}

func TestHungPluginsLeaveWorkersForOthers(t *testing.T) {
	for hung, want := range map[int]int{1: 64, 2: 32, 3: 16} {
		b := newBulkhead(128, nil)
		var last int
		for i := range hung {
			last = len(seat(b, 1000, fmt.Sprint("hung", i, ".a")))
		}
		free := 128 - b.taken
		if last < want || free < want {
			t.Errorf("with %d plugins hung, the last of them has %d seats and %d workers are free, want at least %d each", hung, last, free, want)
		}
		if n := len(seat(b, 1000, "well.a")); n == 0 {
			t.Errorf("with %d plugins hung, a case of another one gets no seat", hung)
		}
	}
}

func TestSeatsGoWithTheCommands(t *testing.T) {
	b := newBulkhead(16, nil)
	s := &berth{of: b}
	if full := s.take(sends("shop.a", "shop.b", "bank.c")); full != "" || b.seats["shop"] != 1 || b.seats["bank"] != 1 {
		t.Fatalf("three calls of two plugins: no seat at %q, taken %v, want one each", full, b.seats)
	}
	if full := s.take(sends("bank.d")); full != "" || b.taken != 1 || b.seats["bank"] != 1 {
		t.Fatalf("then one call: no seat at %q, taken %v, want one of bank", full, b.seats)
	}
	if full := s.take([]Command{Search{}}); full != "" || b.taken != 0 || !s.has(Search{}) {
		t.Fatalf("then a search: no seat at %q, taken %v, want none, and none needed", full, b.seats)
	}
	hogs := seat(b, 1000, "bank.c")
	if full := s.take(sends("shop.a", "bank.c")); full != "bank" || b.seats["shop"] != 0 {
		t.Errorf("a case that gets no seat of bank: no seat at %q, taken %v; want it to keep none of shop", full, b.seats)
	}
	for _, h := range hogs {
		h.leave()
	}
	if b.taken != 0 || len(b.seats) != 0 {
		t.Errorf("all cases left, and %v are taken", b.seats)
	}
}

func TestWhoStandsAsideComesBackInTurn(t *testing.T) {
	b := newBulkhead(4, nil)
	hogs := seat(b, 1000, "slow.a")
	for i := range 10 {
		b.stand(&aside{lease: journal.Lease{CaseID: fmt.Sprint("flood-", i)}, plugin: "slow", customer: "flood", until: t0.Add(time.Hour)})
	}
	b.stand(&aside{lease: journal.Lease{CaseID: "one-0"}, plugin: "slow", customer: "one", until: t0.Add(time.Hour)})
	if a := b.next(t0); a != nil {
		t.Fatalf("all seats are taken and it is the turn of %+v", a)
	}
	var order []string
	for _, h := range hogs {
		h.leave()
	}
	for s := b.next(t0); s != nil; s = b.next(t0) {
		order = append(order, s.lease.CaseID)
		if full := s.take(sends("slow.a")); full != "" {
			t.Fatalf("case %s had its turn and gets no seat", s.lease.CaseID)
		}
		if len(order) > 1 {
			s.leave()
		}
	}
	if len(order) != 11 || order[0] != "flood-0" || order[1] != "one-0" || order[2] != "flood-1" {
		t.Errorf("turns went %v, want the other customer second and everybody in the end", order)
	}
	if left := b.clear(); len(left) != 0 || !b.first().IsZero() {
		t.Errorf("all had their turn, and %v still stand aside", left)
	}
}

func TestWhoStandsAsideTooLongGoesOnWithoutASeat(t *testing.T) {
	b := newBulkhead(4, nil)
	seat(b, 1000, "hung.a")
	for i, after := range []time.Duration{time.Minute, time.Second, time.Hour} {
		b.stand(&aside{lease: journal.Lease{CaseID: fmt.Sprint(i)}, plugin: "hung", until: t0.Add(after)})
	}
	if at := b.first(); !at.Equal(t0.Add(time.Second)) {
		t.Errorf("the first time aside is over at %v, want in a second", at)
	}
	if a := b.next(t0.Add(time.Second - 1)); a != nil {
		t.Errorf("case %s goes on before its time is over", a.lease.CaseID)
	}
	for i, want := range []string{"1", "0"} {
		s := b.next(t0.Add(time.Minute))
		if s == nil || s.lease.CaseID != want {
			t.Fatalf("after a minute, %d: %+v goes on, want case %s", i, s, want)
		}
		if full := s.take(sends("hung.a", "well.b")); full != "" {
			t.Errorf("a case whose time is over stands aside again, for %s", full)
		}
		if s.has(sends("hung.a")[0]) || !s.has(sends("well.b")[0]) {
			t.Error("it goes on without a seat of the plugin that hangs, and with one of the other")
		}
		s.leave()
	}
	if left := b.clear(); len(left) != 1 || left[0].CaseID != "2" {
		t.Errorf("%v stand aside, want case 2 alone", left)
	}
}
