package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bbolt's file begins with two meta pages, written in turn. Behind the page header of 16 bytes, in
// the machine's byte order: magic 4, version 4, page size 4, flags 4, root 16, freelist 8, pages in
// use 8, transaction 8, FNV-1a of all before 8.
const (
	metaAt    = 16
	metaPages = metaAt + 40
	metaTx    = metaAt + 48
	metaSum   = metaAt + 56
	metaSize  = metaAt + 64
	metaMagic = 0xED0CDAED
)

// checkSize reports whether the file is as long as its meta pages say, since mapping what isn't
// there is fatal. A meta page that doesn't match its checksum is damage too: bbolt would go on from
// the other one and forget the newest commit without a word.
func checkSize(f *os.File) error {
	var err error
	for range 5 { // another process may just be writing them
		if err = checkMetas(f); err == nil {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return damaged(f.Name(), err)
}

func checkMetas(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return nil
	}
	var first [metaSize]byte
	if _, err := f.ReadAt(first[:], 0); err != nil {
		return fmt.Errorf("it has %d bytes, not even a first page", info.Size())
	}
	if binary.NativeEndian.Uint32(first[metaAt:]) != metaMagic {
		return errors.New("it does not begin like a data file")
	}
	pageSize := int64(binary.NativeEndian.Uint32(first[metaAt+8:]))
	if pageSize < 512 || pageSize > 1<<20 {
		return fmt.Errorf("its first page says that pages have %d bytes", pageSize)
	}
	var newest, pages uint64
	for i := range int64(2) {
		var page [metaSize]byte
		if _, err := f.ReadAt(page[:], i*pageSize); err != nil {
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("it is cut short: %d bytes", info.Size())
			}
			return err
		}
		h := fnv.New64a()
		_, _ = h.Write(page[metaAt:metaSum])
		if h.Sum64() != binary.NativeEndian.Uint64(page[metaSum:]) {
			return fmt.Errorf("the checksum of its head page %d does not match, and the last commit may be lost", i)
		}
		if tx := binary.NativeEndian.Uint64(page[metaTx:]); tx >= newest {
			newest, pages = tx, binary.NativeEndian.Uint64(page[metaPages:])
		}
	}
	// Again, behind the metas: the file grows before a meta page speaks of it.
	if info, err = f.Stat(); err != nil {
		return err
	}
	if have := uint64(info.Size() / pageSize); have < pages {
		return fmt.Errorf("it is cut short: %d bytes, %d are missing", info.Size(), int64(pages)*pageSize-info.Size())
	}
	return nil
}

// isFresh reports how large the data file is, in bytes, and whether there is none, or one that was just begun. One of 0 bytes beside
// other files has lost what it had.
func isFresh(path string) (fresh bool, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Is(err, os.ErrNotExist), 0, nil // bbolt reports what else is wrong
	}
	if info.Size() > 0 {
		return false, info.Size(), nil
	}
	beside, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return false, 0, fmt.Errorf("open %s: %w", path, err)
	}
	for _, e := range beside {
		if e.Name() != filepath.Base(path) {
			return false, 0, fmt.Errorf("%w: %s has 0 bytes and stands beside %s: put a backup in a new folder with `resolute restore`; if nothing was ever kept here, remove it and start again", ErrDamaged, path, e.Name())
		}
	}
	return true, 0, nil
}

// removeHalfMade removes a new file that could not be written to the end, since it would look damaged
// next time.
func removeHalfMade(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if checkMetas(f) != nil {
		_ = os.Remove(path)
	}
}

// holderPath names the file that says who has the data file open.
func holderPath(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".lock" }

func writeHolder(path, holder string) error {
	who := fmt.Sprintf("process %d", os.Getpid())
	if holder != "" {
		who += " (" + holder + ")"
	}
	if err := os.WriteFile(holderPath(path), []byte(who+"\n"), 0o600); err != nil {
		return fmt.Errorf("say who has the data folder open: %w", err)
	}
	return nil
}

func removeHolder(path string) { _ = os.Remove(holderPath(path)) }

// Holder says who has the data file at path open, as far as that is known.
func Holder(path string) string {
	if b, err := os.ReadFile(holderPath(path)); err == nil && len(b) > 0 && len(b) < 500 {
		return strings.TrimSpace(string(b))
	}
	return "another process"
}

func lockedError(path string) error {
	return fmt.Errorf("%w: %s is held by %s; stop it, or name another folder", ErrLocked, filepath.Dir(path), Holder(path))
}

// syncDir makes the folder's new file survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}
