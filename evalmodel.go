package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model"
	"resolute/agent/model/measure"
	"resolute/agent/model/ollama"
	"resolute/agent/rehearsal"
	"resolute/embed"
	"resolute/ui/cli"
)

// evalModel is `resolute eval model`: a bundle's scenarios, or the set that is shipped, played with a model.
func evalModel(ctx context.Context, t cli.ModelTrial) (measure.Report, error) {
	set := measure.Set{Name: t.Name, Files: t.Files, Plain: t.Files}
	if t.Files == nil {
		var err error
		if set, err = measure.Shipped(); err != nil {
			return measure.Report{}, err
		}
	}
	return staged(ctx, set.Files, set.Name, t.Env, func(driven *rehearsal.Stage) (measure.Report, error) {
		return staged(ctx, set.Plain, set.Name, t.Env, func(plain *rehearsal.Stage) (measure.Report, error) {
			return minded(ctx, driven, t.Env, cli.Model{Name: t.Model, Threads: t.Threads}, func(s *rehearsal.Stage, client *ollama.Client) (measure.Report, error) {
				return measure.Run(ctx, measure.Stages{Set: set.Name, Driven: s, Plain: plain}, t.Model, measure.Always(client), t.Options)
			})
		})
	})
}

// minded gives a stage the model of an Ollama server, for plans and, where the bundle says so, for what customers
// say. It fails where the server can't be reached or has no such model.
func minded[T any](ctx context.Context, s *rehearsal.Stage, env func(string) (string, bool), m cli.Model, do func(*rehearsal.Stage, *ollama.Client) (T, error)) (none T, err error) {
	host, _ := env("OLLAMA_HOST")
	address, err := embed.OllamaAddress(host)
	if err != nil {
		return none, err
	}
	options := s.Bundle().ModelOptions()
	choice := ollama.Choice{Name: m.Name, Window: options.Context}
	client := ollama.New(ollama.Options{Address: address, Choice: func() ollama.Choice { return choice }, Parallel: m.Parallel, Threads: m.Threads, Now: time.Now})
	defer client.Close()
	switch at := client.Status(ctx); at.State {
	case ollama.StateUnreachable, ollama.StateMissing:
		return none, fmt.Errorf("the model %s can't be asked: %s", m.Name, at.Detail)
	}
	s = s.WithModel(client)
	if slices.Contains(options.Uses, casefile.UseCustomer) {
		part := model.PromptOf(casefile.UseCustomer, options.Files, options.Company)
		s = s.WithSpeaker(rehearsal.Speaker{Model: client, System: part.Text, Source: part.Source})
	}
	return do(s, client)
}
