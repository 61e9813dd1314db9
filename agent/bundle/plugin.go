package bundle

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"resolute/agent/source"
	"resolute/tools/protocol"
)

// Plugin is one file of a bundle's tools. Texts may hold ${env.X} and ${secret.X}; Resolve fills
// them in.
type Plugin struct {
	Name        string
	Pos         source.Pos
	URL         string
	Bearer      string
	Headers     map[string]string
	AllowHosts  []string
	Snapshot    string // path of the manifest in the bundle, "" to ask the plugin
	Timeout     time.Duration
	Retries     int
	Concurrency int
	Effects     map[string]protocol.Effect
	Trusted     map[string]Trusted // by tool
}

func parsePlugin(file string, text []byte, problems *source.Problems) *Plugin {
	m := source.Parse(file, text, problems).Mapping("plugin", "openapi", "mcp", "tools", "url", "auth", "allow_hosts", "manifest", "timeout", "retries", "concurrency", "effects", "trusted")
	if !m.Here() {
		return nil
	}
	for _, kind := range []string{"openapi", "mcp"} {
		if n := m.Get(kind); n.Here() {
			n.Fail("%s tools come with a later version; write a plugin", kind)
			return nil
		}
	}
	p := &Plugin{Pos: m.Pos(), Name: m.Need("plugin", "shop").String(), URL: m.Need("url", "${env.SHOP_URL}").String(), AllowHosts: m.Get("allow_hosts").Strings(),
		Snapshot: m.Get("manifest").String(), Timeout: m.Get("timeout").Duration(), Retries: 3, Concurrency: m.Get("concurrency").Int(), Headers: map[string]string{}, Effects: map[string]protocol.Effect{}, Trusted: parseTrusted(m.Get("trusted"))}
	if strings.ContainsAny(p.Name, ". ") {
		m.Get("plugin").Fail("the name of a plugin has no dot and no space")
	}
	if n := m.Get("retries"); n.Here() {
		p.Retries = n.Int()
	}
	auth := m.Get("auth").Mapping("bearer", "headers")
	p.Bearer = auth.Get("bearer").String()
	for _, e := range auth.Get("headers").Entries() {
		p.Headers[e.Key.Value] = e.Value.String()
	}
	for _, e := range m.Get("effects").Entries() {
		p.Effects[e.Key.Value] = protocol.Effect(e.Value.OneOf("read", "write", "irreversible"))
	}
	p.warnOfHost(m)
	return p
}

// warnOfHost tells early what the address guard will refuse.
func (p *Plugin) warnOfHost(m source.Mapping) {
	u, err := url.Parse(p.URL)
	if err != nil || strings.Contains(p.URL, "${") {
		return
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	if local := err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) || host == "localhost"; local && !slices.Contains(p.AllowHosts, host) {
		m.Get("url").Warn("%s is a loopback or private address, and calls to it are refused unless allow_hosts lists it: allow_hosts: [%s]", host, host)
	}
}

var placeholder = regexp.MustCompile(`\$\{(env|secret)\.([A-Za-z_][A-Za-z0-9_-]*)\}`)

// Resolve fills in ${env.X} and ${secret.X} in the plugin's texts. Lookup gives the value of a name
// of that kind. An error names what is missing, and no value.
func (p Plugin) Resolve(lookup func(kind, name string) (string, bool)) (Plugin, error) {
	var missing []string
	fill := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(m string) string {
			parts := placeholder.FindStringSubmatch(m)
			v, ok := lookup(parts[1], parts[2])
			if !ok {
				missing = append(missing, m)
			}
			return v
		})
	}
	p.URL, p.Bearer = fill(p.URL), fill(p.Bearer)
	headers := map[string]string{}
	for k, v := range p.Headers {
		headers[k] = fill(v)
	}
	p.Headers = headers
	if len(missing) > 0 {
		return p, fmt.Errorf("plugin %s: %s is not set; set the variable, or the secret with: resolute secret set NAME", p.Name, strings.Join(missing, ", "))
	}
	return p, nil
}

