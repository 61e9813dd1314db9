package journal

import (
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
)

// damaged says what is wrong with the data file, and where.
func damaged(where string, err error) error {
	return fmt.Errorf("%w: %s: %w; %s", ErrDamaged, where, err, whatToDo)
}

const whatToDo = "stop the server and run `resolute verify --repair`, which rebuilds indexes from the journal and keeps the old file; where it can't, `resolute restore` puts a backup in a new folder"

// diskError adds to what the system says about the file what to do about it.
func diskError(path string, err error) error {
	var system syscall.Errno
	if !errors.As(err, &system) || errors.Is(err, ErrDamaged) {
		return err
	}
	advice := "look at the disk and its kernel messages; then start again, and run `resolute verify` first"
	switch system {
	case syscall.ENOSPC, syscall.EDQUOT:
		advice = "make room on the disk, then start again"
	case syscall.EACCES, syscall.EPERM:
		advice = "let the user that resolute runs as write there, then start again"
	}
	return fmt.Errorf("%w; all that was acknowledged is in %s: %s", err, path, advice)
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
