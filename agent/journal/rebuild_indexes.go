package journal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// indexes writes heads and what follows from them.
func (b *rebuild) indexes() error {
	for _, id := range b.ids() {
		c := b.cases[id]
		b.put(bucketHeads, id[:], seal(id[:], c.encode()))
		keys := map[bucketID][]byte{}
		if !c.over() {
			keys[bucketOpen] = statusKey(c.status, id)
		}
		if c.due != noTime {
			keys[bucketTimers] = timerKey(c.due, id)
		}
		if c.wait != "" {
			keys[bucketWaits] = waitKey(c.wait, id)
		}
		if c.runnable {
			b.put(bucketRunnable, bytes.Clone(id[:]), runnableRecord(id, c.class))
		}
		for in, key := range keys {
			b.put(in, key, mark(key))
		}
		if err := b.breathe(); err != nil {
			return err
		}
	}
	return nil
}

// correlation takes over the keys that cases hold; if one may be missing, those that entries name
// are added.
func (b *rebuild) correlation() error {
	whole, err := b.old(bucketCorrelation, func(k, v []byte) error {
		flags, err := unseal(k, v)
		if err != nil || len(k) != 32 || len(flags) != 1 || b.cases[uuid.UUID(k[16:])] == nil {
			return errShort
		}
		b.put(bucketCorrelation, k, v)
		return nil
	})
	if err != nil || whole {
		return err
	}
	for _, id := range b.ids() {
		if err := errors.Join(b.holdAgain(id), b.breathe()); err != nil {
			return err
		}
	}
	return nil
}

func (b *rebuild) holdAgain(id uuid.UUID) error {
	c, err := b.fold(id, b.cases[id])
	if err != nil {
		return err
	}
	var keys []Key
	if len(c.Signals) > 0 {
		if first := &c.Signals[0].Signal; first.Thread() != "" {
			keys = append(keys, ThreadKey(first.Thread(), first.Customer()))
		}
	}
	for _, v := range c.Correlated {
		if k, err := CorrelationKey(v, c.Customer); err == nil { // a value that has no JSON is no key
			keys = append(keys, k)
		}
	}
	for i := range keys {
		k := newCorrelationKey(keys[i])
		if err := b.w.hold(id, &k); err != nil {
			return err
		}
	}
	return nil
}

// outbox takes over how far messages got. Where that isn't known any more, a message is not sent
// again by itself: it may have been.
func (b *rebuild) outbox() error {
	whole, err := b.old(bucketOutbox, func(k, v []byte) error {
		d, err := decodeDelivery(k, v)
		if err != nil || len(k) != 8 || b.w.get(bucketJournal, k) == nil {
			return errShort
		}
		b.w.queue(offsetOf(k), &d)
		return nil
	})
	if err != nil || whole {
		return err
	}
	unknown, err := newDelivery(Delivery{Status: DeliveryFailed, Error: "whether it was sent was lost with the damaged data file"})
	if err != nil {
		return err
	}
	for _, offset := range b.texts {
		if b.w.get(bucketOutbox, offsetKey(offset)) == nil {
			b.w.queue(offset, &unknown)
			b.Lost(Damage{Where: fmt.Sprintf("the delivery of message %d", offset), What: "whether it was sent is not known; it is kept as failed"})
		}
		if err := b.breathe(); err != nil {
			return err
		}
	}
	return nil
}

// records takes over what other parts keep.
func (b *rebuild) records() error {
	if !b.sound[bucketRecords.String()] {
		return damaged("bucket records", errors.New("its pages can't be followed, and bundles, tokens and secrets stand nowhere else"))
	}
	_, err := b.old(bucketRecords, func(k, v []byte) error {
		if _, err := unseal(k, v); err != nil {
			kind, key, _ := bytes.Cut(k, []byte{0})
			b.Lost(Damage{Where: fmt.Sprintf("record %.40q %.60q", kind, key), What: "it stands nowhere else, and is left out; make it anew"})
			return err
		}
		b.put(bucketRecords, k, v)
		return nil
	})
	return err
}

// budget does to the budgets what an entry does. It was let in once, so it is let in again.
func (b *rebuild) budget(rec record) error {
	if rec.erased() {
		return nil
	}
	e, err := rec.entry(casefile.Hash{})
	if err != nil {
		return err
	}
	changes, err := budgetChanges([]casefile.Entry{e})
	for _, c := range changes {
		for _, t := range c.take {
			for i := range t.bounds {
				t.bounds[i].Over, t.bounds[i].Beyond = true, casefile.Approve
			}
		}
	}
	if err == nil {
		err = changeBudgets(budgets{b.w}, rec.caseID(), rec.offset(), changes)
	}
	return err
}
