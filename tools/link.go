package tools

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Codes of answers that the plugin didn't give itself.
const (
	CodeGarbage         = "garbage"           // an answer that can't be read, or doesn't fit the output schema
	CodeNoAnswer        = "no-answer"         // cut, or past the timeout
	CodeUnreachable     = "unreachable"       // name, connection or TLS failed: nothing was sent
	CodeBreakerOpen     = "breaker.open"      // the plugin failed so often that nothing is sent for a while
	CodeBusy            = "busy"              // the bundle's concurrency is used up: nothing was sent
	CodeCancelled       = "cancelled"         // the caller gave up before anything was sent
	CodeForbidden       = "address.forbidden" // the address guard: nothing was sent
	CodeManifestChanged = "manifest.changed"  // the plugin no longer offers the tool as it was pinned
	CodeNoTool          = "tool.unknown"      // no live plugin has the tool
	CodeArguments       = "arguments"         // they can't be written as JSON
	CodeProtocol        = "protocol"          // a redirect, or a 4xx that the protocol has no meaning for
)

// link is the way to one plugin's address.
type link struct {
	allow       []string
	concurrency int

	wire    *wire
	slots   *slots
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	seen    atomic.Pointer[seenManifest] // what the plugin said last, nil before it was asked
	lost    atomic.Bool                  // the last call got no answer
	back    func()                       // called when one is answered after that
}

func newLink(p Plugin, resolver *net.Resolver, back func()) (*link, error) {
	base, err := p.base()
	if err != nil {
		return nil, err
	}
	g, err := newGuard(base.Hostname(), p.AllowHosts)
	if err != nil {
		return nil, err
	}
	n := p.concurrency()
	l := &link{allow: p.AllowHosts, concurrency: n, slots: newSlots(n), breaker: newBreaker(p.Name), back: back}
	l.wire = newWire(g.dialer(resolver).DialContext, base, n)
	return l, nil
}

func (p *Plugin) concurrency() int {
	if p.Concurrency <= 0 {
		return DefaultConcurrency
	}
	return p.Concurrency
}

// serves reports whether l, made for was, is the link for p as well.
func (l *link) serves(was, p *Plugin) bool {
	return was.URL == p.URL && l.concurrency == p.concurrency() && slices.Equal(l.allow, p.AllowHosts)
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
	long   bool // there is more than protocol.MaxAnswer of it
}

// failure is why there is no reply.
type failure struct {
	sent bool // something may have reached the plugin
	code string
	err  error
}

// do makes one request under the link's slots and breaker, in the customer's turn.
func (l *link) do(ctx context.Context, customer string, timeout time.Duration, r *http.Request) (reply, *failure) {
	if err := l.slots.take(ctx, customer); errors.Is(err, errBusy) {
		return reply{}, &failure{code: CodeBusy, err: err}
	} else if err != nil {
		return reply{}, &failure{code: CodeCancelled, err: err}
	}
	defer l.slots.give()
	settle, err := l.breaker.Allow()
	if err != nil {
		return reply{}, &failure{code: CodeBreakerOpen, err: fmt.Errorf("%d calls in a row got no answer, so nothing is sent for a while", breakAfter)}
	}
	rep, fail := l.exchange(ctx, timeout, r)
	if fail != nil {
		settle(fail.err)
		l.lost.Store(true)
		return rep, fail
	}
	settle(nil)
	if l.lost.Load() && l.lost.CompareAndSwap(true, false) {
		l.back()
	}
	return rep, nil
}

// exchange makes one request and reads its answer.
func (l *link) exchange(ctx context.Context, timeout time.Duration, r *http.Request) (reply, *failure) {
	rep, sent, err := l.wire.exchange(ctx, timeout, r)
	if err != nil {
		return reply{}, explain(ctx, sent, timeout, err)
	}
	return rep, nil
}

// explain says what an error of the wire means.
func explain(caller context.Context, sent bool, timeout time.Duration, err error) *failure {
	f := &failure{sent: sent, code: CodeNoAnswer, err: err}
	var forbidden *forbiddenError
	switch {
	case errors.As(err, &forbidden):
		f.code, f.err = CodeForbidden, forbidden
	case !sent && caller.Err() != nil:
		f.code, f.err = CodeCancelled, caller.Err()
	case caller.Err() != nil:
		f.err = fmt.Errorf("the call was given up: %w", caller.Err())
	case errors.Is(err, os.ErrDeadlineExceeded) && sent:
		f.err = fmt.Errorf("no answer within %v: %w", timeout, err)
	case !sent:
		f.code, f.err = CodeUnreachable, fmt.Errorf("the plugin can't be reached: %w", err)
	}
	return f
}
