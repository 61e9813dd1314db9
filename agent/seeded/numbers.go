// Package seeded makes what is random elsewhere out of a count, for simulations and rehearsals: the
// same calls in the same order give the same ids and salts.
package seeded

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"resolute/agent/journal"
)

// Numbers counts. No two that it gives are the same.
type Numbers struct{ last uint64 }

// From counts on behind a number.
func From(last uint64) Numbers { return Numbers{last: last} }

// Next gives the next number.
func (n *Numbers) Next() uint64 {
	n.last++
	return n.last
}

// ID gives ids that ascend with time and count, as UUIDv7 do.
func (n *Numbers) ID(now time.Time) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[8:], n.Next())
	binary.BigEndian.PutUint64(u[:8], uint64(now.UnixMilli())<<16)
	u[6], u[8] = 0x70, 0x80
	return u.String()
}

// Salt gives salts.
func (n *Numbers) Salt() (salt journal.Salt) {
	binary.BigEndian.PutUint64(salt[:], n.Next())
	return salt
}
