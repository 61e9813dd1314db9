package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"
)

//go:embed bundle
var bundle embed.FS

//go:embed story.json
var story []byte

// Bundle is how the company's problems are resolved: the bundle's folder. Its tools are reached at
// ${env.FERNHILL_URL}.
func Bundle() (fs.FS, error) { return fs.Sub(bundle, "bundle") }

// EnvURL is the name of the variable that the bundle takes the company's address from.
const EnvURL = "FERNHILL_URL"

// Step is one signal of the story.
type Step struct {
	Story         string        // name of the story; several steps may be of one
	Title         string        // the story in a line
	At            time.Duration // since the story's start
	AfterQuestion bool          // sent no sooner than the story's case has asked the customer
	Expect        string        // status that the story's case ends or stops with; "" for the steps before the last
	Signal        Signal
}

// Signal is a CloudEvents 1.0 event.
type Signal struct {
	Source string         `json:"source"`
	ID     string         `json:"id"`
	Type   string         `json:"type"`
	Data   map[string]any `json:"data"`
}

// Story is what happens to the company, in order. One more case comes without a signal: its
// monitor finds a shipment that stalled.
func Story() ([]Step, error) {
	var file []struct {
		Story         string `json:"story"`
		Title         string `json:"title"`
		At            string `json:"at"`
		AfterQuestion bool   `json:"after_question"`
		Expect        string `json:"expect"`
		Signal        struct {
			Signal
			Subject string `json:"subject"`
		} `json:"signal"`
	}
	if err := json.Unmarshal(story, &file); err != nil {
		return nil, fmt.Errorf("story.json: %w", err)
	}
	steps := make([]Step, len(file))
	for i, f := range file {
		at, err := time.ParseDuration(f.At)
		if err != nil {
			return nil, fmt.Errorf("story.json: step %d: %w", i+1, err)
		}
		if f.Signal.Subject != "" {
			f.Signal.Data["subject"] = f.Signal.Subject
		}
		steps[i] = Step{Story: f.Story, Title: f.Title, At: at, AfterQuestion: f.AfterQuestion, Expect: f.Expect, Signal: f.Signal.Signal}
	}
	return steps, nil
}

// MonitorTitle is the story of the case that the monitor opens.
const MonitorTitle = "A stalled shipment that nobody wrote about: credited by the service level"