// snapshot reads the manifest beside the plugin's file.
func (l *loader) snapshot(p *Plugin) (protocol.Manifest, bool) {
	var m protocol.Manifest
	b, err := fs.ReadFile(l.files, path.Join(path.Dir(l.inside(p.Pos.File)), p.Snapshot))
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err == nil {
		err = m.Validate()
	}
	if err != nil {
		l.problems.Add(p.Pos, "manifest %s: %v", p.Snapshot, err)
	}
	return m, err == nil
}

// manifest finds what a plugin offers: by its snapshot, as pinned, or by asking it.
func (l *loader) manifest(ctx context.Context, p *Plugin) (protocol.Manifest, bool) {
	if m, ok := l.opt.Accepted[p.Name]; ok {
		return m, true
	}
	if p.Snapshot != "" {
		return l.snapshot(p)
	}
	if m, ok := l.opt.Pinned[p.Name]; ok {
		return m, true
	}
	if l.opt.Fetch == nil {
		return protocol.Manifest{}, false
	}
	resolved, err := p.Resolve(l.opt.Lookup)
	if err == nil {
		var m protocol.Manifest
		if m, err = l.opt.Fetch(ctx, resolved); err == nil {
			return m, true
		}
	}
	if l.opt.MustFetch {
		l.problems.Add(p.Pos, "what plugin %s offers can't be read: %v", p.Name, err)
	} else {
		l.problems.Warn(p.Pos, "what plugin %s offers can't be read, so calls of it aren't checked: %v", p.Name, err)
	}
	return protocol.Manifest{}, false
}

// toolset is what is known of a bundle's tools; it is a procedure.ToolSet.
type toolset struct {
	plugins   map[string]*Plugin
	manifests map[string]protocol.Manifest
}

func (t toolset) find(tool string) (*Plugin, protocol.Tool, bool) {
	plugin, name, _ := strings.Cut(tool, ".")
	i := slices.IndexFunc(t.manifests[plugin].Tools, func(x protocol.Tool) bool { return x.Name == name })
	if i < 0 {
		return nil, protocol.Tool{}, false
	}
	return t.plugins[plugin], t.manifests[plugin].Tools[i], true
}

// Schemas gives a tool's effect and schemas.
func (t toolset) Schemas(tool string) (effect string, input, output json.RawMessage, ok bool) {
	p, x, ok := t.find(tool)
	if !ok {
		return "", nil, nil, false
	}
	if e, over := p.Effects[x.Name]; over {
		x.Effect = e
	}
	return string(x.Effect), x.InputSchema, x.OutputSchema, true
}

// Async reports whether a tool's result may come later.
func (t toolset) Async(tool string) bool {
	_, x, ok := t.find(tool)
	return ok && x.Async
}

// Known reports whether a plugin's manifest is known.
func (t toolset) Known(plugin string) bool {
	_, ok := t.manifests[plugin]
	return ok
}

// Names gives the tools of a plugin, all if it is "". A plugin whose manifest isn't known has one
// named PLUGIN.
func (t toolset) Names(plugin string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.plugins)) {
		if plugin != "" && plugin != name {
			continue
		}
		for _, x := range t.manifests[name].Tools {
			names = append(names, name+"."+x.Name)
		}
		if !t.Known(name) {
			names = append(names, name+".")
		}
	}
	return names
}

// arguments gives the names of each tool's arguments.
func (t toolset) arguments() map[string][]string {
	all := map[string][]string{}
	for name, m := range t.manifests {
		for _, x := range m.Tools {
			var s struct {
				Properties map[string]json.RawMessage `json:"properties"`
			}
			if json.Unmarshal(x.InputSchema, &s) == nil && s.Properties != nil {
				all[name+"."+x.Name] = slices.Sorted(maps.Keys(s.Properties))
			}
		}
	}
	return all
}
