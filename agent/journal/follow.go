package journal

import (
	"context"
	"time"
)

// Follow calls look at once, and again after commits, at most once in a pace, until ctx ends or look fails.
// It gives what look failed with, nil where that was the end of ctx.
func Follow(ctx context.Context, feed interface {
	Committed() (ch <-chan struct{}, cancel func())
}, pace time.Duration, look func(context.Context) error) error {
	committed, cancel := feed.Committed()
	defer cancel()
	for ctx.Err() == nil {
		if err := look(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pace):
			select {
			case <-ctx.Done():
			case <-committed:
			}
		}
	}
	return nil
}
