package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// A record is an entry as it is stored, numbers big endian:
//
//	 0   4  CRC-32C of all that follows
//	 4   1  flags
//	 5   1  format                       \
//	 6   2  length of the header          |
//	 8   8  offset                        |
//	16   8  offset of the case's entry before, 0 for none
//	24   8  seq                           |
//	32   8  at, Unix nanoseconds          | the header
//	40  16  case                          |
//	56  32  hash of the case's entry before, zero for none
//	88  32  SHA-256 of salt and payload   |
//	120  1  length of the kind            |
//	121  2  length of the actor           |
//	123     kind, actor                  /
//	    16  salt
//	        payload
//
// The entry's hash is the SHA-256 of the header, so salt and payload can be erased and the chain
// still holds.
const (
	entryFormat = 1

	atFlags   = 4
	atHeader  = 5
	atLength  = 6
	atOffset  = 8
	atBefore  = 16
	atSeq     = 24
	atTime    = 32
	atCase    = 40
	atPrev    = 56
	atPayload = 88
	atKind    = 120
	atActor   = 121
	atNames   = 123

	flagErased = 1
)

var (
	errMissing  = errors.New("it is missing")
	errEmpty    = errors.New("it has 0 bytes")
	errShort    = errors.New("it is cut short")
	errChecksum = errors.New("its checksum does not match")
)

// record is an entry in its stored form.
type record []byte

// newRecord encodes what is known of an entry before its place in the journal is; link fills in
// the rest.
func newRecord(id uuid.UUID, e *casefile.Entry, salt Salt) (record, error) {
	kind := e.Data.Kind()
	if len(kind) > math.MaxUint8 || len(e.Actor) > math.MaxUint8 {
		return nil, fmt.Errorf("entry %.40q by %.40q: kind and actor have at most %d bytes each", kind, e.Actor, math.MaxUint8)
	}
	end := atNames + len(kind) + len(e.Actor)
	r := make(record, end, 1024)
	r[atHeader] = entryFormat
	binary.BigEndian.PutUint16(r[atLength:], uint16(end-atHeader))
	binary.BigEndian.PutUint64(r[atTime:], uint64(nanos(e.At)))
	copy(r[atCase:], id[:])
	r[atKind] = byte(len(kind))
	binary.BigEndian.PutUint16(r[atActor:], uint16(len(e.Actor)))
	copy(r[atNames:], kind)
	copy(r[atNames+len(kind):], e.Actor)
	r, err := casefile.AppendPayload(append(r, salt[:]...), e)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(r[end:])
	copy(r[atPayload:], sum[:])
	return r, nil
}

// link puts the record at its place behind the head of its case and gives the entry's hash.
func (r record) link(caseID uuid.UUID, offset uint64, h *head) casefile.Hash {
	copy(r[atCase:], caseID[:])
	binary.BigEndian.PutUint64(r[atOffset:], offset)
	binary.BigEndian.PutUint64(r[atBefore:], h.last)
	binary.BigEndian.PutUint64(r[atSeq:], h.seq+1)
	copy(r[atPrev:], h.hash[:])
	binary.BigEndian.PutUint32(r, checksum(r[atFlags:]))
	return r.hash()
}

// check reports what is wrong with a stored record; the accessors below are only for records
// that passed it.
func (r record) check() error {
	if len(r) < atNames {
		return errShort
	}
	if binary.BigEndian.Uint32(r) != checksum(r[atFlags:]) {
		return errChecksum
	}
	if r[atHeader] != entryFormat {
		return fmt.Errorf("it has format %d, this resolute knows format %d", r[atHeader], entryFormat)
	}
	end := r.end()
	if end != atNames+int(r[atKind])+int(binary.BigEndian.Uint16(r[atActor:])) || len(r) < end {
		return errShort
	}
	if r.erased() {
		if len(r) != end {
			return errors.New("it is erased and yet has a payload")
		}
	} else if len(r) < end+len(Salt{}) {
		return errShort
	}
	return nil
}

func (r record) end() int            { return atHeader + int(binary.BigEndian.Uint16(r[atLength:])) }
func (r record) erased() bool        { return r[atFlags]&flagErased != 0 }
func (r record) offset() uint64      { return binary.BigEndian.Uint64(r[atOffset:]) }
func (r record) before() uint64      { return binary.BigEndian.Uint64(r[atBefore:]) }
func (r record) seq() uint64         { return binary.BigEndian.Uint64(r[atSeq:]) }
func (r record) at() int64           { return int64(binary.BigEndian.Uint64(r[atTime:])) }
func (r record) caseID() uuid.UUID   { return uuid.UUID(r[atCase:atPrev]) }
func (r record) prev() casefile.Hash { return casefile.Hash(r[atPrev:atPayload]) }
func (r record) hash() casefile.Hash { return sha256.Sum256(r[atHeader:r.end()]) }
func (r record) kind() casefile.Kind { return casefile.Kind(r[atNames : atNames+int(r[atKind])]) }
func (r record) payloadMatches() bool {
	return r.erased() || sha256.Sum256(r[r.end():]) == [32]byte(r[atPayload:atKind])
}
func (r record) payload() (body []byte) { return r[r.end()+len(Salt{}):] }

// entry decodes a record that passed check and has this hash. An erased one has nil Data.
func (r record) entry(hash casefile.Hash) (casefile.Entry, error) {
	e := casefile.Entry{
		Offset: r.offset(),
		Seq:    r.seq(),
		Case:   r.caseID().String(),
		At:     fromNanos(r.at()),
		Actor:  string(r[atNames+int(r[atKind]) : r.end()]),
		Hash:   hash,
		Prev:   r.prev(),
	}
	if r.erased() {
		return e, nil
	}
	return e, casefile.DecodePayload(&e, r.kind(), r.payload())
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func checksumUpdate(sum uint32, b []byte) uint32 { return crc32.Update(sum, castagnoli, b) }

// noTime stands for the zero time, which has no Unix nanoseconds.
const noTime = math.MinInt64

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == noTime {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
