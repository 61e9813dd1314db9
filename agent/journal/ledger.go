package journal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// A ledger keeps reservations by budget and time, and a running sum of each window that bounds a
// budget. What rolls out of a window is subtracted when the budget is next taken from, so each
// reservation costs the same few reads and writes however many there were before.
//
// Its keys: a book, the sums of one budget; a call, the reservations that it holds; a reservation, in
// the order of books and, within one, of time and offset.
const (
	keyBook        = 'b' // book
	keyCall        = 'c' // case, call
	keyReservation = 'r' // book, time, offset of the intent
)

const placeSize = 16 // of time and offset

// shelf is what a ledger stands on: keys in order, and values without their checksum.
type shelf interface {
	// get gives a value, nil for none.
	get(key []byte) ([]byte, error)
	// next gives the first key above after that begins with prefix, nil for none.
	next(prefix, after []byte) (key, value []byte, err error)
	put(key, value []byte)
	remove(key []byte)
}

// ledger is a change of budgets that is being made: nothing is written before all of it may be.
type ledger struct {
	shelf   shelf
	changed map[string][]byte // nil: removed
	books   map[keyHash]*book
	full    []casefile.Exceeded
}

// changeBudgets makes what entries of a case change, the first of which gets the offset given. It
// writes nothing and reports a *BudgetError where a budget has no room.
func changeBudgets(s shelf, caseID uuid.UUID, first uint64, changes []budgetChange) error {
	if len(changes) == 0 {
		return nil
	}
	l := &ledger{shelf: s, changed: map[string][]byte{}, books: map[keyHash]*book{}}
	for i := range changes {
		if err := l.change(caseID, first+uint64(changes[i].entry), &changes[i]); err != nil {
			return err
		}
	}
	if len(l.full) > 0 {
		return &BudgetError{Exceeded: l.full}
	}
	for id, b := range l.books {
		l.changed[string(bookKey(id))] = b.encode()
	}
	for _, key := range slices.Sorted(maps.Keys(l.changed)) {
		if value := l.changed[key]; value != nil {
			s.put([]byte(key), value)
		} else {
			s.remove([]byte(key))
		}
	}
	return nil
}

func (l *ledger) change(caseID uuid.UUID, offset uint64, c *budgetChange) error {
	holder := callKey(caseID, c.call)
	if c.take == nil {
		return l.free(holder)
	}
	held, err := l.get(holder)
	if err != nil {
		return err
	}
	held = bytes.Clone(held)
	for i := range c.take {
		key, err := l.take(&c.take[i], c.at, offset, holder)
		if err != nil {
			return err
		}
		held = append(held, key[1:]...)
	}
	l.changed[string(holder)] = held
	return nil
}

// take takes an amount from a budget, and gives where that stands.
func (l *ledger) take(t *taking, at int64, offset uint64, holder []byte) ([]byte, error) {
	b, err := l.book(t.book)
	if err != nil {
		return nil, err
	}
	b.last = max(b.last, at, 0) // clocks of cases differ; within a budget time doesn't run backwards
	for i := range t.bounds {
		if err := l.bound(t.book, b, time64(t.bounds[i].Window)); err != nil {
			return nil, err
		}
	}
	if err := l.roll(t.book, b); err != nil {
		return nil, err
	}
	for _, r := range t.bounds {
		w := b.window(time64(r.Window))
		if r.Over && r.Beyond == casefile.Approve || t.amount <= r.Max-w.sum {
			continue
		}
		r.Over = false
		l.full = append(l.full, casefile.Exceeded{Reservation: r, Used: w.sum})
	}
	for i := range b.windows {
		b.windows[i].sum = added(b.windows[i].sum, t.amount)
	}
	key := reservationKey(t.book, b.last, offset)
	l.changed[string(key)] = append(binary.BigEndian.AppendUint64(nil, uint64(t.amount)), holder[1:]...)
	return key, nil
}

