package projection_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/projection"
)

var both = []casefile.Kind{casefile.KindSignalReceived, casefile.KindCaseOpened}

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
