package impact

import (
	"context"
	"errors"
)

// ErrBusy is of who asks while many wait already.
var ErrBusy = errors.New("many wait for past decisions to be judged already; ask again in a moment")

// mostWait is how many may wait for their turn.
const mostWait = 8

// Turns judges past decisions for one asker at a time: each reads every history of its period, on all
// processors.
type Turns struct {
	store Store
	turn  chan struct{}
	line  chan struct{} // who judges, and who waits
}

// NewTurns makes turns over a store.
func NewTurns(store Store) *Turns {
	return &Turns{store: store, turn: make(chan struct{}, 1), line: make(chan struct{}, mostWait+1)}
}

// Replay is Replay once it is one's turn. ErrBusy where too many wait.
func (t *Turns) Replay(ctx context.Context, c Candidate, p Period) (Report, error) {
	select {
	case t.line <- struct{}{}:
		defer func() { <-t.line }()
	default:
		return Report{}, ErrBusy
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
	return Replay(ctx, t.store, c, p)
}
