package kb

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"resolute/embed"
)

// asSchema1 takes from a base's file what schema 2 brought: its buckets, and a hash apart from the
// version.
func asSchema1(t *testing.T, dir string) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, "knowledge.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range layouts[1] {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		documents := tx.Bucket(bucketDocuments)
		changed := map[string][]byte{}
		err := documents.ForEach(func(k, v []byte) error {
			var d map[string]any
			if err := json.Unmarshal(v, &d); err != nil {
				return err
			}
			d["version"] = d["hash"]
			delete(d, "hash")
			changed[string(k)], err = json.Marshal(d)
			return err
		})
		for k, v := range changed {
			if err == nil {
				err = documents.Put([]byte(k), v)
			}
		}
		if err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keySchema, []byte("1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSchema1BecomesSchema2(t *testing.T) {
	dir := t.TempDir()
	reopen := func() *Base {
		t.Helper()
		b, err := Open(dir, Options{Embedder: embed.Builtin()})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	load := func(b *Base, text string) Imported {
		t.Helper()
		report, err := b.Import(t.Context(), []Source{{Path: "returns.md", Content: []byte(text)}})
		if err != nil || len(report.Documents) != 1 {
			t.Fatalf("import: %+v, error %v", report, err)
		}
		return report.Documents[0]
	}
	closed := func(b *Base) {
		t.Helper()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const before, after = "# Returns\n\nUnused goods are taken back for 30 days.\n", "# Returns\n\nUnused goods are taken back for 60 days.\n"
	b := reopen()
	load(b, before)
	closed(b)
	asSchema1(t, dir)

	b = reopen()
	old, err := b.Document(t.Context(), "returns")
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Keyword, Vector, Hybrid} {
		if hits, err := b.Search(t.Context(), Query{Text: "goods taken back", Mode: mode}); err != nil || len(hits) != 1 {
			t.Errorf("%s search: %d hits (error %v), want the document of before", mode, len(hits), err)
		}
	}
	if d := load(b, before); d.State != StateUnchanged || d.Version != old.Version {
		t.Errorf("the same file again: %s, version %s; want it unchanged, of version %s", d.State, d.Version, old.Version)
	}
	if d := load(b, after); d.State != StateChanged || d.Version == old.Version {
		t.Errorf("a changed file: %s, version %s; want it changed, and another version", d.State, d.Version)
	}
	if p, err := b.Passage(t.Context(), "kb://returns#returns@"+old.Version); err != nil || !strings.Contains(p.Text, "30 days") || !p.Past {
		t.Errorf("an address of before: %+v (error %v), want the passage as it was", p, err)
	}
	if _, err := b.Teach(t.Context(), Correction{Says: "Goods from a fair aren't taken back."}, "ada"); err != nil {
		t.Errorf("a correction: %v", err)
	}
	if missing, err := b.Missing(t.Context(), 0.3, 0); err != nil || len(missing) != 0 {
		t.Errorf("gaps: %v (error %v), want none", missing, err)
	}
	closed(b)

	b = reopen() // nothing is left to migrate
	if list, _, err := b.Corrections(t.Context(), 0, ""); err != nil || len(list) != 1 {
		t.Errorf("corrections after opening again: %v (error %v), want the one that was taught", list, err)
	}
	closed(b)
}

func TestALaterSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	b, err := Open(dir, Options{Embedder: embed.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, "knowledge.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keySchema, []byte("3")) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{Embedder: embed.Builtin()}); err == nil || !strings.Contains(err.Error(), `schema "3"`) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a file of schema 3: error %v, want one that names it and says what to use", err)
	}
}
