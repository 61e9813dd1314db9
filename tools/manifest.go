package tools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// ErrUnreachable is wrapped by errors that say that a plugin gave no answer at all, as opposed to
// one that can't be used.
var ErrUnreachable = errors.New("the plugin gives no answer")

// Hash identifies what a manifest says, whatever its layout and the order of its tools.
func Hash(m protocol.Manifest) (string, error) {
	m.Tools = slices.Clone(m.Tools)
	slices.SortFunc(m.Tools, func(a, b protocol.Tool) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return canonicalHash(m)
}

// toolHash identifies what calling a tool means: all of it but the words for people.
func toolHash(t protocol.Tool) (string, error) {
	t.Title, t.Description = "", ""
	return canonicalHash(t)
}

func canonicalHash(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	plain, err := casefile.DecodeValue(raw)
	if err != nil {
		return "", err
	}
	canonical, err := casefile.EncodeValue(plain)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// FetchManifest asks the plugin that p describes for its manifest, to pin it or to compare it with
// a pin. What it gives is one that Set accepts. It wraps ErrUnreachable where there was no answer,
// and protocol.ErrManifest where the answer is no manifest.
func FetchManifest(ctx context.Context, p Plugin) (protocol.Manifest, error) {
	m, err := func() (protocol.Manifest, error) {
		header, err := p.requestHeader()
		if err != nil {
			return protocol.Manifest{}, err
		}
		l, err := newLink(p, nil, func() {})
		if err != nil {
			return protocol.Manifest{}, err
		}
		defer l.wire.close()
		m, err := l.manifest(ctx, &plugin{Plugin: p, link: l, header: header})
		if err != nil {
			return m, err
		}
		p.Manifest, p.Effects, p.Trusted = &m, nil, nil
		if _, err := prepare(p); err != nil {
			return m, fmt.Errorf("%w: %w", protocol.ErrManifest, err)
		}
		return m, nil
	}()
	if err != nil {
		return protocol.Manifest{}, fmt.Errorf("manifest of plugin %s: %w", p.Name, err)
	}
	return m, nil
}

// manifest asks for p's manifest. It counts neither as a call nor for the breaker.
func (l *link) manifest(ctx context.Context, p *plugin) (m protocol.Manifest, err error) {
	address, err := protocol.ManifestURL(p.URL)
	if err != nil {
		return m, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return m, err
	}
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	rep, fail := l.exchange(ctx, timeout, &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: p.header})
	switch {
	case fail != nil && fail.code == CodeForbidden:
		return m, fail.err
	case fail != nil:
		return m, fmt.Errorf("%w: %w", ErrUnreachable, fail.err)
	case rep.status != http.StatusOK:
		return m, fmt.Errorf("%w: GET %s is answered with %d", protocol.ErrManifest, address, rep.status)
	case rep.long:
		return m, fmt.Errorf("%w: it has more than %d bytes", protocol.ErrManifest, protocol.MaxAnswer)
	}
	if err := json.Unmarshal(rep.body, &m); err != nil {
		return m, fmt.Errorf("%w: %w", protocol.ErrManifest, err)
	}
	return m, m.Validate()
}

// seenManifest is what a plugin said last.
type seenManifest struct {
	version string
	hash    string
	tools   map[string]string        // name → toolHash
	offers  map[string]protocol.Tool // by name
	at      time.Time
}

func summarize(m protocol.Manifest, at time.Time) (*seenManifest, error) {
	s := &seenManifest{version: m.Version, tools: map[string]string{}, offers: map[string]protocol.Tool{}, at: at}
	var err error
	if s.hash, err = Hash(m); err != nil {
		return nil, err
	}
	for _, t := range m.Tools {
		if s.tools[t.Name], err = toolHash(t); err != nil {
			return nil, err
		}
		s.offers[t.Name] = t
	}
	return s, nil
}

// Change is a live plugin that no longer says what its pinned manifest says.
type Change struct {
	Plugin  string
	Pinned  string // hash of the pinned manifest
	Now     string // hash of the one it gives now
	Version string // of the one it gives now
	// Tools are the pinned tools, as PLUGIN.TOOL, that are gone or differ in more than their title
	// and description. Writes to them are held until the bundle is applied with the new manifest.
	Tools  []string
	SeenAt time.Time
}

// Changed gives the live plugins whose manifest is not the pinned one, by name.
func (r *Registry) Changed() []Change {
	var list []Change
	live := r.live.Load()
	for _, name := range slices.Sorted(maps.Keys(live.plugins)) {
		p := live.plugins[name]
		seen := p.link.seen.Load()
		if seen == nil || seen.hash == p.hash {
			continue
		}
		c := Change{Plugin: name, Pinned: p.hash, Now: seen.hash, Version: seen.version, SeenAt: seen.at}
		for _, t := range slices.Sorted(maps.Keys(p.tools)) {
			if p.tools[t].changed() {
				c.Tools = append(c.Tools, p.tools[t].Name)
			}
		}
		list = append(list, c)
	}
	return list
}

// changed reports whether the plugin was seen to offer something else in the tool's place.
func (t *tool) changed() bool {
	seen := t.plugin.link.seen.Load()
	return seen != nil && seen.tools[t.wire.Name] != t.hash
}

// Check asks every live plugin for its manifest and remembers what it says. It reports those that
// couldn't be asked; what is remembered of them stays.
func (r *Registry) Check(ctx context.Context) error {
	live := r.live.Load()
	errs := make([]error, len(live.order))
	var asked sync.WaitGroup
	for i, p := range live.order {
		asked.Go(func() {
			if err := r.look(ctx, p); err != nil {
				errs[i] = fmt.Errorf("manifest of plugin %s: %w", p.Name, err)
			}
		})
	}
	asked.Wait()
	return errors.Join(errs...)
}

func (r *Registry) look(ctx context.Context, p *plugin) error {
	m, err := p.link.manifest(ctx, p)
	if err != nil {
		return err
	}
	seen, err := summarize(m, r.opts.Now())
	if err != nil {
		return err
	}
	before := p.link.seen.Swap(seen)
	if seen.hash != p.hash && (before == nil || before.hash != seen.hash) {
		r.opts.Log.Warn("a plugin's manifest is not the pinned one; writes to the tools that differ are held until the bundle is applied again",
			"plugin", p.Plugin, "pinned", p.hash, "now", seen.hash, "code", CodeManifestChanged)
	}
	return nil
}

// Watch checks the manifests at once, every Options.CheckEvery, after Set, and when a plugin is back
// after it couldn't be reached. It returns when ctx ends.
func (r *Registry) Watch(ctx context.Context) {
	tick := time.NewTicker(r.opts.CheckEvery)
	defer tick.Stop()
	for {
		if err := r.Check(ctx); err != nil && ctx.Err() == nil {
			r.opts.Log.Info("manifests can't be compared with their pins now", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.again:
		}
	}
}
