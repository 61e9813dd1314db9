package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// RepairOptions are what Repair needs.
type RepairOptions struct {
	// Summarize gives the summary of a case whose own is damaged.
	Summarize func(*casefile.Case) Summary
	// At names the damaged file, which is kept.
	At time.Time
	// Damage is told what was found, as by Verify.
	Damage func(Damage)
	// Lost is told what stands nowhere else and is left out.
	Lost func(Damage)
}

// Repair makes the file anew: it copies each entry, and what is sound of the rest, and derives from
// the entries what is not. The damaged file is kept as it is beside the new one, under the name that
// Repair gives. Where nothing is damaged it does nothing and gives "".
//
// Damaged or missing entries can't be derived from anything: then it changes nothing and reports
// ErrDamaged. ErrLocked if a process has the file open.
func Repair(ctx context.Context, path string, o RepairOptions) (kept string, err error) {
	whole := true
	_, err = VerifyFile(ctx, path, func(d Damage) {
		whole = false
		o.Damage(d)
	})
	if err != nil || whole {
		return "", err
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("remove what an earlier repair left: %w", err)
	}
	err = readOnly(path, func(tx *bbolt.Tx, file *os.File) error {
		if err := rebuildInto(ctx, fresh, tx, file, o); err != nil {
			return err
		}
		kept, err = putInPlace(path, fresh, o.At)
		return err
	})
	if err != nil {
		_ = os.Remove(fresh) // nothing refers to it
		return "", fmt.Errorf("repair %s: %w", path, err)
	}
	return kept, nil
}

// rebuildInto writes the new file and makes sure that it is whole.
func rebuildInto(ctx context.Context, fresh string, tx *bbolt.Tx, file *os.File, o RepairOptions) error {
	sound, err := soundBuckets(tx, file)
	if err != nil {
		return err
	}
	b, err := newRebuild(ctx, fresh, &reader{tx: tx}, sound, o)
	if err != nil {
		return err
	}
	if err := errors.Join(b.all(), b.close()); err != nil {
		return err
	}
	var bad []Damage
	if _, err := VerifyFile(ctx, fresh, func(d Damage) { bad = append(bad, d) }); err != nil {
		return err
	}
	if len(bad) > 0 {
		return damaged(bad[0].Where, fmt.Errorf("%s, even in the file as it was rebuilt", bad[0].What))
	}
	return nil
}

// putInPlace exchanges the files. At no time is there none at path: that would look like a new folder.
func putInPlace(path, fresh string, at time.Time) (kept string, err error) {
	kept = path + ".damaged-" + at.UTC().Format("20060102T150405Z")
	if err := os.Link(path, kept); err != nil {
		return "", fmt.Errorf("keep the damaged file: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", errors.Join(err, os.Remove(kept))
	}
	return kept, syncDir(filepath.Dir(path))
}
