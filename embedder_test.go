package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"resolute/embed"
	"resolute/kb"
)

// An Ollama server of one model, for which a text is about returns or about nothing.
func fakeOllama(t *testing.T) (server *httptest.Server, texts *atomic.Int64) {
	t.Helper()
	texts = new(atomic.Int64)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"models":[{"name":"nomic-embed-text:latest","digest":"0a109f422b47e3a3"}]}`)
	})
	mux.HandleFunc("POST /api/embed", func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Errorf("Ollama was asked what it can't read: %v", err)
		}
		vectors := [][]float32{}
		for _, text := range request.Input {
			v := []float32{0, 1, 0}
			if strings.Contains(text, "sent back") || strings.Contains(text, "return") {
				v = []float32{1, 0, 0}
			}
			vectors = append(vectors, v)
		}
		texts.Add(int64(len(vectors)))
		_ = json.NewEncoder(w).Encode(map[string]any{"embeddings": vectors})
	})
	server = httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, texts
}

func TestKnowledgeIsEmbeddedByOllama(t *testing.T) {
	server, texts := fakeOllama(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for name, text := range map[string]string{"a.md": "# Goods\n\nWhatever is sent back unused is paid back.\n", "b.md": "# Hours\n\nWe answer from 8 to 20.\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"OLLAMA_HOST": server.URL, "RESOLUTE_EMBEDDER": "ollama/nomic-embed-text"}
	command := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		if code := run(t.Context(), append(args, "--data", data), lookup, strings.NewReader(""), &out, &out); code != want {
			t.Fatalf("resolute %s: exit %d, want %d: %s", strings.Join(args, " "), code, want, &out)
		}
		return out.String()
	}
	command(0, "ingest", filepath.Join(dir, "a.md"), filepath.Join(dir, "b.md"))
	var found struct {
		Hits []struct{ Source string }
	}
	out := command(0, "search", "how do I return it", "--mode", "vector", "--json")
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Hits) != 1 || !strings.HasSuffix(found.Hits[0].Source, "a.md") {
		t.Errorf("vector search: %s, want a.md alone, as Ollama's vectors say", out)
	}
	if texts.Load() == 0 {
		t.Error("Ollama was asked for no vector")
	}

	for _, name := range []string{"ollama", "ollama/", "openai/ada"} {
		if out := command(2, "serve", "--embedder", name); !strings.Contains(out, "ollama/NAME") {
			t.Errorf("serve --embedder %s: %s, want what may be named", name, out)
		}
	}
}

// An embedder that can't be asked stops nothing else: documents are stored, words find them, and
// whoever looks is told.
func TestEverythingElseWorksWithoutOllama(t *testing.T) {
	server, _ := fakeOllama(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ host, model, want string }{
		"no server": {gone.URL, "nomic-embed-text", "ollama serve"},
		"no model":  {server.URL, "mxbai-embed-large", "ollama pull mxbai-embed-large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, well := newWorker(t, "well")
			p := served(t, workBundle("well"), "WELL_URL="+well, "OLLAMA_HOST="+c.host, "RESOLUTE_EMBEDDER=ollama/"+c.model)
			file := filepath.Join(p.dir, "a.md")
			if err := os.WriteFile(file, []byte("# Goods\n\nWhatever is sent back unused is paid back.\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := p.command("ingest", file); !strings.Contains(out, "1 documents imported") || !strings.Contains(out, c.want) {
				t.Errorf("ingest: %s, want the document stored, and %q", out, c.want)
			}
			p.serve()
			if out := p.command("search", "what is sent back"); !strings.Contains(out, "paid back") || !strings.Contains(out, "words alone answer") || !strings.Contains(out, c.want) {
				t.Errorf("search: %s, want what the words find, that words alone answer, and %q", out, c.want)
			}
			if out, err := p.try("search", "what is sent back", "--mode", "vector"); err == nil || !strings.Contains(out, c.want) {
				t.Errorf("search by vectors: error %v, %s; want a failure that says %q", err, out, c.want)
			}
			var state struct{ Status, Knowledge string }
			if code := p.do("GET", "/readyz", "", &state); code != http.StatusOK || state.Status != "ready" || !strings.Contains(state.Knowledge, c.want) {
				t.Errorf("/readyz: %d %+v, want 200, ready, and %q of the knowledge", code, state, c.want)
			}
			if log := p.log(); !strings.Contains(log, c.want) {
				t.Errorf("the log doesn't say %q: %s", c.want, log)
			}
		})
	}
}

// A server that comes late, goes and hangs, and what answers meanwhile.
func TestTheEmbedderComesAndGoes(t *testing.T) {
	server, texts := fakeOllama(t)
	var mode atomic.Value // of the server: down, short (vectors of other dimensions), hung, up
	mode.Store("down")
	released := make(chan struct{})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch m := mode.Load(); {
		case m == "down":
			panic(http.ErrAbortHandler)
		case m == "hung":
			<-released
		case m == "short" && strings.Contains(r.URL.Path, "embed"):
			fmt.Fprint(w, `{"embeddings":[[1,0]]}`)
		default:
			server.Config.Handler.ServeHTTP(w, r)
		}
	}))
	defer proxy.Close()
	defer close(released)
	dir := t.TempDir()
	open := func(name string) *kb.Base {
		t.Helper()
		opts, err := knowledgeOptions(name, embed.Builtin(), func(string) (string, bool) { return proxy.URL, true })
		if err != nil {
			t.Fatal(err)
		}
		opts.Retry, opts.Patience = time.Millisecond, 100*time.Millisecond
		b, err := kb.Open(dir, opts)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	find := func(b *kb.Base, mode kb.Mode, text string) (first kb.Hit) {
		t.Helper()
		hits, err := b.Search(t.Context(), kb.Query{Text: text, Mode: mode})
		if err != nil {
			t.Fatalf("%s search: %v", mode, err)
		}
		return append(hits, kb.Hit{})[0]
	}
	settled := func(b *kb.Base, embedder string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			s, err := b.State(t.Context())
			if err == nil && !s.Renewing && strings.HasPrefix(s.Answering, embedder) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%+v (error %v), want the vectors of %s to answer", s, err, embedder)
			}
		}
	}
	load := func(b *kb.Base, path, text string) {
		t.Helper()
		if report, err := b.Import(t.Context(), []kb.Source{{Path: path, Content: []byte(text)}}); err != nil || len(report.Failed) > 0 {
			t.Fatalf("import: %+v, error %v", report, err)
		}
	}

	b := open("builtin")
	load(b, "a.md", "# Goods\n\nWhatever is sent back unused is paid back.\n")
	load(b, "b.md", "# Hours\n\nWe answer the telephone from 8 to 20.\n")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = open("ollama/nomic-embed-text")
	if h := find(b, kb.Hybrid, "when can I call you by telephone"); h.DocumentID != "b" || h.VectorRank != 1 {
		t.Errorf("while the new embedder is down: %+v, want the old vectors to answer", h)
	}
	if said := b.Trouble(); !strings.Contains(said, "ollama serve") || !strings.Contains(said, embed.Builtin().Fingerprint()) {
		t.Errorf("Trouble: %q, want how to start it and which vectors answer", said)
	}
	load(b, "c.md", "# Returns\n\nThe penguin may return.\n")
	if h := find(b, kb.Hybrid, "penguin"); h.DocumentID != "c" {
		t.Errorf("what was imported meanwhile: %+v, want it found by its words", h)
	}
	mode.Store("up")
	settled(b, "ollama/nomic-embed-text/")
	if h := find(b, kb.Vector, "return it"); h.DocumentID != "a" && h.DocumentID != "c" {
		t.Errorf("once it is up: %+v, want what its vectors say", h)
	}
	if texts.Load() < 4 {
		t.Errorf("%d texts were embedded, want three documents and a query", texts.Load())
	}

	for _, fault := range []string{"down", "short", "hung"} {
		mode.Store(fault)
		if h := find(b, kb.Hybrid, "telephone"); h.DocumentID != "b" || h.VectorRank != 0 {
			t.Errorf("%s: %+v, want what words find", fault, h)
		}
		if said := b.Trouble(); !strings.Contains(said, "words alone answer") || !strings.Contains(said, "ollama/nomic-embed-text") {
			t.Errorf("%s: Trouble %q, want that words alone answer, and why", fault, said)
		}
		if fault != "hung" { // an import waits for what takes its time
			load(b, fault+".md", "# New\n\nWas imported while the server was "+fault+", return it.\n")
		}
		mode.Store("up")
		settled(b, "ollama/nomic-embed-text/")
		if find(b, kb.Hybrid, "telephone"); b.Trouble() != "" {
			t.Errorf("after %s: Trouble %q, want none", fault, b.Trouble())
		}
	}
	if hits, err := b.Search(t.Context(), kb.Query{Text: "return it", Mode: kb.Vector}); err != nil || len(hits) != 4 {
		t.Errorf("vectors of %d documents about returns (error %v), want 4: what was imported without its vector got it", len(hits), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	// From one model to none: the vectors that are stored can still be asked for.
	mode.Store("up")
	b = open("builtin")
	settled(b, embed.Builtin().Fingerprint())
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}
