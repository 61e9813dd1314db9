package ollama

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ollama/ollama/api"

	"resolute/agent/casefile"
	"resolute/agent/model/tokens"
)

const (
	aroundMessage = 8   // tokens that a chat template puts around a message, at most
	aroundAll     = 16  // and around all
	warm          = 0.8 // temperature of the samples behind the first, which is the likeliest answer
	mostText      = 64 << 10
)

// fits reports a question that the window may have no room for, with its answer.
func fits(ask casefile.Consult, window int) error {
	prompt := aroundAll
	for _, m := range messages(ask) {
		prompt += aroundMessage + tokens.Bound(m.Content)
	}
	if prompt+ask.Tokens <= window {
		return nil
	}
	return &fault{code: codeRefused, detail: fmt.Sprintf("what it is asked takes up to %d tokens and its answer up to %d, and its context has room for %d: raise model.context in resolute.yaml if the model has more, take one with a longer context, or shorten the prompt %s", prompt, ask.Tokens, window, ask.Source)}
}

// messages are what a question says, what stays the same first.
func messages(ask casefile.Consult) []api.Message {
	list := []api.Message{{Role: "system", Content: ask.System}, {Role: "user", Content: ask.Prompt}}
	if ask.System == "" {
		list = list[1:]
	}
	if r := ask.Repair; r != nil {
		list = append(list, api.Message{Role: "assistant", Content: r.Answer},
			api.Message{Role: "user", Content: "That answer can't be used: " + r.Wrong + "\nAnswer again, whole, with that corrected."})
	}
	return list
}

// request is that of one sample. A sample's seed is its number, so that a server gives the same
// answers again.
func (c *Client) request(model string, window int, f facts, ask casefile.Consult, sample int) *api.ChatRequest {
	no := false
	options := map[string]any{"num_ctx": window, "num_predict": ask.Tokens, "seed": sample, "temperature": 0.0}
	if sample > 0 {
		options["temperature"] = warm
	}
	if c.opts.Threads > 0 {
		options["num_thread"] = c.opts.Threads
	}
	r := &api.ChatRequest{Model: model, Messages: messages(ask), Format: ask.Schema, Options: options,
		Truncate: &no, Shift: &no} // older servers know neither, and cut
	if f.thinks {
		r.Think = &api.ThinkValue{Value: false} // its thoughts would take what the answer needs
	}
	return r
}

// sample makes a request. A stream that is dropped is asked for once more, at once; of a server that
// knows no schema, JSON is asked for.
func (c *Client) sample(ctx context.Context, r *api.ChatRequest, window int) (casefile.ModelAnswer, error) {
	a, err := c.chat(ctx, r, window)
	if schemaUnknown(err) {
		r = schemaless(r)
		a, err = c.chat(ctx, r, window)
	}
	if f, ok := errors.AsType[*fault](err); ok && f.code == codeDropped && ctx.Err() == nil {
		a, err = c.chat(ctx, r, window)
	}
	return a, err
}

// schemaless asks for JSON, and says in words what it has to fit.
func schemaless(r *api.ChatRequest) *api.ChatRequest {
	plain := *r
	plain.Format = json.RawMessage(`"json"`)
	plain.Messages = slices.Clone(r.Messages)
	last := &plain.Messages[len(plain.Messages)-1]
	last.Content += "\n\nAnswer with one JSON object that fits this JSON Schema, and nothing else:\n" + string(r.Format)
	return &plain
}

// chat makes a request and reads its stream to the end.
func (c *Client) chat(ctx context.Context, r *api.ChatRequest, window int) (casefile.ModelAnswer, error) {
	began := c.opts.Now()
	var text strings.Builder
	var last api.ChatResponse
	err := c.api.Chat(ctx, r, func(part api.ChatResponse) error {
		last = part
		if text.WriteString(part.Message.Content); text.Len() > mostText {
			return &fault{code: codeRefused, detail: fmt.Sprintf("the model %s answered more than 64 KiB where a few hundred tokens were asked for; the server ignores num_predict, so use a newer one", r.Model)}
		}
		return nil
	})
	switch {
	case ctx.Err() != nil: // the client may give no error then
		return casefile.ModelAnswer{}, &timeout{began: text.Len() > 0}
	case err != nil:
		return casefile.ModelAnswer{}, c.fault(r.Model, err)
	case !last.Done:
		return casefile.ModelAnswer{}, &fault{code: codeDropped, temporary: true, detail: fmt.Sprintf("the answer of the model %s ended before it was done; the log of Ollama at %s may say why", r.Model, c.address())}
	}
	a := casefile.ModelAnswer{Text: text.String(), PromptTokens: last.PromptEvalCount, Tokens: last.EvalCount,
		LoadMS: last.LoadDuration.Milliseconds(), DurationMS: c.opts.Now().Sub(began).Milliseconds()}
	most, _ := r.Options["num_predict"].(int)
	a.Cut = last.DoneReason == "length" || last.DoneReason == "" && last.EvalCount >= most // older servers give no reason
	if a.PromptTokens >= window {
		return casefile.ModelAnswer{}, &fault{code: codeRefused, detail: fmt.Sprintf("what the model %s was asked takes more than the %d tokens of its context, and Ollama cut it, so its answer is worth nothing: raise model.context in resolute.yaml if the model has more, or shorten the prompt", r.Model, window)}
	}
	if a.PromptTokens <= 0 { // older servers don't count what they had kept
		a.PromptTokens = 0
		for _, m := range r.Messages {
			a.PromptTokens += tokens.Bound(m.Content)
		}
	}
	if a.Tokens <= 0 && a.Text != "" { // limits count on it
		a.Tokens = tokens.Bound(a.Text)
	}
	return a, nil
}

// timeout is a request whose time was over.
type timeout struct{ began bool } // there was a part of the answer

func (t *timeout) Error() string { return "its time was over" }

// probing is how long the server is asked how it is, when it gave no answer in time.
const probing = 3 * time.Second
