package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// readOnly runs fn on a file that may be damaged, and lets nobody open it for writing meanwhile. It
// reports ErrLocked if another process has it open.
func readOnly(path string, fn func(tx *bbolt.Tx, file *os.File) error) error {
	var file *os.File
	var db *bbolt.DB
	err := guarded(path, func() (err error) {
		db, err = bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: 100 * time.Millisecond, NoStatistics: true,
			OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
				f, err := os.OpenFile(path, flag, mode)
				if err == nil {
					if err = checkSize(f); err == nil {
						err = notEmpty(f)
					}
					if err != nil {
						_ = f.Close()
						return nil, err
					}
				}
				file = f
				return f, err
			}})
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return lockedError(path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s holds no journal: %w", filepath.Dir(path), err)
	case errors.Is(err, ErrDamaged):
		return err
	case err != nil:
		return fmt.Errorf("read %s: %w", path, err)
	}
	err = guarded(path, func() error { return db.View(func(tx *bbolt.Tx) error { return fn(tx, file) }) })
	return errors.Join(err, db.Close())
}

func notEmpty(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.Size() == 0 {
		err = damaged(f.Name(), errEmpty)
	}
	return err
}
