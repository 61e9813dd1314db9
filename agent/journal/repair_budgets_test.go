package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// TestRepairOfBudgets: what is taken from budgets comes back from the entries, to the cent.
func TestRepairOfBudgets(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	b := openAt(t, path, journal.Options{})
	a := arrival("1")
	if _, err := b.Accept(bg(), []journal.Arrival{a}); err != nil {
		t.Fatal(err)
	}
	seq := uint64(2)
	add := func(b *journal.Bolt, d casefile.Data) error {
		done, err := b.Append(bg(), journal.Append{CaseID: a.CaseID, After: seq, Salts: make([]journal.Salt, 1), Entries: []casefile.Entry{{At: a.At, Actor: "agent", Data: d}}})
		if err == nil {
			seq = done.Seq
		}
		return err
	}
	take := func(b *journal.Bolt, call string, amount int64) error {
		return add(b, &casefile.CallIntended{Call: casefile.Call{ID: call, Try: 1}, Verdict: &casefile.Verdict{Reserves: []casefile.Reservation{
			{Policy: "p", Budget: "b", Amount: amount, Max: 100, Window: casefile.Duration(time.Hour), Beyond: casefile.Deny}}}})
	}
	for i := range 5 {
		if err := take(b, fmt.Sprint("do/", i), 20); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(b, &casefile.CallAnswered{ID: "do/3", Try: 1, Outcome: casefile.OutcomeRefused}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := seq
	each := func(b *bbolt.Bucket, do func(k, v []byte) error) error {
		var keys [][]byte
		err := b.ForEach(func(k, _ []byte) error {
			keys = append(keys, append([]byte{}, k...))
			return nil
		})
		for _, k := range keys {
			err = errors.Join(err, do(k, append([]byte{}, b.Get(k)...)))
		}
		return err
	}
	for name, damage := range map[string]func(b *bbolt.Bucket) error{
		"a sum is changed": func(b *bbolt.Bucket) error {
			k, v := b.Cursor().First()
			w := append([]byte{}, v...)
			w[len(w)-1] ^= 1
			return b.Put(append([]byte{}, k...), w)
		},
		"a sum is lost":         func(b *bbolt.Bucket) error { k, _ := b.Cursor().First(); return b.Delete(append([]byte{}, k...)) },
		"a reservation is lost": func(b *bbolt.Bucket) error { k, _ := b.Cursor().Last(); return b.Delete(append([]byte{}, k...)) },
		"calls are lost": func(b *bbolt.Bucket) error {
			return each(b, func(k, _ []byte) error {
				if k[0] == 'c' {
					return b.Delete(k)
				}
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, seqBefore := filepath.Join(t.TempDir(), "journal.db"), seq
			defer func() { seq = seqBefore }()
			seq = last
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error { return damage(tx.Bucket([]byte("budgets"))) })
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			if kept, lost, err := repair(path); err != nil || kept == "" || len(lost) > 0 {
				t.Fatalf("Repair gave %q, lost %v, %v; want the budget back", kept, lost, err)
			}
			b := openAt(t, path, journal.Options{})
			defer b.Close()
			if err := take(b, "do/more", 21); !errors.As(err, new(*journal.BudgetError)) {
				t.Errorf("21 of the 20 that are left: %v, want a BudgetError", err)
			}
			if err := take(b, "do/rest", 20); err != nil {
				t.Errorf("the 20 that are left: %v", err)
			}
			if _, err := b.Verify(bg(), func(d journal.Damage) { t.Errorf("Verify: %s: %s", d.Where, d.What) }); err != nil {
				t.Error(err)
			}
		})
	}
}
