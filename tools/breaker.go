package tools

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	breakAfter = 5               // consecutive failures to get an answer
	breakFor   = 2 * time.Second // then nothing is sent for so long, and a single call probes
)

// newBreaker makes the breaker of one plugin. A call that its caller gave up, or whose address is
// forbidden, says nothing about the plugin.
func newBreaker(name string) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	return gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        name,
		MaxRequests: 1,
		Timeout:     breakFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakAfter },
		IsExcluded: func(err error) bool {
			var forbidden *forbiddenError
			return errors.Is(err, context.Canceled) || errors.As(err, &forbidden)
		},
	})
}

// slotWait bounds the wait for a slot. A call that waited longer has gone stale: it is better
// planned again than sent.
const slotWait = time.Second

var errBusy = errors.New("as many calls as the bundle's concurrency allows are running")

// slots bound how many calls to a plugin run at once.
type slots chan struct{}

// take waits for a slot, at most slotWait; give gives it back.
func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(slotWait)
	defer t.Stop()
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return errBusy
	}
}

func (s slots) give() { <-s }
