package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Bolt is a Store in one bbolt file.
type Bolt struct {
	db     *bbolt.DB
	file   *os.File // the one that db has open
	path   string
	commit func(*bbolt.Tx) error
	told   func(requests int, took time.Duration) // of commits

	queue   queue
	done    chan struct{} // closed when the committer is gone
	closing sync.Once
	stuck   atomic.Bool // a broken transaction can't be taken back, db would wait for it for ever

	reason atomic.Pointer[error]
	failed chan struct{}

	// of the committer
	next      uint64 // offset of the next entry
	lastGroup int    // how many requests it had
	seen      dedupe
	heads     heads

	leases  leases
	nextDue atomic.Int64 // of the first timer, noTime for none
	watch   watchers
}

var _ Store = (*Bolt)(nil)

// Options of a Bolt. The zero value works.
type Options struct {
	// Holder says who opens the file, for the message that a second process gets, like
	// "resolute serve at http://127.0.0.1:8080".
	Holder string
	// LockWait is how long to wait for another process to let go of the file; 0 means 100 ms.
	LockWait time.Duration
	// Commit commits a transaction; nil means its Commit. Tests inject faults here.
	Commit func(*bbolt.Tx) error
	// Observe is told of each commit: how many requests it served, and how long writing and syncing
	// took. The committer waits for it. nil for nobody.
	Observe func(requests int, took time.Duration)
}

// mapping is how much of the address space a file of this size gets from the start, so that readers,
// of which a backup is a long one, and the growing file don't wait for each other.
func mapping(size int64) int { return int(max(1<<30, 2*size)) }

// Open opens the file, or creates it. It reports ErrLocked if another process has it open and
// ErrDamaged if it can't be trusted.
func Open(path string, o Options) (*Bolt, error) {
	b := &Bolt{
		path:   path,
		commit: o.Commit,
		told:   o.Observe,
		queue:  newQueue(),
		heads:  heads{},
		done:   make(chan struct{}),
		failed: make(chan struct{}),
	}
	if b.commit == nil {
		b.commit = (*bbolt.Tx).Commit
	}
	if b.told == nil {
		b.told = func(int, time.Duration) {}
	}
	if o.LockWait == 0 {
		o.LockWait = 100 * time.Millisecond
	}
	fresh, size, err := isFresh(path)
	if err != nil {
		return nil, err
	}
	if err := b.open(o, fresh, size); err != nil {
		if fresh && b.file != nil {
			removeHalfMade(path)
		}
		return nil, err
	}
	go b.commitLoop()
	return b, nil
}

func (b *Bolt) open(o Options, fresh bool, size int64) error {
	err := guarded(b.path, func() (err error) {
		b.db, err = bbolt.Open(b.path, 0o600, &bbolt.Options{
			Timeout:         o.LockWait,
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: mapping(size),
			NoStatistics:    true,
			OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
				f, err := os.OpenFile(path, flag, mode)
				if err != nil {
					return nil, err
				}
				if err := checkSize(f); err != nil {
					_ = f.Close()
					return nil, err
				}
				b.file = f
				return f, nil
			},
		})
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		b.file = nil // it is somebody else's
		return lockedError(b.path)
	case errors.Is(err, ErrDamaged):
		b.abandon()
		return err
	case err != nil:
		return fmt.Errorf("open %s: %w", b.path, diskError(b.path, err))
	}
	err = guarded(b.path, func() error {
		if fresh {
			if err := syncDir(filepath.Dir(b.path)); err != nil {
				return err
			}
		}
		return b.start()
	})
	if err == nil {
		err = writeHolder(b.path, o.Holder)
	}
	if err != nil {
		b.abandon()
		return fmt.Errorf("open %s: %w", b.path, diskError(b.path, err))
	}
	return nil
}

// abandon lets go of a file whose transactions may be broken: closing the database could wait for
// them for ever.
func (b *Bolt) abandon() {
	if b.file != nil {
		unlock(b.file)
		_ = b.file.Close()
	}
}

// start brings the file to the newest format and reads what is open.
func (b *Bolt) start() error {
	tx, err := b.db.Begin(true)
	if err != nil {
		return err
	}
	if err := b.prepare(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

func (b *Bolt) prepare(tx *bbolt.Tx) error {
	if err := migrate(tx); err != nil {
		return err
	}
	r := &reader{tx: tx}
	for id := range bucketCount {
		if r.bucket(id) == nil {
			return damaged("bucket "+id.String(), errMissing)
		}
	}
	fence, err := reserveFences(r)
	if err != nil {
		return err
	}
	b.next = 1
	if k, _ := r.bucket(bucketJournal).Cursor().Last(); k != nil {
		if len(k) != 8 {
			return damaged("the journal", fmt.Errorf("key %x is no offset", k))
		}
		b.next = offsetOf(k) + 1
	}
	if err := b.seen.load(r); err != nil {
		return err
	}
	if err := b.leases.load(r, fence); err != nil {
		return err
	}
	b.nextDue.Store(firstDue(r))
	return nil
}

// Err gives why the store stopped.
func (b *Bolt) Err() error {
	if p := b.reason.Load(); p != nil {
		return *p
	}
	return nil
}

// Failed is closed when the store has stopped.
func (b *Bolt) Failed() <-chan struct{} { return b.failed }

// fail stops the store for good.
func (b *Bolt) fail(reason error) {
	err := fmt.Errorf("%w: %w", ErrStopped, reason)
	if b.reason.CompareAndSwap(nil, &err) {
		close(b.failed)
	}
}

var errClosed = fmt.Errorf("%w: it was closed", ErrStopped)

// Close answers the requests that were made before it and lets go of the file.
func (b *Bolt) Close() error {
	var err error
	b.closing.Do(func() {
		b.queue.close()
		<-b.done
		removeHolder(b.path)
		if b.stuck.Load() {
			b.abandon()
			return
		}
		err = b.db.Close()
	})
	return err
}

// view runs fn in a read transaction.
func (b *Bolt) view(ctx context.Context, fn func(*reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := guarded(b.path, func() error {
		return b.db.View(func(tx *bbolt.Tx) error { return fn(&reader{tx: tx}) })
	})
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	return err
}
