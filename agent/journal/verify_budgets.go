package journal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// budgets checks that each reservation is that of an intent, named by its call, and that the sums are
// those of the reservations.
func (v *verifier) budgets() error {
	books := map[keyHash]*book{}
	counted := map[keyHash][]int64{} // by window
	err := v.each(bucketBudgets, func(k, value []byte) {
		body, err := unseal(k, value)
		if err == nil {
			switch {
			case len(k) == len(bookKey(keyHash{})) && k[0] == keyBook:
				b := &book{}
				err = b.decode(body)
				books[keyHash(k[1:])], counted[keyHash(k[1:])] = b, make([]int64, len(b.windows))
			case len(k) == callKeySize && k[0] == keyCall:
				err = v.holds(body)
			case len(k) == reservationKeySize && k[0] == keyReservation && len(body) == reservationValueSize:
				err = v.reservation(k, body)
				id, place := keyHash(k[1:]), placeOf(k)
				if b := books[id]; b != nil {
					for i := range b.windows {
						if bytes.Compare(place[:], b.windows[i].passed[:]) > 0 {
							counted[id][i] = added(counted[id][i], amountOf(body))
						}
					}
				} else {
					err = errors.Join(err, errors.New("its budget is missing"))
				}
			default:
				err = errShort
			}
		}
		if err != nil {
			v.damage(fmt.Sprintf("budgets %x", k), err)
		}
	})
	for id, b := range books {
		for i, w := range b.windows {
			if counted[id][i] != w.sum {
				v.damage(fmt.Sprintf("budget %x", id), fmt.Errorf("it says that %d are taken, and the reservations are %d", w.sum, counted[id][i]))
			}
		}
	}
	return err
}

// holds checks that what a call holds is there.
func (v *verifier) holds(held []byte) error {
	const size = reservationKeySize - 1
	if len(held) == 0 || len(held)%size != 0 {
		return errShort
	}
	for ; len(held) > 0; held = held[size:] {
		if v.get(bucketBudgets, append([]byte{keyReservation}, held[:size]...)) == nil {
			return fmt.Errorf("its reservation %x is missing", held[:size])
		}
	}
	return nil
}

// reservation checks that a reservation is that of an intent of the case and call that hold it.
func (v *verifier) reservation(k, body []byte) error {
	holder := holderOf(body)
	held, err := unsealBudget(holder, v.get(bucketBudgets, holder))
	if err != nil {
		return err
	}
	if !bytes.Contains(held, k[1:]) {
		return errors.New("its call doesn't say so")
	}
	rec, err := v.record(offsetOf(k[len(k)-8:]))
	if err == nil && (rec.kind() != casefile.KindCallIntended || rec.caseID() != uuid.UUID(holder[1:17])) {
		err = fmt.Errorf("entry %d is no intent of case %s", rec.offset(), uuid.UUID(holder[1:17]))
	}
	return err
}
