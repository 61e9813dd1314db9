package load_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"resolute/bench/load"
)

func TestARateIsCountedInTheWindowAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		rate, err := load.Rate(t.Context(), 5, load.Window{Warm: 10 * time.Second, Measure: 20 * time.Second}, &count, func(context.Context, int64) error {
			time.Sleep(500 * time.Millisecond)
			count.Add(1)
			return nil
		})
		if err != nil || rate < 9.5 || rate > 10.5 {
			t.Errorf("five at once that take half a second each: %v a second, %v; expected 10", rate, err)
		}
	})
}

func TestAWindowWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		rate, err := load.Rate(t.Context(), 1, load.Window{Measure: time.Second}, &count, func(context.Context, int64) error {
			time.Sleep(4 * time.Second)
			count.Add(1)
			return nil
		})
		if err != nil || rate < 0.2 || rate > 0.3 {
			t.Errorf("one in four seconds: %v a second, %v; expected 0.25", rate, err)
		}
	})
}

func TestAnErrorEndsTheRate(t *testing.T) {
	var count atomic.Int64
	broken := errors.New("broken")
	_, err := load.Rate(t.Context(), 3, load.Window{Measure: time.Hour}, &count, func(_ context.Context, i int64) error {
		if i == 10 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("the rate ended with %v; expected what went wrong", err)
	}
}

func TestAPosterAsksAgainWhenTheServerIsBusy(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.Add(1); {
		case r.Header.Get("Authorization") != "Bearer secret":
			w.WriteHeader(http.StatusUnauthorized)
		case n < 3:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case n == 3:
			w.WriteHeader(http.StatusAccepted)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	p := load.NewPoster(s.URL, "secret", 1)
	defer p.Close()
	if err := p.Post(t.Context(), "application/json", []byte("{}")); err != nil || asked.Load() != 3 {
		t.Errorf("%v after %d requests; expected none after three", err, asked.Load())
	}
	if err := p.Post(t.Context(), "application/json", []byte("{}")); err == nil {
		t.Error("a server that failed counts as done")
	}
}
