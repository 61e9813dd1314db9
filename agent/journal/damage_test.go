package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// filled makes a store with some of everything and closes it. It gives the file and the cases with
// their entries.
func filled(t testing.TB, path string, cases int) ([]byte, map[string][]casefile.Entry) {
	t.Helper()
	b := openAt(t, path, journal.Options{})
	want := map[string][]casefile.Entry{}
	for i := range cases {
		a := arrival(fmt.Sprint(i))
		a.Hold = []journal.Key{journal.ThreadKey(fmt.Sprint(i), casefile.Customer{ID: "c", Email: "c@example.com"})}
		if _, err := b.Accept(bg(), []journal.Arrival{a}); err != nil {
			t.Fatal(err)
		}
		change := journal.Append{CaseID: a.CaseID, After: 2, Salts: make([]journal.Salt, 1), Messages: []journal.NewMessage{{Entry: 0}},
			Entries: []casefile.Entry{{At: a.At, Actor: "agent", Data: &casefile.ReplyWritten{Reply: casefile.Reply{To: "c@example.com", Text: "ACC-0001 is paid"}}}}}
		if i%2 == 0 {
			change.Park = &journal.Park{Summary: journal.Summary{ID: a.CaseID, Status: casefile.Waiting, OpenedAt: a.At}, Snapshot: []byte("{}"),
				WakeAt: time.Unix(int64(i)+100, 0), WaitFor: "x"}
		}
		if _, err := b.Append(bg(), change); err != nil {
			t.Fatal(err)
		}
		list, err := b.Entries(bg(), a.CaseID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		want[a.CaseID] = list
	}
	if err := b.Put(bg(), journal.Record{Kind: "bundle", Key: "v1", Value: []byte("files")}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, want
}

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
	for _, bucket := range []string{"journal", "heads", "snapshots", "timers", "correlation", "open", "waits", "outbox", "outbox_queue", "records", "meta", "dedupe"} {
		for _, damage := range []string{"lost", "changed"} {
			t.Run(bucket+" "+damage, func(t *testing.T) {
				if damage == "lost" && (bucket == "correlation" || bucket == "records" || bucket == "dedupe") {
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
	cuts := []int{1, 100, 4095, 4096, 8191, 8192, 16384}
	for range 40 {
		cuts = append(cuts, 1+r.IntN(len(file)-1))
	}
	refused := 0
	for _, n := range cuts {
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

// TestFlippedBits expects that each value served is right, and that the rest is an error: no wrong
// value, no panic, no hang.
func TestFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, want := filled(t, path, 60)
	used := bytes.TrimRight(file, "\x00")
	n := 150
	if testing.Short() {
		n = 30
	}
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
		if found := damages(t, b); len(found) == 0 && !right {
			t.Errorf("bit %d: something could not be read and Verify says nothing", bit)
		} else if len(found) == 0 {
			unnoticed++ // in free space
		}
		for i := range 5 { // writing on top of it doesn't make wrong values of damage
			_, _ = b.Accept(bg(), []journal.Arrival{arrival(fmt.Sprint(bit, "-", i))})
		}
		serves(t, b, want, fmt.Sprint("bit ", bit, ", written on"), true)
		b.Close()
	}
	t.Logf("%d flips: %d refused at opening, %d in free space, the rest reported by Verify", n, refused, unnoticed)
}

// serves reads every case and reports whether all could be read; what is served must be right.
func serves(t *testing.T, b *journal.Bolt, want map[string][]casefile.Entry, what string, mayFail bool) bool {
	t.Helper()
	all := true
	for id, entries := range want {
		got, err := b.Entries(bg(), id, 0, 100)
		if err != nil {
			all = false
			if !mayFail {
				t.Errorf("%s: Entries: %v", what, err)
			}
			continue
		}
		if diff := cmp.Diff(entries, got); diff != "" {
			t.Errorf("%s: a wrong value was served (-want +got):\n%s", what, diff)
		}
	}
	if _, _, err := b.Cases(bg(), "", 100, nil); err != nil {
		all = false
	}
	return all
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
