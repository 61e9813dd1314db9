package kb_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resolute/kb"
)

func TestImportDescribesTheDocument(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	got := add(t, b, kb.Source{Path: "policies/Refund Policy.md", Content: []byte(refunds), Meta: map[string]string{"origin": "bundle"}})
	want := kb.Document{
		ID: "policies.refund-policy", Title: "Refund policy", Source: "policies/Refund Policy.md",
		Version: got[0].Version, ImportedAt: imported, Chunks: 4, Meta: map[string]string{"origin": "bundle"},
	}
	if diff := cmp.Diff(want, got[0].Document); diff != "" {
		t.Errorf("the imported document is another (-want +got):\n%s", diff)
	}
	if len(got[0].Version) != 12 || got[0].State != kb.StateAdded || got[0].Renewed != 4 {
		t.Errorf("version %q, state %q, renewed %d; want 12 digits, added, 4", got[0].Version, got[0].State, got[0].Renewed)
	}
	stored, err := b.Document(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("Document answers another (-want +got):\n%s", diff)
	}
}

func TestImportAgainTouchesOnlyWhatChanged(t *testing.T) {
	e := newEmbedder()
	b := open(t, t.TempDir(), e)
	add(t, b, file("refunds.md", refunds), file("shipping.md", shipping))
	before := e.texts.Load()

	same := add(t, b, file("refunds.md", refunds))[0]
	if same.State != kb.StateUnchanged || e.texts.Load() != before {
		t.Errorf("same content again: %s with %d texts embedded, want unchanged with none", same.State, e.texts.Load()-before)
	}

	edited := strings.Replace(refunds, "never to anybody else", "or to whoever they name", 1)
	edited = strings.Replace(edited, "# Refund policy\n", "# Refund policy\n\n## In short\n\nAsk, and it is paid.\n", 1)
	got := add(t, b, file("./refunds.md", edited))[0]
	// "Whoever bought..." moved below "In short", so it has another place among headings.
	if got.State != kb.StateChanged || got.Renewed != 2 || got.Removed != 2 || e.texts.Load() != before+2 {
		t.Errorf("edited: %s, %d renewed, %d removed, %d embedded; want changed, 2, 2, 2", got.State, got.Renewed, got.Removed, e.texts.Load()-before)
	}
	for _, h := range search(t, b, kb.Hybrid, "never to anybody else") {
		if strings.Contains(h.Text, "never to anybody else") {
			t.Errorf("the search still finds what was edited away: %q", h.Text)
		}
	}
	if h := search(t, b, kb.Keyword, "whoever they name"); len(h) == 0 || !strings.Contains(h[0].Text, "whoever they name") {
		t.Errorf("the search for the new sentence finds %+v, want it first", h)
	}
}

func TestImportUnderANewTitleIsSearchedByIt(t *testing.T) {
	e := newEmbedder()
	b := open(t, t.TempDir(), e)
	add(t, b, kb.Source{ID: "note", Title: "Walrus", Content: []byte("Some words.")})
	before := e.texts.Load()
	add(t, b, kb.Source{ID: "note", Title: "Penguin", Content: []byte("Some words.")})
	if e.texts.Load() != before {
		t.Errorf("a new title embedded %d texts, want none", e.texts.Load()-before)
	}
	if old, now := search(t, b, kb.Keyword, "walrus"), search(t, b, kb.Keyword, "penguin"); len(old) != 0 || len(now) != 1 || now[0].Title != "Penguin" {
		t.Errorf("old title finds %+v, new one %+v; want nothing and the document", old, now)
	}
}

