package journal

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// class says whose case it is, for Claim to serve customers in turn: a hash of the customer of the
// signal that opened it, 0 for nobody known. It stands in the case's head, and beside a runnable case,
// so that start-up finds everybody's turn without reading more.
type class uint64

func classOf(c casefile.Customer) class {
	who := c.Who()
	if who == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(who))
	return class(binary.BigEndian.Uint64(sum[:]))
}

// runnableRecord is what stands under a runnable case.
func runnableRecord(id uuid.UUID, c class) []byte {
	return seal(id[:], binary.BigEndian.AppendUint64(make([]byte, 4, 12), uint64(c)))
}

func decodeRunnable(k, v []byte) (class, error) {
	b, err := unseal(k, v)
	if err == nil && (len(k) != 16 || len(b) != 8) {
		err = errShort
	}
	if err != nil {
		return 0, err
	}
	return class(binary.BigEndian.Uint64(b)), nil
}
