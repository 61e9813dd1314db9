package hostile_test

import (
	"net/url"
	"testing"

	"resolute/agent"
	"resolute/agent/model/ollama"
	"resolute/agent/model/ollamatest"
)

// thinker asks the house's model over HTTP.
func thinker(t testing.TB, h *house) agent.Model {
	t.Helper()
	address, err := url.Parse(h.server.URL)
	must(t, err)
	c := ollama.New(ollama.Options{Address: address, Choice: func() ollama.Choice { return ollama.Choice{Name: ollamatest.DefaultModel} }, Parallel: max(h.together, 1), Now: h.clock})
	t.Cleanup(c.Close)
	return c
}
