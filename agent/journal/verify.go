package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// Verify walks journal and indexes and compares them; see Store.
func (b *Bolt) Verify(ctx context.Context, report func(Damage)) (Totals, error) {
	v := &verifier{ctx: ctx, report: report}
	err := b.view(ctx, func(r *reader) error { return v.all(r, b.file) })
	return v.totals, err
}

// VerifyFile is Verify for a file that no process has open, even one that Open refuses. It changes
// nothing. ErrLocked if a process has the file open.
func VerifyFile(ctx context.Context, path string, report func(Damage)) (Totals, error) {
	v := &verifier{ctx: ctx, report: report}
	err := readOnly(path, func(tx *bbolt.Tx, file *os.File) error { return v.all(&reader{tx: tx}, file) })
	if errors.Is(err, ErrDamaged) {
		v.damage(path, err)
		err = nil
	}
	return v.totals, err
}

// all walks everything that the file has.
func (v *verifier) all(r *reader, file *os.File) error {
	v.reader = r
	if !newPageWalk(r.tx, file, v.report).walkAll(r.tx) {
		return nil // following such pages may never end
	}
	format, err := v.format()
	if err != nil {
		return err
	}
	for id := range bucketCount {
		if r.bucket(id) == nil && id.since() <= format {
			v.damage("bucket "+id.String(), errMissing)
			return nil
		}
	}
	for _, part := range v.parts() {
		if part.of.since() > format {
			continue
		}
		what := "bucket " + part.of.String()
		err := guarded(what, part.walk)
		if v.ctx.Err() != nil {
			return v.ctx.Err()
		}
		if err != nil {
			v.damage(what, err)
		}
	}
	return nil
}

type verifier struct {
	*reader
	ctx    context.Context
	report func(Damage)
	totals Totals
	tail   map[identity]seenSignal
	linked uint64 // entries that the heads say there are
	deeds  uint64 // records of the audit
	steps  int
}

type verifyPart struct {
	of   bucketID
	walk func() error
}

func (v *verifier) parts() []verifyPart {
	return []verifyPart{
		{bucketMeta, v.meta},
		{bucketDedupe, v.dedupe},
		{bucketJournal, v.journal},
		{bucketHeads, v.heads},
		{bucketSummaries, v.summaries},
		{bucketSnapshots, v.snapshots},
		{bucketOpen, v.open},
		{bucketRunnable, v.runnable},
		{bucketLeases, v.leases},
		{bucketTimers, v.timers},
		{bucketWaits, v.waits},
		{bucketCorrelation, v.correlation},
		{bucketOutbox, v.outbox},
		{bucketOutboxQueue, v.outboxQueue},
		{bucketRecords, v.records},
		{bucketBudgets, v.budgets},
		{bucketAudit, v.audit},
	}
}

// format is that of the file: an older one is whole without what later formats added to it. A
// format that can't be read counts as the newest, and is reported with what else is in meta.
func (v *verifier) format() (uint64, error) {
	newest := uint64(len(migrations()))
	meta := v.bucket(bucketMeta)
	if meta == nil {
		return newest, nil
	}
	format, err := metaNumber(meta, keyFormat)
	switch {
	case err != nil:
		return newest, nil
	case format > newest:
		return 0, newerFormat(format, newest)
	}
	return format, nil
}

func (v *verifier) damage(where string, err error) {
	v.report(Damage{Where: where, What: err.Error()})
}

// each visits a bucket's keys. It ends where they don't ascend, since damaged pages can lead in a
// circle.
func (v *verifier) each(id bucketID, visit func(k, value []byte)) error {
	c := v.bucket(id).Cursor()
	var last []byte
	for k, value := c.First(); k != nil; k, value = c.Next() {
		if v.steps++; v.steps%1024 == 0 && v.ctx.Err() != nil {
			return v.ctx.Err()
		}
		if last != nil && bytes.Compare(k, last) <= 0 {
			return fmt.Errorf("key %x stands behind %x", k, last)
		}
		visit(k, value)
		last = append(last[:0], k...)
	}
	return nil
}

func (v *verifier) meta() error {
	for _, key := range []string{keyFormat, keyFence} {
		if _, err := metaNumber(v.bucket(bucketMeta), key); err != nil {
			v.damage("meta "+key, err)
		}
	}
	return nil
}

