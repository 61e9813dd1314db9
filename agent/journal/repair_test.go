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

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// repair repairs a file and gives what it lost.
func repair(path string) (kept string, lost []journal.Damage, err error) {
	kept, err = journal.Repair(bg(), path, journal.RepairOptions{Summarize: agent.Summarize, At: time.Unix(1e9, 0),
		Damage: func(journal.Damage) {}, Lost: func(d journal.Damage) { lost = append(lost, d) }})
	return kept, lost, err
}

// damageBucket changes a bucket of a file by bbolt's own means.
func damageBucket(t *testing.T, path, bucket string, change func(b *bbolt.Bucket, k, v []byte) error) {
	t.Helper()
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
		return change(b, bytes.Clone(k), bytes.Clone(v))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestRepairRebuildsIndexes damages each bucket in turn. All but the journal comes back: from the
// journal, or, where only the bucket says it, as far as it is sound.
func TestRepairRebuildsIndexes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, want := filled(t, path, 12)
	how := map[string]func(b *bbolt.Bucket, k, v []byte) error{
		"changed": func(b *bbolt.Bucket, k, v []byte) error { v[len(v)-1] ^= 4; return b.Put(k, v) },
		"strange": func(b *bbolt.Bucket, k, v []byte) error { return b.Put(append(k, 7), v) },
	}
	for _, bucket := range []string{"meta", "heads", "summaries", "snapshots", "runnable", "timers", "dedupe", "correlation", "open", "waits", "outbox", "outbox_queue", "records", "audit"} {
		for name, change := range how {
			t.Run(bucket+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "journal.db")
				if err := os.WriteFile(path, file, 0o600); err != nil {
					t.Fatal(err)
				}
				damageBucket(t, path, bucket, change)
				before, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := journal.Open(path, journal.Options{}); err == nil {
					b.Close()
				} else if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), "resolute verify --repair") {
					t.Errorf("Open says %v, which doesn't name the repair", err)
				}
				kept, lost, err := repair(path)
				if err != nil {
					t.Fatalf("Repair: %v", err)
				}
				if kept == "" {
					if bucket == "meta" && name == "strange" {
						return // a key that nobody reads
					}
					t.Fatal("Repair found nothing to repair")
				}
				if old, err := os.ReadFile(kept); err != nil || !bytes.Equal(old, before) && bucket != "meta" && len(old) != len(before) {
					t.Errorf("the damaged file was not kept as it was: %v", err)
				}
				if losing := bucket == "records" || bucket == "audit" || bucket == "outbox" && name != "strange"; losing != (len(lost) > 0) {
					t.Errorf("lost: %v", lost)
				}
				whole(t, path, want)
			})
		}
	}
}

// whole checks that a repaired file has everything.
func whole(t *testing.T, path string, want stored) {
	t.Helper()
	b := openAt(t, path, journal.Options{})
	defer b.Close()
	if found := damages(t, b); len(found) > 0 {
		t.Errorf("Verify after the repair: %v", found)
	}
	serves(t, b, stored{contents: entriesOf(want), cases: want.cases}, "repaired", false)
	list, _, err := b.Cases(bg(), "", len(want.cases)+1, nil)
	if err != nil || len(list) != len(want.cases) {
		t.Errorf("the repaired file lists %d cases of %d: %v", len(list), len(want.cases), err)
	}
	leases, err := b.Claim(bg(), "w", len(want.cases)+1, time.Unix(50, 0), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	runnable := map[string]bool{}
	for _, l := range leases {
		runnable[l.CaseID] = true
	}
	for _, s := range list {
		if s.Status == casefile.Working && !runnable[s.ID] {
			t.Errorf("case %s is at work and not runnable", s.ID)
		}
		if s.Status == casefile.Working && (s.Subject == "" || s.OpenedAt.IsZero()) {
			t.Errorf("the summary of case %s has no subject or no time: %+v", s.ID, s)
		}
	}
	for id, event := range want.events {
		if r := mustAccept(t, b, event); !r.Duplicate || r.CaseID != id {
			t.Errorf("signal %s is known as %+v, want a duplicate of case %s", event, r, id)
		}
		again := arrival("again " + event)
		again.Keys = []journal.Key{journal.ThreadKey(event, casefile.Customer{ID: "c", Email: "c@example.com"})}
		if r, err := b.Accept(bg(), []journal.Arrival{again}); err != nil || r[0].CaseID != id {
			t.Errorf("a signal of the thread of case %s went to %+v, %v", id, r, err)
		}
	}
	if d, err := b.Due(bg(), time.Unix(1, 0)); err != nil || d.IsZero() && len(runnable) < len(want.cases) {
		t.Errorf("no timer is left, and only %d cases of %d are runnable: %v", len(runnable), len(want.cases), err)
	}
	if found := damages(t, b); len(found) > 0 {
		t.Errorf("Verify after writing on the repaired file: %v", found)
	}
}

// entriesOf is what has to be as it was, whatever was derived anew.
func entriesOf(s stored) contents {
	list := contents{}
	for asked, value := range s.contents {
		if strings.HasPrefix(asked, "entries of ") {
			list[asked] = value
		}
	}
	return list
}

// TestRepairKeepsItsHandsOffEntries: what nothing can give back is refused, and the file stays.
func TestRepairKeepsItsHandsOffEntries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, _ := filled(t, path, 10)
	for name, change := range map[string]func(b *bbolt.Bucket, k, v []byte) error{
		"changed": func(b *bbolt.Bucket, k, v []byte) error { v[len(v)-1] ^= 4; return b.Put(k, v) },
		"lost":    func(b *bbolt.Bucket, k, _ []byte) error { return b.Delete(k) },
		"the last is lost": func(b *bbolt.Bucket, _, _ []byte) error {
			k, _ := b.Cursor().Last()
			return b.Delete(bytes.Clone(k))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal.db")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			damageBucket(t, path, "journal", change)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = repair(path)
			if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), "resolute restore") {
				t.Errorf("Repair gives %v, want ErrDamaged and what to do", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "journal.db?*")); len(left) > 0 {
				t.Errorf("files are left over: %v", left)
			}
		})
	}
}

