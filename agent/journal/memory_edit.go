package journal

import (
	"bytes"
	"cmp"
	"container/heap"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// edit is a change that is being made: every step of it can be taken back.
type edit struct {
	*kept
	leases *leases
	undo   []func()
	events []event
}

func (e *edit) takeBack() {
	for _, undo := range slices.Backward(e.undo) {
		undo()
	}
}

// touch is called before a case is changed.
func (e *edit) touch(c *keptCase) *keptCase {
	was := *c
	e.undo = append(e.undo, func() { *c = was })
	return c
}

// create makes a case without entries.
func (e *edit) create(id uuid.UUID, h head) *keptCase {
	c := &keptCase{id: id, h: h}
	e.cases[id] = c
	at := e.position(id)
	e.order = slices.Insert(e.order, at, c)
	e.undo = append(e.undo, func() {
		delete(e.cases, id)
		e.order = slices.Delete(e.order, at, at+1)
	})
	return c
}

// add appends an entry to a case that is touched.
func (e *edit) add(c *keptCase, rec record) uint64 {
	offset := uint64(len(e.entries)) + 1
	c.h.hash = rec.link(c.id, offset, &c.h)
	c.h.last = offset
	c.h.seq++
	c.offsets = append(c.offsets, offset)
	e.entries = append(e.entries, rec)
	e.undo = append(e.undo, func() { e.entries = e.entries[:offset-1] })
	return offset
}

// wake makes a touched case runnable.
func (e *edit) wake(c *keptCase) {
	c.runnable = true
	e.events = append(e.events, event{c.id, c.h.class, madeRunnable})
}

// hold lets a case hold a key. Cases that have ended and held it give way, unless they stand for an
// email alone and this one for an id too.
func (e *edit) hold(c *keptCase, key *correlationKey) {
	holders := e.holders(key)
	for i := range key.underLen {
		under := key.under[i]
		was := e.keys[under]
		e.undo = append(e.undo, func() { e.keys[under] = was })
		var now []keptKey
		mine := keptKey{c, key.hasID}
		for _, held := range was {
			switch {
			case held.c == c: // once it is known whose case it is, an email alone doesn't make that unknown again
				mine.hasID = mine.hasID || held.hasID
			case held.c.h.over() && inHolders(holders, held.c.id) && (held.hasID || !key.hasID):
			default:
				now = append(now, held)
			}
		}
		e.keys[under] = append(now, mine)
	}
}

// await changes what a case waits for, "" for nothing.
func (e *edit) await(c *keptCase, signalType string) {
	put := func(from, to string) {
		delete(e.waits[from], c.id)
		if to != "" {
			if e.waits[to] == nil {
				e.waits[to] = map[uuid.UUID]bool{}
			}
			e.waits[to][c.id] = true
		}
	}
	was := c.h.wait
	e.undo = append(e.undo, func() { put(signalType, was) })
	put(was, signalType)
	c.h.wait = signalType
}

// queue keeps how far a message got.
func (e *edit) queue(offset uint64, d deliveryRecord) {
	was, known := e.sent[offset]
	e.sent[offset] = &d
	if !known {
		e.offsets = append(e.offsets, offset)
	}
	e.undo = append(e.undo, func() {
		if e.sent[offset] = was; !known {
			delete(e.sent, offset)
			e.offsets = e.offsets[:len(e.offsets)-1]
		}
	})
}

// remember keeps what became of an identity.
func (e *edit) remember(id identity, s seenSignal) {
	e.seen[id] = s
	e.undo = append(e.undo, func() { delete(e.seen, id) })
}

// record puts or, with nil, deletes a record; one of the audit becomes a link too.
func (e *edit) record(key string, value []byte) {
	if bytes.HasPrefix([]byte(key), auditPrefix) {
		var last *auditLink
		if n := len(e.audit); n > 0 {
			last = &e.audit[n-1]
		}
		e.audit = append(e.audit, newAuditLink(last, []byte(key), value))
	}
	if value == nil {
		delete(e.records, key)
		return
	}
	e.records[key] = value
}

// timer is when a case is due. It counts only while the case's head says so too.
type timer struct {
	due int64
	c   *keptCase
}

type timerHeap []timer

func (h timerHeap) Len() int      { return len(h) }
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h timerHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].due, h[j].due), bytes.Compare(h[i].c.id[:], h[j].c.id[:])) < 0
}

// Push is for container/heap.
func (h *timerHeap) Push(x any) { *h = append(*h, x.(timer)) }

// Pop is for container/heap.
func (h *timerHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// remind sets a case's timer, noTime for none.
func (e *edit) remind(c *keptCase, due int64) {
	c.h.due = due
	if due != noTime {
		heap.Push(&e.timers, timer{due, c}) // of one that is taken back, the head says nothing
	}
}

// nextDue gives the time of the first timer, noTime for none.
func (k *kept) nextDue() int64 {
	for len(k.timers) > 0 {
		if t := k.timers[0]; t.c.h.due == t.due {
			return t.due
		}
		heap.Pop(&k.timers)
	}
	return noTime
}

func (k *kept) waiting(signalType string) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(k.waits[signalType]), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
