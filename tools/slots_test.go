package tools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitForASlotIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.take(t.Context(), ""); err != nil {
			t.Fatalf("a free slot can't be taken: %v", err)
		}
		start := time.Now()
		if err := s.take(t.Context(), ""); !errors.Is(err, errBusy) || time.Since(start) != slotWait {
			t.Errorf("no slot got free: error %v after %v, want busy after %v", err, time.Since(start), slotWait)
		}
		go func() {
			time.Sleep(slotWait / 2)
			s.give()
		}()
		if err := s.take(t.Context(), ""); err != nil {
			t.Errorf("a slot got free in time, and the wait ended with %v", err)
		}
	})
}

// TestCustomersTakeTurnsForSlots: whoever has many calls in line doesn't hold up who has one.
func TestCustomersTakeTurnsForSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.take(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		served := make(chan string, 12)
		call := func(customer string) {
			if err := s.take(t.Context(), customer); err != nil {
				t.Errorf("a call of %s ended with %v", customer, err)
			}
			served <- customer
			s.give()
		}
		for range 10 {
			go call("flood")
			synctest.Wait()
		}
		go call("one")
		synctest.Wait()
		s.give()
		synctest.Wait()
		close(served)
		var order []string
		for who := range served {
			order = append(order, who)
		}
		if i := slices.Index(order, "one"); len(order) != 11 || i > 1 {
			t.Errorf("the slot went to %v, want one call of the flood at most before the other customer's", order)
		}
	})
}

func TestCallsThatGaveUpTakeNobodysSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.take(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), slotWait/2)
			if err := s.take(ctx, fmt.Sprint(i%7)); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("a call without a slot ended with %v, want its context's end", err)
			}
			cancel()
		}
		go func() {
			time.Sleep(slotWait / 2)
			s.give()
		}()
		if err := s.take(t.Context(), "late"); err != nil {
			t.Errorf("a call that waits behind those that gave up ended with %v", err)
		}
		s.give()
		if s.free != 1 {
			t.Errorf("all calls are over and %d slots are free, want 1", s.free)
		}
	})
}
