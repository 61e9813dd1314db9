package tools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// Send makes one try of a call: at most one request on the wire.
func (r *Registry) Send(ctx context.Context, c casefile.Request) casefile.Answer {
	t, err := r.tool(c.Tool)
	if err != nil {
		return casefile.Answer{Outcome: casefile.OutcomeError, Code: CodeNoTool, Detail: err.Error()}
	}
	if protocol.Effect(t.Effect).Writes() && t.changed() {
		return casefile.Answer{Outcome: casefile.OutcomeError, Code: CodeManifestChanged,
			Detail: t.Name + " is not what it was when its manifest was pinned; nothing was sent. See what changed with `resolute manifest list`, then accept it, or apply a bundle that knows it"}
	}
	body, err := casefile.EncodeValue(map[string]any(c.Args))
	if err != nil {
		return casefile.Answer{Outcome: casefile.OutcomeError, Code: CodeArguments, Detail: "the arguments of " + t.Name + " aren't JSON: " + err.Error()}
	}
	h := maps.Clone(t.plugin.header)
	h["Content-Type"] = []string{"application/json"}
	for _, own := range [...]struct{ name, value string }{
		{protocol.HeaderIdempotencyKey, c.Key}, {protocol.HeaderCase, c.Case}, {protocol.HeaderStep, c.Step},
		{protocol.HeaderCallback, c.Callback}, {protocol.HeaderTraceparent, traceparent(c.Case, r.opts.Random())},
	} {
		if own.value != "" {
			h.Set(own.name, printable(own.value))
		}
	}
	rep, fail := t.plugin.link.do(ctx, c.Customer, t.timeout, &http.Request{
		Method: http.MethodPost, URL: t.url, Host: t.url.Host, Header: h, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)), // without GetBody: net/http can't send it a second time
	})
	if fail != nil {
		return t.unanswered(fail)
	}
	return t.answered(rep, r.opts.Now())
}

// Ask asks the plugin what became of the call with this idempotency key. Nothing but the plugin's
// own word makes it another outcome than unknown.
func (r *Registry) Ask(ctx context.Context, name, key string) casefile.Answer {
	t, err := r.tool(name)
	if err != nil {
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Code: CodeNoTool, Detail: err.Error()}
	}
	if !t.Operations || key == "" {
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Detail: "the plugin of " + t.Name + " can't tell what became of the call"}
	}
	u, err := operationURL(t.plugin.URL, key)
	if err != nil {
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Detail: "ask about " + t.Name + ": " + err.Error()}
	}
	rep, fail := t.plugin.link.do(ctx, "", t.timeout, &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: t.plugin.header})
	if fail != nil {
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Code: fail.code, Detail: clip("what became of " + t.Name + " can't be asked: " + fail.err.Error())}
	}
	return t.operation(rep, r.opts.Now())
}

func operationURL(base, key string) (*url.URL, error) {
	address, err := protocol.OperationURL(base, key)
	if err != nil {
		return nil, err
	}
	return url.Parse(address)
}

// traceparent is a W3C Trace Context header of one request. The trace is the case: its id without
// the hyphens, so that one finds the other.
func traceparent(caseID string, span uint64) string {
	trace, err := uuid.Parse(caseID)
	if err != nil || trace == uuid.Nil {
		sum := sha256.Sum256([]byte(caseID))
		trace = uuid.UUID(sum[:16])
	}
	if span == 0 {
		span = 1 // all zeros is not a span id
	}
	b := make([]byte, 0, 55)
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, trace[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, binary.BigEndian.AppendUint64(nil, span))
	return string(append(b, "-01"...))
}

// printable makes a header's value of s, whose names may come from a bundle.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}
