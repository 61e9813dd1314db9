package projection_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

var both = []casefile.Kind{casefile.KindSignalReceived, casefile.KindCaseOpened}

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

// What is committed shows up, across restarts and in several views, each entry once.
func TestViewsFollow(t *testing.T) {
	h := newHouse(t, chain("opened", 1, casefile.KindCaseOpened), chain("both", 1, both...))
	for range 5 {
		h.send(300)
		h.sees("opened", casefile.KindCaseOpened)
		h.send(1 + rand.N(900))
		h.close()
		h.open()
	}
	h.sees("both", both...)
	h.sees("opened", casefile.KindCaseOpened)
	list, err := h.views.Followed(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "both" || list[0].Behind != 0 || list[0].Err != nil {
		t.Errorf("the views go to %+v, %v; want both and opened, neither behind", list, err)
	}
	if strings.Contains(h.log.String(), "anew") {
		t.Errorf("a restart after a clean end made views anew: %s", h.log)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "views.open")); err != nil {
		t.Errorf("no note stands beside views that aren't synced: %v", err)
	}
}

// A view is what the journal says, whatever becomes of its file; and the same as one that was followed.
func TestViewsAreMadeAnew(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(h *house, old []byte)
		why  string // in the log
	}{
		{"missing", func(h *house, _ []byte) { h.must(os.Remove(h.file())) }, ""},
		{"empty", func(h *house, _ []byte) { h.must(os.WriteFile(h.file(), nil, 0o600)) }, ""},
		{"no database", func(h *house, _ []byte) { h.must(os.WriteFile(h.file(), bytes.Repeat([]byte("no"), 9000), 0o600)) }, "anew"},
		{"cut", func(h *house, _ []byte) { h.must(os.Truncate(h.file(), 3*4096)) }, ""},
		{"of another format", func(h *house, _ []byte) {
			h.edit(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("file")).Put([]byte("format"), []byte("0")) })
		}, "another format"},
		{"of somebody else", func(h *house, _ []byte) {
			h.must(os.Remove(h.file()))
			h.edit(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("mine")); return err })
		}, "another format"},
		{"the machine went down", func(h *house, _ []byte) {
			h.must(os.WriteFile(filepath.Join(h.dir, "views.open"), []byte("an earlier boot"), 0o600))
		}, "without a clean end"},
		{"ahead of a journal that was restored", func(h *house, old []byte) {
			h.must(os.WriteFile(filepath.Join(h.dir, "journal.db"), old, 0o600))
		}, "another journal"},
		{"of a journal that was restored and went on", func(h *house, old []byte) {
			h.must(os.WriteFile(filepath.Join(h.dir, "journal.db"), old, 0o600))
			store, err := journal.Open(filepath.Join(h.dir, "journal.db"), journal.Options{})
			h.must(err)
			_, err = store.Accept(h.Context(), arrivals(10_000, 500))
			h.must(err)
			h.must(store.Close())
		}, "another journal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, chain("both", 1, both...))
			h.send(20)
			old := h.copyJournal()
			h.send(200)
			h.sees("both", both...)
			h.close()
			test.harm(h, old)
			h.open()
			h.sees("both", both...)
			h.send(10)
			h.sees("both", both...)
			if !strings.Contains(h.log.String(), test.why) {
				t.Errorf("the log says nothing of %q: %s", test.why, h.log)
			}
		})
	}
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

// Damage that shows while the server runs is mended while it runs.
func TestDamageIsMended(t *testing.T) {
	h := newHouse(t, chain("both", 1, both...))
	h.send(3000)
	h.sees("both", both...)
	f, err := os.OpenFile(h.file(), os.O_RDWR, 0)
	h.must(err)
	info, err := f.Stat()
	h.must(err)
	for at := int64(2 * 4096); at < info.Size(); at += 4096 {
		_, err := f.WriteAt(bytes.Repeat([]byte{0xFF}, 64), at)
		h.must(err)
	}
	h.must(f.Close())
	err = h.views.Read(t.Context(), "both", func(view *projection.Bucket, _ uint64) error {
		return view.ForEach(func(_, _ []byte) error { return nil })
	})
	if !errors.Is(err, projection.ErrDamaged) {
		t.Fatalf("reading a view whose pages are overwritten gives %v, want ErrDamaged", err)
	}
	h.send(10)
	h.sees("both", both...)
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

// A bit that flips within a value, which any page could have, is mended at the next start and while views
// run, as often as it happens, whether it is met by who reads or who follows.
func TestAFlippedBitIsMended(t *testing.T) {
	for _, test := range []struct{ restart, reads bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		t.Run(fmt.Sprintf("%+v", test), func(t *testing.T) {
			h := newHouse(t, chain("both", 1, both...))
			h.send(300)
			h.sees("both", both...)
			for range 3 {
				sum := h.value("sum")
				if test.restart {
					h.leave()
				}
				h.rots(sum)
				if test.restart {
					h.follow()
				}
				if test.reads {
					err := h.views.Read(t.Context(), "both", func(view *projection.Bucket, _ uint64) error {
						t.Errorf("a flipped value is given: %x", view.Get([]byte("sum")))
						return nil
					})
					if !errors.Is(err, projection.ErrDamaged) {
						t.Errorf("reading a value whose bit flipped gives %v, want ErrDamaged", err)
					}
				}
				h.send(10)
				h.sees("both", both...)
			}
			if n := strings.Count(h.log.String(), "made anew"); n < 3 {
				t.Errorf("the log tells of %d times that the views were made anew, want 3: %s", n, h.log)
			}
		})
	}
}

// How far a view goes is held against its checksum too, and a bucket that is lost isn't taken for one that
// never was.
func TestWhatStandsAroundValues(t *testing.T) {
	within := projection.Projection{Name: "both", Version: 1, Kinds: both, Apply: func(view *projection.Bucket, entries []casefile.Entry) error {
		b, err := view.CreateBucketIfNotExists([]byte("a bucket within"))
		for i := 0; i < len(entries) && err == nil; i++ {
			err = b.Put(entries[i].Hash[:], nil)
		}
		return err
	}}
	for _, what := range []string{"mark", "a bucket within"} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t, within)
			h.send(100)
			h.must(h.views.Current(t.Context(), "both"))
			_, last, err := h.store.Feed(t.Context(), 0, 0)
			h.must(err)
			h.leave()
			if what == "mark" {
				h.rots(binary.BigEndian.AppendUint64([]byte(what), last))
			} else {
				h.rots([]byte(what))
			}
			h.follow()
			count := func() (n int, err error) {
				h.must(h.views.Current(t.Context(), "both"))
				err = h.views.Read(t.Context(), "both", func(view *projection.Bucket, _ uint64) error {
					if b := view.Bucket([]byte("a bucket within")); b != nil {
						return b.ForEach(func(_, _ []byte) error { n++; return nil })
					}
					return nil
				})
				return n, err
			}
			n, err := count()
			if errors.Is(err, projection.ErrDamaged) {
				n, err = count()
			}
			if n != 200 || err != nil || !strings.Contains(h.log.String(), "made anew") {
				t.Errorf("the view has %d of 200 entries (%v); the log: %s", n, err, h.log)
			}
		})
	}
}

