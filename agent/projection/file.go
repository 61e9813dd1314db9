package projection

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"resolute/agent/casefile"
)

// The file has a bucket for each view, NAME@VERSION, with the mark of how far it goes and the bucket of
// its data; and the format that all of it is in.
var (
	bucketFile = []byte("file")
	keyFormat  = []byte("format")
	format     = []byte("2")

	keyMark    = []byte("mark") // 8 bytes of the offset, 32 of that entry's hash
	bucketData = []byte("data")
)

var (
	errForeign = errors.New("it is of another journal")
	errFormat  = errors.New("it is of another format")
	errUnclean = errors.New("the machine went down without a clean end")
)

// open opens the file, or makes it anew where what it holds isn't this journal's.
func (v *Views) open(ctx context.Context) error {
	err := v.use(ctx)
	if err == nil || ctx.Err() != nil || errors.Is(err, berrors.ErrTimeout) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	if db := v.db; db != nil && !errors.Is(err, ErrDamaged) {
		_ = db.Close()
	}
	return v.anew(ctx, err)
}

// anew begins with an empty file. One that was met damaged is let go of as it is: closing it could wait for
// its broken transaction for ever.
func (v *Views) anew(ctx context.Context, why error) error {
	v.db = nil
	if err := v.remove(why); err != nil {
		return err
	}
	return v.use(ctx)
}

// remove takes the file away.
func (v *Views) remove(why error) error {
	v.log.Info("the views are made anew from the journal", "file", v.path, "why", why)
	for _, path := range []string{v.path, v.note()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// use opens the file as it is.
func (v *Views) use(ctx context.Context) error {
	if was, err := os.ReadFile(v.note()); err == nil && (len(was) == 0 || string(was) != boot()) {
		return errUnclean
	}
	size := int64(0)
	if info, err := os.Stat(v.path); err == nil {
		size = info.Size()
	}
	err := v.guarded(func() (err error) {
		v.db, err = bbolt.Open(v.path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType,
			InitialMmapSize: int(max(1<<30, 2*size)), NoStatistics: true, NoSync: true, NoGrowSync: true})
		return err
	})
	if err != nil {
		return err
	}
	if err := v.leaveNote(); err != nil {
		return err
	}
	if err := v.guarded(func() error { return v.db.Update(v.prepare) }); err != nil {
		return err
	}
	return v.begin(ctx)
}

// prepare checks the format, and makes the buckets of views that have none.
func (v *Views) prepare(tx *bbolt.Tx) error {
	about := tx.Bucket(bucketFile)
	if k, _ := tx.Cursor().First(); about == nil && k == nil {
		var err error
		if about, err = tx.CreateBucket(bucketFile); err != nil {
			return err
		}
		if err := about.Put(keyFormat, format); err != nil {
			return err
		}
	}
	if about == nil || !bytes.Equal(about.Get(keyFormat), format) {
		return errFormat
	}
	for _, p := range v.views {
		b, err := tx.CreateBucketIfNotExists(p.bucket)
		if err != nil {
			return err
		}
		if _, err := Over(b).CreateBucketIfNotExists(bucketData); err != nil {
			return err
		}
	}
	return nil
}

// begin reads how far each view goes, and holds that against the journal.
func (v *Views) begin(ctx context.Context) error {
	marks := map[*view]mark{}
	err := v.guarded(func() error {
		return v.db.View(func(tx *bbolt.Tx) (err error) {
			for _, p := range v.views {
				if marks[p], err = readMark(Over(tx.Bucket(p.bucket))); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err := v.ours(ctx, m); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for p, m := range marks {
		p.to, p.err = m.to, nil
	}
	return nil
}

// ours reports a mark that isn't of this journal.
func (v *Views) ours(ctx context.Context, m mark) error {
	if m.to == 0 {
		return nil
	}
	at, err := v.markAt(ctx, m.to)
	if err == nil && at != m {
		err = errForeign
	}
	return err
}

// markAt is the mark of a view that goes as far as the journal's entry with this offset; errForeign
// where there is none.
func (v *Views) markAt(ctx context.Context, offset uint64) (mark, error) {
	entries, _, err := v.feed.Feed(ctx, offset-1, 1)
	if err != nil {
		return mark{}, err
	}
	if len(entries) == 0 {
		return mark{}, errForeign
	}
	return mark{offset, entries[0].Hash}, nil
}

// mark is how far a view goes: the last entry that it took account of.
type mark struct {
	to   uint64
	hash casefile.Hash
}

func (m mark) put(b *Bucket) error {
	return b.Put(keyMark, append(binary.BigEndian.AppendUint64(nil, m.to), m.hash[:]...))
}

func readMark(b *Bucket) (m mark, err error) {
	switch raw := b.Get(keyMark); len(raw) {
	case 0:
		if data := b.Bucket(bucketData); data == nil || !data.empty() {
			err = fmt.Errorf("%w: a mark is gone", ErrDamaged)
		}
	case 8 + len(m.hash):
		m = mark{binary.BigEndian.Uint64(raw), casefile.Hash(raw[8:])}
	default:
		err = fmt.Errorf("%w: a mark has %d bytes", ErrDamaged, len(raw))
	}
	return m, err
}

// shut ends a file whose commits weren't synced. One that can't be is made anew next time.
func (v *Views) shut() {
	if v.db == nil {
		return
	}
	db := v.db
	v.db = nil
	err := v.guarded(func() error {
		if err := db.Sync(); err != nil {
			return errors.Join(err, db.Close())
		}
		if err := db.Close(); err != nil {
			return err
		}
		return os.Remove(v.note())
	})
	if err != nil {
		v.log.Warn("the views had no clean end; they are made anew at the next start", "file", v.path, "error", err)
		_ = os.Remove(v.path) // if that fails too, they are what was written until somebody finds otherwise
	}
}

// note is the file that stands beside the views while what was committed may not be on the disk yet. It
// names the boot of the machine: what a process that was killed has written is still there until the
// machine goes down.
func (v *Views) note() string { return strings.TrimSuffix(v.path, filepath.Ext(v.path)) + ".open" }

func (v *Views) leaveNote() error {
	f, err := os.OpenFile(v.note(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(boot())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(v.path))
	if err != nil {
		return err
	}
	_ = d.Sync() // not every system can
	return d.Close()
}

// boot names the time since the machine was started, "" where it doesn't say.
func boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// guarded runs fn and turns a panic or a fault, which is how bbolt meets pages that make no sense and a
// Bucket values that do, into ErrDamaged.
func (v *Views) guarded(fn func() error) (err error) {
	faults := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(faults)
	defer func() {
		r := recover()
		if met, ok := r.(error); ok && errors.Is(met, ErrDamaged) {
			err = met
		} else if r != nil {
			err = fmt.Errorf("%w: panic: %v", ErrDamaged, r)
		}
	}()
	return fn()
}
