package main

import (
	"strings"
	"time"

	"resolute/agent/model/ollama"
	"resolute/embed"
)

// openModel makes the way to the model. The server is found where the embedder's is, and nothing is asked of it before
// somebody needs it.
func (a *appliance) openModel() error {
	host, _ := a.Env("OLLAMA_HOST")
	address, err := embed.OllamaAddress(host)
	if err != nil {
		return err
	}
	a.model = ollama.New(ollama.Options{Address: address, Choice: a.modelChoice, Parallel: a.Model.Parallel, Threads: a.Model.Threads, Now: time.Now})
	return nil
}

// modelChoice is the model that the server was told to ask, else the active bundle's.
func (a *appliance) modelChoice() ollama.Choice {
	var m ollama.Choice
	if b, err := a.library.Active(); err == nil {
		m = ollama.Choice{Name: strings.TrimPrefix(b.Config.Model.Name, "ollama/"), Window: b.Config.Model.Context}
	}
	if a.Model.Name != "" {
		m.Name = a.Model.Name
	}
	return m
}
