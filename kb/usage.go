package kb

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Use is a place where a passage was relied on.
type Use struct {
	Case    string    `json:"case_id"`
	At      time.Time `json:"at"`
	Kind    UseKind   `json:"kind"`
	Address string    `json:"address"`
	Query   string    `json:"query,omitempty"` // that found it
}

// UseKind says what a passage was used for.
type UseKind string

// The kinds of uses.
const (
	Grounded UseKind = "grounded" // a case rests on it
	Replied  UseKind = "replied"  // a reply cites it
)

// Gap is a search of a case that found nothing relevant.
type Gap struct {
	Case  string    `json:"case_id"`
	At    time.Time `json:"at"`
	Query string    `json:"query"`
}

// Noted is what a stretch of the journal says about knowledge.
type Noted struct {
	Uses []Use
	Gaps []Gap
}

// keptGaps is how many gaps are kept; older ones are forgotten.
const keptGaps = 2000

var keyNoted = []byte("noted")

// NotedTo is the offset of the journal up to which uses and gaps were noted, 0 for none.
func (b *Base) NotedTo(ctx context.Context) (offset uint64, err error) {
	err = b.view(ctx, func(tx *bolt.Tx) error {
		if v := tx.Bucket(bucketMeta).Get(keyNoted); len(v) == 8 {
			offset = binary.BigEndian.Uint64(v)
		}
		return nil
	})
	return offset, err
}

// Note keeps what the journal says up to an offset, once: what was noted before is left as it is. Of a search it
// keeps as much as is searched for: a customer's text is one, however long it is.
func (b *Base) Note(ctx context.Context, offset uint64, n Noted) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.change(func(tx *bolt.Tx, _ *changes) error {
		meta := tx.Bucket(bucketMeta)
		if v := meta.Get(keyNoted); len(v) == 8 && binary.BigEndian.Uint64(v) >= offset {
			return nil
		}
		for i, u := range n.Uses {
			u.Query = beginning(u.Query)
			if err := putJSON(tx, bucketUses, useKey(documentAt(u.Address), offset, i), u); err != nil {
				return err
			}
		}
		for i, g := range n.Gaps {
			g.Query = beginning(g.Query)
			if err := putJSON(tx, bucketGaps, string(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(nil, offset), uint16(i))), g); err != nil {
				return err
			}
		}
		if len(n.Gaps) > 0 {
			if err := trim(tx.Bucket(bucketGaps), keptGaps); err != nil {
				return err
			}
		}
		return meta.Put(keyNoted, binary.BigEndian.AppendUint64(nil, offset))
	})
}

// documentAt is the document that an address names.
func documentAt(address string) string {
	id := strings.TrimPrefix(address, scheme)
	if at := strings.IndexAny(id, "#@"); at >= 0 {
		id = id[:at]
	}
	return id
}

func useKey(document string, offset uint64, i int) string {
	key := append([]byte(document), 0)
	key = binary.BigEndian.AppendUint64(key, offset)
	return string(binary.BigEndian.AppendUint16(key, uint16(i)))
}

// trim forgets the first keys of a bucket beyond so many.
func trim(bucket *bolt.Bucket, most int) error {
	c := bucket.Cursor()
	over := bucket.Stats().KeyN - most
	for k, _ := c.First(); k != nil && over > 0; k, _ = c.First() {
		if err := c.Delete(); err != nil {
			return err
		}
		over--
	}
	return nil
}

// Uses answers where a document, or a correction by its document id, was used, newest first, at most
// limit of them (50 if 0), and how often in all.
func (b *Base) Uses(ctx context.Context, document string, limit int) (uses []Use, total int, err error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	uses = []Use{}
	prefix := append([]byte(document), 0)
	err = b.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketUses).Cursor()
		c.Seek(append([]byte(document), 1)) // behind the last
		k, v := c.Prev()
		if k == nil {
			k, v = c.Last()
		}
		for ; k != nil && bytes.Compare(k, prefix) >= 0; k, v = c.Prev() {
			if !bytes.HasPrefix(k, prefix) {
				continue
			}
			if total++; len(uses) == limit {
				continue
			}
			var u Use
			if err := json.Unmarshal(v, &u); err != nil {
				return fmt.Errorf("%w: reading a use of %s: %w", errRecord, document, err)
			}
			uses = append(uses, u)
		}
		return nil
	})
	return uses, total, err
}
