package insights

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// whoOf is a customer as far as one is known, 0 for nobody.
func whoOf(r *record) uint64 {
	if r.customer != 0 {
		return r.customer
	}
	return r.email
}

// resolvedKeys are where the case that was resolved last stands: under the customer's id, and under the
// address.
func resolvedKeys(r *record) [2][]byte {
	key := func(who uint64) []byte {
		if who == 0 || r.procedure == 0 {
			return nil
		}
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, who), uint32(r.procedure))
	}
	return [2][]byte{key(r.customer), key(r.email)}
}

// remember notes that a case is the one resolved last for its customer and procedure.
func (b *book) remember(r *record) error {
	for _, key := range resolvedKeys(r) {
		if key == nil {
			continue
		}
		if err := b.view.Bucket(bucketResolved).Put(key, r.id[:]); err != nil {
			return err
		}
	}
	return nil
}

// follow notes that a customer came again: a case of theirs with the same procedure is resolved already.
func (b *book) follow(r *record) error {
	if r.follows != (uuid.UUID{}) {
		return nil
	}
	for _, key := range resolvedKeys(r) {
		if key == nil {
			continue
		}
		id := b.view.Bucket(bucketResolved).Get(key)
		if id == nil {
			continue
		}
		before, err := b.find(uuid.UUID(id))
		if err != nil {
			return err
		}
		if before == nil || before.id == r.id || before.standing != resolved || before.ended > r.opened || before.procedure != r.procedure || !same(before.customer, before.email, r.customer, r.email) {
			continue
		}
		if r.follows = before.id; before.flags&wasFollowed == 0 {
			before.flags |= wasFollowed
			before.gap, before.follower = r.opened-before.ended, r.id
		}
		return nil
	}
	return nil
}

// unfollow takes that back of a case that turned out to be another's.
func (b *book) unfollow(r *record) error {
	before, err := b.find(r.follows)
	if err == nil && before != nil && before.follower == r.id {
		before.flags &^= wasFollowed
		before.gap, before.follower = 0, uuid.UUID{}
	}
	return err
}
