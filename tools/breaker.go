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