func TestImportReportsWhatItCantRead(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	for _, c := range []struct {
		source kb.Source
		group  error
		says   string
	}{
		{file("manual.docx", "PK"), kb.ErrFormat, "Markdown (.md, .markdown), HTML"},
		{kb.Source{ID: "x", Format: "docx", Content: []byte("x")}, kb.ErrFormat, "docx"},
		{file("empty.md", " \n\n"), kb.ErrContent, "empty"},
		{file("only-matter.md", "---\na: b\n---\n"), kb.ErrContent, "no text"},
		{file("latin1.txt", "Gr\xf6\xdfe"), kb.ErrContent, "UTF-8"},
		{file("photo.txt", "a\x00b"), kb.ErrContent, "binary"},
		{file("", "words"), kb.ErrIdentity, "id, or a path"},
		{file(strings.Repeat("folder/", 1000)+"a.md", "words"), kb.ErrIdentity, "longer than 4096"},
		{kb.Source{ID: "a#b", Content: []byte("x")}, kb.ErrIdentity, `"a#b"`},
	} {
		t.Run(c.says, func(t *testing.T) {
			report, err := b.Import(t.Context(), []kb.Source{c.source, file("good.md", "# Good\n\nText.")})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Documents) != 1 || report.Documents[0].ID != "good" || len(report.Failed) != 1 {
				t.Fatalf("documents %v, failed %v; want the bad source reported and the good one stored", report.Documents, report.Failed)
			}
			f := report.Failed[0]
			if !errors.Is(f, c.group) || !strings.Contains(f.Detail, c.says) || c.source.Path != "" && f.Source != c.source.Path {
				t.Errorf("failure %q, want %q of %q about %q", f, c.group, c.source.Path, c.says)
			}
		})
	}
}

func TestImportTellsDocumentsApart(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	got := add(t, b, file("faq.md", "# One\n\nOne."), file("faq.txt", "Two."), file("sub/faq.md", "# Three\n\nThree."))
	if got[0].ID != "faq" || got[2].ID != "sub.faq" || got[1].ID == "faq" || !strings.HasPrefix(got[1].ID, "faq-") {
		t.Errorf("ids %q, %q, %q; want faq, faq-HASH, sub.faq", got[0].ID, got[1].ID, got[2].ID)
	}
	if again := add(t, b, file("faq.txt", "Two, changed."))[0]; again.ID != got[1].ID || again.State != kb.StateChanged {
		t.Errorf("faq.txt again: %s %s, want %s changed", again.ID, again.State, got[1].ID)
	}
	report, err := b.Import(t.Context(), []kb.Source{{ID: "other", Path: "faq.md", Content: []byte("x")}})
	if err != nil || len(report.Failed) != 1 || !strings.Contains(report.Failed[0].Detail, "belongs to the document faq") {
		t.Errorf("another id for a known path: %+v, %v; want it reported", report, err)
	}
}

func TestImportOfOneDocumentTwiceKeepsTheLast(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	first, second := file("a.md", "# A\n\nThe walrus sleeps."), file("a.md", "# A\n\nThe penguin dives.")
	add(t, b, first)
	add(t, b, second, first, second, first)
	for _, mode := range []kb.Mode{kb.Keyword, kb.Vector} {
		hits := search(t, b, mode, "walrus sleeps")
		if len(hits) != 1 || !strings.Contains(hits[0].Text, "walrus") {
			t.Errorf("%s search: %+v, want the last import's one chunk", mode, hits)
		}
	}
	if hits := search(t, b, kb.Keyword, "penguin"); len(hits) != 0 {
		t.Errorf("what was replaced within the batch is still found: %+v", hits)
	}
}

func TestDelete(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("refunds.md", refunds), file("shipping.md", shipping))
	if err := b.Delete(t.Context(), "refunds"); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []kb.Mode{kb.Keyword, kb.Vector, kb.Hybrid} {
		if got := documentsOf(search(t, b, mode, "refund for a smashed SKU-4471-B")); slices.Contains(got, "refunds") {
			t.Errorf("%s search finds %v, want nothing of the deleted document", mode, got)
		}
	}
	if err := b.Delete(t.Context(), "refunds"); !errors.Is(err, kb.ErrNotFound) {
		t.Errorf("Delete again: error %v, want ErrNotFound", err)
	}
	if got := add(t, b, file("refunds.md", refunds))[0]; got.State != kb.StateAdded {
		t.Errorf("import after deletion: %s, want added", got.State)
	}
}

