package journal_test

import (
	"bytes"
	"encoding/json"
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

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

var (
	flips = flag.Int("flips", 80, "how many flipped bits are tried")
	cuts  = flag.Int("cuts", 20, "how many cut files are tried")
)

// contents are all values that a store serves, each under what it was asked for.
type contents map[string]string

// read asks a store for everything, and reports whether all answers came.
func read(b *journal.Bolt, cases []string) (got contents, all bool) {
	got, all = contents{}, true
	note := func(err error, what string, value any) {
		if err != nil {
			all = false
			return
		}
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		got[what] = string(text)
	}
	for _, id := range cases {
		entries, err := b.Entries(bg(), id, 0, 100)
		note(err, "entries of "+id, entries)
		snapshot, tail, err := b.Load(bg(), id)
		note(err, "state of "+id, []any{string(snapshot), tail})
	}
	list, _, err := b.Cases(bg(), "", 1000, nil)
	note(err, "", nil)
	for _, s := range list {
		note(nil, "summary of "+s.ID, s)
	}
	messages, _, err := b.Outbox(bg(), 0, 1000)
	note(err, "", nil)
	for _, m := range messages {
		note(nil, fmt.Sprint("message ", m.Offset), m)
	}
	due, err := b.Undelivered(bg(), time.Unix(1e9, 0), 1000)
	note(err, "", nil)
	for _, m := range due {
		note(nil, fmt.Sprint("due message ", m.Offset), m)
	}
	for _, status := range []casefile.Status{casefile.Working, casefile.Waiting} {
		ids, _, err := b.Open(bg(), status, "", 1000)
		note(err, "", nil)
		for _, id := range ids {
			note(nil, string(status)+" "+id, nil)
		}
	}
	waiting, err := b.Waiting(bg(), "x")
	note(err, "", nil)
	for _, id := range waiting {
		note(nil, "waiting "+id, nil)
	}
	record, err := b.Get(bg(), "bundle", "v1")
	note(err, "record v1", string(record))
	records, err := b.List(bg(), "bundle", "", 10)
	note(err, "", nil)
	for _, r := range records {
		note(nil, "listed record "+r.Key, string(r.Value))
	}
	delete(got, "")
	return got, all
}

// stored is what a file should have.
type stored struct {
	contents
	cases  []string
	events map[string]string // of cases, as their signals name them
}

// filled makes a store with some of everything and closes it. It gives the file, without free
// space, and what it has.
func filled(t testing.TB, path string, cases int) ([]byte, stored) {
	t.Helper()
	b := openAt(t, path, journal.Options{})
	want := stored{events: map[string]string{}}
	for i := range cases {
		a := arrival(fmt.Sprint(i))
		a.Signal.Data["customer"] = map[string]any{"id": "c", "email": "c@example.com"}
		a.Signal.Data["thread"] = fmt.Sprint(i)
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
		want.cases = append(want.cases, a.CaseID)
		want.events[a.CaseID] = a.Signal.EventID
	}
	if err := b.Put(bg(), journal.Record{Kind: "bundle", Key: "v1", Value: []byte("files")}); err != nil {
		t.Fatal(err)
	}
	var all bool
	if want.contents, all = read(b, want.cases); !all {
		t.Fatal("a sound store doesn't answer")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	compact(t, path)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, want
}

func compact(t testing.TB, path string) {
	t.Helper()
	from, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	to, err := bbolt.Open(path+".compact", 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bbolt.Compact(to, from, 0), to.Close(), from.Close(), os.Rename(path+".compact", path)); err != nil {
		t.Fatal(err)
	}
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
	for _, bucket := range []string{"journal", "heads", "summaries", "snapshots", "runnable", "timers", "correlation", "open", "waits", "outbox", "outbox_queue", "records", "meta", "dedupe"} {
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

// serves reads everything and reports whether all could be read; what is served must be right.
func serves(t *testing.T, b *journal.Bolt, want stored, what string, mayFail bool) bool {
	t.Helper()
	got, all := read(b, want.cases)
	for asked, value := range got {
		if was, ok := want.contents[asked]; ok && was != value {
			t.Errorf("%s: a wrong value was served for the %s:\n got %s\nwant %s", what, asked, value, was)
		}
	}
	for asked := range want.contents {
		if _, ok := got[asked]; !ok {
			all = false
			if !mayFail {
				t.Errorf("%s: the %s is not served", what, asked)
			}
		}
	}
	return all
}

// dump gives all that a file's buckets have, whoever reads it.
func dump(t *testing.T, file []byte) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dump.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := map[string]string{}
	var walk func(where string, b *bbolt.Bucket) error
	walk = func(where string, b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return walk(where+string(k)+"/", b.Bucket(k))
			}
			all[fmt.Sprintf("%s%x", where, k)] = string(v)
			return nil
		})
	}
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error { return walk(string(name)+"/", b) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// missing says what of a file another doesn't have, "" for nothing. A lost key of those buckets that
// alone say what they say is nothing that Verify could find.
func missing(want, got map[string]string) string {
	for where, value := range want {
		switch v, ok := got[where]; {
		case ok && v != value:
			return fmt.Sprintf("%s has another value", where)
		case !ok && !strings.HasPrefix(where, "correlation/") && !strings.HasPrefix(where, "records/"):
			return where + " is lost"
		}
	}
	for where := range got {
		if _, ok := want[where]; !ok {
			return where + " was never there"
		}
	}
	return ""
}

// onlyThose checks that nothing is served that was never there.
func onlyThose(t *testing.T, b *journal.Bolt, want stored, what string) {
	t.Helper()
	got, _ := read(b, want.cases)
	for asked, value := range got {
		if _, ok := want.contents[asked]; !ok {
			t.Errorf("%s: there is no %s, and yet it is served: %s", what, asked, value)
		}
	}
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