func (v *verifier) dedupe() error {
	v.tail = map[identity]seenSignal{}
	inTail := v.bucket(bucketDedupe).Bucket(tailBucket())
	err := inTail.ForEach(func(_, value []byte) error {
		if id, s, err := decodeSeen(value); err == nil {
			v.tail[id] = s
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachSeen(v.reader, func(where string, _ identity, s seenSignal, err error) {
		v.totals.Signals++
		if err == nil {
			err = v.hasCase(s.caseID)
		}
		if err != nil {
			v.damage(where, err)
		}
	})
}

func (v *verifier) journal() error {
	var last, signals uint64
	err := v.each(bucketJournal, func(k, value []byte) {
		v.totals.Entries++
		if len(k) != 8 {
			v.damage(fmt.Sprintf("journal key %x", k), errShort)
			return
		}
		at := offsetOf(k)
		for missing := last + 1; missing < at && missing < last+100; missing++ {
			v.damage(fmt.Sprintf("entry %d", missing), errMissing)
		}
		last = at
		isSignal, err := v.entry(at, value)
		if isSignal {
			signals++
		}
		if err != nil {
			v.damage(fmt.Sprintf("entry %d", at), err)
		}
	})
	if err == nil && signals != v.totals.Signals {
		err = fmt.Errorf("%d signals are in the journal and %d in dedupe", signals, v.totals.Signals)
	}
	return err
}

// entry checks one entry, its link to the one before it, and for a signal that it would be known
// again.
func (v *verifier) entry(at uint64, value []byte) (isSignal bool, err error) {
	rec := record(value)
	if err := rec.check(); err != nil {
		return false, err
	}
	where := fmt.Errorf("it is case %s, seq %d", rec.caseID(), rec.seq())
	if rec.offset() != at {
		return false, fmt.Errorf("it says that it is entry %d (%w)", rec.offset(), where)
	}
	if !rec.payloadMatches() {
		return false, fmt.Errorf("its payload is not what its hash says (%w)", where)
	}
	if rec.erased() {
		return false, fmt.Errorf("its payload is gone, and nothing here erases any (%w)", where)
	}
	if err := v.link(rec); err != nil {
		return false, fmt.Errorf("%w (%w)", err, where)
	}
	e, err := rec.entry(casefile.Hash{})
	if err != nil {
		return false, fmt.Errorf("%w (%w)", err, where)
	}
	d, ok := e.Data.(*casefile.SignalReceived)
	if !ok || d.From != "" {
		return false, nil
	}
	id := identityOf(&d.Signal)
	s, known := v.tail[id]
	if !known {
		if s, known, err = findInRuns(v.reader, id); err != nil {
			return true, err
		}
	}
	if !known {
		return true, fmt.Errorf("its signal is missing in dedupe (%w)", where)
	}
	if s.caseID != rec.caseID() || s.signal.String() != d.Signal.ID {
		return true, fmt.Errorf("dedupe has its signal as %s of case %s (%w)", s.signal, s.caseID, where)
	}
	return true, nil
}

func (v *verifier) link(rec record) error {
	if rec.seq() == 1 {
		if rec.before() != 0 || rec.prev() != (casefile.Hash{}) {
			return errors.New("it is the first of its case and names one before it")
		}
		return nil
	}
	if rec.before() >= rec.offset() {
		return fmt.Errorf("it names entry %d as the one before it", rec.before())
	}
	before := record(v.get(bucketJournal, offsetKey(rec.before())))
	switch {
	case before == nil:
		return fmt.Errorf("entry %d, the one before it, is missing", rec.before())
	case before.check() != nil:
		return fmt.Errorf("entry %d, the one before it, is damaged", rec.before())
	case before.caseID() != rec.caseID() || before.seq()+1 != rec.seq():
		return fmt.Errorf("entry %d, which it names as the one before it, is seq %d of case %s", rec.before(), before.seq(), before.caseID())
	case before.hash() != rec.prev():
		return fmt.Errorf("entry %d, the one before it, has another hash than it says", rec.before())
	}
	return nil
}

func (v *verifier) heads() error {
	err := v.each(bucketHeads, func(k, value []byte) {
		v.totals.Cases++
		if len(k) != 16 {
			v.damage(fmt.Sprintf("head %x", k), errShort)
			return
		}
		id := uuid.UUID(k)
		h, err := decodeHead(k, value)
		if err != nil {
			v.damage("the head of case "+id.String(), err)
			return
		}
		v.linked += h.seq
		for _, err := range v.head(id, h) {
			v.damage("case "+id.String(), err)
		}
	})
	if err == nil && v.linked != v.totals.Entries {
		err = fmt.Errorf("the heads know %d entries, the journal has %d", v.linked, v.totals.Entries)
	}
	return err
}

// head compares a head with the journal and with what the indexes have of the case.
func (v *verifier) head(id uuid.UUID, h *head) (found []error) {
	rec, err := v.record(h.last)
	switch {
	case err != nil:
		found = append(found, fmt.Errorf("its last entry, %d, can't be read", h.last))
	case rec.caseID() != id || rec.seq() != h.seq || rec.hash() != h.hash:
		found = append(found, fmt.Errorf("its head says that entry %d is its seq %d, with a hash; that is not so", h.last, h.seq))
	}
	lacks := func(in bucketID, key []byte) {
		if v.get(in, key) == nil {
			found = append(found, fmt.Errorf("it is missing in %s", in))
		}
	}
	if !h.over() {
		lacks(bucketOpen, statusKey(h.status, id))
	}
	if h.due != noTime {
		lacks(bucketTimers, timerKey(h.due, id))
	}
	if h.wait != "" {
		lacks(bucketWaits, waitKey(h.wait, id))
	}
	lacks(bucketSummaries, id[:])
	if h.saved > 0 {
		lacks(bucketSnapshots, id[:])
	}
	if h.atWork() {
		lacks(bucketRunnable, id[:])
	}
	return found
}