// Another version is made anew, and the others stay as they are.
func TestAnotherVersionIsMadeAnewAlone(t *testing.T) {
	h := newHouse(t, chain("a", 1, casefile.KindCaseOpened), chain("b", 1, both...))
	h.send(100)
	h.sees("a", casefile.KindCaseOpened)
	h.sees("b", both...)
	h.close()
	var seen []uint64
	b := chain("b", 1, both...)
	add := b.Apply
	b.Apply = func(view *projection.Bucket, entries []casefile.Entry) error {
		for i := range entries {
			seen = append(seen, entries[i].Offset)
		}
		return add(view, entries)
	}
	h.list = []projection.Projection{chain("a", 2, casefile.KindSignalReceived), b}
	h.open()
	h.send(10)
	h.sees("a", casefile.KindSignalReceived)
	h.sees("b", both...)
	h.end()
	if len(seen) != 20 || seen[0] != 201 {
		t.Errorf("the view whose version stayed was given %d entries, from %v on; want the 20 that are new", len(seen), seen[:min(1, len(seen))])
	}
	h.views.Close()
	h.edit(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte("a@1")) != nil {
			t.Error("the view of the version before is still there")
		}
		return nil
	})
	h.follow()
}

// A projection that can't go on stops alone, says so, and goes on at the next start.
func TestOneThatFailsStopsAlone(t *testing.T) {
	boom := errors.New("boom")
	broken := chain("bad", 1, both...)
	add, fail := broken.Apply, true
	broken.Apply = func(view *projection.Bucket, entries []casefile.Entry) error {
		if err := add(view, entries); err != nil {
			return err
		}
		if fail && view.Get(binary.BigEndian.AppendUint64([]byte("n"), 30)) != nil {
			return boom
		}
		return nil
	}
	h := newHouse(t, broken, chain("good", 1, both...))
	h.send(10)
	h.sees("bad", both...)
	h.send(10)
	h.sees("good", both...)
	err := h.views.Current(t.Context(), "bad")
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "bad goes to entry 20 ") {
		t.Errorf("waiting for a view that can't go on gives %v, want why, and that it goes to entry 20", err)
	}
	h.must(h.views.Read(t.Context(), "bad", func(view *projection.Bucket, to uint64) error {
		if to != 20 || view.Get(binary.BigEndian.AppendUint64([]byte("n"), 21)) != nil {
			t.Errorf("the view that can't go on goes to %d, want what it was at 20", to)
		}
		return nil
	}))
	h.close()
	fail = false
	h.open()
	h.sees("bad", both...)
}

// Where the disk doesn't let views be, the journal goes on, and who asks is told why.
func TestNoPlaceForViews(t *testing.T) {
	h := newHouse(t, chain("both", 1, both...))
	h.send(10)
	h.leave()
	h.must(os.Remove(h.file()))
	h.must(os.Mkdir(h.file(), 0o700))
	h.must(os.WriteFile(filepath.Join(h.file(), "in the way"), nil, 0o600))
	h.follow()
	h.send(10)
	nothing := func(*projection.Bucket, uint64) error { return nil }
	for what, err := range map[string]error{"reading": h.views.Read(t.Context(), "both", nothing), "waiting": h.views.Current(t.Context(), "both")} {
		if err == nil || !strings.Contains(err.Error(), "views.db") {
			t.Errorf("%s gives %v, want why there are no views", what, err)
		}
	}
	h.leave()
	h.must(os.RemoveAll(h.file()))
	h.follow()
	h.sees("both", both...)
}

func TestWhatThereIsNot(t *testing.T) {
	h := newHouse(t, chain("a", 1, both...))
	if err := h.views.Read(t.Context(), "b", nil); !errors.Is(err, projection.ErrUnknown) {
		t.Errorf("a view that nobody registered gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.views.Wait(ctx, "a", 99); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for what never comes gives %v, want that the wait ended", err)
	}
	if _, err := projection.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), h.store, slog.Default(), chain("a", 1), chain("a", 2)); err == nil {
		t.Error("two projections of one name were taken")
	}
}
