package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// correlationKey is a Key as it is looked up: under the customer's id and under their email, or
// under nobody.
type correlationKey struct {
	scope    string
	hasID    bool
	under    [2]keyHash
	byEmail  [2]bool // whether under[i] is that of the email
	underLen int
}

type keyHash [16]byte

func correlationKeys(keys []Key) []correlationKey {
	list := make([]correlationKey, len(keys))
	for i, k := range keys {
		list[i] = newCorrelationKey(k)
	}
	return list
}

func newCorrelationKey(k Key) correlationKey {
	c := correlationKey{scope: k.Scope, hasID: k.Customer.ID != ""}
	add := func(how byte, who string) {
		b := append(make([]byte, 0, 128), how)
		for _, part := range [...]string{k.Scope, k.Value, who} {
			b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
			b = append(b, part...)
		}
		sum := sha256.Sum256(b)
		c.under[c.underLen] = keyHash(sum[:16])
		c.byEmail[c.underLen] = how == 'e'
		c.underLen++
	}
	if k.Customer.ID != "" {
		add('i', k.Customer.ID)
	}
	if k.Customer.Email != "" {
		add('e', strings.ToLower(k.Customer.Email))
	}
	if c.underLen == 0 {
		add('n', "")
	}
	return c
}

// A correlation record, under key hash and case: the checksum and whether the customer has an id.
const customerHasID = 1

// holder is a case that holds a key.
type holder struct {
	id uuid.UUID
	h  *head
}

// holders gives the cases of the same customer that hold a key.
func (r *reader) holders(k *correlationKey) ([]holder, error) {
	var list []holder
	c := r.bucket(bucketCorrelation).Cursor()
	for i := range k.underLen {
		p := k.under[i][:]
		for key, v := c.Seek(p); bytes.HasPrefix(key, p); key, v = c.Next() {
			if len(key) != 32 {
				return nil, damaged(fmt.Sprintf("correlation key %x", key), errShort)
			}
			flags, err := unseal(key, v)
			if err == nil && len(flags) != 1 {
				err = errShort
			}
			if err != nil {
				return nil, damaged(fmt.Sprintf("correlation key %x", key), err)
			}
			if k.byEmail[i] && k.hasID && flags[0]&customerHasID != 0 {
				continue // both have ids: those decide
			}
			id := uuid.UUID(key[16:])
			if inHolders(list, id) {
				continue
			}
			h, err := r.head(id)
			if err != nil {
				return nil, err
			}
			if h == nil {
				return nil, damaged("the head of case "+id.String(), errMissing)
			}
			list = append(list, holder{id, h})
		}
	}
	return list, nil
}

func inHolders(list []holder, id uuid.UUID) bool {
	for i := range list {
		if list[i].id == id {
			return true
		}
	}
	return false
}

// oldestOpen gives the open case that has been open longest, nil if none is.
func oldestOpen(list []holder) *holder {
	var best *holder
	for i := range list {
		if c := &list[i]; !c.h.over() && (best == nil || c.h.olderThan(c.id, best.h, best.id)) {
			best = c
		}
	}
	return best
}

// lastEnded gives the case that ended last and that fits, nil if none does.
func lastEnded(list []holder, fits func(*head) bool) *holder {
	var best *holder
	for i := range list {
		c := &list[i]
		if c.h.over() && fits(c.h) && (best == nil || c.h.ended > best.h.ended || c.h.ended == best.h.ended && best.h.olderThan(best.id, c.h, c.id)) {
			best = c
		}
	}
	return best
}

// hold lets a case hold a key. It replaces cases that have ended and held it, unless they stand for
// an email alone and this one for an id too: so a key has no more records than open cases and
// different customers.
func (w *writer) hold(id uuid.UUID, k *correlationKey) error {
	list, err := w.holders(k)
	if err != nil {
		return err
	}
	var flags byte
	if k.hasID {
		flags = customerHasID
	}
	for i := range k.underLen {
		for _, c := range list {
			key := keyOf(k.under[i], c.id)
			if v := w.get(bucketCorrelation, key); v != nil && c.h.over() && c.id != id && v[len(v)-1] >= flags {
				w.remove(bucketCorrelation, key)
			}
		}
		key := keyOf(k.under[i], id)
		// once it is known whose case it is, an email alone doesn't make that unknown again
		if v := w.get(bucketCorrelation, key); v == nil || v[len(v)-1]|flags != v[len(v)-1] {
			w.put(bucketCorrelation, key, seal(key, []byte{0, 0, 0, 0, flags}))
		}
	}
	return nil
}

func keyOf(h keyHash, id uuid.UUID) []byte {
	return append(append(make([]byte, 0, 32), h[:]...), id[:]...)
}
