package journal

import (
	"container/heap"
	"context"
	"fmt"
	"time"
)

// Append changes a case; see Store.
func (m *Memory) Append(ctx context.Context, a Append) (Appended, error) {
	op, err := prepareAppend(&a)
	if err == nil {
		err = m.change(ctx, "Append", func(e *edit) error { return e.append(op) })
	}
	if err != nil {
		return Appended{}, fmt.Errorf("append to case %s: %w", a.CaseID, err)
	}
	return op.done, nil
}

func (e *edit) append(o *appendOp) error {
	c, held, err := e.mayAppend(o)
	if err != nil {
		return err
	}
	var other *keptCase
	if len(o.deliver) > 0 {
		if other = e.cases[o.deliverTo]; other == nil {
			return fmt.Errorf("case %s, which it delivers to: %w", o.deliverTo, ErrNotFound)
		} else if other.h.over() {
			return fmt.Errorf("%w: case %s, which it delivers to, has ended", ErrConflict, o.deliverTo)
		}
	}
	if err := e.mayPut(o.put.names(), func(int) bool { return false }); err != nil {
		return err
	}
	if err := changeBudgets(budgetEdit{e}, o.id, uint64(len(e.entries))+1, o.budgets); err != nil {
		return err
	}
	e.touch(c)
	o.done = Appended{Offsets: make([]uint64, len(o.records))}
	for i, rec := range o.records {
		o.done.Offsets[i] = e.add(c, rec)
	}
	o.done.Seq = c.h.seq
	for i := range o.hold {
		e.hold(c, &o.hold[i])
	}
	e.put(&o.put)
	for i := range o.messages {
		e.queue(o.done.Offsets[o.messages[i].entry], o.messages[i].delivery)
	}
	switch {
	case o.park != nil:
		e.park(c, o.park)
	case held != nil && !held.recorded:
		e.events = append(e.events, event{c.id, c.h.class, leaseRecorded})
	case o.wake:
		e.wake(c)
	}
	if other != nil {
		e.touch(other)
		for _, rec := range o.deliver {
			e.add(other, rec)
		}
		e.wake(other)
	}
	return nil
}

// mayAppend checks what must hold of the case itself.
func (e *edit) mayAppend(o *appendOp) (*keptCase, *holding, error) {
	c := e.cases[o.id]
	if c == nil {
		return nil, nil, ErrNotFound
	}
	var held *holding
	if o.lease != nil {
		if held = e.leases.holder(o.id, o.lease.Fence); held == nil {
			return nil, nil, ErrLeaseLost
		}
	}
	if c.h.seq != o.after {
		return nil, nil, fmt.Errorf("%w: it is at %d, not at %d", ErrConflict, c.h.seq, o.after)
	}
	if err := e.asExpected(&o.expect); err != nil {
		return nil, nil, err
	}
	if o.anyway {
		return c, held, nil
	}
	for i := range o.hold {
		if first := oldestOpen(e.holders(&o.hold[i])); first != nil && first.id != o.id && first.h.olderThan(first.id, &c.h, o.id) {
			return nil, nil, &HeldError{Case: first.id.String()}
		}
	}
	return c, held, nil
}

// park leaves a touched case until something happens.
func (e *edit) park(c *keptCase, p *parking) {
	e.remind(c, p.due)
	e.await(c, p.wait)
	c.h.status, c.h.ended = p.status, p.ended
	c.summary = seal(c.id[:], p.summary)
	if p.snapshot != nil {
		c.h.saved, c.snapshot = c.h.seq, seal(c.id[:], p.snapshot)
	}
	c.runnable = false
	e.events = append(e.events, event{c.id, c.h.class, parked})
}

// Due fires timers; see Store.
func (m *Memory) Due(ctx context.Context, now time.Time) (next time.Time, err error) {
	m.mu.Lock()
	due := m.kept.nextDue()
	m.mu.Unlock()
	if due != noTime && due <= nanos(now) {
		err = m.change(ctx, "Due", func(e *edit) error {
			for due := e.nextDue(); due != noTime && due <= nanos(now); due = e.nextDue() {
				c := e.touch(heap.Pop(&e.timers).(timer).c)
				c.h.due = noTime
				e.wake(c)
			}
			return nil
		})
	} else {
		err = m.Err()
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("fire timers: %w", err)
	}
	err = m.view(ctx, func(k *kept) error {
		next = fromNanos(k.nextDue())
		return nil
	})
	return next, err
}

// Claim leases cases; see Store.
func (m *Memory) Claim(ctx context.Context, worker string, max int, now time.Time, ttl time.Duration) (list []Lease, err error) {
	if err := m.Err(); err != nil {
		return nil, err
	}
	err = m.view(ctx, func(*kept) error {
		list = m.leases.claim(worker, max, now, ttl)
		return nil
	})
	return list, err
}

// Runnable gives how many cases are runnable, those that are worked on included.
func (m *Memory) Runnable() int { return m.leases.runnable() }

// Renew extends a lease; see Store.
func (m *Memory) Renew(lease Lease, now time.Time, ttl time.Duration) error {
	if err := m.Err(); err != nil {
		return err
	}
	return m.leases.renew(lease, now, ttl)
}

// Release gives a lease back; see Store.
func (m *Memory) Release(lease Lease) { m.leases.release(lease) }

// Wakeups tells when to ask Claim and Due again; see Store.
func (m *Memory) Wakeups() <-chan struct{} { return m.leases.wake }
