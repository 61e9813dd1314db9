package ollamatest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/ollama/ollama/api"
)

func (m Model) digest() string {
	sum := sha256.Sum256([]byte(m.Name))
	return hex.EncodeToString(sum[:])
}

func (s *Server) tags(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, m := range s.models {
		name := tagged(m.Name)
		list = append(list, map[string]any{"name": name, "model": name, "size": m.Size, "digest": m.digest(), "modified_at": time.Unix(0, 0).UTC()})
	}
	write(w, map[string]any{"models": list})
}

func (s *Server) ps(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, m := range s.models {
		if n, ok := s.loaded[tagged(m.Name)]; ok {
			name := tagged(m.Name)
			list = append(list, map[string]any{"name": name, "model": name, "size": m.Size, "digest": m.digest(), "context_length": n})
		}
	}
	write(w, map[string]any{"models": list})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	var asked api.ShowRequest
	if !read(w, r, &asked) {
		return
	}
	name := asked.Model
	m, ok := s.model(name)
	if !ok {
		notFound(w, name)
		return
	}
	write(w, map[string]any{
		"details":      map[string]any{"family": "llama", "parameter_size": "135M", "quantization_level": "Q4_1"},
		"model_info":   map[string]any{"general.architecture": "llama", "llama.context_length": m.context()},
		"capabilities": []string{"completion"},
	})
}

func (s *Server) pull(w http.ResponseWriter, r *http.Request) {
	var asked api.PullRequest
	if !read(w, r, &asked) {
		return
	}
	name := asked.Model
	s.mu.Lock()
	s.pulls = append(s.pulls, name)
	s.mu.Unlock()
	var p Pulling
	if s.config.Pull != nil {
		p = s.config.Pull(name)
	}
	if p.Total == 0 {
		p.Total = 100
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	line := func(v any) {
		_ = json.NewEncoder(w).Encode(v)
		_ = http.NewResponseController(w).Flush()
	}
	m := Model{Name: name, Size: p.Total}
	line(api.ProgressResponse{Status: "pulling manifest"})
	line(api.ProgressResponse{Status: "pulling " + m.digest()[:12], Digest: "sha256:" + m.digest(), Total: p.Total, Completed: p.Total / 2})
	if p.Wait != nil {
		select {
		case <-p.Wait:
		case <-r.Context().Done():
			return
		}
	}
	if p.Error != "" {
		line(map[string]string{"error": p.Error})
		return
	}
	line(api.ProgressResponse{Status: "pulling " + m.digest()[:12], Digest: "sha256:" + m.digest(), Total: p.Total, Completed: p.Total})
	line(api.ProgressResponse{Status: "verifying sha256 digest"})
	if _, ok := s.model(name); !ok {
		s.mu.Lock()
		s.models = append(s.models, m)
		s.mu.Unlock()
	}
	line(api.ProgressResponse{Status: "success"})
}
