package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

type appendOp struct {
	id        uuid.UUID
	after     uint64
	lease     *Lease
	records   []record
	hold      []correlationKey
	anyway    bool
	deliverTo uuid.UUID
	deliver   []record
	park      *parking
	wake      bool
	messages  []queuedMessage
	expect    expected
	put       putOp
	budgets   []budgetChange
	bytes     int

	done Appended
}

// parking is a Park as it is written.
type parking struct {
	status   byte
	due      int64
	ended    int64
	wait     string
	summary  []byte
	snapshot []byte // nil for none
}

func (o *appendOp) size() int { return o.bytes }

// Append changes a case; see Store.
func (b *Bolt) Append(ctx context.Context, a Append) (Appended, error) {
	op, err := prepareAppend(&a)
	if err == nil {
		err = b.submit(ctx, op)
	}
	if err != nil {
		return Appended{}, fmt.Errorf("append to case %s: %w", a.CaseID, err)
	}
	return op.done, nil
}

// prepareAppend encodes and hashes what doesn't depend on the case's place in the journal.
func prepareAppend(a *Append) (*appendOp, error) {
	op := &appendOp{after: a.After, lease: a.Lease, anyway: a.HoldAnyway, wake: a.Wake, bytes: 512}
	var err error
	if op.id, err = parseCase(a.CaseID); err != nil {
		return nil, err
	}
	if len(a.Salts) != len(a.Entries)+len(a.Deliver) {
		return nil, fmt.Errorf("%d entries with %d salts", len(a.Entries)+len(a.Deliver), len(a.Salts))
	}
	for i := range a.Entries {
		if s := a.Entries[i].Seq; s != 0 && s != a.After+uint64(i)+1 {
			return nil, fmt.Errorf("entry %d behind seq %d says that its seq is %d", i, a.After, s)
		}
	}
	if op.records, err = op.encode(op.id, a.Entries, a.Salts); err != nil {
		return nil, err
	}
	if len(a.Deliver) > 0 {
		if op.deliverTo, err = parseCase(a.DeliverTo); err != nil {
			return nil, err
		}
		if op.deliverTo == op.id {
			return nil, errors.New("a case does not deliver to itself")
		}
		if op.deliver, err = op.encode(op.deliverTo, a.Deliver, a.Salts[len(a.Entries):]); err != nil {
			return nil, err
		}
	}
	op.hold = correlationKeys(a.Hold)
	if a.Park != nil {
		if op.park, err = op.prepark(a.Park); err != nil {
			return nil, err
		}
	}
	if op.expect, err = preparePut(a.Expect); err != nil {
		return nil, err
	}
	if op.put, err = preparePut(a.Records); err != nil {
		return nil, err
	}
	op.bytes += op.put.bytes
	if op.budgets, err = budgetChanges(a.Entries); err != nil {
		return nil, err
	}
	op.bytes += 256 * len(op.budgets)
	op.messages, err = queueMessages(a)
	return op, err
}

func (o *appendOp) encode(id uuid.UUID, entries []casefile.Entry, salts []Salt) ([]record, error) {
	records := make([]record, len(entries))
	for i := range entries {
		e := &entries[i]
		if e.Data == nil {
			return nil, fmt.Errorf("entry %d has no data", i)
		}
		var err error
		if records[i], err = newRecord(id, e, salts[i]); err != nil {
			return nil, err
		}
		o.bytes += len(records[i])
	}
	return records, nil
}

func (o *appendOp) prepark(p *Park) (*parking, error) {
	if p.Summary.ID != o.id.String() {
		return nil, fmt.Errorf("the summary is of case %.60q", p.Summary.ID)
	}
	code, err := statusCode(p.Summary.Status)
	if err != nil {
		return nil, err
	}
	q := &parking{status: code, due: noTime, ended: noTime}
	if p.Summary.Status.Ended() {
		q.ended = nanos(p.Summary.EndedAt)
	} else {
		q.due, q.wait = nanos(p.WakeAt), p.WaitFor
	}
	if p.Snapshot != nil {
		q.snapshot = snapshotRecord(o.after+uint64(len(o.records)), p.Snapshot)
	}
	if q.summary, err = encodeSummary(&p.Summary); err != nil {
		return nil, fmt.Errorf("encode the summary: %w", err)
	}
	o.bytes += len(q.summary) + len(q.snapshot)
	return q, nil
}