// TestRepairOfFlippedBits: a repair gives a file with everything, or says that it can't.
func TestRepairOfFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	file, want := filled(t, path, 60)
	used := bytes.TrimRight(file, "\x00")
	r := rand.New(rand.NewPCG(5, 6))
	fine, repaired, refused := 0, 0, 0
	for range *flips / 4 {
		bit := r.IntN(len(used) * 8)
		flipped := bytes.Clone(file)
		flipped[bit/8] ^= 1 << (bit % 8)
		path := filepath.Join(t.TempDir(), "journal.db")
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		switch kept, lost, err := repair(path); {
		case errors.Is(err, journal.ErrDamaged):
			refused++
		case err != nil:
			t.Errorf("bit %d: Repair: %v", bit, err)
		case kept == "":
			fine++
		default:
			if repaired++; len(lost) == 0 {
				whole(t, path, want)
			}
		}
		if t.Failed() {
			t.Fatalf("bit %d", bit)
		}
	}
	if repaired == 0 && *flips >= 80 {
		t.Errorf("of %d flips none was repaired", *flips/4)
	}
	t.Logf("%d flips: %d repaired, %d refused, %d in free space", *flips/4, repaired, refused, fine)
}

func TestRepairLeavesAWholeFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	filled(t, path, 3)
	if kept, lost, err := repair(path); kept != "" || lost != nil || err != nil {
		t.Errorf("Repair of a whole file gives %q, %v, %v", kept, lost, err)
	}
	b := openAt(t, path, journal.Options{})
	if _, _, err := repair(path); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("Repair beside a process that has the file open gives %v, want ErrLocked", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := repair(filepath.Join(t.TempDir(), "journal.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Repair of no file gives %v", err)
	}
}

// TestEmptyFileBesideOthers: a file that lost all its bytes doesn't pass for a new folder.
func TestEmptyFileBesideOthers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := openAt(t, path, journal.Options{}) // alone, it was just begun
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for _, beside := range []string{"knowledge.db", "journal.lock"} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.WriteFile(filepath.Join(dir, beside), []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
		_, err := journal.Open(path, journal.Options{})
		if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(fmt.Sprint(err), "0 bytes") || !strings.Contains(err.Error(), beside) {
			t.Errorf("Open of 0 bytes beside %s gives %v", beside, err)
		}
		found := 0
		if _, err := journal.VerifyFile(bg(), path, func(journal.Damage) { found++ }); err != nil || found == 0 {
			t.Errorf("VerifyFile of 0 bytes finds %d damages, %v", found, err)
		}
		if err := os.Remove(filepath.Join(dir, beside)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{path}, must(filepath.Glob(filepath.Join(dir, "*")))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func must(list []string, _ error) []string { return list }
