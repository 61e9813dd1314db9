package tools

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// State is how a live plugin stands, for people who look.
type State struct {
	Plugin   string
	URL      string // without secrets: a base has none
	Version  string // that its pinned manifest gives itself
	Manifest string // hash of the pinned manifest
	// Breaker is closed, half-open or open; while it is open nothing is sent.
	Breaker     string
	Failures    int  // calls in a row that got no answer
	Lost        bool // the last call got no answer
	Running     int  // calls that are under way now
	Concurrency int  // how many may be
	Seen        time.Time
	Drifted     bool   // it says another thing than its pinned manifest
	Now, Saw    string // where it does: hash and version of what it says
	Differs     []Differs
	Tools       []Offered
}

// Differs is a tool that a plugin doesn't offer as its pinned manifest has it; nil: it isn't there.
type Differs struct {
	Tool     string // PLUGIN.TOOL
	Was, Now *protocol.Tool
}

// Offered is a tool as its plugin's pinned manifest has it.
type Offered struct {
	casefile.Tool
	Title, Description string
	Input, Output      json.RawMessage
	Trusted            []string      // output fields that customers can't write into, JSON Pointers
	AnswersWithin      time.Duration // its timeout
	Changed            bool          // the plugin no longer offers it so: writes are held
}

// States gives how the live plugins stand, by name, and their tools, by name.
func (r *Registry) States() []State {
	live := r.live.Load()
	list := make([]State, 0, len(live.plugins))
	for _, name := range slices.Sorted(maps.Keys(live.plugins)) {
		p := live.plugins[name]
		s := State{Plugin: name, URL: p.URL, Version: p.Plugin.Manifest.Version, Manifest: p.hash, Breaker: p.link.breaker.State().String(),
			Failures: int(p.link.breaker.Counts().ConsecutiveFailures), Lost: p.link.lost.Load(), Concurrency: p.link.concurrency}
		s.Running = s.Concurrency - p.link.slots.left()
		if seen := p.link.seen.Load(); seen != nil {
			if s.Seen, s.Drifted = seen.at, seen.hash != p.hash; s.Drifted {
				s.Now, s.Saw, s.Differs = seen.hash, seen.version, p.differs(seen)
			}
		}
		for _, tool := range slices.Sorted(maps.Keys(p.tools)) {
			t := p.tools[tool]
			s.Tools = append(s.Tools, Offered{Tool: t.Tool, Title: t.wire.Title, Description: t.wire.Description, Input: t.wire.InputSchema, Output: t.wire.OutputSchema,
				Trusted: p.Trusted[tool], AnswersWithin: t.timeout, Changed: t.changed()})
		}
		list = append(list, s)
	}
	return list
}

// differs gives the tools that a plugin was seen to offer otherwise, by name.
func (p *plugin) differs(seen *seenManifest) (list []Differs) {
	names := maps.Clone(seen.offers)
	was := map[string]*protocol.Tool{}
	for i := range p.Plugin.Manifest.Tools {
		t := &p.Plugin.Manifest.Tools[i]
		was[t.Name], names[t.Name] = t, *t
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d := Differs{Tool: p.Name + "." + name, Was: was[name]}
		if now, there := seen.offers[name]; there {
			d.Now = &now
		}
		if d.Was == nil || d.Now == nil || !sameTool(*d.Was, *d.Now) {
			list = append(list, d)
		}
	}
	return list
}

func sameTool(a, b protocol.Tool) bool {
	x, errX := canonicalHash(a)
	y, errY := canonicalHash(b)
	return errX == nil && errY == nil && x == y
}
