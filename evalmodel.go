package main

import (
	"context"
	"fmt"
	"time"

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
	host, _ := t.Env("OLLAMA_HOST")
	address, err := embed.OllamaAddress(host)
	if err != nil {
		return measure.Report{}, err
	}
	return staged(ctx, set.Files, set.Name, t.Env, func(driven *rehearsal.Stage) (measure.Report, error) {
		return staged(ctx, set.Plain, set.Name, t.Env, func(plain *rehearsal.Stage) (measure.Report, error) {
			choice := ollama.Choice{Name: t.Model, Window: driven.Bundle().Config.Model.Context}
			client := ollama.New(ollama.Options{Address: address, Choice: func() ollama.Choice { return choice }, Threads: t.Threads, Now: time.Now})
			defer client.Close()
			switch at := client.Status(ctx); at.State {
			case ollama.StateUnreachable, ollama.StateMissing:
				return measure.Report{}, fmt.Errorf("there is nothing to measure: %s", at.Detail)
			}
			return measure.Run(ctx, measure.Stages{Set: set.Name, Driven: driven, Plain: plain}, t.Model, measure.Always(client), t.Options)
		})
	})
}
