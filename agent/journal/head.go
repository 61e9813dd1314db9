package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// head is what the store knows of a case without reading its entries.
type head struct {
	last   uint64        // offset of its last entry, 0 before the first
	seq    uint64        // of its last entry
	hash   casefile.Hash // of its last entry
	status byte          // see statusCodes
	opened int64         // Unix nanoseconds
	ended  int64         // noTime while it is not
	due    int64         // of its timer, noTime for none
	saved  uint64        // seq of its snapshot, 0 for none
	class  class         // of its customer
	wait   string        // signal type that it waits for, "" for none
}

// headSize is the size of an encoded head without checksum and wait.
const headSize = 8 + 8 + 32 + 1 + 8 + 8 + 8 + 8 + 8

func (h *head) encode() []byte {
	b := make([]byte, 0, 4+headSize+len(h.wait))
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, h.last)
	b = binary.BigEndian.AppendUint64(b, h.seq)
	b = append(b, h.hash[:]...)
	b = append(b, h.status)
	b = binary.BigEndian.AppendUint64(b, uint64(h.opened))
	b = binary.BigEndian.AppendUint64(b, uint64(h.ended))
	b = binary.BigEndian.AppendUint64(b, uint64(h.due))
	b = binary.BigEndian.AppendUint64(b, h.saved)
	b = binary.BigEndian.AppendUint64(b, uint64(h.class))
	return append(b, h.wait...)
}

func decodeHead(key, value []byte) (*head, error) {
	b, err := unseal(key, value)
	if err != nil {
		return nil, err
	}
	if len(b) < headSize {
		return nil, errShort
	}
	return &head{
		last:   binary.BigEndian.Uint64(b),
		seq:    binary.BigEndian.Uint64(b[8:]),
		hash:   casefile.Hash(b[16:48]),
		status: b[48],
		opened: int64(binary.BigEndian.Uint64(b[49:])),
		ended:  int64(binary.BigEndian.Uint64(b[57:])),
		due:    int64(binary.BigEndian.Uint64(b[65:])),
		saved:  binary.BigEndian.Uint64(b[73:]),
		class:  class(binary.BigEndian.Uint64(b[81:])),
		wait:   string(b[headSize:]),
	}, nil
}

func (h *head) over() bool { return h.status == codeResolved || h.status == codeClosed }

// atWork reports whether the case was never parked since it was opened: it has to be runnable.
func (h *head) atWork() bool { return h.status == codeWorking }

// olderThan orders cases by when they were opened; ids decide between equals.
func (h *head) olderThan(id uuid.UUID, other *head, otherID uuid.UUID) bool {
	if h.opened != other.opened {
		return h.opened < other.opened
	}
	return string(id[:]) < string(otherID[:])
}

// The codes of statuses in keys, heads and summaries.
const (
	codeWorking byte = iota + 1
	codeWaiting
	codeApproving
	codeEscalated
	codeResolved
	codeClosed
)

func statusCode(s casefile.Status) (byte, error) {
	switch s {
	case casefile.Working:
		return codeWorking, nil
	case casefile.Waiting:
		return codeWaiting, nil
	case casefile.Approving:
		return codeApproving, nil
	case casefile.Escalated:
		return codeEscalated, nil
	case casefile.Resolved:
		return codeResolved, nil
	case casefile.Closed:
		return codeClosed, nil
	}
	return 0, fmt.Errorf("unknown status %q of a case", s)
}

func statusOf(code byte) (casefile.Status, error) {
	for _, s := range [...]casefile.Status{casefile.Working, casefile.Waiting, casefile.Approving, casefile.Escalated, casefile.Resolved, casefile.Closed} {
		if c, err := statusCode(s); err == nil && c == code {
			return s, nil
		}
	}
	return "", fmt.Errorf("unknown code %d of a status", code)
}

// Values of the indexes begin with a CRC-32C of key and rest, so that a value that is read was
// written for just this key. seal fills it in, into a value that has four bytes free for it.
func seal(key, value []byte) []byte {
	binary.BigEndian.PutUint32(value, sealOf(key, value[4:]))
	return value
}

func sealOf(key, body []byte) uint32 { return checksumUpdate(checksum(key), body) }

// unseal checks a value that seal made and gives what follows the checksum.
func unseal(key, value []byte) ([]byte, error) {
	if len(value) < 4 {
		return nil, errShort
	}
	if binary.BigEndian.Uint32(value) != sealOf(key, value[4:]) {
		return nil, errChecksum
	}
	return value[4:], nil
}

// mark is the value of a key that says everything itself.
func mark(key []byte) []byte { return seal(key, make([]byte, 4)) }

// timeKey is a time in a key, in an order in which bytes sort as times do. Times before 1970 count
// as 1970.
func timeKey(n int64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 24), uint64(max(n, 0)))
}

func timerKey(due int64, id uuid.UUID) []byte { return append(timeKey(due), id[:]...) }

func queueKey(due int64, offset uint64) []byte {
	return binary.BigEndian.AppendUint64(timeKey(due), offset)
}

func offsetKey(offset uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), offset)
}

func statusKey(code byte, id uuid.UUID) []byte { return append([]byte{code}, id[:]...) }

func waitPrefix(signalType string) []byte {
	sum := sha256.Sum256([]byte(signalType))
	return append(make([]byte, 0, 24), sum[:8]...)
}

func waitKey(signalType string, id uuid.UUID) []byte { return append(waitPrefix(signalType), id[:]...) }

// snapshotRecord is the state of a case as it was after an entry: the checksum, the entry's seq, the
// state.
func snapshotRecord(seq uint64, state []byte) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 4, 12+len(state)), seq)
	return append(b, state...)
}

func decodeSnapshot(key, value []byte) (seq uint64, state []byte, err error) {
	b, err := unseal(key, value)
	if err == nil && len(b) < 8 {
		err = errShort
	}
	if err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint64(b), b[8:], nil
}

// parseCase reads a case's id.
func parseCase(id string) (uuid.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return uuid.UUID{}, fmt.Errorf("case %.60q: %w", id, ErrNotFound)
	}
	return u, nil
}

// parseNewID reads an id that the caller made.
func parseNewID(what, id string) (uuid.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return uuid.UUID{}, fmt.Errorf("%s %.60q is not a UUID", what, id)
	}
	return u, nil
}
