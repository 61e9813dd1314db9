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
)

// An Ollama server of one model, for which a text is about returns or about nothing.
func fakeOllama(t *testing.T) (server *httptest.Server, texts *atomic.Int64) {
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

	env["RESOLUTE_EMBEDDER"] = "ollama/mxbai-embed-large"
	if out := command(1, "search", "x"); !strings.Contains(out, "ollama pull mxbai-embed-large") {
		t.Errorf("a model that Ollama lacks: %s, want how to get it", out)
	}
	if out := command(1, "serve", "--addr", "127.0.0.1:0"); !strings.Contains(out, "ollama pull mxbai-embed-large") {
		t.Errorf("serve with a model that Ollama lacks: %s, want how to get it", out)
	}
	server.Close()
	if out := command(1, "serve", "--addr", "127.0.0.1:0"); !strings.Contains(out, "ollama serve") || !strings.Contains(out, server.URL) {
		t.Errorf("serve without Ollama: %s, want its address and how to start it", out)
	}
	for _, name := range []string{"ollama", "ollama/", "openai/ada"} {
		if out := command(2, "serve", "--embedder", name); !strings.Contains(out, "ollama/NAME") {
			t.Errorf("serve --embedder %s: %s, want what may be named", name, out)
		}
	}
}
