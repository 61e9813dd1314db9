package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// rebuild writes a new file from what can be read of another.
type rebuild struct {
	RepairOptions
	ctx   context.Context
	from  *reader
	sound map[string]bool // the buckets of from that can be followed

	into  *bbolt.DB
	w     *writer // of the transaction under way
	bytes int     // that it has
	seen  dedupe
	cases map[uuid.UUID]*rebuilt
	texts []uint64 // offsets of the entries with a text for the customer
}

// rebuilt is a case in the new file.
type rebuilt struct {
	head          // as its entries have it; status 0: only they say what became of it
	listed   bool // its summary could be kept
	restored bool // its snapshot could be kept
	runnable bool
}

func newRebuild(ctx context.Context, fresh string, from *reader, sound map[string]bool, o RepairOptions) (*rebuild, error) {
	db, err := bbolt.Open(fresh, 0o600, &bbolt.Options{Timeout: 100 * time.Millisecond, FreelistType: bbolt.FreelistMapType, NoSync: true, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	b := &rebuild{RepairOptions: o, ctx: ctx, from: from, sound: sound, into: db, cases: map[uuid.UUID]*rebuilt{}}
	err = db.Update(migrate)
	if err == nil {
		err = b.begin()
	}
	if err == nil {
		err = b.seen.load(&b.w.reader)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *rebuild) begin() error {
	tx, err := b.into.Begin(true)
	b.w, b.bytes = &writer{reader: reader{tx: tx}}, 0
	return err
}

func (b *rebuild) put(id bucketID, key, value []byte) {
	b.w.put(id, key, value)
	b.bytes += len(value)
}

// breathe commits what was written, once that is much.
func (b *rebuild) breathe() error {
	if b.bytes < maxGroupBytes && b.w.writes < maxGroup {
		return errors.Join(b.w.err, b.ctx.Err())
	}
	if err := b.commit(); err != nil {
		return err
	}
	return b.begin()
}

func (b *rebuild) commit() error {
	if b.w.err != nil {
		return b.w.err
	}
	tx := b.w.tx
	b.w.tx = nil
	b.seen.keep()
	return tx.Commit()
}

// close lets go of the new file.
func (b *rebuild) close() error {
	if b.w != nil && b.w.tx != nil {
		_ = b.w.tx.Rollback() // the file is thrown away
	}
	return b.into.Close()
}

// all writes everything and makes it durable.
func (b *rebuild) all() error {
	for _, part := range []func() error{b.meta, b.journal, b.heads, b.summaries, b.snapshots, b.runnable, b.indexes, b.correlation, b.outbox, b.records, b.audit} {
		if err := part(); err != nil {
			return err
		}
		if err := b.breathe(); err != nil {
			return err
		}
	}
	if err := b.commit(); err != nil {
		return err
	}
	return b.into.Sync()
}

// old visits what a bucket of the old file has, in order, and reports whether keep could keep all.
func (b *rebuild) old(id bucketID, keep func(k, v []byte) error) (whole bool, err error) {
	if !b.sound[id.String()] {
		return false, nil
	}
	whole = true
	c := b.from.bucket(id).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if err := b.breathe(); err != nil {
			return false, err
		}
		switch err := keep(k, v); {
		case errors.Is(err, errEntriesLost):
			return false, err
		case err != nil:
			whole = false
		}
	}
	return whole, nil
}

// errEntriesLost ends a rebuild: nothing can give entries back.
var errEntriesLost = fmt.Errorf("%w: entries are damaged, and nothing else has them; `resolute restore` puts a backup in a new folder", ErrDamaged)

func entryLost(offset uint64, err error) error {
	return fmt.Errorf("%w: entry %d: %w", errEntriesLost, offset, err)
}

func (b *rebuild) meta() error {
	newest := uint64(len(migrations()))
	fence := uint64(1) << 50 // above what a thousand opens reserve
	if b.sound[bucketMeta.String()] {
		old := b.from.bucket(bucketMeta)
		if format, err := metaNumber(old, keyFormat); err == nil && format != newest {
			return fmt.Errorf("the data folder has format %d and this resolute repairs format %d: repair it with the resolute that wrote it", format, newest)
		}
		if n, err := metaNumber(old, keyFence); err == nil {
			fence = n
		}
	}
	return putMetaNumber(b.w.bucket(bucketMeta), keyFence, fence)
}

// journal copies the entries, and keeps what follows from them alone.
func (b *rebuild) journal() error {
	if !b.sound[bucketJournal.String()] {
		return fmt.Errorf("%w: the pages of the journal can't be followed", errEntriesLost)
	}
	next := uint64(1)
	_, err := b.old(bucketJournal, func(k, v []byte) error {
		if len(k) != 8 || offsetOf(k) != next {
			return entryLost(next, errMissing)
		}
		if err := b.entry(next, v); err != nil {
			return entryLost(next, err)
		}
		next++
		return nil
	})
	return err
}

func (b *rebuild) entry(offset uint64, value []byte) error {
	rec := record(value)
	if err := rec.check(); err != nil {
		return err
	}
	c := b.cases[rec.caseID()]
	if c == nil {
		c = &rebuilt{head: head{opened: rec.at(), ended: noTime, due: noTime}}
		b.cases[rec.caseID()] = c
	}
	if rec.offset() != offset || rec.before() != c.last || rec.seq() != c.seq+1 || rec.prev() != c.hash || !rec.payloadMatches() {
		return fmt.Errorf("it does not follow seq %d of case %s", c.seq, rec.caseID())
	}
	c.last, c.seq, c.hash = offset, rec.seq(), rec.hash()
	b.put(bucketJournal, offsetKey(offset), value)
	switch rec.kind() {
	case casefile.KindReplyWritten, casefile.KindCustomerAsked:
		b.texts = append(b.texts, offset)
	case casefile.KindSignalReceived:
		return b.signal(rec)
	case casefile.KindCallIntended, casefile.KindCallAnswered:
		return b.budget(rec)
	}
	return nil
}

func (b *rebuild) signal(rec record) error {
	e, err := rec.entry(casefile.Hash{})
	if err != nil {
		return err
	}
	d, ok := e.Data.(*casefile.SignalReceived)
	if !ok {
		return nil
	}
	if c := b.cases[rec.caseID()]; c.seq == 1 {
		c.class = classOf(d.Signal.Customer())
	}
	if d.From != "" {
		return nil
	}
	id, err := uuid.Parse(d.Signal.ID)
	if err == nil {
		b.seen.add(b.w, identityOf(&d.Signal), seenSignal{id, rec.caseID()})
	}
	return err
}

// heads takes over what only heads say.
func (b *rebuild) heads() error {
	_, err := b.old(bucketHeads, func(k, v []byte) error {
		h, err := decodeHead(k, v)
		if err != nil || len(k) != 16 {
			return errShort
		}
		c := b.cases[uuid.UUID(k)]
		if c == nil || c.seq < h.seq {
			return fmt.Errorf("%w: the last of case %x", errEntriesLost, k)
		}
		if h.last == c.last && h.hash == c.hash {
			c.head = *h
		}
		return nil
	})
	return err
}

// summaries takes over those that fit their heads, and derives the others.
func (b *rebuild) summaries() error {
	_, err := b.old(bucketSummaries, func(k, v []byte) error {
		s, err := decodeSummary(k, v)
		if err != nil {
			return err
		}
		c := b.cases[uuid.UUID(k)]
		if code, err := statusCode(s.Status); err != nil || c == nil || code != c.status {
			return errMissing
		}
		c.listed = true
		b.put(bucketSummaries, k, v)
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range b.ids() {
		if c := b.cases[id]; !c.listed {
			if err := errors.Join(b.derive(id, c), b.breathe()); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshots takes over those that heads name. A case without one is read from its entries.
func (b *rebuild) snapshots() error {
	_, err := b.old(bucketSnapshots, func(k, v []byte) error {
		seq, _, err := decodeSnapshot(k, v)
		if err != nil || len(k) != 16 {
			return errShort
		}
		c := b.cases[uuid.UUID(k)]
		if c == nil || seq != c.saved {
			return errMissing
		}
		c.restored = true
		b.put(bucketSnapshots, k, v)
		return nil
	})
	for _, c := range b.cases {
		if !c.restored {
			c.saved = 0
		}
	}
	return err
}

// derive gives a case what its entries alone say. It is woken: the engine finds out what it waits
// for.
func (b *rebuild) derive(id uuid.UUID, c *rebuilt) error {
	state, err := b.fold(id, c)
	if err != nil {
		return err
	}
	if c.status, err = statusCode(state.Status); err != nil {
		return fmt.Errorf("case %s: %w", id, err)
	}
	c.due, c.wait, c.ended = noTime, "", noTime
	if c.over() {
		c.ended = nanos(state.EndedAt)
	} else {
		c.runnable = true
	}
	sum := b.Summarize(state)
	v, err := encodeSummary(&sum)
	if err == nil {
		b.put(bucketSummaries, id[:], seal(id[:], v))
	}
	return err
}

func (b *rebuild) fold(id uuid.UUID, c *rebuilt) (*casefile.Case, error) {
	found := make([]linked, 0, c.seq)
	if err := b.w.walk(id, &c.head, 0, func(l linked) { found = append(found, l) }); err != nil {
		return nil, err
	}
	entries, err := decodeBackwards(found)
	if err != nil {
		return nil, err
	}
	state := casefile.New(id.String())
	for i := range entries {
		state.Fold(&entries[i])
	}
	return state, nil
}

// runnable takes over which cases are; if one may be missing, all that are open are woken: a worker
// finds that there is nothing to do.
func (b *rebuild) runnable() error {
	whole, err := b.old(bucketRunnable, func(k, v []byte) error {
		_, err := unseal(k, v)
		if err != nil || len(k) != 16 || b.cases[uuid.UUID(k)] == nil {
			return errShort
		}
		b.cases[uuid.UUID(k)].runnable = true
		return nil
	})
	for _, c := range b.cases {
		if c.atWork() || !whole && !c.over() {
			c.runnable = true
		}
	}
	return err
}

// ids gives the cases in the order of their keys, the oldest first.
func (b *rebuild) ids() []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(b.cases))
	for id := range b.cases {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
