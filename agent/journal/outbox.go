package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"resolute/agent/casefile"
)

// Statuses of a delivery.
const (
	DeliveryQueued = "queued" // a channel is still to take it
	DeliverySent   = "sent"   // it has
	DeliveryFailed = "failed" // given up
	DeliveryReady  = "ready"  // it goes nowhere else: the outbox is where it is read
)

type queuedMessage struct {
	entry    int
	delivery deliveryRecord
}

// queueMessages finds what an append puts into the outbox. The text stays in the entry.
func queueMessages(a *Append) ([]queuedMessage, error) {
	var list []queuedMessage
	for _, m := range a.Messages {
		if m.Entry < 0 || m.Entry >= len(a.Entries) {
			return nil, fmt.Errorf("a message names entry %d of %d", m.Entry, len(a.Entries))
		}
		e := &a.Entries[m.Entry]
		if _, ok := messageOf(e); !ok {
			return nil, fmt.Errorf("a message names entry %d, a %s, which has no text for the customer", m.Entry, e.Data.Kind())
		}
		d := m.Message.Delivery
		if d.Status == "" {
			d.Status = DeliveryQueued
		}
		if d.NextAt.IsZero() {
			d.NextAt = e.At
		}
		rec, err := newDelivery(d)
		if err != nil {
			return nil, err
		}
		list = append(list, queuedMessage{m.Entry, rec})
	}
	return list, nil
}

// messageOf gives the message that an entry carries.
func messageOf(e *casefile.Entry) (Message, bool) {
	m := Message{Offset: e.Offset, CaseID: e.Case, At: e.At}
	switch d := e.Data.(type) {
	case *casefile.ReplyWritten:
		m.Kind, m.To, m.Text, m.Citations = "reply", d.Reply.To, d.Reply.Text, d.Reply.Citations
	case *casefile.CustomerAsked:
		m.Kind, m.To, m.Text = "question", d.To, d.Question.Text
	case *casefile.HandoffNoticed:
		m.Kind, m.To, m.Text = "notice", d.To, d.Text
	default:
		return m, false
	}
	return m, true
}

// deliveryRecord is a Delivery as it is stored: status, tries, next time, error.
type deliveryRecord struct {
	status byte
	tries  uint32
	nextAt int64
	err    string
}

func newDelivery(d Delivery) (deliveryRecord, error) {
	r := deliveryRecord{nextAt: nanos(d.NextAt), err: d.Error}
	if d.Tries < 0 || d.Tries > math.MaxInt32 {
		return r, fmt.Errorf("a delivery with %d tries", d.Tries)
	}
	r.tries = uint32(d.Tries)
	switch d.Status {
	case DeliveryQueued:
		r.status = 'q'
	case DeliverySent:
		r.status = 's'
	case DeliveryFailed:
		r.status = 'f'
	case DeliveryReady:
		r.status = 'r'
	default:
		return r, fmt.Errorf("unknown status %q of a delivery", d.Status)
	}
	return r, nil
}

func (r *deliveryRecord) queued() bool { return r.status == 'q' }

func (r *deliveryRecord) delivery() Delivery {
	d := Delivery{Status: DeliveryQueued, Tries: int(r.tries), NextAt: fromNanos(r.nextAt), Error: r.err}
	switch r.status {
	case 's':
		d.Status = DeliverySent
	case 'f':
		d.Status = DeliveryFailed
	case 'r':
		d.Status = DeliveryReady
	}
	return d
}

func (r *deliveryRecord) encode() []byte {
	b := append(make([]byte, 4, 32+len(r.err)), r.status)
	b = binary.BigEndian.AppendUint32(b, r.tries)
	b = binary.BigEndian.AppendUint64(b, uint64(r.nextAt))
	return append(b, r.err...)
}

