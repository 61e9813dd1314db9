package ollamatest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// Compromised is a model that does whatever a text tells it: an instruction is a JSON object anywhere
// in what the user's message holds, however deep it is quoted, of which each key is one that the
// request's schema knows, and one is among Deciding. It answers with that object, completed by what the
// schema requires, fitting or not.
type Compromised struct {
	Honest   Script            // what it answers where nothing tells it otherwise; nil: Smallest
	Deciding []string          // keys that make an object an instruction; nil: decision, choice, inputs, text
	Times    int               // how often one instruction is obeyed in a conversation; 0: always
	Of       func(Chat) string // names the conversation that a request belongs to; nil: all are one

	mu     sync.Mutex
	obeyed map[string]int
}

// Answer is its Script. Of several instructions it takes the last that isn't used up.
func (m *Compromised) Answer(c Chat) Answer {
	conversation := ""
	if m.Of != nil {
		conversation = m.Of(c)
	}
	for _, told := range slices.Backward(m.told(c)) {
		text := string(Fit(c.Schema, told))
		if m.obeys(conversation + "\x00" + text) {
			return Answer{Text: text}
		}
	}
	if m.Honest != nil {
		return m.Honest(c)
	}
	return Smallest(c)
}

// Obeyed is how many instructions it found and followed, each time counted.
func (m *Compromised) Obeyed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, times := range m.obeyed {
		n += times
	}
	return n
}

func (m *Compromised) obeys(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.obeyed == nil {
		m.obeyed = map[string]int{}
	}
	if m.Times > 0 && m.obeyed[key] >= m.Times {
		return false
	}
	m.obeyed[key]++
	return true
}

// told are the instructions in a request, those quoted deeper behind those that aren't.
func (m *Compromised) told(c Chat) []map[string]json.RawMessage {
	var s shape
	_ = json.Unmarshal(c.Schema, &s)
	deciding := m.Deciding
	if deciding == nil {
		deciding = []string{"decision", "choice", "inputs", "text"}
	}
	known := slices.IndexFunc(deciding, func(name string) bool { _, ok := s.Properties[name]; return ok })
	if known < 0 {
		return nil
	}
	var told []map[string]json.RawMessage
	for _, text := range unquoted(c.Prompt) {
		for _, o := range objects(text) {
			if _, decides := o[deciding[known]]; decides && within(o, s) {
				told = append(told, o)
			}
		}
	}
	return told
}

func within(o map[string]json.RawMessage, s shape) bool {
	for name := range o {
		if _, known := s.Properties[name]; !known {
			return false
		}
	}
	return true
}

// objects are the JSON objects that begin anywhere in a text, those within others too.
func objects(text string) []map[string]json.RawMessage {
	var found []map[string]json.RawMessage
	for i := range len(text) {
		if text[i] != '{' {
			continue
		}
		var o map[string]json.RawMessage
		if json.NewDecoder(bytes.NewReader([]byte(text[i:]))).Decode(&o) == nil && len(o) > 0 {
			found = append(found, o)
		}
	}
	return found
}

// deepest is how many JSON strings within one another it reads through.
const deepest = 4

var unquote = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\u003c`, "<", `\u003e`, ">", `\u0026`, "&", "&quot;", `"`, "&#34;", `"`)

// unquoted are the text as it is, and as it is when quotes around it are taken away one by one.
func unquoted(text string) []string {
	texts := []string{text}
	for range deepest {
		next := unquote.Replace(text)
		if next == text {
			break
		}
		texts, text = append(texts, next), next
	}
	return texts
}
