package kb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockWait is how long Open waits for another process to let go, as one does that is just ending.
const lockWait = 200 * time.Millisecond

// openTruth opens the bbolt file and leaves a note beside it that says who holds it.
func (b *Base) openTruth(file string) error {
	b.file, b.holder = file, strings.TrimSuffix(file, ".db")+".holder"
	db, err := openBolt(file)
	if errors.Is(err, bolterrors.ErrTimeout) {
		if who, readErr := os.ReadFile(b.holder); readErr == nil && len(who) > 0 {
			return fmt.Errorf("%w: %s holds %s; stop it, or go through its server", ErrLocked, strings.TrimSpace(string(who)), file)
		}
		return fmt.Errorf("%w: %s is locked", ErrLocked, file)
	}
	if err != nil {
		return err
	}
	b.db = db
	if err := b.migrate(); errors.Is(err, ErrDamaged) {
		b.letGo()
		return err
	} else if err != nil {
		return errors.Join(diskError(file, err), db.Close())
	}
	who := fmt.Sprintf("process %d (%s), since %s\n", os.Getpid(), filepath.Base(os.Args[0]), b.now().UTC().Format(time.RFC3339))
	if err := os.WriteFile(b.holder, []byte(who), 0o600); err != nil {
		return errors.Join(fmt.Errorf("noting who holds the knowledge base: %w", err), db.Close())
	}
	return nil
}

// openBolt turns what bbolt says, or panics with, on a file that isn't sound into ErrDamaged.
func openBolt(file string) (db *bolt.DB, err error) {
	if err := checkLength(file); err != nil {
		return nil, damaged(file, err)
	}
	err = guard(func() (err error) {
		db, err = bolt.Open(file, 0o600, &bolt.Options{Timeout: lockWait, NoStatistics: true, FreelistType: bolt.FreelistMapType})
		return err
	})
	var system syscall.Errno
	switch {
	case errors.As(err, &system):
		return nil, diskError(file, err)
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, err
	case err != nil:
		return nil, damaged(file, err)
	}
	return db, nil
}

// diskError says what to do where it is the disk that fails.
func diskError(file string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the knowledge base in %s: %w; make room on the disk, then start again", file, err)
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the knowledge base in %s: %w; look at the disk and its kernel messages, then start again", file, err)
	}
	return fmt.Errorf("opening the knowledge base: %w", err)
}

func (b *Base) closeTruth() error {
	// The note goes first: once the lock is free, it could be another's.
	err := os.Remove(b.holder)
	if b.spoilt.Load() != nil {
		b.letGo()
		return err
	}
	return errors.Join(err, b.within(b.db.Close))
}

// checkLength refuses a file shorter than it says it is: reading the missing pages through the memory
// map would kill the process. The layout is bbolt's meta page: magic at 16, page size at 24, number of
// pages at 56; the second meta page follows one page later, and the newer of the two counts.
func checkLength(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var need int64
	var newest uint64
	at := int64(0)
	for i := range 2 {
		page := make([]byte, 80)
		n, err := f.ReadAt(page, at)
		if n == 0 && i == 0 {
			return nil // empty: bbolt makes it a new one
		}
		if err != nil {
			return fmt.Errorf("it is cut off after %d bytes", at+int64(n))
		}
		if binary.NativeEndian.Uint32(page[16:]) != 0xED0CDAED {
			break // bbolt says what is wrong with it
		}
		size := int64(binary.NativeEndian.Uint32(page[24:]))
		if tx := binary.NativeEndian.Uint64(page[64:]); tx >= newest {
			newest = tx
			need = size * int64(binary.NativeEndian.Uint64(page[56:]))
		}
		at = size
	}
	// The size is asked last: another process that still writes grows the file before it says so.
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if need > info.Size() {
		return fmt.Errorf("it is cut off after %d of %d bytes", info.Size(), need)
	}
	return nil
}
