package plugins

import (
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

// Bolt is a Store in a bbolt file, beside the data of the tools: what a tool changes through Tx and
// the record of its call are one transaction.
type Bolt struct {
	db      *bbolt.DB
	records []byte
	open    []byte // index of the unfinished ones, so that a start never reads all history
}

// NewBolt keeps records in db, in two buckets whose names start with name.
func NewBolt(db *bbolt.DB, name string) (*Bolt, error) {
	b := &Bolt{db: db, records: []byte(name + ".calls"), open: []byte(name + ".unfinished")}
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, bucket := range [][]byte{b.records, b.open} {
			if _, err := tx.CreateBucketIfNotExists(bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the call records of %s: %w", name, err)
	}
	return b, nil
}

type txKey struct{}

// Tx is the transaction that a function works in whose Tool is Atomic, nil for any other. It is the
// server's: don't commit it, and don't keep it.
func Tx(ctx context.Context) *bbolt.Tx {
	tx, _ := ctx.Value(txKey{}).(*bbolt.Tx)
	return tx
}

// Find implements Store.
func (b *Bolt) Find(key string) (r Record, ok bool, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket(b.records).Get([]byte(key))
		if v == nil {
			return nil
		}
		ok = true
		return json.Unmarshal(v, &r)
	})
	if err != nil {
		return Record{}, false, fmt.Errorf("read the record of call %s: %w", key, err)
	}
	return r, ok, nil
}

// Update implements Store.
func (b *Bolt) Update(ctx context.Context, work func(context.Context) (Record, error)) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		r, err := work(context.WithValue(ctx, txKey{}, tx))
		if err != nil {
			return err
		}
		v, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode the record of call %s: %w", r.Key, err)
		}
		if err := tx.Bucket(b.records).Put([]byte(r.Key), v); err != nil {
			return fmt.Errorf("keep the record of call %s: %w", r.Key, err)
		}
		if r.unfinished() {
			return tx.Bucket(b.open).Put([]byte(r.Key), nil)
		}
		return tx.Bucket(b.open).Delete([]byte(r.Key))
	})
}

// Forget implements Store.
func (b *Bolt) Forget(key string) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket(b.open).Delete([]byte(key)); err != nil {
			return err
		}
		return tx.Bucket(b.records).Delete([]byte(key))
	})
}

// Unfinished implements Store.
func (b *Bolt) Unfinished() ([]Record, error) {
	var rs []Record
	err := b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(b.open).ForEach(func(key, _ []byte) error {
			var r Record
			if err := json.Unmarshal(tx.Bucket(b.records).Get(key), &r); err != nil {
				return fmt.Errorf("read the record of call %s: %w", key, err)
			}
			rs = append(rs, r)
			return nil
		})
	})
	return rs, err
}
