package runs

import (
	"strings"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/rehearsal"
)

// State is how far a run is.
type State string

// The states. A run waits for those before it, and is at rest in one of the last three.
const (
	Waiting     State = "waiting"
	Running     State = "running"
	Done        State = "done"        // Passed says with what success
	Failed      State = "failed"      // it couldn't be run; Error says why
	Interrupted State = "interrupted" // somebody stopped it, or the server ended; Error says which
)

// Over reports whether a run is at rest.
func (s State) Over() bool { return s != Waiting && s != Running }

// Options say what is run.
type Options struct {
	Faults bool   `json:"faults"`
	Seed   uint64 `json:"seed"`
	// Live lets scenarios call the plugins of the version, which do what they are told. Else those that
	// would are left out.
	Live bool `json:"live"`
	// Cases are the recorded cases that are replayed in place of the scenarios: all, or ids with a comma
	// between two; "" for none.
	Cases string `json:"cases,omitempty"`
}

// Replays reports whether recorded cases are replayed. What they come to is no evidence for a version
// becoming active: that is what its scenarios come to.
func (o Options) Replays() bool { return o.Cases != "" }

// Order asks for a run.
type Order struct {
	Options
	Bundle *bundle.Bundle
	By     string // actor
}

// Run is a rehearsal of a version in a server.
type Run struct {
	Options
	ID        string     `json:"id"` // ascends with time
	Version   string     `json:"version"`
	Manifests string     `json:"manifests"` // hash of what the version's plugins offered, see bundle.Manifested
	State     State      `json:"state"`
	By        string     `json:"by"`
	AskedAt   time.Time  `json:"asked_at"`
	StartedAt *time.Time `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	Begun     int        `json:"begun"` // rehearsals that were begun
	Total     int        `json:"total"` // of so many, once it runs
	Passed    bool       `json:"passed"`
	Unmet     int        `json:"unmet"`              // rehearsals that didn't pass
	Error     string     `json:"error,omitempty"`    // why it failed or was interrupted
	LeftOut   []string   `json:"left_out,omitempty"` // scenarios that call live plugins
	// Outcomes counts recorded cases by what became of them.
	Outcomes *rehearsal.Replays `json:"outcomes,omitempty"`
}

// Told is a run with what its rehearsals came to.
type Told struct {
	Run
	Items []rehearsal.Item `json:"items"`
	// Shortened says what of the items wasn't kept, "" for nothing.
	Shortened string `json:"shortened,omitempty"`
}

// Complaints are what isn't met, a line each, each after a line break.
func (t *Told) Complaints() string {
	var b strings.Builder
	if t.Error != "" {
		b.WriteString("\n  " + t.Error)
	}
	for i := range t.Items {
		for _, what := range t.Items[i].Failures {
			b.WriteString("\n  " + t.Items[i].Rehearsal + ": " + what)
		}
	}
	return b.String()
}

// kept is what is stored of a report.
type kept struct {
	Items     []rehearsal.Item `json:"items"`
	Shortened string           `json:"shortened,omitempty"`
}