func decodeDelivery(key, value []byte) (r deliveryRecord, err error) {
	b, err := unseal(key, value)
	if err == nil && len(b) < 13 {
		err = errShort
	}
	if err != nil {
		return r, err
	}
	return deliveryRecord{b[0], binary.BigEndian.Uint32(b[1:]), int64(binary.BigEndian.Uint64(b[5:])), string(b[13:])}, nil
}

// queue writes how far a message got, and when it is due.
func (w *writer) queue(offset uint64, d *deliveryRecord) {
	key := offsetKey(offset)
	w.put(bucketOutbox, key, seal(key, d.encode()))
	if d.queued() {
		due := queueKey(d.nextAt, offset)
		w.put(bucketOutboxQueue, due, mark(due))
	}
}

// delivery gives how far a message got.
func (r *reader) delivery(offset uint64) (deliveryRecord, error) {
	key := offsetKey(offset)
	v := r.get(bucketOutbox, key)
	if v == nil {
		return deliveryRecord{}, fmt.Errorf("message %d: %w", offset, ErrNotFound)
	}
	d, err := decodeDelivery(key, v)
	if err != nil {
		return d, damaged(fmt.Sprintf("the delivery of message %d", offset), err)
	}
	return d, nil
}

// message puts a message together from its entry and its delivery.
func (r *reader) message(offset uint64) (Message, error) {
	d, err := r.delivery(offset)
	if err != nil {
		return Message{}, err
	}
	rec, err := r.record(offset)
	if err != nil {
		return Message{}, err
	}
	e, err := rec.entry(rec.hash())
	if err != nil {
		return Message{}, err
	}
	m, ok := messageOf(&e)
	if !ok && !rec.erased() {
		return m, damaged(fmt.Sprintf("message %d", offset), errors.New("its entry has no text for the customer"))
	}
	m.Delivery = d.delivery()
	return m, nil
}

type deliveredOp struct {
	offset uint64
	record deliveryRecord
}

func (o *deliveredOp) size() int { return 256 }

// Delivered records how a delivery went; see Store.
func (b *Bolt) Delivered(ctx context.Context, offset uint64, d Delivery) error {
	rec, err := newDelivery(d)
	if err == nil {
		err = b.submit(ctx, &deliveredOp{offset, rec})
	}
	if err != nil {
		return fmt.Errorf("record the delivery of message %d: %w", offset, err)
	}
	return nil
}

func (o *deliveredOp) run(w *writer) error {
	before, err := w.delivery(o.offset)
	if err != nil {
		return err
	}
	if before.queued() {
		w.remove(bucketOutboxQueue, queueKey(before.nextAt, o.offset))
	}
	w.queue(o.offset, &o.record)
	return nil
}

// Outbox lists messages; see Store.
func (b *Bolt) Outbox(ctx context.Context, cursor uint64, limit int) (list []Message, next uint64, err error) {
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketOutbox).Cursor()
		k, _ := c.Last()
		if cursor != 0 {
			if k, _ = c.Seek(offsetKey(cursor)); k == nil {
				k, _ = c.Last()
			}
			for k != nil && offsetOf(k) >= cursor {
				k, _ = c.Prev()
			}
		}
		for ; k != nil; k, _ = c.Prev() {
			if len(list) == limit {
				next = list[len(list)-1].Offset
				return nil
			}
			m, err := r.message(offsetOf(k))
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return nil
	})
	return list, next, err
}

// Undelivered lists what is to be delivered; see Store.
func (b *Bolt) Undelivered(ctx context.Context, now time.Time, limit int) (list []Message, err error) {
	err = b.view(ctx, func(r *reader) error {
		c := r.bucket(bucketOutboxQueue).Cursor()
		for k, v := c.First(); k != nil && len(list) < limit; k, v = c.Next() {
			if _, err := unseal(k, v); err != nil || len(k) != 16 {
				return damaged(fmt.Sprintf("outbox queue %x", k), errChecksum)
			}
			if int64(offsetOf(k)) > nanos(now) {
				break
			}
			m, err := r.message(offsetOf(k[8:]))
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return nil
	})
	return list, err
}
