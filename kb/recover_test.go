package kb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"resolute/kb"
)

func TestWordIndexIsBuiltAnewWhenItDoesntFollow(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, index string){
		"missing": func(t *testing.T, index string) { must(t, os.RemoveAll(index)) },
		"broken": func(t *testing.T, index string) {
			must(t, os.WriteFile(filepath.Join(index, "index_meta.json"), []byte("{"), 0o600))
		},
		"of another base": func(t *testing.T, index string) {
			other := t.TempDir()
			b, err := kb.Open(other, kb.Options{Embedder: newEmbedder()})
			must(t, err)
			add(t, b, file("stranger.md", "# Stranger\n\nA refund that isn't ours."))
			must(t, b.Close())
			must(t, os.RemoveAll(index))
			must(t, os.CopyFS(index, os.DirFS(filepath.Join(other, "knowledge.bleve"))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b := open(t, dir, newEmbedder())
			add(t, b, file("refunds.md", refunds), file("shipping.md", shipping))
			must(t, b.Close())
			spoil(t, filepath.Join(dir, "knowledge.bleve"))

			again := open(t, dir, newEmbedder())
			if got := documentsOf(search(t, again, kb.Keyword, "refund order")); len(got) != 1 || got[0] != "refunds" {
				t.Errorf("keyword search finds %v, want what the truth holds", got)
			}
			if got := documentsOf(search(t, again, kb.Keyword, "stranger")); len(got) != 0 {
				t.Errorf("keyword search finds %v, which the truth doesn't hold", got)
			}
		})
	}
}

func TestAnotherEmbedderMeansNewVectors(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	add(t, b, file("refunds.md", refunds), file("shipping.md", shipping))
	must(t, b.Close())

	// The first try is cut short, as by a restart; the second goes on from there.
	other := newEmbedder()
	other.fingerprint = "other/1"
	stopped := make(chan struct{})
	other.before = func(ctx context.Context, _ []string) error {
		close(stopped)
		<-ctx.Done()
		return ctx.Err()
	}
	b = open(t, dir, other)
	<-stopped
	must(t, b.Close())

	other = newEmbedder()
	other.fingerprint = "other/1"
	again := open(t, dir, other)
	if hits := search(t, again, kb.Vector, "refund for scratched items"); len(hits) == 0 || hits[0].DocumentID != "refunds" {
		t.Errorf("vector search after a change of embedder: %+v, want the refund policy", hits)
	}
	if n := other.texts.Load(); n != 6+1 {
		t.Errorf("%d texts embedded, want 6 chunks and the query", n)
	}
}

func TestTextWithoutMeaningIsEmbeddedOnce(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	add(t, b, file("signs.txt", "?! -- ..."), file("refunds.md", refunds))
	must(t, b.Close())
	e := newEmbedder()
	again := open(t, dir, e)
	if hits := search(t, again, kb.Vector, "refund"); len(hits) == 0 || hits[0].DocumentID != "refunds" {
		t.Errorf("vector search beside a chunk without a vector: %+v, want the refund policy", hits)
	}
	if n := e.texts.Load(); n != 1 {
		t.Errorf("%d texts embedded after opening again, want the query alone", n)
	}
}

func TestAnUnreachableEmbedderIsSaid(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	add(t, b, file("refunds.md", refunds))
	must(t, b.Close())
	down := newEmbedder()
	down.fingerprint = "down/1"
	down.before = func(context.Context, []string) error { return errors.New("connection refused") }
	b = open(t, dir, down)
	if _, err := b.Search(t.Context(), kb.Query{Text: "refund", Mode: kb.Vector}); !errors.Is(err, kb.ErrMeaning) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("Search by vectors: error %v, want the embedder's", err)
	}
	for _, mode := range []kb.Mode{kb.Hybrid, kb.Keyword} {
		if hits := search(t, b, mode, "refund"); len(hits) == 0 || hits[0].VectorRank != 0 {
			t.Errorf("%s search: %+v, want what the words find", mode, hits)
		}
	}
	if s, err := b.State(t.Context()); err != nil || !s.Renewing || !strings.Contains(s.Trouble, "connection refused") || s.Answering != "" {
		t.Errorf("State: %+v (error %v), want one that tells the trouble", s, err)
	}
}

