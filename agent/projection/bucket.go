package projection

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"
)

// Bucket is a bucket of a view. It is used as bbolt's, and keeps with each value a checksum of it and its
// key. A value that isn't what was put there is never given: reading it panics with an error that wraps
// ErrDamaged, which Read returns and by which the views are made anew. What it gives is good as long as
// bbolt's, and isn't changed. A bucket that has others within it is not walked, and has no sequence of its
// own: there it is a checksum of their names.
type Bucket struct{ b *bbolt.Bucket }

// Over gives a bucket of bbolt as one of a view.
func Over(b *bbolt.Bucket) *Bucket { return &Bucket{b} }

const sealSize = 4 // bytes of a checksum, behind the value

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sealOf(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
}

// unseal takes the checksum off what stands at a key.
func unseal(key, stored []byte) (value []byte) {
	n := len(stored) - sealSize
	if n < 0 || binary.BigEndian.Uint32(stored[n:]) != sealOf(key, stored[:n]) {
		panic(fmt.Errorf("%w: what stands at %.40x isn't what was put there", ErrDamaged, key))
	}
	return stored[:n:n]
}

// Get gives the value of a key, nil where there is none.
func (b *Bucket) Get(key []byte) []byte {
	k, stored := b.b.Cursor().Seek(key)
	if !bytes.Equal(k, key) {
		return nil
	}
	return unseal(k, stored)
}

// Put sets the value of a key.
func (b *Bucket) Put(key, value []byte) error {
	stored := append(make([]byte, 0, len(value)+sealSize), value...)
	return b.b.Put(key, binary.BigEndian.AppendUint32(stored, sealOf(key, value)))
}

// Delete takes a key away; one that isn't there is no error.
func (b *Bucket) Delete(key []byte) error { return b.b.Delete(key) }

// NextSequence gives 1 and on.
func (b *Bucket) NextSequence() (uint64, error) { return b.b.NextSequence() }

// Sequence is the number that NextSequence gave last.
func (b *Bucket) Sequence() uint64 { return b.b.Sequence() }

// Bucket gives a bucket within this one, nil where there is none.
func (b *Bucket) Bucket(name []byte) *Bucket {
	if within := b.b.Bucket(name); within != nil {
		return &Bucket{within}
	}
	b.whole()
	return nil
}

// CreateBucketIfNotExists gives a bucket within this one, made where there is none.
func (b *Bucket) CreateBucketIfNotExists(name []byte) (*Bucket, error) {
	if within := b.Bucket(name); within != nil {
		return within, nil
	}
	within, err := b.b.CreateBucket(name)
	if err == nil {
		err = b.b.SetSequence(b.b.Sequence() + uint64(sealOf(name, nil)))
	}
	return &Bucket{within}, err
}

// whole panics unless the buckets within this one are those that were made: one whose name is damaged would
// be missed as if it never was.
func (b *Bucket) whole() {
	sum := uint64(0)
	_ = b.b.ForEachBucket(func(name []byte) error { sum += uint64(sealOf(name, nil)); return nil })
	if sum != b.b.Sequence() {
		panic(fmt.Errorf("%w: it has other buckets than were made", ErrDamaged))
	}
}

func (b *Bucket) empty() bool {
	k, _ := b.b.Cursor().First()
	return k == nil
}

// ForEachBucket runs fn for the name of each bucket within this one.
func (b *Bucket) ForEachBucket(fn func(name []byte) error) error { return b.b.ForEachBucket(fn) }

// ForEach runs fn for all there is, by key, until it fails.
func (b *Bucket) ForEach(fn func(key, value []byte) error) error {
	return b.b.ForEach(func(k, stored []byte) error { return fn(k, unseal(k, stored)) })
}

// Cursor walks the bucket.
func (b *Bucket) Cursor() *Cursor { return &Cursor{b.b.Cursor()} }

// Cursor walks a bucket by key. The key is nil where there is nothing more.
type Cursor struct{ c *bbolt.Cursor }

// First goes to the first key.
func (c *Cursor) First() (key, value []byte) { return at(c.c.First()) }

// Last goes to the last key.
func (c *Cursor) Last() (key, value []byte) { return at(c.c.Last()) }

// Next goes to the key behind.
func (c *Cursor) Next() (key, value []byte) { return at(c.c.Next()) }

// Prev goes to the key before.
func (c *Cursor) Prev() (key, value []byte) { return at(c.c.Prev()) }

// Seek goes to a key, or the next that there is.
func (c *Cursor) Seek(key []byte) (found, value []byte) { return at(c.c.Seek(key)) }

func at(key, stored []byte) (k, value []byte) {
	if key == nil {
		return nil, nil
	}
	return key, unseal(key, stored)
}
