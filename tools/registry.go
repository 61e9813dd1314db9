package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// Errors of what is asked about tools.
var (
	ErrUnknownTool = errors.New("no plugin offers the tool; look at the bundle's tools")
	ErrArguments   = errors.New("the arguments don't fit the tool's input schema")
	ErrResult      = errors.New("the result can't be used")
)

// Options are what a Registry can be given; the zero value works.
type Options struct {
	Now        func() time.Time // time.Now if nil
	Random     func() uint64    // for span ids; math/rand/v2 if nil
	Log        *slog.Logger     // slog.Default() if nil
	Resolver   *net.Resolver    // looks host names up; net.DefaultResolver if nil
	Dial       Dial             // in place of the network and its address guard, for simulations; nil for the network
	CheckEvery time.Duration    // between two looks of Watch at the manifests; 1 min if 0
}

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Registry holds the plugins that are live. Its methods may be called at the same time.
type Registry struct {
	opts  Options
	set   sync.Mutex // held by Set
	live  atomic.Pointer[liveSet]
	again chan struct{} // wakes Watch
}

// liveSet is what Set made live, never changed.
type liveSet struct {
	plugins map[string]*plugin
	order   []*plugin
	tools   map[string]*tool // by PLUGIN.TOOL
}

// NewRegistry makes a registry without plugins.
func NewRegistry(o Options) *Registry {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Uint64
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.CheckEvery <= 0 {
		o.CheckEvery = time.Minute
	}
	r := &Registry{opts: o, again: make(chan struct{}, 1)}
	r.live.Store(&liveSet{})
	return r
}

// Set replaces the live plugins by these, or changes nothing and says what is wrong with each.
// Calls that are running end as they began.
func (r *Registry) Set(plugins []Plugin) error {
	r.set.Lock()
	defer r.set.Unlock()
	was := r.live.Load()
	next := &liveSet{plugins: map[string]*plugin{}, tools: map[string]*tool{}}
	var errs []error
	for _, p := range plugins {
		if err := r.add(next, was, p); err != nil {
			errs = append(errs, fmt.Errorf("plugin %s: %w", p.Name, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	r.live.Store(next)
	for name, old := range was.plugins {
		if now := next.plugins[name]; now == nil || now.link != old.link {
			old.link.wire.close()
		}
	}
	r.lookAgain()
	return nil
}

// add prepares p for next, with the link that it has already, if it can stay.
func (r *Registry) add(next, was *liveSet, p Plugin) error {
	if next.plugins[p.Name] != nil {
		return errors.New("it is there twice")
	}
	live, err := prepare(p)
	if err != nil {
		return err
	}
	if old := was.plugins[p.Name]; old != nil && old.link.serves(&old.Plugin, &p) {
		live.link = old.link
	} else if live.link, err = newLink(p, r.opts.Resolver, r.lookAgain); err != nil {
		return err
	} else if r.opts.Dial != nil {
		live.link.wire.connect = r.opts.Dial
	}
	next.plugins[p.Name] = live
	next.order = append(next.order, live)
	for _, t := range live.tools {
		if next.tools[t.Name] != nil {
			return fmt.Errorf("another plugin has a tool %s as well", t.Name)
		}
		next.tools[t.Name] = t
	}
	return nil
}

func (r *Registry) lookAgain() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// Close closes the connections that no call uses.
func (r *Registry) Close() {
	for _, p := range r.live.Load().order {
		p.link.wire.close()
	}
}

func (r *Registry) tool(name string) (*tool, error) {
	if t := r.live.Load().tools[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("%s: %w", name, ErrUnknownTool)
}

// Tool describes the tool called PLUGIN.TOOL.
func (r *Registry) Tool(name string) (casefile.Tool, bool) {
	t, err := r.tool(name)
	if err != nil {
		return casefile.Tool{}, false
	}
	return t.Tool, true
}

// Schemas gives a tool's JSON Schemas as pinned, nil where there is none or no such tool.
func (r *Registry) Schemas(name string) (input, output json.RawMessage) {
	t, err := r.tool(name)
	if err != nil {
		return nil, nil
	}
	return t.wire.InputSchema, t.wire.OutputSchema
}

// Trusted gives the fields of a tool's output that customers can't write into, as JSON Pointers.
func (r *Registry) Trusted(name string) []string {
	t, err := r.tool(name)
	if err != nil {
		return nil
	}
	return t.plugin.Plugin.Trusted[t.wire.Name]
}

// ValidateArgs reports what in args doesn't fit the tool's input schema, wrapping ErrArguments or
// ErrUnknownTool.
func (r *Registry) ValidateArgs(name string, args casefile.Object) error {
	t, err := r.tool(name)
	if err != nil {
		return err
	}
	if err := t.input.validate(map[string]any(args), "argument"); err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrArguments, err)
	}
	return nil
}

// DecodeResult reads the result of a tool: it must fit the output schema, and its numbers get the
// kind that the schema says. Errors wrap ErrResult or ErrUnknownTool.
func (r *Registry) DecodeResult(name string, raw json.RawMessage) (casefile.Value, error) {
	t, err := r.tool(name)
	if err != nil {
		return casefile.Value{}, err
	}
	return t.decode(raw)
}

func (t *tool) decode(raw []byte) (casefile.Value, error) {
	if len(raw) > protocol.MaxAnswer {
		return casefile.Value{}, fmt.Errorf("%s: %w: it has more than %d bytes", t.Name, ErrResult, protocol.MaxAnswer)
	}
	v, err := t.output.decode(raw)
	if err != nil {
		return casefile.Value{}, fmt.Errorf("%s: %w: %w", t.Name, ErrResult, err)
	}
	return casefile.Value{V: v}, nil
}
