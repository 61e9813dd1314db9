package journal

import (
	"bytes"
	"fmt"
	"slices"
)

// budgets is the bucket of a transaction as a shelf.
type budgets struct{ *writer }

func (b budgets) get(key []byte) ([]byte, error) {
	return unsealBudget(key, b.reader.get(bucketBudgets, key))
}

func unsealBudget(key, v []byte) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	body, err := unseal(key, v)
	if err != nil {
		return nil, damaged(fmt.Sprintf("budgets %x", key), err)
	}
	return body, nil
}

func (b budgets) next(prefix, after []byte) (key, value []byte, err error) {
	c := b.bucket(bucketBudgets).Cursor()
	k, v := c.Seek(after)
	if bytes.Equal(k, after) {
		k, v = c.Next()
	}
	if !bytes.HasPrefix(k, prefix) {
		return nil, nil, nil
	}
	if len(k) != reservationKeySize {
		return nil, nil, damaged(fmt.Sprintf("budgets %x", k), errShort)
	}
	value, err = unsealBudget(k, v)
	if err == nil && len(value) != reservationValueSize {
		err = damaged(fmt.Sprintf("budgets %x", k), errShort)
	}
	return k, value, err
}

func (b budgets) put(key, value []byte) {
	b.writer.put(bucketBudgets, key, seal(key, append(make([]byte, 4, 4+len(value)), value...)))
}

func (b budgets) remove(key []byte) { b.writer.remove(bucketBudgets, key) }

// budgetEdit is the shelf of a change in memory.
type budgetEdit struct{ *edit }

// sortedMap holds values by key, in order.
type sortedMap struct {
	keys   []string
	values map[string][]byte
}

func (m *sortedMap) set(key string, value []byte) {
	at, there := slices.BinarySearch(m.keys, key)
	switch {
	case value == nil && there:
		m.keys = slices.Delete(m.keys, at, at+1)
		delete(m.values, key)
	case value != nil:
		if !there {
			m.keys = slices.Insert(m.keys, at, key)
		}
		m.values[key] = value
	}
}

func (b budgetEdit) get(key []byte) ([]byte, error) { return b.budgets.values[string(key)], nil }

func (b budgetEdit) next(prefix, after []byte) (key, value []byte, err error) {
	at, there := slices.BinarySearch(b.budgets.keys, string(after))
	if there {
		at++
	}
	if at == len(b.budgets.keys) || !bytes.HasPrefix([]byte(b.budgets.keys[at]), prefix) {
		return nil, nil, nil
	}
	k := b.budgets.keys[at]
	return []byte(k), b.budgets.values[k], nil
}

func (b budgetEdit) put(key, value []byte) {
	k, was := string(key), b.budgets.values[string(key)]
	b.budgets.set(k, value)
	b.undo = append(b.undo, func() { b.budgets.set(k, was) })
}

func (b budgetEdit) remove(key []byte) { b.put(key, nil) }
