// Package protocol holds what a plugin server and resolute say to each other: the manifest, the
// headers of a call, and the bodies that answer it. It imports nothing of ours, so that a plugin
// can be written against it alone.
//
// A plugin is an HTTP server. GET {base}/manifest describes its tools, POST {base}/tools/{name}
// calls one, and GET {base}/operations/{idempotency_key} tells how a call that was sent earlier
// ended.
package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// Headers of a call.
const (
	HeaderIdempotencyKey = "Idempotency-Key"   // writes only; the same for every try of one call
	HeaderCase           = "Resolute-Case"     // id of the case that the call serves
	HeaderStep           = "Resolute-Step"     // name of the step within the case
	HeaderCallback       = "Resolute-Callback" // where an asynchronous tool posts its CallbackBody
	HeaderTraceparent    = "traceparent"       // W3C Trace Context
)

// MaxAnswer is the largest answer that is read, in bytes; a longer one counts as garbage.
const MaxAnswer = 1 << 20

// Effect is what calling a tool does to the world.
type Effect string

// The effects, from harmless to final.
const (
	Read         Effect = "read"
	Write        Effect = "write"
	Irreversible Effect = "irreversible"
)

// Writes reports whether a call with this effect changes anything. What is unknown does.
func (e Effect) Writes() bool { return e != Read }

// Valid reports whether e is one of the three effects.
func (e Effect) Valid() bool { return e == Read || e == Write || e == Irreversible }

// Manifest is the answer of GET {base}/manifest.
type Manifest struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Tools      []Tool `json:"tools"`
	Operations bool   `json:"operations"` // whether GET {base}/operations/{key} settles unknown outcomes
}

// Tool describes one callable operation. Schemas are JSON Schema 2020-12.
type Tool struct {
	Name         string          `json:"name"`
	Title        string          `json:"title,omitempty"`
	Description  string          `json:"description,omitempty"`
	InputSchema  json.RawMessage `json:"input_schema"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	Effect       Effect          `json:"effect"`
	Idempotent   bool            `json:"idempotent"`           // the same key again does nothing again
	Async        bool            `json:"async"`                // may answer 202 and deliver its result later
	TimeoutMS    int             `json:"timeout_ms,omitempty"` // longest time to an answer, in milliseconds
}

// ErrManifest is wrapped by what Manifest.Validate reports.
var ErrManifest = errors.New("the manifest breaks the plugin protocol")

// Validate reports the first thing in m that the protocol doesn't allow.
func (m Manifest) Validate() error {
	if m.Name == "" {
		return fmt.Errorf("%w: it has no name", ErrManifest)
	}
	seen := map[string]bool{}
	for i, t := range m.Tools {
		switch {
		case t.Name == "":
			return fmt.Errorf("%w: tool %d has no name", ErrManifest, i)
		case seen[t.Name]:
			return fmt.Errorf("%w: tool %s is there twice", ErrManifest, t.Name)
		case !t.Effect.Valid():
			return fmt.Errorf("%w: effect of tool %s is %q, not read, write or irreversible", ErrManifest, t.Name, t.Effect)
		case t.TimeoutMS < 0:
			return fmt.Errorf("%w: timeout_ms of tool %s is negative", ErrManifest, t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

// Accepted is the body of a 202: the result comes later, under this operation.
type Accepted struct {
	Operation string `json:"operation"`
}

// CallbackBody is what an asynchronous tool posts to the URL of HeaderCallback: a result or a
// problem, never both.
type CallbackBody struct {
	IdempotencyKey string          `json:"idempotency_key"`
	Result         json.RawMessage `json:"result,omitempty"`
	Error          *Problem        `json:"error,omitempty"`
}

// OperationStatus is how far an operation is.
type OperationStatus string

// The states of an operation.
const (
	OperationDone    OperationStatus = "done"
	OperationPending OperationStatus = "pending"
	OperationFailed  OperationStatus = "failed"
)

// Operation is the answer of GET {base}/operations/{idempotency_key}. A key that was never seen is
// answered with 404.
type Operation struct {
	Status OperationStatus `json:"status"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Problem        `json:"error,omitempty"`
}

// ContentProblem is the media type of a Problem.
const ContentProblem = "application/problem+json"

// CodeIdempotencyMismatch is the Problem code of a 422 for a known key with other arguments.
const CodeIdempotencyMismatch = "idempotency_mismatch"

// Problem is an RFC 9457 problem document; Code is the business's own word for a refusal.
type Problem struct {
	Type     string `json:"type,omitempty"`
	Title    string `json:"title,omitempty"`
	Status   int    `json:"status,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	Code     string `json:"code,omitempty"`
}

// Error says the problem in one line.
func (p *Problem) Error() string {
	switch {
	case p.Code != "" && p.Detail != "":
		return p.Code + ": " + p.Detail
	case p.Detail != "":
		return p.Detail
	case p.Title != "":
		return p.Title
	}
	return fmt.Sprintf("status %d", p.Status)
}

// ManifestURL, ToolURL and OperationURL give the addresses of a plugin whose base is base.
func ManifestURL(base string) (string, error) { return url.JoinPath(base, "manifest") }

// ToolURL is where the tool called name is called.
func ToolURL(base, name string) (string, error) {
	return url.JoinPath(base, "tools", url.PathEscape(name))
}

// OperationURL is where the outcome of the call with this idempotency key is asked.
func OperationURL(base, key string) (string, error) {
	return url.JoinPath(base, "operations", url.PathEscape(key))
}
