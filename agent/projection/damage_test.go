package projection_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

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
