package kb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/kb"
)

// damagedAt overwrites a page's length of a file with noise, as often as there are places.
func damagedAt(t testing.TB, file string, random *rand.Rand, long int, places ...int64) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	must(t, err)
	noise := make([]byte, long)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for _, at := range places {
		_, err := f.WriteAt(noise, at)
		must(t, err)
	}
	must(t, f.Close())
}

// asked is what a base is asked and told, each by its name.
func asked(ctx context.Context, b *kb.Base, i int) map[string]error {
	met := map[string]error{}
	_, met["State"] = b.State(ctx)
	_, met["Search"] = b.Search(ctx, kb.Query{Text: "code DOC-00017 parcel refund", K: 10})
	list, _, err := b.Documents(ctx, 500, "")
	met["Documents"] = err
	for _, d := range list {
		if _, err := b.Contents(ctx, d.ID); err != nil && !errors.Is(err, kb.ErrNotFound) {
			met["Contents"] = err
		}
	}
	_, _, met["Corrections"] = b.Corrections(ctx, 50, "")
	_, met["Missing"] = b.Missing(ctx, 0.3, 10)
	_, met["NotedTo"] = b.NotedTo(ctx)
	met["Snapshot"] = b.Snapshot(ctx, func(_ int64, write func(io.Writer) error) error { return write(io.Discard) })
	met["Note"] = b.Note(ctx, uint64(10+i), kb.Noted{Uses: []kb.Use{{Case: "c", At: imported, Kind: kb.Replied, Address: "kb://d-00001.md"}}})
	_, met["Import"] = b.Import(ctx, []kb.Source{file(fmt.Sprintf("new/%d.md", i), "# New\n\nparcel")})
	return met
}

// said holds what a base answers against how it has to say that it is damaged, and counts where it did.
func said(t *testing.T, dir string, met map[string]error) (damaged int) {
	t.Helper()
	for what, err := range met {
		switch {
		case err == nil || errors.Is(err, kb.ErrNotFound):
		case errors.Is(err, kb.ErrDamaged) && strings.Contains(err.Error(), filepath.Join(dir, "knowledge.")) && strings.Contains(err.Error(), "stop the server"):
			damaged++
		case strings.HasPrefix(err.Error(), "a commit to the knowledge base failed"):
			damaged++
		default:
			t.Errorf("%s: %v, want an ErrDamaged that names the file and what to do", what, err)
		}
	}
	return damaged
}

// TestDamagedPagesAreErrors: whatever page of either file of a base is overwritten, before it is opened or while it is
// used, what meets it is an error, and closing ends.
func TestDamagedPagesAreErrors(t *testing.T) {
	whole := t.TempDir()
	b, err := kb.Open(whole, kb.Options{Embedder: newEmbedder()})
	must(t, err)
	add(t, b, corpus(150)...)
	must(t, b.Note(t.Context(), 5, kb.Noted{Gaps: []kb.Gap{{Case: "c", At: imported, Query: "rent"}}}))
	must(t, b.Close())
	info, err := os.Stat(filepath.Join(whole, "knowledge.db"))
	must(t, err)

	const places = 24
	random := rand.New(rand.NewPCG(7, 11))
	for running, name := range map[bool]string{false: "before it is opened", true: "while it is used"} {
		t.Run(name, func(t *testing.T) {
			damaged := 0
			for i := range places {
				dir := filepath.Join(t.TempDir(), "kb")
				must(t, os.CopyFS(dir, os.DirFS(whole)))
				path := filepath.Join(dir, "knowledge.db")
				at := info.Size() * int64(i) / places / 4096 * 4096 // where a page's header stands
				if i%3 == 2 {
					at += int64(random.IntN(3800))
				}
				spoil := func() { damagedAt(t, path, random, 200, at) }
				if !running {
					spoil()
				}
				b, err := kb.Open(dir, kb.Options{Embedder: newEmbedder(), Now: func() time.Time { return imported }})
				if err != nil {
					if damaged++; running || said(t, dir, map[string]error{"Open": fmt.Errorf("%w; stop the server", err)}) != 1 {
						t.Errorf("Open with %d damaged: %v", at, err)
					}
					continue
				}
				if running {
					if n := said(t, dir, asked(t.Context(), b, 0)); n != 0 {
						t.Fatalf("%d answers of a sound base are of damage", n)
					}
					spoil()
				}
				var all sync.WaitGroup
				var mu sync.Mutex
				for j := range 2 {
					all.Go(func() {
						met := asked(t.Context(), b, 1+j)
						mu.Lock()
						defer mu.Unlock()
						damaged += min(1, said(t, dir, met))
					})
				}
				all.Wait()
				_ = b.Close()
			}
			if damaged == 0 {
				t.Error("no damage was met")
			}
			t.Logf("%d times damage was met at %d places", damaged, places)
		})
	}
}

// TestADamagedWordIndexIsMadeAnew at a start.
func TestADamagedWordIndexIsMadeAnew(t *testing.T) {
	whole := t.TempDir()
	b, err := kb.Open(whole, kb.Options{Embedder: newEmbedder()})
	must(t, err)
	add(t, b, corpus(100)...)
	must(t, b.Close())
	random := rand.New(rand.NewPCG(3, 5))
	for i := range 8 {
		dir := filepath.Join(t.TempDir(), "kb")
		must(t, os.CopyFS(dir, os.DirFS(whole)))
		must(t, filepath.WalkDir(filepath.Join(dir, "knowledge.bleve"), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) == ".bolt" {
				damagedAt(t, path, random, 4096, int64(4096*i))
			}
			return err
		}))
		b := open(t, dir, newEmbedder())
		if hits, err := b.Search(t.Context(), kb.Query{Text: "DOC-00017", Mode: kb.Keyword}); err != nil || len(hits) == 0 {
			t.Errorf("with page %d of the word index damaged: %d hits (%v), want it made anew", i, len(hits), err)
		}
	}
}