func TestDocumentsArePaged(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	var sources []kb.Source
	for i := range 25 {
		sources = append(sources, file(fmt.Sprintf("d%02d.md", i), "# T\n\nText."))
	}
	add(t, b, sources...)
	var ids []string
	pages := 0
	for cursor := ""; ; pages++ {
		page, next, err := b.Documents(t.Context(), 10, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			ids = append(ids, d.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(ids) != 25 || !slices.IsSorted(ids) || pages != 2 {
		t.Errorf("%d documents on %d pages, sorted %v; want 25 on 3, sorted", len(ids), pages+1, slices.IsSorted(ids))
	}
	if _, _, err := b.Documents(t.Context(), -1, ""); !errors.Is(err, kb.ErrQuery) {
		t.Errorf("a negative limit: error %v, want ErrQuery", err)
	}
}

func TestImportStopsWhenTheContextIsDone(t *testing.T) {
	e := newEmbedder()
	b := open(t, t.TempDir(), e)
	ctx, cancel := context.WithCancel(t.Context())
	e.before = func(ctx context.Context, _ []string) error { cancel(); return ctx.Err() }
	if _, err := b.Import(ctx, []kb.Source{file("refunds.md", refunds)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Import: error %v, want context.Canceled", err)
	}
	e.before = nil
	if documents, _, err := b.Documents(t.Context(), 0, ""); err != nil || len(documents) != 0 {
		t.Errorf("a cancelled import left %v (error %v), want nothing", documents, err)
	}
}

func TestEmbeddingHoldsNoLock(t *testing.T) {
	e := newEmbedder()
	b := open(t, t.TempDir(), e)
	add(t, b, file("shipping.md", shipping))
	e.before = func(ctx context.Context, _ []string) error {
		e.before = nil
		// Everything else goes on while an embedder takes its time, even another import.
		search(t, b, kb.Keyword, "parcels")
		add(t, b, file("refunds.md", refunds))
		return b.Delete(ctx, "shipping")
	}
	edited := strings.Replace(shipping, "noon", "three", 1)
	if got := add(t, b, file("shipping.md", edited))[0]; got.Chunks != 2 {
		t.Errorf("%d chunks, want 2", got.Chunks)
	}
	for _, mode := range []kb.Mode{kb.Keyword, kb.Vector} {
		if hits := search(t, b, mode, "parcel not scanned, error E1043"); len(hits) == 0 || hits[0].DocumentID != "shipping" {
			t.Errorf("%s search: %+v, want the chunk whose vector was deleted while the import ran", mode, hits)
		}
	}
}

func TestABadEmbedderIsRefused(t *testing.T) {
	for name, vectors := range map[string][][]float32{
		"too few": {}, "wrong length": {{1, 2}}, "not numbers": {func() []float32 {
			v := make([]float32, 256)
			v[0] = float32(nan())
			return v
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, t.TempDir(), fixedEmbedder{newEmbedder(), vectors})
			add(t, b, file("a.md", "some text"))
			if hits := search(t, b, kb.Keyword, "text"); len(hits) != 1 {
				t.Errorf("keyword search: %+v, want the document, which is stored without its vector", hits)
			}
			for s, err := b.State(t.Context()); !strings.Contains(s.Trouble, "embedding"); s, err = b.State(t.Context()) {
				must(t, err)
				runtime.Gosched()
			}
			if s, err := b.State(t.Context()); err != nil || !s.Renewing {
				t.Errorf("State: %+v (error %v), want vectors that are still to be made", s, err)
			}
		})
	}
}

type fixedEmbedder struct {
	*embedder
	vectors [][]float32
}

func (f fixedEmbedder) Embed(context.Context, []string) ([][]float32, error) { return f.vectors, nil }

func TestImportsAndSearchesSideBySide(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for round := range 6 {
				report, err := b.Import(t.Context(), []kb.Source{
					file("shared.md", fmt.Sprintf("# Shared\n\nwriter %d round %d\n\n## Fixed\n\nThe same for all.", w, round)),
					file(fmt.Sprintf("own-%d.md", w), fmt.Sprintf("# Own\n\nmark%dx%d", w, round)),
				})
				if err != nil || len(report.Failed) > 0 {
					t.Errorf("writer %d: %v %v", w, err, report.Failed)
					return
				}
				if _, err := b.Search(t.Context(), kb.Query{Text: "the same for all writers"}); err != nil {
					t.Errorf("search beside writers: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	for w := range 4 {
		if hits := search(t, b, kb.Keyword, fmt.Sprintf("mark%dx5", w)); len(hits) != 1 {
			t.Errorf("writer %d's last import: %d hits, want 1", w, len(hits))
		}
	}
	if d, err := b.Document(t.Context(), "shared"); err != nil || d.Chunks != 2 {
		t.Errorf("the document that all wrote has %d chunks (error %v), want 2", d.Chunks, err)
	}
}
