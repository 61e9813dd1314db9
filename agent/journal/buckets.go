package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

type bucketID int

const (
	bucketMeta        bucketID = iota // format, fences
	bucketJournal                     // offset → record
	bucketHeads                       // case → head
	bucketSummaries                   // case → summary
	bucketSnapshots                   // case → seq and state, of those that have one
	bucketRunnable                    // case → class of its customer
	bucketTimers                      // due, case
	bucketDedupe                      // see dedupe
	bucketCorrelation                 // key hash, case → whether its customer has an id
	bucketLeases                      // case → fence, worker: who worked on it last, until it is parked
	bucketOpen                        // status, case: those that have not ended
	bucketWaits                       // signal type hash, case
	bucketOutbox                      // offset → delivery
	bucketOutboxQueue                 // due, offset: what is to be delivered
	bucketRecords                     // kind, 0, key → value
	bucketBudgets                     // see ledger
	bucketAudit                       // number → link of the audit's chain

	bucketCount
)

// String gives the bucket's name in the file.
func (id bucketID) String() string {
	return [bucketCount]string{"meta", "journal", "heads", "summaries", "snapshots", "runnable", "timers", "dedupe", "correlation",
		"leases", "open", "waits", "outbox", "outbox_queue", "records", "budgets", "audit"}[id]
}

// since is the format from which on a file has the bucket; see migrations.
func (id bucketID) since() uint64 {
	switch id {
	case bucketBudgets:
		return 2
	case bucketAudit:
		return 3
	}
	return 1
}

// fill is how full bbolt leaves pages that it splits: all the way where keys only ascend.
func (id bucketID) fill() float64 {
	switch id {
	case bucketJournal, bucketOutbox, bucketAudit:
		return 1
	case bucketHeads:
		return 0.9
	}
	return bbolt.DefaultFillPercent
}

// reader reads within a transaction.
type reader struct {
	tx      *bbolt.Tx
	buckets [bucketCount]*bbolt.Bucket
}

func (r *reader) bucket(id bucketID) *bbolt.Bucket {
	b := r.buckets[id]
	if b == nil {
		if b = r.tx.Bucket([]byte(id.String())); b != nil {
			b.FillPercent = id.fill()
		}
		r.buckets[id] = b
	}
	return b
}

func (r *reader) get(id bucketID, key []byte) []byte { return r.bucket(id).Get(key) }

// head gives a case's head, nil if there is no such case.
func (r *reader) head(id uuid.UUID) (*head, error) {
	v := r.get(bucketHeads, id[:])
	if v == nil {
		return nil, nil
	}
	h, err := decodeHead(id[:], v)
	if err != nil {
		return nil, damaged("the head of case "+id.String(), err)
	}
	return h, nil
}

// record gives the entry at an offset.
func (r *reader) record(offset uint64) (record, error) {
	rec := record(r.get(bucketJournal, offsetKey(offset)))
	err := rec.check()
	switch {
	case rec == nil:
		err = errMissing
	case err == nil && rec.offset() != offset:
		err = fmt.Errorf("it says that it is entry %d", rec.offset())
	}
	if err != nil {
		return nil, damaged(fmt.Sprintf("entry %d", offset), err)
	}
	return rec, nil
}

// snapshot gives the newest snapshot of a case, nil where there is none.
func (r *reader) snapshot(id uuid.UUID, h *head) ([]byte, error) {
	if h.saved == 0 {
		return nil, nil
	}
	v := r.get(bucketSnapshots, id[:])
	if v == nil {
		return nil, damaged("the snapshot of case "+id.String(), errMissing)
	}
	seq, state, err := decodeSnapshot(id[:], v)
	if err == nil && (seq != h.saved || seq > h.seq) {
		err = fmt.Errorf("it is of seq %d, the case is at %d and its snapshot at %d", seq, h.seq, h.saved)
	}
	if err != nil {
		return nil, damaged("the snapshot of case "+id.String(), err)
	}
	return state, nil
}

// summary gives what lists show of a case.
func (r *reader) summary(key, value []byte) (Summary, error) {
	s, err := decodeSummary(key, value)
	if value == nil {
		err = errMissing
	}
	if err != nil {
		return s, damaged(fmt.Sprintf("the summary of case %x", key), err)
	}
	return s, nil
}

func offsetOf(key []byte) uint64 { return binary.BigEndian.Uint64(key) }

// migrations bring the file from one format to the next; the format is how many were run. They are
// only ever appended to.
func migrations() []func(*bbolt.Tx) error {
	return []func(*bbolt.Tx) error{createBuckets, createBudgets, chainAudit}
}

func createBuckets(tx *bbolt.Tx) error {
	for id := range bucketCount {
		if _, err := tx.CreateBucketIfNotExists([]byte(id.String())); err != nil {
			return err
		}
	}
	if err := createDedupe(tx.Bucket([]byte(bucketDedupe.String()))); err != nil {
		return err
	}
	return putMetaNumber(tx.Bucket([]byte(bucketMeta.String())), keyFence, 0)
}

// createBudgets is for files from before there were budgets, of which their entries name none.
func createBudgets(tx *bbolt.Tx) error {
	_, err := tx.CreateBucketIfNotExists([]byte(bucketBudgets.String()))
	return err
}

// migrate brings the file to the newest format, in the transaction that Open begins with.
func migrate(tx *bbolt.Tx) error {
	all := migrations()
	var have uint64
	if meta := tx.Bucket([]byte(bucketMeta.String())); meta != nil {
		var err error
		if have, err = metaNumber(meta, keyFormat); err != nil {
			return err
		}
	} else if k, _ := tx.Cursor().First(); k != nil {
		return damaged("bucket "+bucketMeta.String(), errMissing)
	}
	if have > uint64(len(all)) {
		return newerFormat(have, uint64(len(all)))
	}
	if have == uint64(len(all)) {
		return nil
	}
	for i, m := range all[have:] {
		if err := m(tx); err != nil {
			return fmt.Errorf("bring the data folder to format %d: %w", int(have)+i+1, err)
		}
	}
	return putMetaNumber(tx.Bucket([]byte(bucketMeta.String())), keyFormat, uint64(len(all)))
}

func newerFormat(have, known uint64) error {
	return fmt.Errorf("the data folder has format %d and this resolute knows format %d: run the newer resolute that wrote it, or restore a backup into another folder", have, known)
}

// Keys of bucketMeta.
const (
	keyFormat = "format"
	keyFence  = "fence" // no lease has had a fence above it
)

func metaNumber(meta *bbolt.Bucket, key string) (uint64, error) {
	v := meta.Get([]byte(key))
	if v == nil {
		return 0, damaged("meta "+key, errMissing)
	}
	b, err := unseal([]byte(key), v)
	if err == nil && len(b) != 8 {
		err = errShort
	}
	if err != nil {
		return 0, damaged("meta "+key, err)
	}
	return binary.BigEndian.Uint64(b), nil
}

func putMetaNumber(meta *bbolt.Bucket, key string, n uint64) error {
	return meta.Put([]byte(key), seal([]byte(key), binary.BigEndian.AppendUint64(make([]byte, 4, 12), n)))
}

// fencesPerOpen is more claims than one process makes.
const fencesPerOpen = 1 << 40

// reserveFences gives the fence that all leases of this process are above.
func reserveFences(r *reader) (uint64, error) {
	base, err := metaNumber(r.bucket(bucketMeta), keyFence)
	if err != nil {
		return 0, err
	}
	return base, putMetaNumber(r.bucket(bucketMeta), keyFence, base+fencesPerOpen)
}
