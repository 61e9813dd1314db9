package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/model/ollama"
	"resolute/agent/procedure"
	"resolute/agent/rehearsal"
	"resolute/embed"
	"resolute/kb"
	"resolute/tools"
	"resolute/ui/cli"
)

// rehearse is `resolute rehearse`: the bundle in a folder, on knowledge of its own.
func rehearse(ctx context.Context, files fs.FS, name string, env func(string) (string, bool), o rehearsal.Options) (rehearsal.Report, error) {
	return staged(ctx, files, name, env, func(s *rehearsal.Stage) (rehearsal.Report, error) {
		if o.Model == "" {
			return s.Rehearse(ctx, o)
		}
		return minded(ctx, s, env, cli.Model{Name: o.Model}, func(s *rehearsal.Stage, _ *ollama.Client) (rehearsal.Report, error) { return s.Rehearse(ctx, o) })
	})
}

// staged makes the bundle in a folder ready, on knowledge of its own, for what is done with it.
func staged[T any](ctx context.Context, files fs.FS, name string, env func(string) (string, bool), do func(*rehearsal.Stage) (T, error)) (report T, err error) {
	lookup := func(kind, name string) (string, bool) {
		if kind == "env" {
			return env(name)
		}
		return "", false
	}
	b, problems := bundle.Load(ctx, files, name, bundle.Options{Fetch: fetch, MustFetch: true, Lookup: lookup})
	if problems.Failed() {
		return report, &bundle.RefusedError{Problems: problems}
	}
	return onStage(ctx, b, lookup, do)
}

// onStage makes a version ready, on knowledge of its own, for what is done with it.
func onStage[T any](ctx context.Context, b *bundle.Bundle, lookup func(kind, name string) (string, bool), do func(*rehearsal.Stage) (T, error)) (report T, err error) {
	embedder := embed.Builtin()
	knowledge, closeKnowledge, err := knowledgeOf(ctx, b, embedder)
	if err != nil {
		return report, fmt.Errorf("the bundle's knowledge: %w", err)
	}
	defer func() { err = errors.Join(err, closeKnowledge()) }()
	stage, err := stageOf(ctx, b, embedder, knowledge, lookup)
	if err != nil {
		return report, err
	}
	defer stage.registry.Close()
	if problems := stage.Problems(); problems.Failed() {
		return report, &bundle.RefusedError{Problems: problems}
	}
	return do(stage.Stage)
}

// rehearsed is a stage with the tools that it has for itself.
type rehearsed struct {
	*rehearsal.Stage
	registry *tools.Registry
}

// stageOf makes a version ready to be rehearsed. Addresses that aren't set matter only to scenarios
// that call live plugins.
func stageOf(ctx context.Context, b *bundle.Bundle, e *embed.Static, k agent.Knowledge, lookup func(kind, name string) (string, bool)) (rehearsed, error) {
	registry := tools.NewRegistry(tools.Options{Log: slog.New(slog.DiscardHandler)})
	var list []tools.Plugin
	for _, p := range b.Plugins {
		resolved, err := p.Resolve(lookup)
		if err != nil {
			resolved = bundle.Plugin{Name: p.Name, URL: "http://not-set.invalid", Timeout: p.Timeout, Retries: p.Retries, Concurrency: p.Concurrency, Effects: p.Effects, Trusted: p.Trusted}
		}
		manifest := b.Manifests[p.Name]
		list = append(list, pluginOf(resolved, &manifest))
	}
	if err := registry.Set(list); err != nil {
		return rehearsed{}, err
	}
	made, err := book.New(ctx, b, e)
	if err != nil {
		return rehearsed{}, err
	}
	return rehearsed{rehearsal.NewStage(made, registry, k), registry}, nil
}

// knowledgeOf imports a bundle's knowledge into a base that lives as long as the rehearsal, if any
// procedure asks it.
func knowledgeOf(ctx context.Context, b *bundle.Bundle, e *embed.Static) (agent.Knowledge, func() error, error) {
	asks := func(p *procedure.Procedure) bool { return len(p.Ground) > 0 }
	if len(b.Knowledge) == 0 || !slices.ContainsFunc(b.Procedures, asks) {
		return rehearsal.NoKnowledge{}, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp("", "resolute-rehearsal-")
	if err != nil {
		return nil, nil, err
	}
	base, err := kb.Open(dir, kb.Options{Embedder: e, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	end := func() error { return errors.Join(base.Close(), os.RemoveAll(dir)) }
	var documents []kb.Source
	for _, path := range slices.Sorted(maps.Keys(b.Knowledge)) {
		documents = append(documents, kb.Source{Path: path, Content: b.Knowledge[path]})
	}
	if _, err := base.Import(ctx, documents); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	floor := b.Config.Relevance
	return ground{base, func(context.Context, string) float64 { return floor }}, end, nil
}
