package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"resolute/agent/journal"
	"resolute/tools/protocol"
)

// Drift is a plugin that no longer says what the active version has of it. Writes to the tools that
// changed are held until somebody accepts that, or applies a bundle that knows it.
type Drift struct {
	Plugin  string    `json:"plugin"`
	Pinned  string    `json:"pinned"`  // hash of the manifest that the version has
	Now     string    `json:"now"`     // hash of the one that the plugin gives
	Version string    `json:"version"` // that the plugin gives itself
	Tools   []string  `json:"tools"`   // as PLUGIN.TOOL: gone, or another effect or schema
	SeenAt  time.Time `json:"seen_at"`
}

// Errors of accepting a manifest.
var (
	ErrPlugin = errors.New("the active bundle has no such plugin")
	ErrMoved  = errors.New("the plugin says something else by now; look at it again")
)

// Plugin gives a plugin of the active version, with its variables and secrets filled in.
func (l *Library) Plugin(name string) (Plugin, error) {
	b, err := l.Active()
	if err != nil {
		return Plugin{}, err
	}
	i := slices.IndexFunc(b.Plugins, func(p *Plugin) bool { return p.Name == name })
	if i < 0 {
		return Plugin{}, fmt.Errorf("%w: %.60q", ErrPlugin, name)
	}
	return b.Plugins[i].Resolve(l.Lookup)
}

// Accept lets the active version have another manifest of a plugin. The version stays what it is, its
// files are held against the manifest anew: if they don't fit, nothing changes and a *RefusedError is
// reported. Detail goes into the audit.
func (l *Library) Accept(ctx context.Context, plugin string, m protocol.Manifest, by string, detail map[string]any) (*Bundle, error) {
	l.change.Lock()
	defer l.change.Unlock()
	active, err := l.Active()
	if err != nil {
		return nil, err
	}
	c, err := l.stored(ctx, active.Version)
	if err != nil {
		return nil, err
	}
	files, err := Unpack(c.Archive)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", active.Version, err)
	}
	if c.Accepted = maps.Clone(c.Accepted); c.Accepted == nil {
		c.Accepted = map[string]protocol.Manifest{}
	}
	c.Accepted[plugin] = m
	b, problems := Load(ctx, files, "", Options{Pinned: c.Manifests, Accepted: c.Accepted, Lookup: l.Lookup})
	if problems.Failed() {
		return nil, &RefusedError{Problems: problems}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return b, l.activate(ctx, b, by, "manifest.accepted", detail, journal.Record{Kind: kindBundle, Key: b.Version, Value: raw})
}
