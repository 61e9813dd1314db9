package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// KindAudit is the kind of records that say what somebody did. They are added and nothing else, and
// each becomes the next link of one chain, in the order in which they are committed.
const KindAudit = "audit"

// errAudit is of a record of the audit that would change or remove another.
var errAudit = errors.New("what stands in the audit stays: it is only ever added to")

var auditPrefix = []byte(KindAudit + "\x00")

// auditLink is one link of the audit's chain. It commits to a record and to the link before it.
// Stored: 4 checksum, 32 hash of the link before, 32 SHA-256 of the record, and the record's key.
type auditLink struct {
	seq  uint64 // from 1 without gaps
	prev casefile.Hash
	sum  casefile.Hash
	key  []byte // of the record
}

const auditLinkSize = 32 + 32

func newAuditLink(before *auditLink, key, body []byte) auditLink {
	l := auditLink{seq: 1, sum: recordSum(key, body), key: key}
	if before != nil {
		l.seq, l.prev = before.seq+1, before.hash()
	}
	return l
}

// recordSum is the hash of a record.
func recordSum(key, body []byte) casefile.Hash {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(key)))
	for _, part := range [][]byte{n[:], key, body} {
		_, _ = h.Write(part) // a hash never fails
	}
	return casefile.Hash(h.Sum(nil))
}

func (l *auditLink) hash() casefile.Hash {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+auditLinkSize+len(l.key)), l.seq)
	return sha256.Sum256(append(append(append(b, l.prev[:]...), l.sum[:]...), l.key...))
}

func (l *auditLink) encode() []byte {
	b := append(make([]byte, 4, 4+auditLinkSize+len(l.key)), l.prev[:]...)
	return append(append(b, l.sum[:]...), l.key...)
}

func decodeAuditLink(k, v []byte) (*auditLink, error) {
	b, err := unseal(k, v)
	if err == nil && (len(k) != 8 || len(b) < auditLinkSize) {
		err = errShort
	}
	if err != nil {
		return nil, err
	}
	return &auditLink{seq: offsetOf(k), prev: casefile.Hash(b[:32]), sum: casefile.Hash(b[32:64]), key: bytes.Clone(b[64:])}, nil
}

// lastDeed gives the newest link, nil where nobody did anything yet.
func (r *reader) lastDeed() (*auditLink, error) {
	k, v := r.bucket(bucketAudit).Cursor().Last()
	if k == nil {
		return nil, nil
	}
	l, err := decodeAuditLink(k, v)
	if err != nil {
		return nil, damaged(fmt.Sprintf("audit %x", k), err)
	}
	return l, nil
}

// deed puts a record of the audit and its link.
func (w *writer) deed(key, value []byte) error {
	if w.get(bucketRecords, key) != nil {
		return errAudit
	}
	before, err := w.lastDeed()
	if err != nil {
		return err
	}
	l := newAuditLink(before, key, value[4:])
	at := offsetKey(l.seq)
	w.put(bucketRecords, key, value)
	w.put(bucketAudit, at, seal(at, l.encode()))
	return nil
}

// chainAudit links the records of the audit of a file that has no chain yet, in the order of their
// keys, which is that of time.
func chainAudit(tx *bbolt.Tx) error {
	links, err := tx.CreateBucketIfNotExists([]byte(bucketAudit.String()))
	if err != nil {
		return err
	}
	var last *auditLink
	c := tx.Bucket([]byte(bucketRecords.String())).Cursor()
	for k, v := c.Seek(auditPrefix); bytes.HasPrefix(k, auditPrefix); k, v = c.Next() {
		body, err := unseal(k, v)
		if err != nil {
			return damaged(fmt.Sprintf("audit %.60q", k[len(auditPrefix):]), err)
		}
		l := newAuditLink(last, bytes.Clone(k), body)
		at := offsetKey(l.seq)
		if err := links.Put(at, seal(at, l.encode())); err != nil {
			return err
		}
		last = &l
	}
	return nil
}

// audit checks the chain and that it names what the records of the audit are.
func (v *verifier) audit() error {
	var last *auditLink
	err := v.each(bucketAudit, func(k, value []byte) {
		l, err := decodeAuditLink(k, value)
		if err == nil {
			err = v.auditLink(last, l)
			last = l
		}
		if err != nil {
			v.damage(fmt.Sprintf("audit %x", k), err)
		}
	})
	var linked uint64
	if last != nil {
		linked = last.seq
	}
	if err == nil && linked != v.deeds {
		err = fmt.Errorf("%d records of the audit are in its chain, and there are %d", linked, v.deeds)
	}
	return err
}

func (v *verifier) auditLink(before, l *auditLink) error {
	body, err := unseal(l.key, v.get(bucketRecords, l.key))
	switch {
	case !bytes.HasPrefix(l.key, auditPrefix):
		return errors.New("it names a record that is none of the audit")
	case err != nil:
		return fmt.Errorf("its record: %w", err)
	case recordSum(l.key, body) != l.sum:
		return errors.New("its record is not what it was when it was written")
	case before == nil && (l.seq != 1 || l.prev != casefile.Hash{}):
		return errors.New("those before it are missing")
	case before != nil && (l.seq != before.seq+1 || l.prev != before.hash()):
		return fmt.Errorf("it does not follow audit %x", before.seq)
	}
	return nil
}

// audit takes over the chain as far as it and its records are sound; what follows is linked anew,
// since a link names the one before it.
func (b *rebuild) audit() error {
	var last *auditLink
	whole, err := b.old(bucketAudit, func(k, value []byte) error {
		l, err := decodeAuditLink(k, value)
		if err != nil {
			return err
		}
		body, err := unseal(l.key, b.w.get(bucketRecords, l.key))
		if err != nil {
			return err
		}
		next := newAuditLink(last, l.key, body)
		b.put(bucketAudit, offsetKey(next.seq), seal(offsetKey(next.seq), next.encode()))
		if next.hash() != l.hash() {
			err = errors.New("it is linked anew")
		}
		last = &next
		return err
	})
	if err != nil {
		return err
	}
	if !whole {
		b.Lost(Damage{Where: "the chain of the audit", What: "it is linked anew, and agrees with no checkpoint from before"})
	}
	return b.auditRest(last)
}

// auditRest links the records of the audit that no link named.
func (b *rebuild) auditRest(last *auditLink) error {
	named := map[string]bool{}
	c := b.w.bucket(bucketAudit).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		l, err := decodeAuditLink(k, v)
		if err != nil {
			return err
		}
		named[string(l.key)] = true
	}
	c = b.w.bucket(bucketRecords).Cursor()
	for k, v := c.Seek(auditPrefix); bytes.HasPrefix(k, auditPrefix); k, v = c.Next() {
		if named[string(k)] {
			continue
		}
		next := newAuditLink(last, bytes.Clone(k), v[4:])
		b.put(bucketAudit, offsetKey(next.seq), seal(offsetKey(next.seq), next.encode()))
		last = &next
	}
	return nil
}
