package kb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"resolute/embed"
	"resolute/kb"
)

var imported = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// embedder is the built-in embedder with what a test wants to see or change of it.
type embedder struct {
	*embed.Static
	fingerprint string
	texts       atomic.Int64 // embedded so far
	before      func(ctx context.Context, texts []string) error
}

func newEmbedder() *embedder {
	return &embedder{Static: embed.Builtin(), fingerprint: embed.Builtin().Fingerprint()}
}

func (e *embedder) Fingerprint() string { return e.fingerprint }

func (e *embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if e.before != nil {
		if err := e.before(ctx, texts); err != nil {
			return nil, err
		}
	}
	e.texts.Add(int64(len(texts)))
	return e.Static.Embed(ctx, texts)
}

func open(t testing.TB, dir string, e kb.Embedder) *kb.Base {
	t.Helper()
	b, err := kb.Open(dir, kb.Options{Embedder: e, Now: func() time.Time { return imported }})
	if err != nil {
		t.Fatalf("Open(%s): %v", dir, err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

func file(path, content string) kb.Source { return kb.Source{Path: path, Content: []byte(content)} }

// add imports sources of which none may fail.
func add(t testing.TB, b *kb.Base, sources ...kb.Source) []kb.Imported {
	t.Helper()
	report, err := b.Import(t.Context(), sources)
	if err != nil {
		t.Fatalf("Import: %v", err)
	}
	for _, f := range report.Failed {
		t.Errorf("Import left out %v", f)
	}
	return report.Documents
}

func search(t testing.TB, b *kb.Base, mode kb.Mode, text string) []kb.Hit {
	t.Helper()
	hits, err := b.Search(t.Context(), kb.Query{Text: text, Mode: mode})
	if err != nil {
		t.Fatalf("Search(%.60q, %s): %v", text, mode, err)
	}
	return hits
}

func documentsOf(hits []kb.Hit) []string {
	ids := []string{}
	for _, h := range hits {
		if !slices.Contains(ids, h.DocumentID) {
			ids = append(ids, h.DocumentID)
		}
	}
	return ids
}

const refunds = `---
reviewed: 2026-01-15
---
# Refund policy

Whoever bought an item can have the money back.

## Who

A refund goes to the person that placed the order, never to anybody else.

## How much

| Damage | Refund |
|--------|--------|
| smashed | all of it |
| scratched | a fifth |

## Articles without refund

- SKU-4471-B, the clearance blender
- gift cards
`

const shipping = `# Shipping

Parcels leave the warehouse within two days. Carriers collect at noon.

## Stalled parcels

A parcel that wasn't scanned for 72 hours counts as lost; error code E1043 means the carrier lost it.
`

func TestEmptyBase(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	for _, mode := range []kb.Mode{kb.Hybrid, kb.Keyword, kb.Vector, ""} {
		if hits := search(t, b, mode, "anything"); hits == nil || len(hits) != 0 {
			t.Errorf("mode %q on an empty base: %v, want no hits, and not null in JSON", mode, hits)
		}
	}
	documents, next, err := b.Documents(t.Context(), 0, "")
	if err != nil || documents == nil || len(documents) != 0 || next != "" {
		t.Errorf("Documents of an empty base: %v, next %q, error %v; want an empty page", documents, next, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "knowledge.bleve")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty base has a word index on disk (%v), want none before the first document", err)
	}
}

func TestOpenNeedsAnEmbedder(t *testing.T) {
	if _, err := kb.Open(t.TempDir(), kb.Options{}); err == nil || !strings.Contains(err.Error(), "embedder") {
		t.Errorf("Open without an embedder: error %v, want one that asks for it", err)
	}
}

func TestOpenSaysWhoHoldsTheBase(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, newEmbedder())
	_, err := kb.Open(dir, kb.Options{Embedder: newEmbedder()})
	if !errors.Is(err, kb.ErrLocked) {
		t.Fatalf("second Open: error %v, want ErrLocked", err)
	}
	for _, want := range []string{"process ", filepath.Base(os.Args[0]), "2026-03-01T10:00:00Z", "knowledge.db"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("second Open: %q doesn't say %q of the holder", err, want)
		}
	}
}

func TestOpenAfterClose(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	add(t, b, file("refunds.md", refunds))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Search(t.Context(), kb.Query{Text: "refund"}); err == nil {
		t.Error("a closed base answers searches, want an error")
	}
	if _, err := b.Import(t.Context(), []kb.Source{file("x.md", "x")}); !errors.Is(err, kb.ErrClosed) {
		t.Errorf("Import into a closed base: error %v, want ErrClosed", err)
	}
	e := newEmbedder()
	again := open(t, dir, e)
	if got := documentsOf(search(t, again, kb.Hybrid, "who gets a refund")); !slices.Equal(got, []string{"refunds"}) {
		t.Errorf("after opening again the search finds %v, want the document imported before", got)
	}
	if n := e.texts.Load(); n != 1 {
		t.Errorf("opening again embedded %d texts besides the query, want none: the vectors are stored", n-1)
	}
}

func TestOpenRefusesDamagedFiles(t *testing.T) {
	whole := func() []byte {
		dir := t.TempDir()
		b, err := kb.Open(dir, kb.Options{Embedder: newEmbedder()})
		if err != nil {
			t.Fatal(err)
		}
		add(t, b, file("refunds.md", refunds), file("long.txt", strings.Repeat("all about parcels. ", 5000)))
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "knowledge.db"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}()
	for name, data := range map[string][]byte{
		"not ours":      []byte(strings.Repeat("this is no database. ", 1000)),
		"a few bytes":   []byte("x"),
		"half a page":   whole[:2000],
		"cut off":       whole[:3*os.Getpagesize()],
		"metas overrun": append(slices.Repeat([]byte{0xff}, 2*os.Getpagesize()), whole[2*os.Getpagesize():]...),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "knowledge.db"), data, 0o600); err != nil {
				t.Fatal(err)
			}
			b, err := kb.Open(dir, kb.Options{Embedder: newEmbedder()})
			if err == nil {
				b.Close()
			}
			if !errors.Is(err, kb.ErrDamaged) || !strings.Contains(err.Error(), "knowledge.db") {
				t.Errorf("Open: error %v, want ErrDamaged with the file's name", err)
			}
		})
	}
}
