package embed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/embed"
)

// ollama speaks as much of Ollama's API as an embedder asks of it: one model, whose vectors say how
// long a text is.
type ollama struct {
	*httptest.Server
	mu     sync.Mutex
	asked  [][]string
	digest string
	vector func(text string) []float64
	answer func(w http.ResponseWriter, texts []string) bool // true if it answered itself
}

func newOllama(t *testing.T) *ollama {
	o := &ollama{digest: "0a109f422b47e3a30ba2b10eca18548e944e8a23073ee3f3e947efcf3c45e59f",
		vector: func(text string) []float64 { return []float64{float64(len(text)), 3, 0, 4} }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"models": []any{map[string]any{"name": "nomic-embed-text:latest", "digest": o.digest}, map[string]any{"name": "llama3:8b", "digest": "ffff"}}})
	})
	mux.HandleFunc("POST /api/embed", func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Model string
			Input []string
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Model != "nomic-embed-text" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"error":"model %q not found, try pulling it first"}`, request.Model)
			return
		}
		o.mu.Lock()
		o.asked = append(o.asked, request.Input)
		o.mu.Unlock()
		if o.answer != nil && o.answer(w, request.Input) {
			return
		}
		vectors := [][]float64{}
		for _, text := range request.Input {
			vectors = append(vectors, o.vector(text))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"model": request.Model, "embeddings": vectors})
	})
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

func (o *ollama) open(t *testing.T, opts embed.OllamaOptions) *embed.Ollama {
	t.Helper()
	opts.Host = o.URL
	e, err := embed.OpenOllama(t.Context(), "nomic-embed-text", opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOllamaEmbedsInBatchesWithProgress(t *testing.T) {
	o := newOllama(t)
	var progress []string
	e := o.open(t, embed.OllamaOptions{Batch: 3, Progress: func(done, total int) { progress = append(progress, fmt.Sprintf("%d/%d", done, total)) }})
	if e.Dimensions() != 4 || e.Fingerprint() != "ollama/nomic-embed-text/0a109f422b47/4" {
		t.Errorf("dimensions %d, fingerprint %q, want 4 and the model with its digest", e.Dimensions(), e.Fingerprint())
	}
	o.asked = nil
	vectors, err := e.Embed(t.Context(), []string{"a", "  \n", "ccc", "dddd", "eeeee", "ffffff", "g"})
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]string{{"a", "ccc"}, {"dddd", "eeeee", "ffffff"}, {"g"}}; fmt.Sprint(o.asked) != fmt.Sprint(want) {
		t.Errorf("asked for %q, want %q: batches of 3, blank texts left out", o.asked, want)
	}
	if want := []string{"3/7", "6/7", "7/7"}; !slices.Equal(progress, want) {
		t.Errorf("progress %q, want %q", progress, want)
	}
	if len(vectors) != 7 {
		t.Fatalf("%d vectors, want 7", len(vectors))
	}
	for i, n := range map[int]float64{0: 1, 2: 3, 5: 6, 6: 1} {
		length := math.Sqrt(n*n + 25)
		if v := vectors[i]; math.Abs(float64(v[0])-n/length) > 1e-6 || math.Abs(float64(v[3])-4/length) > 1e-6 {
			t.Errorf("text %d: vector %v, want that of a text of %v bytes, of length 1", i, v, n)
		}
	}
	if v := vectors[1]; cosine(v, v) != 0 || len(v) != 4 {
		t.Errorf("a blank text: vector %v, want zeros", v)
	}
}

func TestOllamaSaysWhatIsMissing(t *testing.T) {
	o := newOllama(t)
	_, err := embed.OpenOllama(t.Context(), "mxbai-embed-large", embed.OllamaOptions{Host: o.URL})
	if !errors.Is(err, embed.ErrNoModel) || !strings.Contains(fmt.Sprint(err), "ollama pull mxbai-embed-large") {
		t.Errorf("a model that isn't there: error %v, want ErrNoModel with how to get it", err)
	}
	o.Close()
	_, err = embed.OpenOllama(t.Context(), "nomic-embed-text", embed.OllamaOptions{Host: o.URL})
	if !errors.Is(err, embed.ErrNoOllama) || !strings.Contains(fmt.Sprint(err), o.URL) || !strings.Contains(fmt.Sprint(err), "ollama serve") {
		t.Errorf("no server: error %v, want ErrNoOllama with its address and how to start it", err)
	}
	for _, host := range []string{"ftp://here", "http://", "http://a b"} {
		if _, err := embed.OpenOllama(t.Context(), "m", embed.OllamaOptions{Host: host}); err == nil || !strings.Contains(err.Error(), "OLLAMA_HOST") {
			t.Errorf("host %q: error %v, want one that names OLLAMA_HOST", host, err)
		}
	}
}

func TestOllamaErrorsWhileEmbedding(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, texts []string) bool
		want   string
	}{
		"removed meanwhile": {func(w http.ResponseWriter, _ []string) bool {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":"model not found"}`)
			return true
		}, "ollama pull nomic-embed-text"},
		"out of memory": {func(w http.ResponseWriter, _ []string) bool {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"error":"model requires more system memory"}`)
			return true
		}, "more system memory"},
		"too few vectors": {func(w http.ResponseWriter, _ []string) bool {
			fmt.Fprint(w, `{"embeddings":[[1,2,3,4]]}`)
			return true
		}, "1 vectors for 2 texts"},
		"other dimensions": {func(w http.ResponseWriter, _ []string) bool {
			fmt.Fprint(w, `{"embeddings":[[1,2],[1,2]]}`)
			return true
		}, "2 values"},
		"dropped connection": {func(http.ResponseWriter, []string) bool { panic(http.ErrAbortHandler) }, "ollama serve"},
		"no JSON": {func(w http.ResponseWriter, _ []string) bool {
			fmt.Fprint(w, `<html>`)
			return true
		}, "ollama/nomic-embed-text"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOllama(t)
			e := o.open(t, embed.OllamaOptions{})
			o.answer = c.answer
			if _, err := e.Embed(t.Context(), []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestOllamaEndsWithItsContextAndItsTime(t *testing.T) {
	o := newOllama(t)
	released := make(chan struct{})
	defer close(released)
	e := o.open(t, embed.OllamaOptions{})
	hurried := o.open(t, embed.OllamaOptions{Within: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	o.answer = func(http.ResponseWriter, []string) bool {
		cancel()
		<-released
		return true
	}
	if _, err := e.Embed(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while it waits: error %v, want context.Canceled", err)
	}
	if _, err := hurried.Embed(t.Context(), []string{"a"}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "ollama/nomic-embed-text") {
		t.Errorf("past its time: error %v, want the deadline and the embedder's name", err)
	}
}

// A text that the server refuses costs no others, and one that is too long for the model is cut.
func TestOllamaRefusesSomeTexts(t *testing.T) {
	o := newOllama(t)
	e := o.open(t, embed.OllamaOptions{})
	refuse := func(w http.ResponseWriter, status int, detail string) bool {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":%q}`, detail)
		return true
	}
	o.answer = func(w http.ResponseWriter, texts []string) bool {
		for _, text := range texts {
			if len(text) > 300 {
				return refuse(w, http.StatusBadRequest, "the input length exceeds the context length")
			}
		}
		return false
	}
	vectors, err := e.Embed(t.Context(), []string{"a", "bb", strings.Repeat("é", 500), "dddd"})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []float64{1, 2, 250, 4} {
		if v := vectors[i]; math.Abs(float64(v[0])-n/math.Sqrt(n*n+25)) > 1e-6 {
			t.Errorf("text %d: vector %v, want that of a text of %v bytes", i, v, n)
		}
	}
	o.answer = func(w http.ResponseWriter, texts []string) bool {
		return slices.Contains(texts, "bad") && refuse(w, http.StatusInternalServerError, "can't tokenize")
	}
	if _, err := e.Embed(t.Context(), []string{"a", "bad", "c"}); err == nil || !strings.Contains(err.Error(), "can't tokenize") {
		t.Errorf("a text that no request gets through: error %v, want the server's", err)
	}
}

