package journal

import (
	"encoding/binary"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

func numbered(i int) (identity, seenSignal) {
	var s seenSignal
	binary.BigEndian.PutUint64(s.signal[:], uint64(i))
	s.caseID = uuid.UUID{1, byte(i)}
	return identityOf(&casefile.Signal{Source: "test", EventID: strconv.Itoa(i)}), s
}

// fill adds signals from, to, in one transaction, and gives it back when it is not kept.
func fill(t testing.TB, db *bbolt.DB, d *dedupe, from, to int, keep bool) {
	t.Helper()
	tx, err := db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{}
	w.tx = tx
	for i := from; i < to; i++ {
		id, s := numbered(i)
		if _, ok, err := d.find(&w.reader, id); ok || err != nil {
			t.Fatalf("signal %d is known before it was added, or not readable: %v, %v", i, ok, err)
		}
		d.add(w, id, s)
	}
	if w.err != nil {
		t.Fatal(w.err)
	}
	if !keep {
		d.forget()
		err = tx.Rollback()
	} else {
		d.keep()
		err = tx.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func openDedupe(t testing.TB) (*bbolt.DB, *dedupe) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "dedupe.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := &dedupe{}
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := createBuckets(tx); err != nil {
			return err
		}
		return d.load(&reader{tx: tx})
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, d
}

// Identities are found wherever they stand: in the tail, in runs, after a rollback that made a run,
// and after a restart.
func TestDedupeOverRuns(t *testing.T) {
	db, d := openDedupe(t)
	known := 2*runLength + 100
	fill(t, db, d, 0, runLength-10, true)
	fill(t, db, d, runLength-10, runLength+10, false)
	fill(t, db, d, runLength-10, known, true)
	for _, restarted := range []bool{false, true} {
		if restarted {
			d = &dedupe{}
		}
		err := db.View(func(tx *bbolt.Tx) error {
			r := &reader{tx: tx}
			if restarted {
				if err := d.load(r); err != nil {
					return err
				}
				if len(d.tail) != 100 {
					t.Errorf("after a restart the tail has %d identities, want 100", len(d.tail))
				}
			}
			for i := range known + 1000 {
				id, want := numbered(i)
				got, ok, err := d.find(r, id)
				if err != nil {
					return err
				}
				if ok != (i < known) || ok && got != want {
					t.Fatalf("signal %d of %d: found %v as %v, want %v", i, known, ok, got, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDedupeNoticesDamageInRuns(t *testing.T) {
	db, d := openDedupe(t)
	fill(t, db, d, 0, runLength+1, true)
	err := db.View(func(tx *bbolt.Tx) error {
		_, v := tx.Bucket([]byte("dedupe")).Bucket(runsBucket()).Cursor().First()
		run := append([]byte(nil), v...)
		for i := range 2000 {
			id, want := numbered(i)
			at := (i * 31) % (len(run) / seenRecord) * seenRecord
			run[at+i%16] ^= 0x80 >> (i % 8)
			if got, ok, err := searchRun(run, id); err == nil && (!ok || got != want) {
				t.Fatalf("signal %d is not found in a run with a damaged record, and nothing says so", i)
			}
			run[at+i%16] ^= 0x80 >> (i % 8)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkDedupe looks for a new signal among so many.
func BenchmarkDedupe(b *testing.B) {
	for _, n := range []int{100, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			db, d := openDedupe(b)
			for i := 0; i < n; i += 50_000 {
				fill(b, db, d, i, min(n, i+50_000), true)
			}
			err := db.View(func(tx *bbolt.Tx) error {
				r := &reader{tx: tx}
				i := n
				for b.Loop() {
					i++
					id, _ := numbered(i)
					if _, ok, err := d.find(r, id); ok || err != nil {
						b.Fatal(ok, err)
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
