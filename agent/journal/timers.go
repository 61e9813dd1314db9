package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// dueAtOnce bounds how many timers one request fires.
const dueAtOnce = 4096

type dueOp struct{ now int64 }

func (o *dueOp) size() int { return 4096 }

// Due fires timers; see Store.
func (b *Bolt) Due(ctx context.Context, now time.Time) (time.Time, error) {
	due := b.nextDue.Load()
	if due != noTime && due <= nanos(now) {
		if err := b.submit(ctx, &dueOp{nanos(now)}); err != nil {
			return time.Time{}, fmt.Errorf("fire timers: %w", err)
		}
	} else if err := b.Err(); err != nil {
		return time.Time{}, err
	}
	return fromNanos(b.nextDue.Load()), nil
}

// run makes cases runnable. A timer whose case doesn't say that it has it is only removed: a damaged
// key must not hold up the others.
func (o *dueOp) run(w *writer) error {
	type timer struct {
		key []byte
		id  uuid.UUID
	}
	var fired []timer
	c := w.bucket(bucketTimers).Cursor()
	for key, _ := c.First(); key != nil && len(fired) < dueAtOnce; key, _ = c.Next() {
		if len(key) == 24 && int64(offsetOf(key)) > o.now {
			break
		}
		t := timer{key: append([]byte(nil), key...)}
		if len(key) == 24 {
			t.id = uuid.UUID(key[8:])
		}
		fired = append(fired, t)
	}
	for _, t := range fired {
		w.remove(bucketTimers, t.key)
		h, err := w.head(t.id)
		if err != nil || h == nil || h.due == noTime {
			continue
		}
		if string(timerKey(h.due, t.id)) == string(t.key) {
			h.due = noTime
			w.putHead(t.id, h)
			w.wake(t.id, h.class)
		}
	}
	return nil
}

// firstDue gives the time of the first timer.
func firstDue(r *reader) int64 {
	key, _ := r.bucket(bucketTimers).Cursor().First()
	if len(key) < 8 {
		return noTime
	}
	return int64(offsetOf(key))
}
