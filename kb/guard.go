package kb

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// panicked is of code that met what makes no sense: a damaged page, or a bug.
type panicked struct{ why any }

// Error says what it met.
func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.why) }

// guard runs fn and turns a panic or a fault, which is how bbolt and bleve meet pages that make no sense,
// into an error. It does so for the goroutine that calls it alone.
func guard(fn func() error) (err error) {
	faults := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(faults)
	defer func() {
		if p := recover(); p != nil {
			err = panicked{p}
		}
	}()
	return fn()
}

// errRecord is wrapped by what is wrong with a single record.
var errRecord = errors.New("a record makes no sense")

// damaged says what is wrong with a file and what to do about it.
func damaged(file string, why error) error {
	return fmt.Errorf("%w: %s: %w; stop the server, move the file away and ingest the documents again, or restore a backup", ErrDamaged, file, why)
}

// within runs what reads or changes the truth. Once a page made no sense nothing touches the file any more:
// bbolt may hold the locks of the transaction that met it for ever.
func (b *Base) within(fn func() error) error {
	if spoilt := b.spoilt.Load(); spoilt != nil {
		return *spoilt
	}
	err := guard(fn)
	if errors.As(err, new(panicked)) {
		err = damaged(b.file, err)
		if b.spoilt.CompareAndSwap(nil, &err) {
			b.log.Error("a page of the knowledge base makes no sense; nothing is read or changed any more", "error", err)
		}
		return err
	}
	if errors.Is(err, errRecord) && !errors.Is(err, ErrDamaged) {
		return damaged(b.file, err)
	}
	return err
}

// letGo leaves a damaged file as it is: closing it could wait for its broken transaction for ever. Its lock
// ends with the process, or where that transaction did end, in a moment.
func (b *Base) letGo() {
	go func() { _ = guard(b.db.Close) }()
}

// guarded runs what asks or changes the word index, and says what to do where its files make no sense.
func (w *wordIndex) guarded(fn func() error) error {
	err := guard(fn)
	if errors.As(err, new(panicked)) {
		return fmt.Errorf("%w: the index of words in %s: %w; stop the server and remove that folder: it is made anew at the next start", ErrDamaged, w.dir, err)
	}
	return err
}
