package journal

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"resolute/agent/fair"
)

// leases knows which cases are runnable and who works on which. A runnable case is queued or held.
// Queued cases are served by customer in turn.
type leases struct {
	mu     sync.Mutex
	fence  uint64                        // of the newest lease
	queue  *fair.Queue[class, uuid.UUID] // of those that are in queued
	queued map[uuid.UUID]bool
	held   map[uuid.UUID]*holding
	expiry time.Time // nothing that is held expires before it
	wake   chan struct{}
}

type holding struct {
	class    class
	fence    uint64
	worker   string
	until    time.Time
	recorded bool // in bucketLeases
}

// event is what a commit did to a case.
type event struct {
	id    uuid.UUID
	class class
	what  change
}

type change byte

const (
	madeRunnable change = iota
	leaseRecorded
	parked
)

// load queues what is runnable.
func (l *leases) load(r *reader, fence uint64) error {
	l.begin(fence)
	err := r.bucket(bucketRunnable).ForEach(func(k, v []byte) error {
		c, err := decodeRunnable(k, v)
		if err != nil {
			return damaged(fmt.Sprintf("runnable case %x", k), err)
		}
		l.push(uuid.UUID(k), c)
		return nil
	})
	l.tell()
	return err
}

// begin is the state of a process that has just started, with nothing queued yet.
func (l *leases) begin(fence uint64) {
	l.fence = fence
	l.queued = map[uuid.UUID]bool{}
	l.queue = fair.New[class](func(id uuid.UUID) bool { return l.queued[id] })
	l.held = map[uuid.UUID]*holding{}
	l.wake = make(chan struct{}, 1)
}

func (l *leases) push(id uuid.UUID, c class) {
	if !l.queued[id] {
		l.queued[id] = true
		l.queue.Push(c, id)
	}
}

func (l *leases) tell() {
	if len(l.queued) > 0 {
		l.signal()
	}
}

func (l *leases) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// follow applies what was committed. A case that became runnable while it is held stays held: its
// worker notices when it appends.
func (l *leases) follow(events []event, timer bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		switch e.what {
		case madeRunnable:
			if l.held[e.id] == nil {
				l.push(e.id, e.class)
			}
		case leaseRecorded:
			if h := l.held[e.id]; h != nil {
				h.recorded = true
			}
		case parked:
			delete(l.held, e.id)
			delete(l.queued, e.id)
		}
	}
	if l.tell(); timer {
		l.signal()
	}
}

// holder gives the holding that a lease stands for, nil if it is lost.
func (l *leases) holder(id uuid.UUID, fence uint64) *holding {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.held[id]; h != nil && h.fence == fence {
		return h
	}
	return nil
}

// expire queues what is held longer than its time, the oldest lease first.
func (l *leases) expire(now time.Time) {
	if len(l.held) == 0 || now.Before(l.expiry) {
		return
	}
	type late struct {
		id uuid.UUID
		*holding
	}
	var over []late
	l.expiry = time.Time{}
	for id, h := range l.held {
		if !now.Before(h.until) {
			over = append(over, late{id, h})
		} else if l.expiry.IsZero() || h.until.Before(l.expiry) {
			l.expiry = h.until
		}
	}
	slices.SortFunc(over, func(a, b late) int { return cmp.Compare(a.fence, b.fence) })
	for _, o := range over {
		delete(l.held, o.id)
		l.push(o.id, o.class)
	}
}

// claim leases up to max cases that are queued, in turn.
func (l *leases) claim(worker string, max int, now time.Time, ttl time.Duration) []Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire(now)
	var claimed []Lease
	for len(claimed) < max {
		c, id, ok := l.queue.Pop()
		if !ok {
			break
		}
		delete(l.queued, id)
		l.fence++
		until := now.Add(ttl)
		l.held[id] = &holding{class: c, fence: l.fence, worker: worker, until: until}
		if len(l.held) == 1 || until.Before(l.expiry) {
			l.expiry = until
		}
		claimed = append(claimed, Lease{CaseID: id.String(), Worker: worker, Fence: l.fence})
	}
	l.tell()
	return claimed
}

// runnable gives how many cases are queued or held.
func (l *leases) runnable() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queued) + len(l.held)
}

// renew extends a lease.
func (l *leases) renew(lease Lease, now time.Time, ttl time.Duration) error {
	id, err := parseCase(lease.CaseID)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.held[id]
	if h == nil || h.fence != lease.Fence {
		return fmt.Errorf("renew case %s: %w", lease.CaseID, ErrLeaseLost)
	}
	if h.until = now.Add(ttl); h.until.Before(l.expiry) {
		l.expiry = h.until
	}
	return nil
}

// release gives a lease back, if it is not lost.
func (l *leases) release(lease Lease) {
	id, err := parseCase(lease.CaseID)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.held[id]; h != nil && h.fence == lease.Fence {
		delete(l.held, id)
		l.push(id, h.class)
		l.tell()
	}
}

// Claim leases cases; see Store.
func (b *Bolt) Claim(ctx context.Context, worker string, max int, now time.Time, ttl time.Duration) ([]Lease, error) {
	if err := b.Err(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.leases.claim(worker, max, now, ttl), nil
}

// Runnable gives how many cases are runnable, those that are worked on included.
func (b *Bolt) Runnable() int { return b.leases.runnable() }

// Renew extends a lease; see Store.
func (b *Bolt) Renew(lease Lease, now time.Time, ttl time.Duration) error {
	if err := b.Err(); err != nil {
		return err
	}
	return b.leases.renew(lease, now, ttl)
}

// Release gives a lease back; see Store.
func (b *Bolt) Release(lease Lease) { b.leases.release(lease) }

// Wakeups tells when to ask Claim and Due again; see Store.
func (b *Bolt) Wakeups() <-chan struct{} { return b.leases.wake }

// leaseRecord says who holds a case, for whoever looks at the file.
func leaseRecord(id uuid.UUID, h *holding) []byte {
	v := binary.BigEndian.AppendUint64(make([]byte, 4, 12+len(h.worker)), h.fence)
	return seal(id[:], append(v, h.worker...))
}
