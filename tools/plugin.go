package tools

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// What a Plugin's zero values mean.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultConcurrency = 16
)

// maxTimeout bounds timeout_ms of a manifest: a plugin that needs longer answers 202.
const maxTimeout = time.Hour

// Plugin is what a bundle says about one plugin server. It isn't changed once it was handed over.
// Bearer and Headers are secrets: printing or logging a Plugin leaves them out.
type Plugin struct {
	Name        string // before the dot in PLUGIN.TOOL
	URL         string // base of the protocol, http or https
	Bearer      string // sent as Authorization: Bearer, "" for none
	Headers     map[string]string
	AllowHosts  []string                   // host names and IPs that may be loopback or private
	Manifest    *protocol.Manifest         // as pinned
	Timeout     time.Duration              // of tools whose manifest gives none; DefaultTimeout if 0
	Retries     int                        // quick repeats of calls that may be repeated
	Concurrency int                        // how many calls may run at once; DefaultConcurrency if 0
	Effects     map[string]protocol.Effect // overrides of the manifest, by tool
	Trusted     map[string][]string        // output fields that customers can't write into, JSON Pointers by tool
}

// String names the plugin and no secret of it.
func (p Plugin) String() string { return p.Name + " at " + p.URL }

// LogValue names the plugin and no secret of it.
func (p Plugin) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", p.Name), slog.String("url", p.URL))
}

// plugin is a Plugin made ready for calls.
type plugin struct {
	Plugin
	link   *link
	header http.Header // that every request has
	hash   string      // of the pinned manifest
	tools  map[string]*tool
}

// tool is one tool made ready for calls.
type tool struct {
	casefile.Tool
	wire          protocol.Tool // as pinned
	hash          string        // of what makes wire the same tool, see toolHash
	plugin        *plugin
	url           *url.URL
	timeout       time.Duration // from the slot to the answer
	input, output *schema
}

// base checks the plugin's address and gives it.
func (p *Plugin) base() (*url.URL, error) {
	u, err := url.Parse(p.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the url isn't one: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("the url %s has to be like https://host or http://host:port/path", u.Redacted())
	case u.User != nil:
		return nil, errors.New("the url has a name or password in it; put it under auth")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the url of %s has a query or a fragment; a base has neither", u.Host)
	}
	return u, nil
}

// requestHeader is what every request to the plugin carries.
func (p *Plugin) requestHeader() (http.Header, error) {
	h := http.Header{"Accept": {"application/json"}, "User-Agent": {"resolute"}}
	if p.Bearer != "" {
		h.Set("Authorization", "Bearer "+p.Bearer)
	}
	for name, value := range p.Headers {
		switch canonical := http.CanonicalHeaderKey(name); {
		case !httpguts.ValidHeaderFieldName(name):
			return nil, fmt.Errorf("auth: %q is not the name of a header", name)
		case slices.Contains(ownHeaders(), canonical):
			return nil, fmt.Errorf("auth: the header %s belongs to the protocol", canonical)
		default:
			h.Set(canonical, value)
		}
	}
	for name := range h {
		if !httpguts.ValidHeaderFieldValue(h.Get(name)) {
			return nil, fmt.Errorf("auth: the value of %s has characters that a header can't have, perhaps a line break at its end", name)
		}
	}
	return h, nil
}

// ownHeaders are those that a bundle can't set.
func ownHeaders() []string {
	list := []string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Te", "Trailer", "Upgrade"}
	for _, h := range []string{protocol.HeaderIdempotencyKey, protocol.HeaderCase, protocol.HeaderStep, protocol.HeaderCallback, protocol.HeaderTraceparent} {
		list = append(list, http.CanonicalHeaderKey(h))
	}
	return list
}

// prepare makes everything of p ready but its link.
func prepare(p Plugin) (*plugin, error) {
	if p.Name == "" {
		return nil, errors.New("it has no name")
	}
	if p.Manifest == nil {
		return nil, errors.New("no manifest is pinned")
	}
	if _, err := p.base(); err != nil {
		return nil, err
	}
	header, err := p.requestHeader()
	if err != nil {
		return nil, err
	}
	live := &plugin{Plugin: p, header: header, tools: map[string]*tool{}}
	if err := p.Manifest.Validate(); err != nil {
		return nil, err
	}
	for _, wire := range p.Manifest.Tools {
		t, err := live.tool(wire)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", wire.Name, err)
		}
		live.tools[wire.Name] = t
	}
	if live.hash, err = Hash(*p.Manifest); err != nil {
		return nil, err
	}
	for _, t := range live.tools {
		t.Manifest = live.hash
	}
	for name, effect := range p.Effects {
		t := live.tools[name]
		if t == nil {
			return nil, fmt.Errorf("effects: the manifest has no tool %s", name)
		} else if !effect.Valid() {
			return nil, fmt.Errorf("effects: %s of %s is not read, write or irreversible", effect, name)
		}
		t.Effect = string(effect)
	}
	for name, fields := range p.Trusted {
		if live.tools[name] == nil {
			return nil, fmt.Errorf("trusted: the manifest has no tool %s", name)
		}
		for _, f := range fields {
			if !strings.HasPrefix(f, "/") {
				return nil, fmt.Errorf("trusted: %s of %s is not a JSON Pointer, it has to begin with /", f, name)
			}
		}
	}
	return live, nil
}

func (p *plugin) tool(wire protocol.Tool) (*tool, error) {
	if strings.ContainsAny(wire.Name, "/ ") || strings.Trim(wire.Name, ".") == "" {
		return nil, errors.New("a name of a tool has no slash and no space, and is more than dots")
	}
	t := &tool{wire: wire, plugin: p, timeout: p.Timeout}
	if wire.TimeoutMS > int(maxTimeout/time.Millisecond) {
		return nil, fmt.Errorf("timeout_ms is more than %v; a tool that takes longer should be async", maxTimeout)
	} else if wire.TimeoutMS > 0 {
		t.timeout = time.Duration(wire.TimeoutMS) * time.Millisecond
	} else if t.timeout <= 0 {
		t.timeout = DefaultTimeout
	}
	var err error
	if t.input, err = compileSchema(wire.InputSchema); err != nil {
		return nil, fmt.Errorf("input_schema: %w", err)
	}
	if t.output, err = compileSchema(wire.OutputSchema); err != nil {
		return nil, fmt.Errorf("output_schema: %w", err)
	}
	if t.hash, err = toolHash(wire); err != nil {
		return nil, err
	}
	address, err := protocol.ToolURL(p.URL, wire.Name)
	if err != nil {
		return nil, err
	}
	if t.url, err = url.Parse(address); err != nil {
		return nil, err
	}
	t.Tool = casefile.Tool{
		Name: p.Name + "." + wire.Name, Effect: string(wire.Effect), Idempotent: wire.Idempotent, Async: wire.Async,
		Operations: p.Manifest.Operations, Timeout: slotWait + t.timeout, Retries: p.Retries,
	}
	return t, nil
}
