package journal_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/journal"
)

var (
	flips = flag.Int("flips", 80, "how many flipped bits are tried")
	cuts  = flag.Int("cuts", 20, "how many cut files are tried")
)

func TestVerifyFindsAChangedPayload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, _ := filled(t, path, 20)
	if !bytes.Contains(file, []byte("ACC-0001 is paid")) {
		t.Fatal("the payload can't be found in the file")
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(file, []byte("ACC-0001"), []byte("ACC-0002")), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openAt(t, path, journal.Options{})
	found := damages(t, b)
	entries := 0
	for _, d := range found {
		if strings.HasPrefix(d.Where, "entry ") {
			entries++
		}
	}
	if entries < 40 {
		t.Errorf("40 entries were changed and Verify reports %d: %v", entries, found)
	}
}

// Every index key and value that is changed with bbolt's own means is found by comparing.
func TestVerifyFindsAChangedIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, _ := filled(t, path, 6)
	for _, bucket := range []string{"journal", "heads", "summaries", "snapshots", "runnable", "timers", "correlation", "open", "waits", "outbox", "outbox_queue", "records", "audit", "meta", "dedupe"} {
		for _, damage := range []string{"lost", "changed"} {
			t.Run(bucket+" "+damage, func(t *testing.T) {
				if damage == "lost" && (bucket == "correlation" || bucket == "dedupe") {
					t.Skip("nothing else says that it was there; dedupe's records have a test of their own")
				}
				if err := os.WriteFile(path, file, 0o600); err != nil {
					t.Fatal(err)
				}
				db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				err = db.Update(func(tx *bbolt.Tx) error {
					b := tx.Bucket([]byte(bucket))
					if bucket == "dedupe" {
						b = b.Bucket([]byte("tail"))
					}
					k, v := b.Cursor().First()
					if damage == "lost" {
						return b.Delete(bytes.Clone(k))
					}
					v = bytes.Clone(v)
					v[len(v)-1] ^= 4
					return b.Put(bytes.Clone(k), v)
				})
				if err := errors.Join(err, db.Close()); err != nil {
					t.Fatal(err)
				}
				b, err := journal.Open(path, journal.Options{})
				if err != nil {
					if !errors.Is(err, journal.ErrDamaged) {
						t.Errorf("Open gave %v, want ErrDamaged", err)
					}
					return
				}
				defer b.Close()
				if len(damages(t, b)) == 0 {
					t.Errorf("Verify says nothing")
				}
			})
		}
	}
}

func TestCutFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, want := filled(t, path, 200)
	r := rand.New(rand.NewPCG(1, 2))
	at := []int{1, 100, 4095, 4096, 8191, 8192, 16384}
	for range *cuts {
		at = append(at, 1+r.IntN(len(file)-1))
	}
	refused := 0
	for _, n := range at {
		if err := os.WriteFile(path, file[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := journal.Open(path, journal.Options{})
		if err == nil { // only space that was never used is gone
			serves(t, b, want, fmt.Sprintf("cut to %d bytes", n), false)
			b.Close()
			continue
		}
		refused++
		if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), "restore") {
			t.Errorf("Open of a file cut to %d of %d bytes gave %v, want ErrDamaged and what to do", n, len(file), err)
		}
	}
	if refused == 0 {
		t.Error("no cut was refused")
	}
}

// TestFileCutUnderneath cuts the file of an open store: reading what is gone is an error, and so is
// writing.
func TestFileCutUnderneath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	_, want := filled(t, path, 60)
	b := openAt(t, path, journal.Options{})
	if err := os.Truncate(path, 8192); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, id := range want.cases {
		if _, err := b.Entries(bg(), id, 0, 100); errors.Is(err, journal.ErrDamaged) {
			failed++
		} else if err != nil {
			t.Errorf("Entries of a cut file: %v, want ErrDamaged", err)
		}
	}
	if failed == 0 {
		t.Error("every case could be read from a file of 8192 bytes")
	}
	if _, err := b.Accept(bg(), []journal.Arrival{arrival("new")}); !errors.Is(err, journal.ErrStopped) || !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("Accept on a cut file: %v, want ErrStopped for damage", err)
	}
	<-b.Failed()
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestFlippedBits expects that each value served is right, and that the rest is an error: no wrong
// value, no panic, no hang.
func TestFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, want := filled(t, path, 60)
	used := bytes.TrimRight(file, "\x00")
	n := *flips
	r := rand.New(rand.NewPCG(3, 4))
	refused, unnoticed := 0, 0
	for range n {
		bit := r.IntN(len(used) * 8)
		flipped := bytes.Clone(file)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := journal.Open(path, journal.Options{})
		if err != nil {
			if !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("bit %d: Open gave %v, want ErrDamaged", bit, err)
			}
			refused++
			continue
		}
		right := serves(t, b, want, fmt.Sprint("bit ", bit), true)
		onlyThose(t, b, want, fmt.Sprint("bit ", bit))
		if found := damages(t, b); len(found) == 0 && !right {
			t.Errorf("bit %d: something could not be read and Verify says nothing", bit)
		} else if len(found) == 0 {
			unnoticed++
			if lost := missing(dump(t, file), dump(t, flipped)); lost != "" {
				t.Errorf("bit %d: %s, and Verify says nothing", bit, lost)
			}
		}
		for i := range 5 { // writing on top of it doesn't make wrong values of damage
			_, _ = b.Accept(bg(), []journal.Arrival{arrival(fmt.Sprint(bit, "-", i))})
		}
		serves(t, b, want, fmt.Sprint("bit ", bit, ", written on"), true)
		b.Close()
	}
	t.Logf("%d flips: %d refused at opening, %d where nothing is, the rest reported by Verify", n, refused, unnoticed)
}

func TestForeignFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(path, journal.Options{}); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("Open of a text file gave %v, want ErrDamaged", err)
	}
}
