package measure_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"testing"

	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/model/measure"
	"resolute/agent/rehearsal"
	"resolute/tools"
	"resolute/tools/protocol"
)

type noVectors struct{}

func (noVectors) Embed(_ context.Context, texts []string) ([][]float32, error) {
	return make([][]float32, len(texts)), nil
}

// stage makes a bundle ready, on no knowledge; nobody listens where its plugins are.
func stage(t testing.TB, files fs.FS) *rehearsal.Stage {
	t.Helper()
	b, problems := bundle.Load(t.Context(), files, "set", bundle.Options{})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	registry := tools.NewRegistry(tools.Options{Log: slog.New(slog.DiscardHandler)})
	var live []tools.Plugin
	for _, p := range b.Plugins {
		text, err := fs.ReadFile(files, "tools/"+p.Name+".manifest.json")
		if err != nil {
			t.Fatal(err)
		}
		var manifest protocol.Manifest
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatal(err)
		}
		live = append(live, tools.Plugin{Name: p.Name, URL: "http://127.0.0.1:1", Manifest: &manifest, Timeout: p.Timeout, Retries: p.Retries, Trusted: p.TrustedFields()})
	}
	if err := registry.Set(live); err != nil {
		t.Fatal(err)
	}
	k, err := book.New(t.Context(), b, noVectors{})
	if err != nil {
		t.Fatal(err)
	}
	s := rehearsal.NewStage(k, registry, rehearsal.NoKnowledge{})
	if problems := s.Problems(); problems.Failed() {
		t.Fatal(problems.Error())
	}
	return s
}

// stages are the shipped set, ready to be played.
func stages(t testing.TB) measure.Stages {
	t.Helper()
	set, err := measure.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	driven := stage(t, set.Files)
	plain := stage(t, set.Plain)
	return measure.Stages{Set: set.Name, Driven: driven, Plain: plain}
}
