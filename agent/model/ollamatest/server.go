package ollamatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// DefaultModel is what a server without Config.Models has.
const DefaultModel = "small"

// Config says what a server has and does.
type Config struct {
	Script  Script                       // what the models answer; nil: Smallest
	Models  []Model                      // nil: one of DefaultModel
	Version string                       // "0.17.4" if ""
	Old     bool                         // it knows format "json" alone, as servers before 0.5 did
	Pull    func(name string) Pulling    // what a pull comes to; nil: it arrives
	Embed   func(text string) []float64  // nil: a vector of the text's length
	Broken  func(path string) (code int) // an HTTP status to answer everything at path with; nil or 0: none
}

// Model is one that the server has.
type Model struct {
	Name    string // as it is asked for, with or without tag
	Context int    // its context length in tokens; 8,192 if 0
	Size    int64  // bytes
}

// Pulling is what becomes of a pull.
type Pulling struct {
	Total int64           // bytes of the layer that is fetched; 100 if 0
	Error string          // how it ends, after half of it; "": the model is there
	Wait  <-chan struct{} // after the first half; nil: none
}

// Server is an Ollama server on loopback.
type Server struct {
	URL string

	config Config
	http   *httptest.Server

	mu     sync.Mutex
	models []Model
	chats  []Chat
	pulls  []string
	loaded map[string]int // name → num_ctx
	loads  int
	now    int // chats that are being answered
	most   int
}

// Cleaner is a test, or whatever else ends.
type Cleaner interface{ Cleanup(func()) }

// Start begins to serve, until t ends.
func Start(t Cleaner, config Config) *Server {
	s := New(config)
	t.Cleanup(s.Close)
	return s
}

// New begins to serve; Close ends it.
func New(config Config) *Server {
	if config.Script == nil {
		config.Script = Smallest
	}
	if config.Models == nil {
		config.Models = []Model{{Name: DefaultModel}}
	}
	if config.Version == "" {
		config.Version = "0.17.4"
	}
	s := &Server{config: config, models: slices.Clone(config.Models), loaded: map[string]int{}}
	s.http = httptest.NewServer(s.handler())
	s.URL = s.http.URL
	return s
}

// Close drops the connections there are, and ends.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Chats are the requests so far, in the order they came in.
func (s *Server) Chats() []Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.chats)
}

// Pulls are the models that pulls asked for.
func (s *Server) Pulls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pulls)
}

// Loads is how often a model was loaded: first, and at each change of num_ctx.
func (s *Server) Loads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

// Most is how many chats were answered at once at most.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Ollama is running") })
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) { write(w, map[string]string{"version": s.config.Version}) })
	mux.HandleFunc("GET /api/tags", s.tags)
	mux.HandleFunc("GET /api/ps", s.ps)
	mux.HandleFunc("POST /api/show", s.show)
	mux.HandleFunc("POST /api/pull", s.pull)
	mux.HandleFunc("POST /api/embed", s.embed)
	mux.HandleFunc("POST /api/chat", s.chat)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.config.Broken != nil {
			if code := s.config.Broken(r.URL.Path); code != 0 {
				fail(w, code, http.StatusText(code))
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// model finds a model as Ollama does: without a tag it is the latest.
func (s *Server) model(name string) (Model, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.models {
		if tagged(m.Name) == tagged(name) {
			return m, true
		}
	}
	return Model{}, false
}

func tagged(name string) string {
	if strings.Contains(name[strings.LastIndexByte(name, '/')+1:], ":") {
		return name
	}
	return name + ":latest"
}

func (m Model) context() int {
	if m.Context == 0 {
		return 8192
	}
	return m.Context
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}

func notFound(w http.ResponseWriter, name string) {
	fail(w, http.StatusNotFound, fmt.Sprintf("model %q not found, try pulling it first", name))
}

// read reads a request, and answers it where it can't be read.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func (s *Server) embed(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model string
		Input []string
	}
	if !read(w, r, &asked) {
		return
	}
	if _, ok := s.model(asked.Model); !ok {
		notFound(w, asked.Model)
		return
	}
	vectors := make([][]float64, len(asked.Input))
	for i, text := range asked.Input {
		if vectors[i] = []float64{float64(len(text)), 1}; s.config.Embed != nil {
			vectors[i] = s.config.Embed(text)
		}
	}
	write(w, map[string]any{"model": asked.Model, "embeddings": vectors})
}
