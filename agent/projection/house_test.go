package projection_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/projection"
)

// chain is a view that shows whether each entry came once and in order: the hash of all of them.
func chain(name string, version int, kinds ...casefile.Kind) projection.Projection {
	return projection.Projection{Name: name, Version: version, Kinds: kinds, Apply: func(view *projection.Bucket, entries []casefile.Entry) error {
		for i := range entries {
			sum := sha256.Sum256(append(bytes.Clone(view.Get([]byte("sum"))), entries[i].Hash[:]...))
			if err := view.Put([]byte("sum"), sum[:]); err != nil {
				return err
			}
			if err := view.Put(binary.BigEndian.AppendUint64([]byte("n"), entries[i].Offset), []byte(entries[i].Data.Kind())); err != nil {
				return err
			}
		}
		return nil
	}}
}

// house is a journal and its views.
type house struct {
	*testing.T
	dir   string
	store *journal.Bolt
	views *projection.Views
	list  []projection.Projection
	log   *bytes.Buffer
	end   func()
	sent  int
}

func newHouse(t *testing.T, list ...projection.Projection) *house {
	h := &house{T: t, dir: t.TempDir(), list: list, log: &bytes.Buffer{}}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *house) file() string { return filepath.Join(h.dir, "views.db") }

func (h *house) open() {
	h.Helper()
	store, err := journal.Open(filepath.Join(h.dir, "journal.db"), journal.Options{})
	if err != nil {
		h.Fatal(err)
	}
	h.store = store
	h.follow()
}

// follow opens the views and lets them run.
func (h *house) follow() {
	h.Helper()
	views, err := projection.Open(h.Context(), h.file(), h.store, slog.New(slog.NewTextHandler(h.log, nil)), h.list...)
	if err != nil {
		h.Fatalf("opening the views: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); views.Run(ctx) }()
	h.views, h.end = views, func() { cancel(); <-done }
}

// leave ends following, and closes the views.
func (h *house) leave() {
	h.Helper()
	h.end()
	h.views.Close()
}

func (h *house) close() {
	h.leave()
	if err := h.store.Close(); err != nil {
		h.Errorf("closing the journal: %v", err)
	}
}

// send opens n cases.
func (h *house) send(n int) {
	h.Helper()
	if _, err := h.store.Accept(h.Context(), arrivals(h.sent, n)); err != nil {
		h.Fatal(err)
	}
	h.sent += n
}

func arrivals(from, n int) []journal.Arrival {
	list := make([]journal.Arrival, n)
	for i := range list {
		id := fmt.Sprint(from + i)
		list[i] = journal.Arrival{CaseID: uuid.Must(uuid.NewV7()).String(), Bundle: "v1", Actor: "token:test", At: time.Now(),
			Salts:  make([]journal.Salt, journal.MaxArrivalEntries),
			Signal: casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "test", EventID: id, Type: "ticket.created", Time: time.Now()}}
	}
	return list
}

// sees waits for a view and holds it against the journal: it is what all entries make.
func (h *house) sees(name string, kinds ...casefile.Kind) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 30*time.Second)
	defer cancel()
	if err := h.views.Current(ctx, name); err != nil {
		h.Fatalf("waiting for %s: %v; the log: %s", name, err, h.log)
	}
	entries, last, err := h.store.Feed(ctx, 0, 1<<20)
	if err != nil {
		h.Fatal(err)
	}
	var sum, got []byte
	want, n := 0, 0
	for i := range entries {
		for _, k := range kinds {
			if entries[i].Data.Kind() == k {
				s := sha256.Sum256(append(sum, entries[i].Hash[:]...))
				sum = s[:]
				want++
			}
		}
	}
	err = h.views.Read(ctx, name, func(view *projection.Bucket, to uint64) error {
		if to != last {
			h.Errorf("%s goes to %d, want %d", name, to, last)
		}
		got = bytes.Clone(view.Get([]byte("sum")))
		return view.ForEach(func(k, _ []byte) error {
			if k[0] == 'n' {
				n++
			}
			return nil
		})
	})
	if err != nil {
		h.Fatalf("reading %s: %v", name, err)
	}
	if n != want || !bytes.Equal(sum, got) {
		h.Errorf("%s has %d entries and the hash %x; the journal has %d of its kinds, and %x", name, n, got, want, sum)
	}
}

func (h *house) copyJournal() []byte {
	h.Helper()
	var copied bytes.Buffer
	if err := h.store.Snapshot(h.Context(), func(_ int64, write func(io.Writer) error) error { return write(&copied) }); err != nil {
		h.Fatal(err)
	}
	return copied.Bytes()
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// edit changes the file while nobody has it open.
func (h *house) edit(fn func(tx *bbolt.Tx) error) {
	h.Helper()
	db, err := bbolt.Open(h.file(), 0o600, nil)
	h.must(err)
	h.must(db.Update(fn))
	h.must(db.Close())
}

// rots flips a bit of something wherever it stands in the file.
func (h *house) rots(what []byte) {
	h.Helper()
	f, err := os.OpenFile(h.file(), os.O_RDWR, 0)
	h.must(err)
	content, err := io.ReadAll(f)
	h.must(err)
	n := 0
	for at := 0; ; n++ {
		i := bytes.Index(content[at:], what)
		if i < 0 {
			break
		}
		_, err := f.WriteAt([]byte{what[0] ^ 0x10}, int64(at+i))
		h.must(err)
		at += i + len(what)
	}
	h.must(f.Close())
	if n == 0 {
		h.Fatalf("%x stands nowhere in the file", what)
	}
}

// value is one that the view has.
func (h *house) value(key string) (value []byte) {
	h.Helper()
	h.must(h.views.Read(h.Context(), "both", func(view *projection.Bucket, _ uint64) error {
		value = bytes.Clone(view.Get([]byte(key)))
		return nil
	}))
	return value
}
