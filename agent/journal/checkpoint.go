package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// Checkpoint commits to everything that the journal and the audit held at one moment: to the heads of
// all cases, each of which commits to the entries of its case, and to the head of the audit's chain.
// Kept where nobody who can write the data file can, it shows any later change to what was before it.
type Checkpoint struct {
	Entries uint64        // offset of the last entry
	Cases   uint64        // that had an entry
	Heads   casefile.Hash // SHA-256 of id, seq and hash of each case's last entry, ascending by id
	Deeds   uint64        // links of the audit's chain
	Audit   casefile.Hash // of the last link, zero where there is none
}

// Checkpoint gives the checkpoint of what is committed; see Store. It reads the head of each case.
func (b *Bolt) Checkpoint(ctx context.Context) (c Checkpoint, err error) {
	err = b.view(ctx, func(r *reader) error {
		if k, _ := r.bucket(bucketJournal).Cursor().Last(); k != nil {
			c.Entries = offsetOf(k)
		}
		last, err := r.lastDeed()
		if err != nil {
			return err
		}
		if last != nil {
			c.Deeds = last.seq
		}
		c, err = r.checkpointAt(ctx, c.Entries, c.Deeds)
		return err
	})
	return c, err
}

// Compare holds the store against an earlier checkpoint; see Store.
func (b *Bolt) Compare(ctx context.Context, c Checkpoint, report func(Damage)) error {
	return b.view(ctx, func(r *reader) error { return r.compare(ctx, c, report) })
}

// CompareFile is Compare for a file that no process has open.
func CompareFile(ctx context.Context, path string, c Checkpoint, report func(Damage)) error {
	return readOnly(path, func(tx *bbolt.Tx, _ *os.File) error { return (&reader{tx: tx}).compare(ctx, c, report) })
}

func (r *reader) compare(ctx context.Context, want Checkpoint, report func(Damage)) error {
	for _, id := range []bucketID{bucketJournal, bucketHeads, bucketAudit} {
		if r.bucket(id) == nil {
			return damaged("bucket "+id.String(), errMissing)
		}
	}
	got, err := r.checkpointAt(ctx, want.Entries, want.Deeds)
	if err == nil {
		want.compare(got, report)
	}
	return err
}

// compare reports what of a checkpoint isn't so any more; now is what the store says of that moment.
func (c Checkpoint) compare(now Checkpoint, report func(Damage)) {
	say := func(where, what string, args ...any) { report(Damage{Where: where, What: fmt.Sprintf(what, args...)}) }
	if now.Entries != c.Entries {
		say("the journal", "it had %d entries at the checkpoint, and ends at %d", c.Entries, now.Entries)
	}
	if now.Cases != c.Cases {
		say("the cases", "there were %d at the checkpoint, and of those there are %d", c.Cases, now.Cases)
	}
	if now.Heads != c.Heads {
		say("the heads of the cases", "entries from before the checkpoint were changed, moved or removed since")
	}
	if now.Deeds != c.Deeds {
		say("the audit", "it had %d records at the checkpoint, and ends at %d", c.Deeds, now.Deeds)
	} else if now.Audit != c.Audit {
		say("the audit", "records from before the checkpoint were changed, moved or removed since")
	}
}

// checkpointAt gives the checkpoint of the moment when the journal ended with these.
func (r *reader) checkpointAt(ctx context.Context, entries, deeds uint64) (Checkpoint, error) {
	c := Checkpoint{}
	k, _ := r.bucket(bucketJournal).Cursor().Seek(offsetKey(entries))
	if k == nil {
		k, _ = r.bucket(bucketJournal).Cursor().Last()
	}
	if k != nil {
		c.Entries = min(offsetOf(k), entries)
	}
	heads := newHeadsHash()
	cursor := r.bucket(bucketHeads).Cursor()
	for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		h, err := decodeHead(k, v)
		if err != nil || len(k) != 16 {
			return c, damaged(fmt.Sprintf("head %x", k), err)
		}
		if err := r.headAt(h, entries); err != nil {
			return c, err
		}
		heads.add(uuid.UUID(k), h)
	}
	c.Cases, c.Heads = heads.cases, heads.sum()
	last, err := r.deedAt(deeds)
	if err == nil && last != nil {
		c.Deeds, c.Audit = last.seq, last.hash()
	}
	return c, err
}

// headAt takes a head back to what it was when the journal ended with an entry; its seq is 0 where the
// case had none.
func (r *reader) headAt(h *head, entries uint64) error {
	for h.last > entries && h.seq > 0 {
		rec, err := r.record(h.last)
		if err != nil {
			return err
		}
		if rec.before() >= h.last {
			return damaged(fmt.Sprintf("entry %d", h.last), fmt.Errorf("it names entry %d as the one before it", rec.before()))
		}
		h.last, h.seq, h.hash = rec.before(), h.seq-1, rec.prev()
	}
	return nil
}

// deedAt gives the link with this number, or the newest, if that is earlier.
func (r *reader) deedAt(seq uint64) (*auditLink, error) {
	last, err := r.lastDeed()
	if err != nil || last == nil || last.seq <= seq {
		return last, err
	}
	if seq == 0 {
		return nil, nil
	}
	l, err := decodeAuditLink(offsetKey(seq), r.get(bucketAudit, offsetKey(seq)))
	if err != nil {
		return nil, damaged(fmt.Sprintf("audit %d", seq), err)
	}
	return l, nil
}

// headsHash hashes the heads of cases, given ascending by id.
type headsHash struct {
	cases uint64
	bytes []byte
	hash  interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}
}

func newHeadsHash() *headsHash { return &headsHash{hash: sha256.New()} }

func (s *headsHash) add(id uuid.UUID, h *head) {
	if h.seq == 0 {
		return
	}
	s.cases++
	s.bytes = append(binary.BigEndian.AppendUint64(append(s.bytes[:0], id[:]...), h.seq), h.hash[:]...)
	_, _ = s.hash.Write(s.bytes) // a hash never fails
}

func (s *headsHash) sum() casefile.Hash { return casefile.Hash(s.hash.Sum(nil)) }
