package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

var tampers = flag.Int("tampers", 100, "how many of 1,000 entries are tampered with, each in a file of its own")

// chained writes a journal of 1,000 entries in 50 cases and 100 records of the audit, and gives the
// checkpoint of it.
func chained(t testing.TB, path string) Checkpoint {
	t.Helper()
	b, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	salts := func(n int) []Salt {
		list := make([]Salt, n)
		for i := range list {
			binary.BigEndian.PutUint64(list[i][:], uint64(now.UnixNano())+uint64(i))
		}
		return list
	}
	var ids []string
	for i := range 50 {
		id := fmt.Sprintf("018f0000-0000-7000-8000-%012d", i+1)
		s := casefile.Signal{ID: fmt.Sprintf("018f0000-0000-7000-9000-%012d", i+1), Source: "test", EventID: fmt.Sprint("s-", i), Type: "ticket.created", Time: now, Data: casefile.Object{"text": "please pay 100"}}
		if _, err := b.Accept(context.Background(), []Arrival{{Signal: s, Actor: "system", At: now, CaseID: id, Bundle: "v1", Salts: salts(MaxArrivalEntries)}}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for round := range 18 { // the entries of the cases stand mixed, as they do where many are at work
		for i, id := range ids {
			now = now.Add(time.Second)
			e := casefile.Entry{At: now, Actor: "agent", Data: &casefile.ReplyWritten{Reply: casefile.Reply{To: "a@example.com", Text: fmt.Sprintf("we paid 100 in round %d of %d", round, i)}}}
			a := Append{CaseID: id, After: uint64(round) + 2, Entries: []casefile.Entry{e}, Salts: salts(1)}
			if (round*50+i)%9 == 0 {
				a.Records = []Record{{Kind: KindAudit, Key: fmt.Sprintf("%04d", round*50+i), Value: []byte(`{"action":"case.approve","actor":"user:ana"}`)}}
			}
			if _, err := b.Append(context.Background(), a); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := b.Checkpoint(context.Background())
	if err != nil || c.Entries != 1000 || c.Cases != 50 || c.Deeds != 100 {
		t.Fatalf("the checkpoint is %+v, %v; want 1000 entries in 50 cases and 100 deeds", c, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// forger changes a data file and leaves no trace in it that they can help: all checksums, hashes, links
// and indexes are made to fit.
type forger struct {
	t       testing.TB
	tx      *bbolt.Tx
	entries []record
}

// forge opens the file, lets change do its work and closes it.
func forge(t testing.TB, path string, change func(f *forger)) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		f := &forger{t: t, tx: tx}
		err := tx.Bucket([]byte("journal")).ForEach(func(_, v []byte) error {
			f.entries = append(f.entries, bytes.Clone(v))
			return nil
		})
		change(f)
		return err
	})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (f *forger) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// relink writes the entries as if they had been written in this order.
func (f *forger) relink() {
	f.t.Helper()
	heads := map[uuid.UUID]*head{}
	journal := f.tx.Bucket([]byte("journal"))
	had := journal.Stats().KeyN
	for i, rec := range f.entries {
		h := heads[rec.caseID()]
		if h == nil {
			h = &head{}
			heads[rec.caseID()] = h
		}
		if !rec.erased() {
			sum := sha256.Sum256(rec[rec.end():])
			copy(rec[atPayload:], sum[:])
		}
		rec.link(rec.caseID(), uint64(i)+1, h)
		h.last, h.seq, h.hash = uint64(i)+1, h.seq+1, rec.hash()
		f.must(journal.Put(offsetKey(uint64(i)+1), rec))
	}
	for at := len(f.entries) + 1; at <= had; at++ {
		f.must(journal.Delete(offsetKey(uint64(at))))
	}
	f.putHeads(heads)
	f.forget(heads)
}

func (f *forger) putHeads(heads map[uuid.UUID]*head) {
	f.t.Helper()
	b := f.tx.Bucket([]byte("heads"))
	all := map[uuid.UUID][]byte{}
	f.must(b.ForEach(func(k, v []byte) error { all[uuid.UUID(k)] = bytes.Clone(v); return nil }))
	for id, v := range all {
		old, err := decodeHead(id[:], v)
		f.must(err)
		h := heads[id]
		if h == nil {
			f.drop(id, old)
			continue
		}
		old.last, old.seq, old.hash = h.last, h.seq, h.hash
		f.must(b.Put(id[:], seal(id[:], old.encode())))
	}
}

// drop removes a case from everywhere.
func (f *forger) drop(id uuid.UUID, h *head) {
	f.t.Helper()
	for _, bucket := range []string{"heads", "summaries", "runnable"} {
		f.must(f.tx.Bucket([]byte(bucket)).Delete(id[:]))
	}
	f.must(f.tx.Bucket([]byte("open")).Delete(statusKey(h.status, id)))
}

// forget lets no signal be known that is in no entry.
func (f *forger) forget(heads map[uuid.UUID]*head) {
	f.t.Helper()
	there := map[string]bool{}
	for _, rec := range f.entries {
		if e, err := rec.entry(casefile.Hash{}); err == nil {
			if d, ok := e.Data.(*casefile.SignalReceived); ok {
				there[d.Signal.ID] = true
			}
		}
	}
	tail := f.tx.Bucket([]byte("dedupe")).Bucket(tailBucket())
	var gone [][]byte
	f.must(tail.ForEach(func(k, v []byte) error {
		_, s, err := decodeSeen(v)
		if err == nil && (!there[s.signal.String()] || heads[s.caseID] == nil) {
			gone = append(gone, bytes.Clone(k))
		}
		return err
	}))
	for _, k := range gone {
		f.must(tail.Delete(k))
	}
}

// tamperings are what can be done to one entry.
var tamperings = []struct {
	name string
	do   func(f *forger, i int)
}{
	{"another payload", func(f *forger, i int) {
		rec := f.entries[i]
		body := rec[rec.end()+len(Salt{}):]
		at := bytes.LastIndexByte(body, '1')
		if at < 0 {
			at = bytes.LastIndexByte(body, 'e') // a letter of a name or a text
		}
		body[at] = 'e' ^ body[at] ^ '1'
	}},
	{"another time", func(f *forger, i int) { f.entries[i][atTime+7]++ }},
	{"another actor", func(f *forger, i int) { f.entries[i][f.entries[i].end()-1]++ }},
	{"another salt", func(f *forger, i int) { f.entries[i][f.entries[i].end()]++ }},
	{"removed", func(f *forger, i int) { f.entries = slices.Delete(f.entries, i, i+1) }},
	{"the journal cut before it", func(f *forger, i int) { f.entries = f.entries[:i] }},
	{"in the place of the next", func(f *forger, i int) {
		j := (i + 1) % len(f.entries)
		f.entries[i], f.entries[j] = f.entries[j], f.entries[i]
	}},
	{"in the place of the next of its case", func(f *forger, i int) {
		for j := i + 1; j < len(f.entries); j++ {
			if f.entries[j].caseID() == f.entries[i].caseID() {
				f.entries[i], f.entries[j] = f.entries[j], f.entries[i]
				return
			}
		}
		f.entries = slices.Delete(f.entries, i, i+1) // there is none behind it
	}},
	{"in another case", func(f *forger, i int) {
		for j := i; ; j = (j + 1) % len(f.entries) {
			if other := f.entries[j].caseID(); other != f.entries[i].caseID() {
				copy(f.entries[i][atCase:], other[:])
				return
			}
		}
	}},
	{"twice", func(f *forger, i int) { f.entries = slices.Insert(f.entries, i, bytes.Clone(f.entries[i])) }},
	{"its payload erased", func(f *forger, i int) {
		rec := f.entries[i]
		rec[atFlags] |= flagErased
		f.entries[i] = rec[:rec.end()]
	}},
	{"its whole case removed", func(f *forger, i int) {
		id := f.entries[i].caseID()
		f.entries = slices.DeleteFunc(f.entries, func(r record) bool { return r.caseID() == id })
	}},
}

// found gives what Verify, and then what the checkpoint, has to say about a file.
func found(t testing.TB, path string, c Checkpoint) (chain, checkpoint []Damage) {
	t.Helper()
	if _, err := VerifyFile(t.Context(), path, func(d Damage) { chain = append(chain, d) }); err != nil {
		t.Fatal(err)
	}
	if err := CompareFile(t.Context(), path, c, func(d Damage) { checkpoint = append(checkpoint, d) }); err != nil {
		checkpoint = append(checkpoint, Damage{What: err.Error()})
	}
	return chain, checkpoint
}

// Whoever can write the data file can make it whole again around any change. A checkpoint that they
// can't write tells all the same.
func TestEveryTamperedEntryIsFound(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	c := chained(t, path)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if chain, checkpoint := found(t, path, c); len(chain)+len(checkpoint) > 0 {
		t.Fatalf("before any change: %v %v", chain, checkpoint)
	}
	step := 1000 / max(min(*tampers, 1000), 1)
	tried, byChain, missed := 0, 0, map[string]int{}
	for i := 0; i < 1000; i += step {
		kind := tamperings[tried%len(tamperings)]
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		forge(t, path, func(f *forger) {
			kind.do(f, i)
			f.relink()
		})
		chain, checkpoint := found(t, path, c)
		if tried++; len(chain) > 0 {
			byChain++
		}
		if len(checkpoint) == 0 && len(chain) == 0 {
			missed[kind.name]++
		}
	}
	if len(missed) > 0 {
		t.Errorf("of %d changes these were not found: %v", tried, missed)
	}
	if byChain == tried {
		t.Error("all were found without a checkpoint, so nothing was tried that needs one")
	}
	t.Logf("%d entries of 1000 changed, one a file: all found, %d of them without the checkpoint", tried, byChain)
}

// The same for the records of the audit.
func TestEveryTamperedDeedIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	c := chained(t, path)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{"another actor", "removed", "in the place of the next", "the audit cut before it", "its record alone changed", "its record alone removed"}
	for i := range 100 {
		kind := kinds[i%len(kinds)]
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		forge(t, path, func(f *forger) { f.deed(kind, i) })
		if chain, checkpoint := found(t, path, c); len(chain)+len(checkpoint) == 0 {
			t.Errorf("record %d of the audit: %s: not found", i, kind)
		}
	}
}

// deed changes a record of the audit and makes the chain fit, where the kind of change lets it.
func (f *forger) deed(kind string, i int) {
	f.t.Helper()
	records, links := f.tx.Bucket([]byte("records")), f.tx.Bucket([]byte("audit"))
	var keys, values [][]byte
	f.must(links.ForEach(func(k, v []byte) error {
		l, err := decodeAuditLink(k, v)
		keys, values = append(keys, l.key), append(values, bytes.Clone(records.Get(l.key)))
		return err
	}))
	alone := false
	switch kind {
	case "another actor", "its record alone changed":
		values[i] = seal(keys[i], bytes.Replace(values[i], []byte("user:ana"), []byte("user:bob"), 1))
		f.must(records.Put(keys[i], values[i]))
		alone = kind != "another actor"
	case "its record alone removed":
		f.must(records.Delete(keys[i]))
		alone = true
	case "removed":
		f.must(records.Delete(keys[i]))
		keys, values = slices.Delete(keys, i, i+1), slices.Delete(values, i, i+1)
	case "the audit cut before it":
		for _, k := range keys[i:] {
			f.must(records.Delete(k))
		}
		keys, values = keys[:i], values[:i]
	case "in the place of the next":
		j := (i + 1) % len(keys)
		keys[i], keys[j], values[i], values[j] = keys[j], keys[i], values[j], values[i]
	}
	if alone {
		return
	}
	var last *auditLink
	for at := range keys {
		l := newAuditLink(last, keys[at], values[at][4:])
		f.must(links.Put(offsetKey(l.seq), seal(offsetKey(l.seq), l.encode())))
		last = &l
	}
	for at := len(keys) + 1; at <= 100; at++ {
		f.must(links.Delete(offsetKey(uint64(at))))
	}
}

// A data folder that an earlier resolute wrote, or a backup of it, is whole before anything opened it.
func TestAnOlderFolderIsWholeWithoutWhatLaterFormatsAdded(t *testing.T) {
	for _, old := range []struct {
		format uint64
		lacks  []string
	}{{1, []string{"budgets", "audit"}}, {2, []string{"audit"}}} {
		path := filepath.Join(t.TempDir(), "journal.db")
		chained(t, path)
		forge(t, path, func(f *forger) {
			for _, bucket := range old.lacks {
				f.must(f.tx.DeleteBucket([]byte(bucket)))
			}
		})
		if chain, _ := found(t, path, Checkpoint{}); len(chain) == 0 {
			t.Errorf("a file of the newest format without %v counts as whole", old.lacks)
		}
		forge(t, path, func(f *forger) {
			f.must(putMetaNumber(f.tx.Bucket([]byte("meta")), keyFormat, old.format))
		})
		totals, err := VerifyFile(t.Context(), path, func(d Damage) { t.Errorf("a whole file of format %d: %s: %s", old.format, d.Where, d.What) })
		if err != nil || totals.Entries != 1000 {
			t.Errorf("a file of format %d: %d entries are verified, %v; want all 1000", old.format, totals.Entries, err)
		}
	}
}

// What a newer resolute added can't be verified by this one, which is no damage.
func TestANewerFolderIsNotVerified(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	chained(t, path)
	forge(t, path, func(f *forger) {
		f.must(putMetaNumber(f.tx.Bucket([]byte("meta")), keyFormat, 99))
	})
	_, err := VerifyFile(t.Context(), path, func(d Damage) { t.Errorf("damage in %s: %s", d.Where, d.What) })
	if err == nil || !strings.Contains(err.Error(), "format 99") || !strings.Contains(err.Error(), "newer resolute") {
		t.Errorf("a file of a newer format: %v; want to be told which resolute to run", err)
	}
}

// A data folder from before there was a chain gets one when it is opened.
func TestTheAuditOfAnOlderFolderIsChained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	c := chained(t, path)
	forge(t, path, func(f *forger) {
		f.must(f.tx.DeleteBucket([]byte("audit")))
		f.must(putMetaNumber(f.tx.Bucket([]byte("meta")), keyFormat, 2))
	})
	b, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if chain, checkpoint := found(t, path, c); len(chain)+len(checkpoint) > 0 {
		t.Errorf("the chain that was made anew: %v %v; its records were written in the order of their keys, so it is the same", chain, checkpoint)
	}
}
