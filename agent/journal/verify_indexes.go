package journal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// hasCase reports whether an index names a case that exists.
func (v *verifier) hasCase(id uuid.UUID) error {
	h, err := v.reader.head(id)
	if err == nil && h == nil {
		err = fmt.Errorf("case %s is missing", id)
	}
	return err
}

// index checks an index whose keys end in a case's id and say everything themselves; fits reports
// what the head must say for the key to be right.
func (v *verifier) index(in bucketID, size int, fits func(k []byte, h *head) bool) error {
	return v.each(in, func(k, value []byte) {
		where := fmt.Sprintf("%s %x", in, k)
		if _, err := unseal(k, value); err != nil {
			v.damage(where, err)
			return
		}
		if len(k) != size {
			v.damage(where, errShort)
			return
		}
		id := uuid.UUID(k[size-16:])
		h, err := v.reader.head(id)
		switch {
		case err != nil:
			v.damage(where, err)
		case h == nil:
			v.damage(where, fmt.Errorf("case %s is missing", id))
		case !fits(k, h):
			v.damage(where, fmt.Errorf("the head of case %s doesn't say so", id))
		}
	})
}

func (v *verifier) open() error {
	return v.index(bucketOpen, 17, func(k []byte, h *head) bool { return !h.over() && h.status == k[0] })
}

func (v *verifier) runnable() error {
	return v.index(bucketRunnable, 16, func(k []byte, h *head) bool {
		c, err := decodeRunnable(k, v.get(bucketRunnable, k))
		return err == nil && c == h.class
	})
}

func (v *verifier) timers() error {
	return v.index(bucketTimers, 24, func(k []byte, h *head) bool {
		return h.due != noTime && bytes.Equal(k[:8], timeKey(h.due))
	})
}

func (v *verifier) waits() error {
	return v.index(bucketWaits, 24, func(k []byte, h *head) bool {
		return h.wait != "" && bytes.Equal(k[:8], waitPrefix(h.wait))
	})
}

func (v *verifier) correlation() error {
	return v.index(bucketCorrelation, 32, func([]byte, *head) bool { return true })
}

func (v *verifier) leases() error {
	return v.index(bucketLeases, 16, func(k []byte, _ *head) bool { return v.get(bucketRunnable, k) != nil })
}

func (v *verifier) summaries() error {
	return v.each(bucketSummaries, func(k, value []byte) {
		s, err := decodeSummary(k, value)
		if err != nil {
			v.damage(fmt.Sprintf("summary %x", k), err)
			return
		}
		where := "the summary of case " + s.ID
		h, err := v.reader.head(uuid.UUID(k))
		if err == nil && h == nil {
			err = fmt.Errorf("case %s is missing", s.ID)
		}
		if err != nil {
			v.damage(where, err)
			return
		}
		if code, err := statusCode(s.Status); err != nil || code != h.status {
			v.damage(where, fmt.Errorf("its status is %.20q, which the head doesn't say", s.Status))
		}
	})
}

func (v *verifier) snapshots() error {
	return v.each(bucketSnapshots, func(k, value []byte) {
		where := fmt.Sprintf("snapshot %x", k)
		seq, _, err := decodeSnapshot(k, value)
		if err == nil && len(k) != 16 {
			err = errShort
		}
		if err != nil {
			v.damage(where, err)
			return
		}
		id := uuid.UUID(k)
		where = "the snapshot of case " + id.String()
		h, err := v.reader.head(id)
		if err == nil && h == nil {
			err = fmt.Errorf("case %s is missing", id)
		}
		if err == nil && seq != h.saved {
			err = fmt.Errorf("it is of seq %d, the head of the case says %d", seq, h.saved)
		}
		if err != nil {
			v.damage(where, err)
		}
	})
}

func (v *verifier) outbox() error {
	return v.each(bucketOutbox, func(k, value []byte) {
		where := fmt.Sprintf("message %x", k)
		d, err := decodeDelivery(k, value)
		if err == nil && len(k) != 8 {
			err = errShort
		}
		if err == nil {
			_, err = v.message(offsetOf(k))
		}
		if err == nil && d.queued() && v.get(bucketOutboxQueue, queueKey(d.nextAt, offsetOf(k))) == nil {
			err = errors.New("it is queued and missing in outbox_queue")
		}
		if err != nil {
			v.damage(where, err)
		}
	})
}

func (v *verifier) outboxQueue() error {
	return v.each(bucketOutboxQueue, func(k, value []byte) {
		where := fmt.Sprintf("outbox_queue %x", k)
		_, err := unseal(k, value)
		if err == nil && len(k) != 16 {
			err = errShort
		}
		if err != nil {
			v.damage(where, err)
			return
		}
		d, err := v.delivery(offsetOf(k[8:]))
		if err == nil && (!d.queued() || !bytes.Equal(k, queueKey(d.nextAt, offsetOf(k[8:])))) {
			err = errors.New("the outbox doesn't say so")
		}
		if err != nil {
			v.damage(where, err)
		}
	})
}

func (v *verifier) records() error {
	return v.each(bucketRecords, func(k, value []byte) {
		if bytes.HasPrefix(k, auditPrefix) {
			v.deeds++
		}
		if _, err := unseal(k, value); err != nil {
			kind, key, _ := bytes.Cut(k, []byte{0})
			v.damage(fmt.Sprintf("record %.40q %.60q", kind, key), err)
		}
	})
}
