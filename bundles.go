package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"time"

	"resolute/agent/authority"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/outbox"
	"resolute/agent/people"
	"resolute/agent/policy"
	"resolute/agent/rehearsal/runs"
	"resolute/embed"
	"resolute/kb"
	"resolute/tools"
	"resolute/tools/protocol"
)

// openBundles opens the stored versions, with what rehearsals and authority say of them.
func (a *appliance) openBundles(ctx context.Context, audit *people.Audit, e *embed.Static) (*authority.Ledger, error) {
	var err error
	if a.runs, err = runs.Open(ctx, a.rehearsing(audit)); err != nil {
		return nil, err
	}
	if a.library, err = bundle.OpenLibrary(ctx, bundle.LibraryOptions{Records: a.store, Fetch: fetch, Lookup: a.lookup, Activated: a.activated, Permit: a.permit, Now: time.Now,
		Audit: audit.Event}); err != nil {
		return nil, err
	}
	a.hidden.Store(a.library)
	earned, err := authority.Open(ctx, a.store, a.authority)
	if err != nil {
		return nil, err
	}
	a.shelf = book.NewShelf(a.library, earned, e) // what triage calls sure was found on its vectors
	return earned, nil
}

// permit is the house's rule for what may become active.
func (a *appliance) permit(ctx context.Context, b *bundle.Bundle) error {
	if !a.MustRehearse {
		return nil
	}
	return a.runs.Permit(ctx, b)
}

// Apply stores a bundle folder and activates it, unless its version was stored before; where the house asks
// for it, once its rehearsals have passed.
func (a *appliance) Apply(ctx context.Context, files fs.FS, name string) (string, error) {
	b, err := a.library.ApplyOnce(ctx, files, name, casefile.ActorSystem)
	var refused *runs.UnrehearsedError
	if errors.As(err, &refused) {
		if err := a.passes(ctx, files, name); err != nil {
			return "", err
		}
		b, err = a.library.ApplyOnce(ctx, files, name, casefile.ActorSystem)
	}
	if err != nil {
		return "", err
	}
	if active, err := a.library.Active(); err == nil && active.Version != b.Version {
		a.Log.Warn("another version is active: this one was stored before, and activating it is a decision", "folder", name, "version", b.Version, "active", active.Version)
	}
	return b.Version, nil
}

// passes rehearses a folder, and reports what it doesn't pass.
func (a *appliance) passes(ctx context.Context, files fs.FS, name string) error {
	b, err := a.library.Fresh(ctx, files)
	if err != nil {
		return err
	}
	a.Log.Info("rehearsing before it becomes active", "folder", name, "version", b.Version)
	told, err := a.runs.Run(ctx, runs.Order{Bundle: b, By: casefile.ActorSystem, Options: runs.Options{Seed: 1}})
	if err == nil {
		err = a.permit(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("%s: %w%s", name, err, told.Complaints())
	}
	return nil
}

func (a *appliance) lookup(kind, name string) (string, bool) {
	if kind == "secret" {
		return a.secrets.Get(name)
	}
	return a.Env(name)
}

// activated makes a bundle's tools live and its knowledge searchable.
func (a *appliance) activated(ctx context.Context, b *bundle.Bundle) error {
	var live []tools.Plugin
	for _, p := range b.Plugins {
		resolved, err := p.Resolve(a.lookup)
		if err != nil {
			return err
		}
		manifest := b.Manifests[p.Name]
		live = append(live, pluginOf(resolved, &manifest))
	}
	if err := a.registry.Set(live); err != nil {
		return err
	}
	var documents []kb.Source
	for _, path := range slices.Sorted(maps.Keys(b.Knowledge)) { // two that would have one id always get the same two
		documents = append(documents, kb.Source{Path: path, Content: b.Knowledge[path]})
	}
	if len(documents) == 0 {
		return nil
	}
	a.imports.Go(func() {
		report, err := a.knowledge.Import(a.importing, documents)
		for _, f := range report.Failed {
			a.Log.Warn("a document of the bundle could not be read", "document", f.Source, "error", f.Detail)
		}
		if err != nil && !errors.Is(err, kb.ErrClosed) && a.importing.Err() == nil {
			a.Log.Error("the bundle's knowledge could not be imported", "error", err)
		}
	})
	return nil
}

func (a *appliance) channel() (outbox.Channel, error) {
	b, err := a.library.Active()
	if err != nil || b.Config.Webhook == "" {
		return nil, err
	}
	return a.seams.channel(outbox.Webhook{URL: b.Config.Webhook, Client: http.DefaultClient, Link: a.statusLink}), nil
}

func (a *appliance) outgoing() bool {
	channel, err := a.channel()
	return channel != nil || err != nil
}

// authority is what the active bundle lets the agent do by itself.
func (a *appliance) authority() (*policy.Authority, error) {
	b, err := a.library.Active()
	if err != nil {
		return nil, err
	}
	return b.Authority, nil
}

func (a *appliance) monitors() []*bundle.Monitor {
	b, err := a.library.Active()
	if err != nil {
		return nil
	}
	return b.Monitors
}

func fetch(ctx context.Context, p bundle.Plugin) (protocol.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return tools.FetchManifest(ctx, pluginOf(p, nil))
}

func pluginOf(p bundle.Plugin, manifest *protocol.Manifest) tools.Plugin {
	return tools.Plugin{Name: p.Name, URL: p.URL, Bearer: p.Bearer, Headers: p.Headers, AllowHosts: p.AllowHosts, Manifest: manifest,
		Timeout: p.Timeout, Retries: p.Retries, Concurrency: p.Concurrency, Effects: p.Effects, Trusted: p.TrustedFields()}
}
