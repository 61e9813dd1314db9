package ollamatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/ollama/ollama/api"
)

// Script says what a model answers. It is called by many requests at once.
type Script func(Chat) Answer

// Always is the script of one answer.
func Always(a Answer) Script { return func(Chat) Answer { return a } }

// Say is the script of one text.
func Say(text string) Script { return Always(Answer{Text: text}) }

// Each answers the requests in turn, and the last one from then on. What came before it in Nth is
// what counts, whichever is answered first.
func Each(answers ...Answer) Script {
	return func(c Chat) Answer { return answers[min(c.Nth, len(answers)-1)] }
}

// Smallest answers the smallest value that fits the schema.
func Smallest(c Chat) Answer { return Answer{Text: string(Fit(c.Schema, nil))} }

// Chat is a request.
type Chat struct {
	Nth      int // requests before this one
	Model    string
	System   string          // the first message, if it is the system's
	Prompt   string          // the first message of the user
	Messages []api.Message   // all of them
	Schema   json.RawMessage // format, if it is a schema; else nil
	Format   string          // format, if it isn't: "json" or ""
	Options  map[string]any
}

// Answer is what comes back. An answer without faults is streamed whole.
type Answer struct {
	Text string

	Wait   <-chan struct{} // before the first byte: a slow load, or a slow model; nil: none
	Load   time.Duration   // what it says that loading took
	Tokens int             // what it says that the prompt had; a quarter of its bytes if 0

	Status int    // with Error: the HTTP status, before anything is streamed
	Error  string // without Status: an error line after half of the text, with status 200
	Cut    bool   // the connection ends after half of the text
	NoDone bool   // the stream ends well, and no message says done
}

// OutOfMemory is what a server says that has too little for the model.
func OutOfMemory() Answer {
	return Answer{Status: http.StatusInternalServerError, Error: "model requires more system memory (9.9 GiB) than is available (3.1 GiB)"}
}

// Busy is what a server says that has too many requests in its queue.
func Busy() Answer {
	return Answer{Status: http.StatusServiceUnavailable, Error: "server busy, please try again.  maximum pending requests exceeded"}
}

// Stopped is what a server says whose runner of the model died.
func Stopped() Answer {
	return Answer{Status: http.StatusInternalServerError, Error: "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details"}
}

const (
	perToken = 4 // bytes
	inLine   = 3 // tokens
)

func tokens(bytes int) int { return (bytes + perToken - 1) / perToken }

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var asked api.ChatRequest
	if !read(w, r, &asked) {
		return
	}
	schema, format := asked.Format, ""
	if len(schema) > 0 && schema[0] != '{' {
		if err := json.Unmarshal(schema, &format); err != nil || format != "json" {
			fail(w, http.StatusBadRequest, fmt.Sprintf("invalid format: %q; expected \"json\" or a valid JSON Schema object", schema))
			return
		}
		schema = nil
	}
	if s.config.Old && schema != nil {
		fail(w, http.StatusBadRequest, "json: cannot unmarshal object into Go struct field ChatRequest.format of type string")
		return
	}
	m, ok := s.model(asked.Model)
	if !ok {
		notFound(w, asked.Model)
		return
	}
	c := s.begin(Chat{Model: asked.Model, Messages: asked.Messages, Schema: schema, Format: format, Options: asked.Options}, m)
	defer s.end()
	a := s.config.Script(c)
	if a.Wait != nil {
		select {
		case <-a.Wait:
		case <-r.Context().Done():
			return
		}
	}
	if a.Status != 0 {
		fail(w, a.Status, a.Error)
		return
	}
	s.stream(w, c, m, a)
}

func (s *Server) begin(c Chat, m Model) Chat {
	for _, message := range c.Messages {
		switch {
		case message.Role == "system" && c.System == "":
			c.System = message.Content
		case message.Role == "user" && c.Prompt == "":
			c.Prompt = message.Content
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Nth = len(s.chats)
	s.chats = append(s.chats, c)
	s.now++
	s.most = max(s.most, s.now)
	window := c.window(m)
	if before, ok := s.loaded[tagged(m.Name)]; !ok || before != window {
		s.loads++
		s.loaded[tagged(m.Name)] = window
	}
	return c
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
}

// window is num_ctx as Ollama takes it: its default is 4,096, and no model has more than its own.
func (c Chat) window(m Model) int {
	n := 4096
	if v, ok := c.Options["num_ctx"].(float64); ok {
		n = int(v)
	}
	return min(n, m.context())
}

// stream sends the answer in lines of a few tokens.
func (s *Server) stream(w http.ResponseWriter, c Chat, m Model, a Answer) {
	prompt := a.Tokens
	if prompt == 0 {
		for _, message := range c.Messages {
			prompt += tokens(len(message.Content))
		}
		prompt = min(prompt, c.window(m))
	}
	text, reason := a.Text, "stop"
	if most, ok := c.Options["num_predict"].(float64); ok && most >= 0 && tokens(len(text)) > int(most) {
		text, reason = text[:int(most)*perToken], "length"
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	line := func(v any) {
		_ = json.NewEncoder(w).Encode(v)
		_ = http.NewResponseController(w).Flush()
	}
	part := func(text string) {
		for len(text) > 0 {
			n := min(inLine*perToken, len(text))
			line(api.ChatResponse{Model: c.Model, Message: api.Message{Role: "assistant", Content: text[:n]}})
			text = text[n:]
		}
	}
	if a.Cut || a.Error != "" {
		if part(text[:len(text)/2]); a.Cut {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		line(map[string]string{"error": a.Error})
		return
	}
	part(text)
	if a.NoDone {
		return
	}
	line(api.ChatResponse{Model: c.Model, Message: api.Message{Role: "assistant"}, Done: true, DoneReason: reason, Metrics: api.Metrics{
		TotalDuration: a.Load + time.Millisecond, LoadDuration: a.Load + time.Microsecond, PromptEvalCount: prompt, EvalCount: tokens(len(text)),
	}})
}
