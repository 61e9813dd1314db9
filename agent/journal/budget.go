package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"resolute/agent/casefile"
)

// BudgetError is reported by an Append with an intent that a budget has no room for.
type BudgetError struct{ Exceeded []casefile.Exceeded }

// Error names the first budget.
func (e *BudgetError) Error() string {
	x := e.Exceeded[0]
	return fmt.Sprintf("budget %s of policy %s has %d of %d left, and this takes %d", x.Budget, x.Policy, max(x.Max-x.Used, 0), x.Max, x.Amount)
}

// budgetChange is what an entry does to budgets.
type budgetChange struct {
	entry int // index in its append
	at    int64
	call  callHash
	take  []taking // nil: what the call had taken is free again
}

// taking is what one call takes from one budget, which policies may bound over several windows.
type taking struct {
	book   keyHash
	amount int64
	bounds []casefile.Reservation
}

type callHash [8]byte

func callHashOf(id string) (h callHash) {
	sum := sha256.Sum256([]byte(id))
	copy(h[:], sum[:])
	return h
}

// bookOf is where a budget's reservations stand: changing its max or its window changes nothing there.
func bookOf(r *casefile.Reservation) (h keyHash) {
	var b []byte
	for _, part := range [...]string{r.Policy, r.Budget, r.Key, r.Currency} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

// budgetChanges gives what entries do to budgets. A call takes once, at its first try; what it took
// stays taken while nobody knows whether it was done.
func budgetChanges(entries []casefile.Entry) (list []budgetChange, err error) {
	for i := range entries {
		e := &entries[i]
		c := budgetChange{entry: i, at: nanos(e.At)}
		switch d := e.Data.(type) {
		case *casefile.CallIntended:
			if d.Verdict == nil || len(d.Verdict.Reserves) == 0 || d.Call.Try > 1 {
				continue
			}
			c.call = callHashOf(d.Call.ID)
			if c.take, err = takings(d.Verdict.Reserves); err != nil {
				return nil, fmt.Errorf("entry %d: %w", i, err)
			}
		case *casefile.CallAnswered:
			id := freed(d)
			if id == "" {
				continue
			}
			c.call = callHashOf(id)
		default:
			continue
		}
		list = append(list, c)
	}
	return list, nil
}

// freed gives the call whose reservations an answer frees, "" for none: its own where it is proven
// not done, that whose write it took back where it is done.
func freed(d *casefile.CallAnswered) string {
	switch d.Outcome {
	case casefile.OutcomeRefused, casefile.OutcomeUnavailable, casefile.OutcomeError, casefile.OutcomeDenied:
		return d.ID
	case casefile.OutcomeDone:
		return d.Undoes
	}
	return ""
}

// takings brings together what is taken from the same budget: it is taken once, and within all bounds.
func takings(reserves []casefile.Reservation) (list []taking, err error) {
	for _, r := range reserves {
		if r.Amount < 0 || r.Max < 0 || r.Window <= 0 {
			return nil, fmt.Errorf("a reservation of %d in budget %s, at most %d within %v, makes no sense", r.Amount, r.Budget, r.Max, r.Window)
		}
		t := taking{book: bookOf(&r)}
		at := len(list)
		for i := range list {
			if list[i].book == t.book {
				at = i
			}
		}
		if at == len(list) {
			list = append(list, t)
		}
		list[at].amount = max(list[at].amount, r.Amount)
		list[at].bounds = append(list[at].bounds, r)
	}
	return list, nil
}
