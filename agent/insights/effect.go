package insights

import (
	"encoding/binary"
	"fmt"
)

// effect is a write that was done.
type effect struct {
	tool, procedure, bundle word
	currency                word // 0 where the write names none: the bundle's
	money                   bool // it has an amount
	amount                  int64
	undone                  bool
	approved                bool // a person said yes
	proposed                bool // a person did it in place of the agent
}

const effectSize = 4*4 + 1 + 8

func (e *effect) encode() []byte {
	b := make([]byte, 0, effectSize)
	for _, w := range []word{e.tool, e.procedure, e.bundle, e.currency} {
		b = binary.BigEndian.AppendUint32(b, uint32(w))
	}
	b = append(b, bits(e.money, e.undone, e.approved, e.proposed))
	return binary.BigEndian.AppendUint64(b, uint64(e.amount))
}

func decodeEffect(k, v []byte) (e effect, err error) {
	if len(k) != 32 || len(v) != effectSize {
		return e, fmt.Errorf("%w: effect %x", errRecord, k)
	}
	return effect{tool: wordAt(v, 0), procedure: wordAt(v, 4), bundle: wordAt(v, 8), currency: wordAt(v, 12),
		money: v[16]&1 != 0, undone: v[16]&2 != 0, approved: v[16]&4 != 0, proposed: v[16]&8 != 0,
		amount: int64(binary.BigEndian.Uint64(v[17:]))}, nil
}

// happening is a handover, a time that somebody had a case, or a word of a customer: at a time, in a case,
// of a procedure under a version.
type happening struct {
	procedure, bundle word
	reason            word   // of a handover
	value             int64  // nanoseconds that somebody had it; a score; 0
	customer          uint64 // who left
}

const happeningSize = 3*4 + 8 + 8

func (h *happening) encode() []byte {
	b := make([]byte, 0, happeningSize)
	for _, w := range []word{h.procedure, h.bundle, h.reason} {
		b = binary.BigEndian.AppendUint32(b, uint32(w))
	}
	b = binary.BigEndian.AppendUint64(b, uint64(h.value))
	return binary.BigEndian.AppendUint64(b, h.customer)
}

func decodeHappening(k, v []byte) (h happening, err error) {
	if len(k) != 32 || len(v) != happeningSize {
		return h, fmt.Errorf("%w: %x", errRecord, k)
	}
	return happening{procedure: wordAt(v, 0), bundle: wordAt(v, 4), reason: wordAt(v, 8),
		value: int64(binary.BigEndian.Uint64(v[12:])), customer: binary.BigEndian.Uint64(v[20:])}, nil
}
