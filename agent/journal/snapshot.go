package journal

import (
	"context"
	"io"
)

// Snapshot lets use copy the whole file as it is at this moment: its size in bytes, and what writes it.
// The journal goes on meanwhile, in space of its own: what it frees is used again only afterwards. What
// was acknowledged before is in it.
func (b *Bolt) Snapshot(ctx context.Context, use func(size int64, write func(io.Writer) error) error) error {
	if err := b.Err(); err != nil {
		return err // what the disk holds is not known
	}
	return b.view(ctx, func(r *reader) error {
		return use(r.tx.Size(), func(w io.Writer) error {
			_, err := r.tx.WriteTo(w)
			return err
		})
	})
}
