package ollama

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/ollama/ollama/api"

	"resolute/agent"
	"resolute/agent/casefile"
)

// Codes of a casefile.ModelError, beside agent.ModelNone and agent.ModelBusy.
const (
	codeUnreachable = "unreachable" // no server answers
	codeMissing     = "missing"     // it has no such model
	codeMemory      = "memory"      // the model doesn't fit into its memory
	codeLoading     = "loading"     // it loads or fetches the model
	codeDropped     = "dropped"     // an answer began, and ended early
	codeRefused     = "refused"     // it won't answer this, however often it is asked
)

// fault is what kept the model from an answer.
type fault struct {
	code, detail string
	temporary    bool
}

func (f *fault) Error() string { return f.detail }

var (
	noModel = &fault{code: agent.ModelNone, detail: "no model is configured; name one with --model ollama/NAME or model.name in resolute.yaml"}
	errTurn = &fault{code: agent.ModelBusy, temporary: true, detail: "other cases had the model for as long as this one could wait; they go first"}
)

// dialing reports whether nobody took the request.
func dialing(err error) bool {
	var at *net.OpError
	return errors.As(err, &at) && at.Op == "dial"
}

// mostDetail is how much of a server's words is kept, in bytes.
const mostDetail = 300

// fault says what an error of the server's means for a model.
func (c *Client) fault(model string, err error) error {
	var own *fault
	if errors.As(err, &own) {
		return own
	}
	var status api.StatusError
	var refused api.AuthorizationError
	var address *url.Error
	switch at := c.address(); {
	case errors.As(err, &address) && dialing(address):
		return &fault{code: codeUnreachable, temporary: true, detail: fmt.Sprintf("no Ollama server answers at %s (%s): start it with: ollama serve, or name another in OLLAMA_HOST", at, words(address.Err.Error()))}
	case errors.As(err, &refused):
		return &fault{code: codeRefused, detail: fmt.Sprintf("Ollama at %s wants to know who asks; use a model that runs on it, or sign in there with: ollama signin", at)}
	case errors.As(err, &status):
		return c.faultOf(model, status)
	case outOfMemory(err.Error()):
		return c.memory(model, err.Error())
	}
	// an error line, or a connection that ended
	return &fault{code: codeDropped, temporary: true, detail: fmt.Sprintf("the answer of the model %s was dropped: Ollama at %s says: %s; its log may say why", model, c.address(), words(err.Error()))}
}

func (c *Client) faultOf(model string, status api.StatusError) error {
	text := status.ErrorMessage
	switch {
	case status.StatusCode == http.StatusNotFound && strings.Contains(text, "model"):
		return c.missing(model)
	case status.StatusCode == http.StatusServiceUnavailable || status.StatusCode == http.StatusTooManyRequests:
		return &fault{code: agent.ModelBusy, temporary: true, detail: fmt.Sprintf("Ollama at %s has too many requests waiting: %s", c.address(), words(text))}
	case outOfMemory(text):
		return c.memory(model, text)
	case status.StatusCode < http.StatusInternalServerError:
		return &fault{code: codeRefused, detail: fmt.Sprintf("Ollama at %s refuses what the model %s is asked: %s", c.address(), model, words(text))}
	}
	return &fault{code: codeDropped, temporary: true, detail: fmt.Sprintf("Ollama at %s failed to run the model %s: %s; its log may say why", c.address(), model, words(text))}
}

func (c *Client) missing(model string) *fault {
	if p := c.pulls.of(model); p != nil && p.running() {
		return &fault{code: codeLoading, temporary: true, detail: fmt.Sprintf("the model %s is being pulled: %s", model, p.progress())}
	}
	c.forget(model)
	return &fault{code: codeMissing, detail: fmt.Sprintf("Ollama at %s has no model %s; get it with: resolute model pull %s, or on the page Model", c.address(), model, model)}
}

func (c *Client) memory(model, text string) *fault {
	return &fault{code: codeMemory, temporary: true, detail: fmt.Sprintf("Ollama at %s has too little memory for the model %s: %s; free some, take a smaller model, or lower model.context in resolute.yaml", c.address(), model, words(text))}
}

func outOfMemory(text string) bool {
	text = strings.ToLower(text)
	for _, sign := range []string{"system memory", "out of memory", "cudamalloc failed", "unable to allocate", "failed to allocate", "cannot allocate memory", "signal: killed"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// schemaUnknown reports whether a server couldn't read the schema: before 0.5 it knew none, and later
// ones say of some that they are invalid.
func schemaUnknown(err error) bool {
	if err == nil {
		return false
	}
	for _, sign := range []string{"field ChatRequest.format of type string", "invalid JSON schema in format", "failed to parse grammar", "failed to load model vocabulary required for format"} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}

// explain gives what the engine is told. Where time was over, the server is asked how it is.
func (c *Client) explain(ctx context.Context, m Choice, err error) *casefile.ModelError {
	var f *fault
	var late *timeout
	switch {
	case errors.As(err, &late) && errors.Is(ctx.Err(), context.Canceled): // whoever asked is gone, and waits for nothing more
		f = &fault{code: codeDropped, temporary: true, detail: "the question was broken off"}
	case late != nil:
		f = c.late(context.WithoutCancel(ctx), m, late)
	default:
		errors.As(c.fault(m.Name, err), &f)
	}
	return &casefile.ModelError{Code: f.code, Detail: f.detail, Temporary: f.temporary}
}

// late tells a model that is slow from one that is being loaded, and both from a server that hangs.
func (c *Client) late(ctx context.Context, m Choice, t *timeout) *fault {
	if t.began {
		return &fault{code: codeDropped, temporary: true, detail: fmt.Sprintf("the model %s was still answering when the time for it was over: take a smaller one, or a faster machine", m.Name)}
	}
	ctx, cancel := context.WithTimeout(ctx, probing)
	defer cancel()
	if _, err := c.api.List(ctx); err != nil {
		return c.hangs()
	}
	return &fault{code: codeLoading, temporary: true, detail: fmt.Sprintf("Ollama at %s is up, and the model %s said nothing in time: it is being loaded, or reads slowly; it is asked again, and if that doesn't help, take a smaller model", c.address(), m.Name)}
}

func (c *Client) hangs() *fault {
	return &fault{code: codeUnreachable, temporary: true, detail: fmt.Sprintf("Ollama at %s hangs: it accepts requests and answers none, not even which models it has; start it anew", c.address())}
}

// words are of a server, cut to what a page can show.
func words(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > mostDetail {
		text = strings.ToValidUTF8(text[:mostDetail], "") + "…"
	}
	return text
}
