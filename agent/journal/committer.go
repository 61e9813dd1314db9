package journal

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

// A group of requests is committed together, up to so many and so large.
const (
	maxGroup      = 4096
	maxGroupBytes = 16 << 20
	maxYields     = 3
)

// operation is what a request wants written. run may be called again after the transaction that it
// wrote to was rolled back.
type operation interface {
	// run checks the preconditions and writes. The error is why it is refused; what went wrong
	// in writing is kept by the writer and stops the store.
	run(w *writer) error
	// size is about how many bytes it writes.
	size() int
}

type request struct {
	op      operation
	err     error // the answer
	refused bool  // for good: it had written before it was refused
	done    chan struct{}
}

// submit hands an operation to the committer and waits for the outcome.
func (b *Bolt) submit(ctx context.Context, op operation) error {
	if err := b.Err(); err != nil {
		return err
	}
	r := &request{op: op, done: make(chan struct{})}
	if !b.queue.put(r) {
		return errClosed
	}
	if ctx.Done() == nil {
		<-r.done
		return r.err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("left before the journal answered, it may be done or not: %w", ctx.Err())
	}
}

func (b *Bolt) commitLoop() {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	debug.SetPanicOnFault(true)
	defer close(b.done)
	var group []*request
	for {
		group = b.gather(group[:0])
		if len(group) == 0 {
			return
		}
		b.serve(group)
	}
}

// gather waits for a request and takes what waits with it. It gives none after Close. Whoever was
// just answered tends to ask again at once: it lets them, as long as the group is smaller than the
// one before, so that groups don't fall into a large and a small half.
func (b *Bolt) gather(group []*request) []*request {
	size, closed := 0, false
	for {
		if group, closed = b.queue.take(group, &size, maxGroup, maxGroupBytes); len(group) > 0 || closed {
			break
		}
		<-b.queue.wake
	}
	for range maxYields {
		if len(group) >= b.lastGroup {
			break
		}
		runtime.Gosched()
		group, _ = b.queue.take(group, &size, maxGroup, maxGroupBytes)
	}
	b.lastGroup = len(group)
	return group
}

// serve carries out a group and answers it.
func (b *Bolt) serve(group []*request) {
	if b.Err() == nil {
		if err := b.transact(group); err != nil {
			b.fail(diskError(b.path, err))
		}
	}
	stopped := b.Err()
	for _, r := range group {
		if stopped != nil {
			r.err = stopped
		}
		close(r.done)
	}
}

// transact carries out a group in one transaction. An error stops the store.
func (b *Bolt) transact(group []*request) error {
	for {
		w := &writer{b: b}
		again, err := b.try(w, group)
		if err != nil {
			b.takeBack(w)
			return err
		}
		if again {
			continue
		}
		if w.writes > 0 {
			b.publish(w)
		}
		return nil
	}
}

// try carries out a group, or asks to do it again without a request that was refused too late.
func (b *Bolt) try(w *writer, group []*request) (again bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = damaged(b.path, fmt.Errorf("panic while writing: %v", r))
		}
	}()
	if w.tx, err = b.db.Begin(true); err != nil {
		return false, fmt.Errorf("begin a transaction: %w", err)
	}
	w.next = b.next
	for _, r := range group {
		if r.refused {
			continue
		}
		before := w.writes
		r.err = r.op.run(w)
		if w.err != nil {
			return false, fmt.Errorf("write: %w", w.err)
		}
		if r.err != nil && w.writes > before {
			r.refused = true
			return true, b.rollback(w)
		}
	}
	if w.writes == 0 {
		return false, b.rollback(w)
	}
	w.due = firstDue(&w.reader)
	began := time.Now()
	if err := b.commit(w.tx); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	b.told(len(group), time.Since(began))
	return false, nil
}

func (b *Bolt) rollback(w *writer) error {
	b.seen.forget()
	b.heads.forget()
	if err := w.tx.Rollback(); err != nil {
		return fmt.Errorf("take a transaction back: %w", err)
	}
	return nil
}

// takeBack ends a transaction that broke, as far as that goes.
func (b *Bolt) takeBack(w *writer) {
	defer func() {
		if r := recover(); r != nil {
			b.stuck.Store(true)
		}
	}()
	b.seen.forget()
	b.heads.forget()
	if w.tx != nil {
		_ = w.tx.Rollback() // a transaction that is over already says so
	}
}

// publish makes known what was committed.
func (b *Bolt) publish(w *writer) {
	wrote := w.next > b.next
	b.next = w.next
	b.seen.keep()
	b.heads.keep()
	before := b.nextDue.Swap(w.due)
	earlier := w.due != noTime && (before == noTime || w.due < before)
	b.leases.follow(w.events, earlier)
	if wrote {
		b.watch.tell()
	}
}

// writer is the transaction of a group. Its puts keep the first error, which stops the store.
type writer struct {
	reader
	b      *Bolt
	next   uint64 // offset of the next entry
	writes int
	events []event
	due    int64 // of the first timer after the writes
	err    error
}

func (w *writer) check(err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) put(id bucketID, key, value []byte) {
	w.writes++
	w.check(w.bucket(id).Put(key, value))
}

func (w *writer) remove(id bucketID, key []byte) {
	w.writes++
	w.check(w.bucket(id).Delete(key))
}

// add appends an entry to a case.
func (w *writer) add(id uuid.UUID, h *head, rec record) uint64 {
	offset := w.next
	w.next++
	h.hash = rec.link(id, offset, h)
	h.last = offset
	h.seq++
	w.put(bucketJournal, offsetKey(offset), rec)
	return offset
}

func (w *writer) putHead(id uuid.UUID, h *head) {
	w.b.heads[id] = h
	w.put(bucketHeads, id[:], seal(id[:], h.encode()))
}

// head gives a case's head, nil if there is no such case. Whoever changes it puts it.
func (w *writer) head(id uuid.UUID) (*head, error) {
	if h := w.b.heads[id]; h != nil {
		return h, nil
	}
	return w.reader.head(id)
}

// heads are those that the committer wrote last. What a transaction changed is there at once; keep or
// forget tells what became of it.
type heads map[uuid.UUID]*head

// maxHeads bounds heads; a case that is at work is asked for again soon.
const maxHeads = 8192

func (h heads) keep() {
	if len(h) > maxHeads {
		clear(h)
	}
}

func (h heads) forget() { clear(h) }

// wake makes a case runnable.
func (w *writer) wake(id uuid.UUID, c class) {
	if w.get(bucketRunnable, id[:]) == nil {
		w.put(bucketRunnable, id[:], runnableRecord(id, c))
	}
	w.events = append(w.events, event{id, c, madeRunnable})
}
