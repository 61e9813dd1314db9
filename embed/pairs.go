package embed

import (
	"encoding/binary"
	"math/bits"
)

// pairs finds the row of two neighbouring tokens.
type pairs struct {
	slots []pairSlot // open addressing, at most half full
	shift int
}

type pairSlot struct {
	key  uint32 // the first token above, the second below
	row  uint16
	used bool
}

// newPairs reads pairs of tokens, 4 bytes each; the first has the row first, and so on.
func newPairs(data []byte, first int) pairs {
	n := len(data) / 4
	size := bits.Len(uint(2*n + 1))
	p := pairs{slots: make([]pairSlot, 1<<size), shift: 32 - size}
	for i := range n {
		key := uint32(binary.LittleEndian.Uint16(data[4*i:]))<<16 | uint32(binary.LittleEndian.Uint16(data[4*i+2:]))
		at := p.place(key)
		for p.slots[at].used {
			at = (at + 1) % uint32(len(p.slots))
		}
		p.slots[at] = pairSlot{key: key, row: uint16(first + i), used: true}
	}
	return p
}

func (p *pairs) place(key uint32) uint32 { return key * 0x9e3779b1 >> p.shift } // Fibonacci hashing

func (p *pairs) find(first, second uint16) (row uint16, ok bool) {
	key := uint32(first)<<16 | uint32(second)
	for at := p.place(key); p.slots[at].used; at = (at + 1) % uint32(len(p.slots)) {
		if p.slots[at].key == key {
			return p.slots[at].row, true
		}
	}
	return 0, false
}
