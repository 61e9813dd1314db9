package main

import (
	"context"
	"fmt"

	"resolute/agent/bundle"
	"resolute/tools"
)

// manifests are what plugins say of themselves, for the API.
type manifests struct {
	registry *tools.Registry
	library  *bundle.Library
}

// Drifted asks the plugins what they say, and gives those that say another thing than the active bundle
// has.
func (m manifests) Drifted(ctx context.Context) []bundle.Drift {
	_ = m.registry.Check(ctx) // what couldn't be asked is as it was last
	list := []bundle.Drift{}
	for _, c := range m.registry.Changed() {
		d := bundle.Drift{Plugin: c.Plugin, Pinned: c.Pinned, Now: c.Now, Version: c.Version, Tools: c.Tools, SeenAt: c.SeenAt}
		if d.Tools == nil {
			d.Tools = []string{}
		}
		list = append(list, d)
	}
	return list
}

// Accept takes over what a plugin says now, if that is what was shown.
func (m manifests) Accept(ctx context.Context, plugin, hash, by string) error {
	p, err := m.library.Plugin(plugin)
	if err != nil {
		return err
	}
	now, err := fetch(ctx, p)
	if err != nil {
		return fmt.Errorf("%w: %w", bundle.ErrMoved, err)
	}
	said, err := tools.Hash(now)
	if err != nil {
		return err
	}
	if said != hash {
		return fmt.Errorf("%w: %s", bundle.ErrMoved, plugin)
	}
	_, err = m.library.Accept(ctx, plugin, now, by, map[string]any{"plugin": plugin, "manifest": hash})
	return err
}
