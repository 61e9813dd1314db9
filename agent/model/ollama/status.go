package ollama

import (
	"context"
	"fmt"
	"time"
)

// State says in a word how the model stands.
type State string

// States.
const (
	StateNone        State = "none"        // no model is configured
	StateReady       State = "ready"       // the server has it loaded
	StateIdle        State = "idle"        // the server has it, and loads it with the first request
	StatePulling     State = "pulling"     // the server fetches it
	StateMissing     State = "missing"     // the server has no such model
	StateUnreachable State = "unreachable" // no server answers
	StateFailing     State = "failing"     // the last request for it failed
	StateUnknown     State = "unknown"     // the server was asked, and hasn't answered yet
)

// Status is how the server and the model stand.
type Status struct {
	State   State    `json:"state"`
	Detail  string   `json:"detail"`            // what to do about it, or what was wrong the last time
	Model   string   `json:"model,omitempty"`   // the one that is configured
	Address string   `json:"address"`           // where the server is looked for
	Version string   `json:"version,omitempty"` // of the server
	Window  int      `json:"context,omitempty"` // tokens of the model's context that are used
	Most    int      `json:"most_context,omitempty"`
	Bytes   int64    `json:"bytes,omitempty"` // size of the model
	Models  []string `json:"models"`          // that the server has
	Last    *Last    `json:"last,omitempty"`  // request for the model
	Pull    *Pull    `json:"pull,omitempty"`  // the last one
}

// Trouble is what is wrong with the model, "" where nothing is or there is none.
func (s *Status) Trouble() string {
	switch s.State {
	case StateMissing, StateUnreachable, StateFailing:
		return s.Detail
	}
	return ""
}

// Status asks the server how it stands. It takes a few seconds at most.
func (c *Client) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, probing)
	defer cancel()
	m := c.choice()
	s := Status{Model: m.Name, Address: c.address(), Models: []string{}, Pull: c.pulls.last(), Last: c.lastOf(m.Name)}
	list, err := c.api.List(ctx)
	if err != nil {
		if s.State, s.Detail = StateUnreachable, c.explain(ctx, m, err).Detail; ctx.Err() != nil {
			s.Detail = c.hangs().detail
		}
		if m.Name == "" {
			s.State, s.Detail = StateNone, noModel.detail+"; and "+s.Detail
		}
		return s
	}
	s.Version, _ = c.api.Version(ctx) // the oldest servers don't say
	there := false
	for _, at := range list.Models {
		s.Models = append(s.Models, at.Name)
		if same(at.Name, m.Name) {
			there, s.Bytes = true, at.Size
		}
	}
	switch {
	case m.Name == "":
		s.State, s.Detail = StateNone, noModel.detail
	case s.Pull != nil && s.Pull.running() && same(s.Pull.Model, m.Name):
		s.State, s.Detail = StatePulling, s.Pull.progress()
	case !there:
		s.State, s.Detail = StateMissing, c.missing(m.Name).detail
	default:
		c.stand(ctx, m, &s)
	}
	return s
}

// How old what Glance gives may be, and how long it waits for something newer.
const (
	glanceHolds = 10 * time.Second
	glanceWaits = 200 * time.Millisecond
)

// Glance is how things stood a few seconds ago: it keeps nobody waiting for a server that hangs, and asks
// none where no model is configured.
func (c *Client) Glance(ctx context.Context) Status {
	configured := c.choice().Name
	if configured == "" {
		return Status{State: StateNone, Detail: noModel.detail, Address: c.address(), Models: []string{}, Pull: c.pulls.last()}
	}
	c.mu.Lock()
	if !c.seenAt.IsZero() && c.seen.Model == configured && c.opts.Now().Sub(c.seenAt) < glanceHolds {
		defer c.mu.Unlock()
		return c.seen
	}
	if c.asking == nil {
		c.asking = make(chan struct{})
		c.group.Go(c.look)
	}
	asking := c.asking
	c.mu.Unlock()
	patience := time.NewTimer(glanceWaits)
	defer patience.Stop()
	select {
	case <-asking:
	case <-patience.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seenAt.IsZero() {
		return Status{State: StateUnknown, Detail: "the server was asked, and hasn't answered yet", Model: configured, Address: c.address(), Models: []string{}}
	}
	return c.seen
}

// look asks for the status that Glance gives.
func (c *Client) look() {
	s := c.Status(c.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.seenAt = s, c.opts.Now()
	close(c.asking)
	c.asking = nil
}

// stand says how a model stands that the server has.
func (c *Client) stand(ctx context.Context, m Choice, s *Status) {
	s.Window = m.Window
	if f, err := c.learn(ctx, m.Name); err == nil && f.context > 0 {
		s.Most, s.Window = f.context, min(m.Window, f.context)
	}
	s.State, s.Detail = StateIdle, "it is loaded with the first request, which takes longer"
	if running, err := c.api.ListRunning(ctx); err == nil { // the oldest servers don't say
		for _, at := range running.Models {
			if same(at.Name, m.Name) {
				s.State, s.Detail = StateReady, fmt.Sprintf("it is loaded, and takes %d MB", at.Size/1_000_000)
			}
		}
	}
	if l := s.Last; l != nil && (l.Code == codeMemory || l.Code == codeDropped || l.Code == codeRefused) {
		s.State, s.Detail = StateFailing, l.Detail
	}
}

func (c *Client) lastOf(model string) *Last {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, ok := c.last[model]; ok {
		return &l
	}
	return nil
}
