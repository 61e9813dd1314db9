package insights

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"resolute/agent/projection"
)

// word is a procedure, a version, a tool, a currency or a stop code, as records name it; 0 is none.
type word uint32

// standing is where a case stands.
type standing byte

const (
	working standing = iota
	waiting
	approving
	escalated
	resolved
	closed
)

func (s standing) ended() bool { return s == resolved || s == closed }

// What ever happened to a case.
const (
	byPerson     = 1 << iota // somebody decided something
	everEnded                // and not because it was merged
	reopened                 // after it had ended
	merged                   // into another: it is none of its own
	wasFollowed              // the customer came again; see record.gap
	openedByWord             // of how it went, or that the customer left: it says nothing of who has problems
)

// record is what is known of a case.
type record struct {
	opened    int64 // Unix nanoseconds, as all times
	id        uuid.UUID
	standing  standing
	flags     byte
	reason    word // why it stands there, where it isn't at work or resolved
	procedure word
	bundle    word // that it is handled under
	ended     int64
	customer  uint64 // hash of the id, 0 for none
	email     uint64 // hash of the address, 0 for none
	gap       int64  // from its end to the customer's next case of the same procedure
	follower  uuid.UUID

	// What only following needs.
	held    int64 // since when somebody has it, 0 for nobody
	handed  word  // why it was handed over last
	follows uuid.UUID
	pending []pending
	writes  []write
}

// pending is a write under way.
type pending struct {
	call       uint64 // hash of its id
	try        uint32
	undo       bool
	approved   bool
	proposed   bool // by a person
	hypothesis word
	step       uint32
	tool       word
	currency   word
	money      bool
	amount     int64 // minor units
}

// write is one that was done and isn't undone.
type write struct {
	effect     []byte // key of its effect
	hypothesis word
	step       uint32
}

const fixed = 1 + 1 + 4 + 4 + 4 + 8 + 8 + 8 + 8 + 16 // of a record, behind the key

// errRecord is of what stands in the view and can't have been put there: the file is made anew.
var errRecord = fmt.Errorf("%w: a record makes no sense", projection.ErrDamaged)

func caseKey(opened int64, id uuid.UUID) []byte {
	return append(timeKey(opened), id[:]...)
}

// timeKey is a time in an order in which bytes sort as times do.
func timeKey(n int64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 32), uint64(max(n, 0)))
}

// eventKey is the key of something that an entry says.
func eventKey(at int64, id uuid.UUID, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append(timeKey(at), id[:]...), seq)
}

func timeOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key)) }

// caseOf is the case in a key.
func caseOf(key []byte) (id uuid.UUID) {
	copy(id[:], key[8:24])
	return id
}

func (r *record) encode() []byte {
	b := make([]byte, 0, fixed+40)
	b = append(b, byte(r.standing), r.flags)
	for _, w := range []word{r.reason, r.procedure, r.bundle} {
		b = binary.BigEndian.AppendUint32(b, uint32(w))
	}
	for _, n := range []uint64{uint64(r.ended), r.customer, r.email, uint64(r.gap)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = append(b, r.follower[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.held))
	b = append(b, r.follows[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(r.handed))
	b = append(b, byte(len(r.pending)))
	for i := range r.pending {
		b = r.pending[i].append(b)
	}
	for _, w := range r.writes {
		b = append(b, w.effect...)
		b = binary.BigEndian.AppendUint32(b, uint32(w.hypothesis))
		b = binary.BigEndian.AppendUint32(b, w.step)
	}
	return b
}

// decodeFigures reads what figures are made of.
func (r *record) decodeFigures(k, v []byte) error {
	if len(k) != 24 || len(v) < fixed {
		return fmt.Errorf("%w: %x", errRecord, k)
	}
	r.opened, r.id = timeOf(k), caseOf(k)
	r.standing, r.flags = standing(v[0]), v[1]
	r.reason, r.procedure, r.bundle = wordAt(v, 2), wordAt(v, 6), wordAt(v, 10)
	r.ended, r.gap = int64(binary.BigEndian.Uint64(v[14:])), int64(binary.BigEndian.Uint64(v[38:]))
	r.customer, r.email = binary.BigEndian.Uint64(v[22:]), binary.BigEndian.Uint64(v[30:])
	r.follower = uuid.UUID(v[46:62])
	return nil
}

func wordAt(v []byte, at int) word { return word(binary.BigEndian.Uint32(v[at:])) }

const (
	writeSize   = 32 + 4 + 4
	pendingSize = 8 + 4 + 1 + 4 + 4 + 4 + 4 + 8
)

func decode(k, v []byte) (*record, error) {
	r := &record{}
	if err := r.decodeFigures(k, v); err != nil {
		return nil, err
	}
	rest := v[fixed:]
	if len(rest) < 8+16+4+1 {
		return nil, fmt.Errorf("%w: %x", errRecord, k)
	}
	r.held, r.follows, r.handed = int64(binary.BigEndian.Uint64(rest)), uuid.UUID(rest[8:24]), wordAt(rest, 24)
	n := int(rest[28])
	rest = rest[29:]
	if len(rest) < n*pendingSize || (len(rest)-n*pendingSize)%writeSize != 0 {
		return nil, fmt.Errorf("%w: %x", errRecord, k)
	}
	for ; n > 0; n, rest = n-1, rest[pendingSize:] {
		r.pending = append(r.pending, decodePending(rest))
	}
	for ; len(rest) > 0; rest = rest[writeSize:] {
		r.writes = append(r.writes, write{effect: append([]byte(nil), rest[:32]...), hypothesis: wordAt(rest, 32), step: binary.BigEndian.Uint32(rest[36:])})
	}
	return r, nil
}

func (p *pending) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, p.call)
	b = binary.BigEndian.AppendUint32(b, p.try)
	b = append(b, bits(p.undo, p.approved, p.proposed, p.money))
	for _, n := range []uint32{uint32(p.hypothesis), p.step, uint32(p.tool), uint32(p.currency)} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return binary.BigEndian.AppendUint64(b, uint64(p.amount))
}

func decodePending(b []byte) pending {
	return pending{call: binary.BigEndian.Uint64(b), try: binary.BigEndian.Uint32(b[8:]),
		undo: b[12]&1 != 0, approved: b[12]&2 != 0, proposed: b[12]&4 != 0, money: b[12]&8 != 0,
		hypothesis: wordAt(b, 13), step: binary.BigEndian.Uint32(b[17:]), tool: wordAt(b, 21), currency: wordAt(b, 25),
		amount: int64(binary.BigEndian.Uint64(b[29:]))}
}

func bits(list ...bool) (b byte) {
	for i, set := range list {
		if set {
			b |= 1 << i
		}
	}
	return b
}