func (o *appendOp) run(w *writer) error {
	h, held, err := o.mayAppend(w)
	if err != nil {
		return err
	}
	var other *head
	if len(o.deliver) > 0 {
		if other, err = o.mayDeliver(w); err != nil {
			return err
		}
	}
	if err := changeBudgets(budgets{w}, o.id, w.next, o.budgets); err != nil {
		return err
	}
	o.done = Appended{Offsets: make([]uint64, len(o.records))}
	for i, rec := range o.records {
		o.done.Offsets[i] = w.add(o.id, h, rec)
	}
	o.done.Seq = h.seq
	for i := range o.hold {
		if err := w.hold(o.id, &o.hold[i]); err != nil {
			return err
		}
	}
	if err := o.put.run(w); err != nil {
		return err
	}
	for i := range o.messages {
		w.queue(o.done.Offsets[o.messages[i].entry], &o.messages[i].delivery)
	}
	switch {
	case o.park != nil:
		w.park(o.id, h, o.park)
	case held != nil && !held.recorded:
		w.put(bucketLeases, o.id[:], leaseRecord(o.id, held))
		w.events = append(w.events, event{o.id, h.class, leaseRecorded})
	case o.wake:
		w.wake(o.id, h.class)
	}
	if o.park != nil || len(o.records) > 0 {
		w.putHead(o.id, h)
	}
	if other != nil {
		for _, rec := range o.deliver {
			w.add(o.deliverTo, other, rec)
		}
		w.putHead(o.deliverTo, other)
		w.wake(o.deliverTo, other.class)
	}
	return nil
}

// mayAppend checks what must hold of the case itself.
func (o *appendOp) mayAppend(w *writer) (*head, *holding, error) {
	h, err := w.head(o.id)
	if err != nil {
		return nil, nil, err
	}
	if h == nil {
		return nil, nil, ErrNotFound
	}
	var held *holding
	if o.lease != nil {
		if held = w.b.leases.holder(o.id, o.lease.Fence); held == nil || w.parked(o.id) {
			return nil, nil, ErrLeaseLost
		}
	}
	if h.seq != o.after {
		return nil, nil, fmt.Errorf("%w: it is at %d, not at %d", ErrConflict, h.seq, o.after)
	}
	if err := w.asExpected(&o.expect); err != nil {
		return nil, nil, err
	}
	if o.anyway {
		return h, held, nil
	}
	for i := range o.hold {
		list, err := w.holders(&o.hold[i])
		if err != nil {
			return nil, nil, err
		}
		if c := oldestOpen(list); c != nil && c.id != o.id && c.h.olderThan(c.id, h, o.id) {
			return nil, nil, &HeldError{Case: c.id.String()}
		}
	}
	return h, held, nil
}

func (o *appendOp) mayDeliver(w *writer) (*head, error) {
	h, err := w.head(o.deliverTo)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fmt.Errorf("case %s, which it delivers to: %w", o.deliverTo, ErrNotFound)
	}
	if h.over() {
		return nil, fmt.Errorf("%w: case %s, which it delivers to, has ended", ErrConflict, o.deliverTo)
	}
	return h, nil
}

// parked reports whether the case was parked in this transaction, which ends its lease.
func (w *writer) parked(id uuid.UUID) bool {
	for i := len(w.events) - 1; i >= 0; i-- {
		if e := w.events[i]; e.id == id && e.what == parked {
			return true
		}
	}
	return false
}

// park leaves a case until something happens.
func (w *writer) park(id uuid.UUID, h *head, p *parking) {
	if h.due != noTime && h.due != p.due {
		w.remove(bucketTimers, timerKey(h.due, id))
	}
	if p.due != noTime && h.due != p.due {
		key := timerKey(p.due, id)
		w.put(bucketTimers, key, mark(key))
	}
	if h.wait != "" && h.wait != p.wait {
		w.remove(bucketWaits, waitKey(h.wait, id))
	}
	if p.wait != "" && h.wait != p.wait {
		key := waitKey(p.wait, id)
		w.put(bucketWaits, key, mark(key))
	}
	wasOpen, isOpen := !h.over(), p.status != codeResolved && p.status != codeClosed
	if wasOpen && h.status != p.status {
		w.remove(bucketOpen, statusKey(h.status, id))
	}
	if isOpen && h.status != p.status {
		w.putOpen(p.status, id)
	}
	h.status, h.due, h.ended, h.wait = p.status, p.due, p.ended, p.wait
	w.put(bucketSummaries, id[:], seal(id[:], p.summary))
	if p.snapshot != nil {
		h.saved = h.seq
		w.put(bucketSnapshots, id[:], seal(id[:], p.snapshot))
	}
	w.remove(bucketRunnable, id[:])
	w.remove(bucketLeases, id[:])
	w.events = append(w.events, event{id, h.class, parked})
}
