package tools

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBreakerProbesAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker("shop")
		call := func(err error) bool {
			settle, refused := b.Allow()
			if refused == nil {
				settle(err)
			}
			return refused == nil
		}
		down := errors.New("connection refused")
		for range 20 {
			call(context.Canceled)
			call(&forbiddenError{})
		}
		for i := range breakAfter {
			if !call(down) {
				t.Fatalf("the breaker was open after %d failures, want %d; what the caller gave up doesn't count", i, breakAfter)
			}
		}
		if call(nil) {
			t.Fatalf("the breaker lets calls through after %d failures in a row", breakAfter)
		}
		time.Sleep(breakFor + time.Millisecond)
		probe, err := b.Allow()
		if err != nil {
			t.Fatalf("no probe was let through after %v: %v", breakFor, err)
		}
		if call(nil) {
			t.Error("a second call was let through beside the probe")
		}
		probe(down)
		if call(nil) {
			t.Error("the breaker lets calls through after a failed probe")
		}
		time.Sleep(breakFor + time.Millisecond)
		for i := range 2 {
			if !call(nil) {
				t.Errorf("call %d after the pause was not let through, although the probe is answered", i)
			}
		}
	})
}