// added is a sum that doesn't overflow.
func added(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// bound sees to it that a book has the sum of a window. A window that is new counts what stands there:
// of a budget that was bounded over less time before, no more than that.
func (l *ledger) bound(id keyHash, b *book, length int64) error {
	if w := b.window(length); w != nil {
		w.asked = b.last
		return nil
	}
	w := window{length: length, asked: b.last}
	prefix := append([]byte{keyReservation}, id[:]...)
	for after := prefix; ; {
		key, value, err := l.next(prefix, after)
		if err != nil {
			return err
		}
		if key == nil {
			break
		}
		w.sum = added(w.sum, amountOf(value))
		after = key
	}
	b.windows = append(b.windows, w)
	slices.SortFunc(b.windows, func(x, y window) int { return cmp.Compare(x.length, y.length) })
	return nil
}

// roll takes out of the sums what is older than their windows, and forgets what is in none of them.
func (l *ledger) roll(id keyHash, b *book) error {
	prefix := append([]byte{keyReservation}, id[:]...)
	all := len(b.windows)
	b.windows = slices.DeleteFunc(b.windows, func(w window) bool { return w.asked <= b.last-w.length })
	if len(b.windows) < all {
		if err := l.clear(prefix, b.windows[len(b.windows)-1].passed); err != nil {
			return err
		}
	}
	for i := range b.windows {
		w := &b.windows[i]
		for {
			key, value, err := l.next(prefix, append(bytes.Clone(prefix), w.passed[:]...))
			if err != nil {
				return err
			}
			if key == nil || timeOfReservation(key) > b.last-w.length {
				break
			}
			w.sum -= amountOf(value)
			w.passed = placeOf(key)
			if i == len(b.windows)-1 {
				if err := l.forget(key, value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// clear forgets what only windows counted that are gone.
func (l *ledger) clear(prefix []byte, passed [placeSize]byte) error {
	for {
		key, value, err := l.next(prefix, prefix)
		if err != nil || key == nil || bytes.Compare(key[len(prefix):], passed[:]) > 0 {
			return err
		}
		if err := l.forget(key, value); err != nil {
			return err
		}
	}
}

// forget removes a reservation that no window counts any more, and where its call names it.
func (l *ledger) forget(key, value []byte) error {
	holder := holderOf(value)
	held, err := l.get(holder)
	if err != nil {
		return err
	}
	var rest []byte
	for ; len(held) >= len(key)-1; held = held[len(key)-1:] {
		if !bytes.Equal(held[:len(key)-1], key[1:]) {
			rest = append(rest, held[:len(key)-1]...)
		}
	}
	l.changed[string(key)], l.changed[string(holder)] = nil, rest
	return nil
}

// free gives back what a call had taken.
func (l *ledger) free(holder []byte) error {
	held, err := l.get(holder)
	if err != nil || held == nil {
		return err
	}
	const size = len(keyHash{}) + placeSize
	for ; len(held) >= size; held = held[size:] {
		id := keyHash(held[:len(keyHash{})])
		key := append([]byte{keyReservation}, held[:size]...)
		value, err := l.get(key)
		if err != nil {
			return err
		}
		b, err := l.book(id)
		if err != nil {
			return err
		}
		place := placeOf(key)
		for i := range b.windows {
			if w := &b.windows[i]; value != nil && bytes.Compare(place[:], w.passed[:]) > 0 {
				w.sum -= amountOf(value)
			}
		}
		l.changed[string(key)] = nil
	}
	l.changed[string(holder)] = nil
	return nil
}

func (l *ledger) get(key []byte) ([]byte, error) {
	if v, ok := l.changed[string(key)]; ok {
		return v, nil
	}
	return l.shelf.get(key)
}

// next passes over what was removed. What was added isn't there yet, and needn't be: it is newer than
// what rolls out, and no part of a book that was there.
func (l *ledger) next(prefix, after []byte) (key, value []byte, err error) {
	for {
		key, value, err = l.shelf.next(prefix, after)
		if v, ok := l.changed[string(key)]; err != nil || key == nil || !ok || v != nil {
			return key, value, err
		}
		after = key
	}
}

func (l *ledger) book(id keyHash) (*book, error) {
	if b := l.books[id]; b != nil {
		return b, nil
	}
	v, err := l.get(bookKey(id))
	if err != nil {
		return nil, err
	}
	b := &book{}
	if v != nil {
		if err := b.decode(v); err != nil {
			return nil, damaged(fmt.Sprintf("budget %x", id), err)
		}
	}
	l.books[id] = b
	return b, nil
}