// The embedder that made the vectors answers while another makes its own; documents may come and go
// meanwhile.
func TestTheOldIndexAnswersWhileTheNewOneIsMade(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	add(t, b, file("refunds.md", refunds), file("shipping.md", shipping), file("old.md", "# Old\n\nThe walrus sleeps."))
	must(t, b.Close())

	old, next := newEmbedder(), newEmbedder()
	next.fingerprint = "next/1"
	begun, goOn := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	next.before = func(ctx context.Context, _ []string) error {
		if held.CompareAndSwap(false, true) {
			close(begun)
			select {
			case <-goOn:
			case <-ctx.Done():
			}
		}
		return ctx.Err()
	}
	b, err := kb.Open(dir, kb.Options{Embedder: next, Former: func(_ context.Context, fingerprint string) (kb.Embedder, bool) {
		return old, fingerprint == old.Fingerprint()
	}})
	must(t, err)
	<-begun
	for _, mode := range []kb.Mode{kb.Hybrid, kb.Vector} {
		if hits := search(t, b, mode, "refund for scratched items"); len(hits) == 0 || hits[0].DocumentID != "refunds" || hits[0].VectorRank == 0 {
			t.Errorf("%s search meanwhile: %+v, want the refund policy by the old vectors", mode, hits)
		}
	}
	if s, err := b.State(t.Context()); err != nil || !s.Renewing || s.Answering != old.Fingerprint() {
		t.Errorf("State meanwhile: %+v (error %v), want one that is renewing", s, err)
	}
	add(t, b, file("new.md", "# New\n\nThe penguin dives."))
	must(t, b.Delete(t.Context(), "old"))
	if hits := search(t, b, kb.Vector, "walrus sleeps"); len(hits) > 0 && hits[0].DocumentID == "old" {
		t.Errorf("what was deleted meanwhile is found: %+v", hits[0])
	}
	if hits := search(t, b, kb.Hybrid, "penguin dives"); len(hits) == 0 || hits[0].DocumentID != "new" {
		t.Errorf("what was imported meanwhile isn't found by its words: %+v", hits)
	}
	close(goOn)
	for s, err := b.State(t.Context()); s.Renewing; s, err = b.State(t.Context()) {
		must(t, err)
		runtime.Gosched()
	}
	if hits := search(t, b, kb.Vector, "penguin dives"); len(hits) == 0 || hits[0].DocumentID != "new" {
		t.Errorf("vector search once the new vectors answer: %v, want what was imported meanwhile", documentsOf(hits))
	}
	must(t, b.Close())

	again := open(t, dir, next)
	for query, want := range map[string]string{"penguin dives": "new", "refund for scratched items": "refunds"} {
		if hits := search(t, again, kb.Vector, query); len(hits) == 0 || hits[0].DocumentID != want {
			t.Errorf("vector search for %q afterwards: %v, want %s", query, documentsOf(hits), want)
		}
	}
	if s, err := again.State(t.Context()); err != nil || s.Renewing || s.Answering != "next/1" || s.Documents != 3 {
		t.Errorf("State afterwards: %+v (error %v), want 3 documents and the new embedder", s, err)
	}
}

// TestKillDuringImport kills a process that imports without pause, at many points, and looks whether
// everything it acknowledged is there and both indexes tell what the truth tells.
func TestKillDuringImport(t *testing.T) {
	if dir := os.Getenv("KB_TEST_IMPORT_INTO"); dir != "" {
		importForever(t, dir)
		return
	}
	dir := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	for kill := range 6 {
		child := exec.CommandContext(t.Context(), self, "-test.run=^TestKillDuringImport$")
		child.Env = append(os.Environ(), "KB_TEST_IMPORT_INTO="+dir)
		out, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		last := ""
		lines := bufio.NewScanner(out)
		for n := 0; n < 3+kill*7 && lines.Scan(); n++ {
			last = lines.Text()
		}
		must(t, child.Process.Kill())
		for lines.Scan() {
			last = lines.Text()
		}
		_ = child.Wait() // it was killed

		b, err := kb.Open(dir, kb.Options{Embedder: newEmbedder()})
		must(t, err)
		var batch int
		if _, err := fmt.Sscanf(last, "stored %d", &batch); err != nil {
			t.Fatalf("kill %d: the importing process said %q", kill, last)
		}
		checkBatches(t, b, batch)
		must(t, b.Close())
	}
}

const perBatch = 20

// importForever rewrites the same documents, so that every batch adds and removes chunks.
func importForever(t *testing.T, dir string) {
	b, err := kb.Open(dir, kb.Options{Embedder: newEmbedder()})
	must(t, err)
	from := 0
	if d, err := b.Document(t.Context(), "doc-0"); err == nil {
		_, err = fmt.Sscanf(d.Title, "Batch %d", &from)
		must(t, err)
	}
	for batch := from + 1; ; batch++ {
		var sources []kb.Source
		for i := range perBatch {
			sources = append(sources, file(fmt.Sprintf("doc-%d.md", i), fmt.Sprintf("# Batch %d\n\nbatch%dx of document %d\n\n## Fixed\n\nThis stays.", batch, batch, i)))
		}
		add(t, b, sources...)
		fmt.Printf("stored %d\n", batch)
	}
}

// checkBatches expects that all documents are of one batch, not before the one acknowledged, and that
// both indexes hold its chunks and no others.
func checkBatches(t *testing.T, b *kb.Base, acknowledged int) {
	t.Helper()
	documents, _, err := b.Documents(t.Context(), 200, "")
	must(t, err)
	if len(documents) != perBatch {
		t.Fatalf("%d documents, want %d", len(documents), perBatch)
	}
	var batch int
	_, err = fmt.Sscanf(documents[0].Title, "Batch %d", &batch)
	must(t, err)
	if batch < acknowledged {
		t.Errorf("the documents are of batch %d, batch %d was acknowledged", batch, acknowledged)
	}
	for _, d := range documents {
		if want := fmt.Sprintf("Batch %d", batch); d.Title != want {
			t.Errorf("%s is of %q, others of %q: half a batch was stored", d.ID, d.Title, want)
		}
	}
	for _, mode := range []kb.Mode{kb.Keyword, kb.Vector} {
		hits, err := b.Search(t.Context(), kb.Query{Text: fmt.Sprintf("batch%dx of document", batch), K: 200, Mode: mode})
		must(t, err)
		found := 0
		for _, h := range hits {
			if strings.HasPrefix(h.Text, fmt.Sprintf("batch%dx ", batch)) {
				found++
			}
		}
		if found != perBatch {
			t.Errorf("%s search finds %d of the last batch's %d chunks", mode, found, perBatch)
		}
	}
	for old := max(1, batch-3); old < batch; old++ {
		if hits := search(t, b, kb.Keyword, fmt.Sprintf("batch%dx", old)); len(hits) != 0 {
			t.Errorf("batch %d was replaced, the search still finds %d of it", old, len(hits))
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
