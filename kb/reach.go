package kb

import (
	"context"
	"errors"
	"sync"
	"time"
)

// reaching is the way to an embedder that takes a server.
type reaching struct {
	tried   chan struct{} // closed when the first try is over
	reached chan struct{} // closed when there is an embedder
}

// wanted is the embedder that the base is to have vectors of, nil while it wasn't reached.
func (b *Base) wanted() Embedder {
	if e := b.embedder.Load(); e != nil {
		return *e
	}
	return nil
}

// reach asks for the embedder until there is one.
func (b *Base) reach(ctx context.Context) {
	var first sync.Once
	tried := func() { first.Do(func() { close(b.reaching.tried) }) }
	defer tried()
	said := ""
	for b.wanted() == nil {
		e, err := b.opts.Reach(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			b.embedder.Store(&e)
			break
		}
		b.renewal.failed(err)
		if said != err.Error() { // the same every 30 seconds helps nobody
			said = err.Error()
			b.log.Error("the embedder can't be reached; it is tried again", "every", b.opts.Retry.String(), "error", err)
		}
		tried()
		if !pause(ctx, b.opts.Retry) {
			return
		}
	}
	close(b.reaching.reached)
}

// firstTry waits until the embedder was tried, but not longer than a search would.
func (b *Base) firstTry(ctx context.Context) error {
	patience := time.NewTimer(b.opts.Patience)
	defer patience.Stop()
	select {
	case <-b.reaching.tried:
	case <-patience.C:
		b.renewal.set(func(r *renewal) { r.pending, r.err = true, errors.New("the embedder gave no answer yet") })
	case <-ctx.Done():
	}
	return ctx.Err()
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, long time.Duration) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
