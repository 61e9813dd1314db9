package journal

import (
	"encoding/binary"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// book is what a ledger knows of one budget.
type book struct {
	last    int64 // time of the newest reservation, in nanoseconds
	windows []window
}

// window is one length of time over which a budget is bounded.
type window struct {
	length int64           // in nanoseconds
	sum    int64           // of the reservations behind passed
	asked  int64           // when it last bounded a reservation
	passed [placeSize]byte // the newest reservation that rolled out of it
}

func time64(d casefile.Duration) int64 { return int64(d) }

// window gives the window of a length, nil if nothing was bounded over it lately.
func (b *book) window(length int64) *window {
	for i := range b.windows {
		if b.windows[i].length == length {
			return &b.windows[i]
		}
	}
	return nil
}

const windowSize = 24 + placeSize

func (b *book) encode() []byte {
	v := binary.BigEndian.AppendUint64(nil, uint64(b.last))
	for i := range b.windows {
		w := &b.windows[i]
		for _, n := range [...]int64{w.length, w.sum, w.asked} {
			v = binary.BigEndian.AppendUint64(v, uint64(n))
		}
		v = append(v, w.passed[:]...)
	}
	return v
}

func (b *book) decode(v []byte) error {
	if len(v) < 8 || (len(v)-8)%windowSize != 0 {
		return errShort
	}
	b.last = int64(binary.BigEndian.Uint64(v))
	for v = v[8:]; len(v) > 0; v = v[windowSize:] {
		w := window{length: int64(binary.BigEndian.Uint64(v)), sum: int64(binary.BigEndian.Uint64(v[8:])), asked: int64(binary.BigEndian.Uint64(v[16:]))}
		copy(w.passed[:], v[24:])
		b.windows = append(b.windows, w)
	}
	return nil
}

func bookKey(id keyHash) []byte { return append([]byte{keyBook}, id[:]...) }

func callKey(id uuid.UUID, call callHash) []byte {
	return append(append([]byte{keyCall}, id[:]...), call[:]...)
}

func reservationKey(id keyHash, at int64, offset uint64) []byte {
	key := append([]byte{keyReservation}, id[:]...)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(key, uint64(at)), offset)
}

// A reservation is its amount, then the case and the call that hold it.
const (
	callKeySize          = 1 + 16 + len(callHash{})
	reservationKeySize   = 1 + len(keyHash{}) + placeSize
	reservationValueSize = 8 + callKeySize - 1
)

func amountOf(reservation []byte) int64 { return int64(binary.BigEndian.Uint64(reservation)) }

func holderOf(reservation []byte) []byte { return append([]byte{keyCall}, reservation[8:]...) }

func placeOf(key []byte) [placeSize]byte { return [placeSize]byte(key[len(key)-placeSize:]) }

func timeOfReservation(key []byte) int64 {
	return int64(binary.BigEndian.Uint64(key[len(key)-placeSize:]))
}