func TestOllamaFingerprintNamesItsModel(t *testing.T) {
	for fingerprint, want := range map[string]string{"ollama/nomic-embed-text/0a109f422b47/768": "nomic-embed-text", "ollama/hf.co/a/b:q8/0a109f422b47/4": "hf.co/a/b:q8", "static/1": "", "ollama/x": ""} {
		if got, ok := embed.OllamaModel(fingerprint); got != want || ok != (want != "") {
			t.Errorf("OllamaModel(%q) = %q, %v; want %q", fingerprint, got, ok, want)
		}
	}
}

// TestRealOllama asks a server for a model that RESOLUTE_TEST_OLLAMA names.
func TestRealOllama(t *testing.T) {
	model := os.Getenv("RESOLUTE_TEST_OLLAMA")
	if model == "" {
		t.Skip("RESOLUTE_TEST_OLLAMA names no model of an Ollama server")
	}
	opts := embed.OllamaOptions{Host: os.Getenv("OLLAMA_HOST"), Batch: 4}
	e, err := embed.OpenOllama(t.Context(), model, opts)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := e.Embed(t.Context(), []string{
		"How do I send it back?", "Articles can be returned within 30 days.", "The warehouse is closed on Sundays.",
		"", "?!", "日本語 🙂", strings.Repeat("all about parcels and returns. ", 3000),
	})
	if err != nil {
		t.Fatal(err)
	}
	if near, far := cosine(vectors[0], vectors[1]), cosine(vectors[0], vectors[2]); near <= far {
		t.Errorf("a question is %.3f like its answer and %.3f like another passage", near, far)
	}
	for i, v := range vectors {
		if length := math.Sqrt(cosine(v, v)); len(v) != e.Dimensions() || i != 3 && math.Abs(length-1) > 1e-3 {
			t.Errorf("text %d: %d values of length %v, want %d of length 1", i, len(v), length, e.Dimensions())
		}
	}
	if _, err := embed.OpenOllama(t.Context(), "no-such-model", opts); !errors.Is(err, embed.ErrNoModel) {
		t.Errorf("a model that isn't there: error %v, want ErrNoModel", err)
	}
}
