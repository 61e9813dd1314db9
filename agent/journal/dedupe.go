package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// identity is the hash of a signal's source and event id.
type identity [16]byte

func identityOf(s *casefile.Signal) identity {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 128), uint32(len(s.Source)))
	b = append(append(b, s.Source...), s.EventID...)
	sum := sha256.Sum256(b)
	return identity(sum[:16])
}

// seenSignal is what became of an identity.
type seenSignal struct{ signal, caseID uuid.UUID }

// dedupe finds signals that were accepted before. The newest identities stand in bucket "tail" in
// the order of their arrival, and in memory; when there are runLength of them they become a run, one
// value in bucket "runs" with the records sorted by identity. Keys in the order of hashes instead
// would touch a page of their own for each signal, and cost three times as much at a million.
//
// It is used by the committer alone. What add adds counts at once; keep or forget tells what became
// of the transaction.
type dedupe struct {
	tail    map[identity]seenSignal
	pending []identity // of tail, in the transaction that is being made
	sealed  map[identity]seenSignal
}

const (
	runLength = 32 << 10
	// A run's record: identity 16, signal 16, case 16, CRC-32C of them 4.
	seenSize   = 48
	seenRecord = seenSize + 4
)

func createDedupe(b *bbolt.Bucket) error {
	if _, err := b.CreateBucketIfNotExists(tailBucket()); err != nil {
		return err
	}
	_, err := b.CreateBucketIfNotExists(runsBucket())
	return err
}

func tailBucket() []byte { return []byte("tail") }
func runsBucket() []byte { return []byte("runs") }

// load reads the tail.
func (d *dedupe) load(r *reader) error {
	d.tail = map[identity]seenSignal{}
	b := r.bucket(bucketDedupe)
	tail := b.Bucket(tailBucket())
	if tail == nil || b.Bucket(runsBucket()) == nil {
		return damaged("bucket dedupe", errMissing)
	}
	return tail.ForEach(func(k, v []byte) error {
		id, s, err := decodeSeen(v)
		if err != nil {
			return damaged(fmt.Sprintf("dedupe record %x", k), err)
		}
		d.tail[id] = s
		return nil
	})
}

func encodeSeen(id identity, s seenSignal) []byte {
	b := make([]byte, 0, seenRecord)
	b = append(append(append(b, id[:]...), s.signal[:]...), s.caseID[:]...)
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

func decodeSeen(b []byte) (id identity, s seenSignal, err error) {
	if len(b) != seenRecord {
		return id, s, errShort
	}
	if binary.BigEndian.Uint32(b[seenSize:]) != checksum(b[:seenSize]) {
		return id, s, errChecksum
	}
	return identity(b[:16]), seenSignal{uuid.UUID(b[16:32]), uuid.UUID(b[32:48])}, nil
}

// find gives what became of an identity.
func (d *dedupe) find(r *reader, id identity) (seenSignal, bool, error) {
	if s, ok := d.tail[id]; ok {
		return s, true, nil
	}
	if s, ok := d.sealed[id]; ok {
		return s, true, nil
	}
	return findInRuns(r, id)
}

func findInRuns(r *reader, id identity) (seenSignal, bool, error) {
	c := r.bucket(bucketDedupe).Bucket(runsBucket()).Cursor()
	for k, run := c.Last(); k != nil; k, run = c.Prev() {
		s, ok, err := searchRun(run, id)
		if err != nil {
			return s, false, damaged(fmt.Sprintf("dedupe run %x", k), err)
		}
		if ok {
			return s, true, nil
		}
	}
	return seenSignal{}, false, nil
}

// searchRun looks around where an identity stands if hashes are spread evenly. Only the two records
// that it would stand between have their checksums checked: a damaged one further off can't have led
// the search astray, or it would be one of the two.
func searchRun(run []byte, id identity) (s seenSignal, ok bool, err error) {
	n := len(run) / seenRecord
	if n == 0 || len(run)%seenRecord != 0 {
		return s, false, errShort
	}
	at := func(i int) []byte { return run[i*seenRecord : (i+1)*seenRecord] }
	below := func(i int) bool { return bytes.Compare(at(i)[:len(id)], id[:]) < 0 }
	guess, _ := bits.Mul64(binary.BigEndian.Uint64(id[:]), uint64(n))
	const window = 400 // four standard deviations in a run of 32k
	lo, hi := max(0, int(guess)-window), min(n, int(guess)+window)
	if lo > 0 && !below(lo-1) {
		lo = 0
	}
	if hi < n && below(hi) {
		hi = n
	}
	i := lo + sort.Search(hi-lo, func(i int) bool { return !below(lo + i) })
	if i > 0 {
		if _, _, err := decodeSeen(at(i - 1)); err != nil {
			return s, false, err
		}
	}
	if i == n {
		return s, false, nil
	}
	got, s, err := decodeSeen(at(i))
	return s, err == nil && got == id, err
}

// add keeps what became of an identity that find didn't find.
func (d *dedupe) add(w *writer, id identity, s seenSignal) {
	b := w.bucket(bucketDedupe)
	if len(d.tail) >= runLength {
		d.seal(w, b)
	}
	tail := b.Bucket(tailBucket())
	tail.FillPercent = 1
	n, err := tail.NextSequence()
	if err == nil {
		err = tail.Put(offsetKey(n), encodeSeen(id, s))
	}
	w.writes++
	w.check(err)
	d.tail[id] = s
	d.pending = append(d.pending, id)
}

// seal makes a run of the tail.
func (d *dedupe) seal(w *writer, b *bbolt.Bucket) {
	ids := make([]identity, 0, len(d.tail))
	for id := range d.tail {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b identity) int { return bytes.Compare(a[:], b[:]) })
	run := make([]byte, 0, len(ids)*seenRecord)
	for _, id := range ids {
		run = append(run, encodeSeen(id, d.tail[id])...)
	}
	runs := b.Bucket(runsBucket())
	n, err := runs.NextSequence()
	if err == nil {
		err = runs.Put(offsetKey(n), run)
	}
	w.check(err)
	w.check(b.DeleteBucket(tailBucket()))
	_, err = b.CreateBucket(tailBucket())
	w.check(err)
	d.sealed, d.tail = d.tail, map[identity]seenSignal{}
}

// keep follows a commit.
func (d *dedupe) keep() { d.pending, d.sealed = d.pending[:0], nil }

// forget follows a rollback.
func (d *dedupe) forget() {
	if d.sealed != nil {
		d.tail = d.sealed
	}
	for _, id := range d.pending {
		delete(d.tail, id)
	}
	d.keep()
}

// eachSeen visits every record, damaged ones with an error.
func eachSeen(r *reader, visit func(where string, id identity, s seenSignal, err error)) error {
	b := r.bucket(bucketDedupe)
	err := b.Bucket(runsBucket()).ForEach(func(k, run []byte) error {
		for i := 0; i < len(run); i += seenRecord {
			id, s, err := decodeSeen(run[i:min(len(run), i+seenRecord)])
			visit(fmt.Sprintf("dedupe run %x record %d", k, i/seenRecord), id, s, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.Bucket(tailBucket()).ForEach(func(k, v []byte) error {
		id, s, err := decodeSeen(v)
		visit(fmt.Sprintf("dedupe record %x", k), id, s, err)
		return nil
	})
}
