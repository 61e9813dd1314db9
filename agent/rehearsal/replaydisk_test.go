package rehearsal_test

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/rehearsal"
)

// TestADamagedCaseIsNamed has a data file in which an entry of one case is damaged: it is named, and the
// others are replayed.
func TestADamagedCaseIsNamed(t *testing.T) {
	s := stage(t, files())
	path := filepath.Join(t.TempDir(), "journal.db")
	disk, err := journal.Open(path, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	spoilt := map[string]uint64{} // offset of an entry in each case
	for i, name := range []string{"credit", "print", "pay"} {
		store := s.Record(name, uint64(i+1))
		list, _, err := store.Cases(t.Context(), "", 1, func(*journal.Summary) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		entries, err := store.Entries(t.Context(), list[0].ID, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, list[0].ID)
		spoilt[list[0].ID] = write(t, disk, entries)
	}
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("journal"))
		key := binary.BigEndian.AppendUint64(nil, spoilt[ids[0]])
		v := append([]byte(nil), b.Get(key)...)
		v[len(v)-1] ^= 1
		return b.Put(key, v)
	})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if disk, err = journal.Open(path, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	r, err := s.Replay(t.Context(), disk, rehearsal.ReplayOptions{Cases: []string{rehearsal.All}})
	if err != nil || r.Replays.Unplayed != 1 || r.Replays.Same != 2 || r.Passed {
		t.Fatalf("of three cases one is damaged: %+v, %v", r.Replays, err)
	}
	for _, it := range r.Items {
		if it.Replay.Case == ids[0] && !strings.Contains(it.Replay.Why, fmt.Sprint("entry ", spoilt[ids[0]])) {
			t.Errorf("the damaged case is told as %q, want its entry named", it.Replay.Why)
		}
	}
}

// write journals a case as it is recorded, and gives the offset of its third entry.
func write(t *testing.T, disk *journal.Bolt, entries []casefile.Entry) (third uint64) {
	t.Helper()
	salts := func(n int) []journal.Salt { return make([]journal.Salt, n) }
	first := entries[0].Data.(*casefile.SignalReceived)
	signal := first.Signal
	signal.EventID += entries[0].Case // each scenario has numbered its own
	_, err := disk.Accept(t.Context(), []journal.Arrival{{Signal: signal, Actor: entries[0].Actor, At: entries[0].At, CaseID: entries[0].Case,
		Bundle: entries[1].Data.(*casefile.CaseOpened).Bundle, Salts: salts(journal.MaxArrivalEntries)}})
	if err != nil {
		t.Fatal(err)
	}
	for i := 2; i < len(entries); i++ {
		e := entries[i]
		e.Offset, e.Hash, e.Prev = 0, casefile.Hash{}, casefile.Hash{}
		done, err := disk.Append(t.Context(), journal.Append{CaseID: e.Case, After: e.Seq - 1, Entries: []casefile.Entry{e}, Salts: salts(1)})
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			third = done.Offsets[0]
		}
	}
	return third
}
