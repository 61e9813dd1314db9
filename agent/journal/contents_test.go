package journal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
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
	if err := b.Put(bg(), journal.Record{Kind: "bundle", Key: "v1", Value: []byte("files")}, journal.Record{Kind: journal.KindAudit, Key: "1", Value: []byte("{}")}, journal.Record{Kind: journal.KindAudit, Key: "2", Value: []byte("{}")}); err != nil {
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
