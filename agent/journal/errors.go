package journal

import (
	"fmt"
	"runtime/debug"
)

// damaged says what is wrong with the data file, and where.
func damaged(where string, err error) error {
	return fmt.Errorf("%w: %s: %w; `resolute verify` lists all damage, `resolute restore` puts a backup in a new folder", ErrDamaged, where, err)
}

// guarded runs fn and turns a panic or a fault, which is how bbolt meets pages that make no sense
// or are no longer there, into an error.
func guarded(what string, fn func() error) (err error) {
	faults := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(faults)
	defer func() {
		if r := recover(); r != nil {
			err = damaged(what, fmt.Errorf("panic: %v", r))
		}
	}()
	return fn()
}
