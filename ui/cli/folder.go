package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"resolute/agent/journal"
)

// workIn makes sure that a server can work in a data folder: that it is there, can be written to, and
// is nobody else's at the moment. It makes the folder, but not those that it would be in: a slip in a
// path must not begin a second history somewhere.
func workIn(data string) error {
	info, err := os.Stat(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if parent := filepath.Dir(data); missing(parent) {
			return fmt.Errorf("--data %s: there is no folder %s; make it first, or name another", data, parent)
		}
		if err := os.Mkdir(data, 0o700); err != nil {
			return fmt.Errorf("--data %s: it can't be made: %w", data, err)
		}
	case err != nil:
		return fmt.Errorf("--data %s: %w", data, err)
	case !info.IsDir():
		return fmt.Errorf("--data %s: this is a file; name a folder", data)
	}
	probe, err := os.CreateTemp(data, "writable-")
	if err != nil {
		return fmt.Errorf("--data %s: it can't be written to: %w; it has to belong to the account that runs resolute, on a disk that isn't mounted read-only", data, err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("--data %s: %w", data, err)
	}
	return unheld(data)
}

func missing(folder string) bool {
	_, err := os.Stat(folder)
	return errors.Is(err, fs.ErrNotExist)
}

// unheld reports who serves the data folder, if somebody does. Who holds it without serving is told
// when it is opened.
func unheld(data string) error {
	conn, err := net.Dial("unix", socket(data))
	if err != nil {
		return nil
	}
	_ = conn.Close() // only to see whether somebody listens
	return fmt.Errorf("--data %s: %s works in it; use that one, stop it first, or name another folder", data, journal.Holder(filepath.Join(data, "journal.db")))
}
