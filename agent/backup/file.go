package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Save writes the backup that r gives to a file, mode 0600. It checks the backup while it does, and the
// file has its name only once it is whole and on disk; a file that was there stays until then.
func Save(r io.Reader, file string) (Info, error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*"+partial)
	if err != nil {
		return Info{}, err
	}
	info, err := Read(io.TeeReader(r, f), func(_ string, content io.Reader) error {
		_, err := io.Copy(io.Discard, content)
		return err
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return info, errors.Join(err, os.Remove(f.Name()))
	}
	return info, syncDir(filepath.Dir(file))
}

// partial ends the names of files that aren't whole yet.
const partial = ".partial"

// Restore makes a data folder of a backup. The folder may hold what a backup leaves out (its key,
// server.yaml) and nothing else. The journal gets its name last: a folder without one has nothing.
func Restore(r io.Reader, data string) (Info, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return Info{}, err
	}
	if err := mustBeNew(data); err != nil {
		return Info{}, err
	}
	var names []string
	info, err := Read(r, func(name string, content io.Reader) error {
		names = append(names, name)
		return writeFile(filepath.Join(data, name+partial), content)
	})
	slices.Reverse(names) // as Write has it, the journal comes first
	for _, name := range names {
		if err == nil {
			err = os.Rename(filepath.Join(data, name+partial), filepath.Join(data, name))
		}
	}
	if err != nil {
		for _, name := range names {
			err = errors.Join(err, remove(filepath.Join(data, name+partial)))
		}
		return info, err
	}
	return info, syncDir(data)
}

// mustBeNew reports whether a folder has anything that a restore could overwrite, or be mixed with.
func mustBeNew(data string) error {
	entries, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if n := e.Name(); !slices.Contains(notInside(), n) && !strings.HasSuffix(n, partial) && n != "lost+found" {
			return fmt.Errorf("%s is not a new folder: it has %s; name one that isn't there yet", data, n)
		}
	}
	return nil
}

func writeFile(file string, content io.Reader) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Sync(), f.Close())
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes names in a folder survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
