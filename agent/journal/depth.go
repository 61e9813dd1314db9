package journal

import (
	"context"
	"fmt"

	"resolute/agent/casefile"
)

// Depth is how much is open in a store at a moment.
type Depth struct {
	Open     map[casefile.Status]int // cases by status, those that ended left out
	Runnable int                     // cases that nobody works on yet
	Held     int                     // cases that a worker has leased
	Queued   int                     // messages that a channel is still to take
}

// Depth counts what is open. It reads keys of what is open, and nothing of what ended.
func (b *Bolt) Depth(ctx context.Context) (d Depth, err error) {
	names := map[byte]casefile.Status{codeWorking: casefile.Working, codeWaiting: casefile.Waiting, codeApproving: casefile.Approving, codeEscalated: casefile.Escalated}
	d.Open = map[casefile.Status]int{}
	for _, name := range names {
		d.Open[name] = 0
	}
	b.leases.mu.Lock()
	d.Runnable, d.Held = len(b.leases.queued), len(b.leases.held)
	b.leases.mu.Unlock()
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketOpen).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			name, ok := names[k[0]]
			if !ok {
				return damaged(fmt.Sprintf("open case %x", k), fmt.Errorf("status %d is none of an open case", k[0]))
			}
			d.Open[name]++
		}
		c = r.bucket(bucketOutboxQueue).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			d.Queued++
		}
		return nil
	})
	return d, err
}
