package kb

import (
	"context"
	"io"

	bolt "go.etcd.io/bbolt"
)

// Snapshot lets use copy knowledge.db as it is at this moment: its size in bytes, and what writes it. An
// import that makes the file grow may wait until use returns.
func (b *Base) Snapshot(ctx context.Context, use func(size int64, write func(io.Writer) error) error) error {
	return b.view(ctx, func(tx *bolt.Tx) error {
		return use(tx.Size(), func(w io.Writer) error {
			_, err := tx.WriteTo(w)
			return err
		})
	})
}
