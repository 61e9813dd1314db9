package ollama

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/types/model"
)

// Pull is a model that the server fetches.
type Pull struct {
	Model     string    `json:"model"`
	Status    string    `json:"status"` // in the server's words
	Completed int64     `json:"completed_bytes"`
	Total     int64     `json:"total_bytes"` // of what is known to come
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Error     string    `json:"error,omitempty"` // why it ended without the model
}

func (p *Pull) running() bool { return p.EndedAt.IsZero() }

// progress says how far it is.
func (p *Pull) progress() string {
	if p.Total == 0 {
		return p.Status
	}
	return fmt.Sprintf("%d %% of %d MB", 100*p.Completed/p.Total, p.Total/1_000_000)
}

// Errors of Pull.
var (
	ErrName    = errors.New("this is no name of a model")
	ErrPulling = errors.New("another model is being pulled")
)

// Pull has the server fetch a model, in the background, and gives how that stands. A pull of the
// same model that goes on is that one; of another it is ErrPulling.
func (c *Client) Pull(name string) (Pull, error) {
	if !model.ParseName(name).IsValid() {
		return Pull{}, fmt.Errorf("%q: %w; write it like qwen3:8b", name, ErrName)
	}
	return c.pulls.begin(name)
}

// WatchPull tells when a pull went on; whoever is told asks for it.
func (c *Client) WatchPull() (news <-chan struct{}, cancel func()) {
	p, ch := c.pulls, make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news[ch] = true
	return ch, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.news, ch)
	}
}

// LastPull is how the last pull stands, nil if there was none.
func (c *Client) LastPull() *Pull { return c.pulls.last() }

// puller pulls one model at a time.
type puller struct {
	client *Client

	mu   sync.Mutex
	pull *Pull            // the last one; nil: there was none
	done map[string]int64 // bytes by digest
	all  map[string]int64
	news map[chan struct{}]bool
}

// tell tells who watches; p.mu is held.
func (p *puller) tell() {
	for ch := range p.news {
		select {
		case ch <- struct{}{}:
		default: // it is told already
		}
	}
}

// last is how the last pull stands, nil if there was none.
func (p *puller) last() *Pull {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pull == nil {
		return nil
	}
	is := *p.pull
	return &is
}

// of is the last pull, if it was of that model.
func (p *puller) of(name string) *Pull {
	if is := p.last(); is != nil && same(is.Model, name) {
		return is
	}
	return nil
}

func (p *puller) begin(name string) (Pull, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pull != nil && p.pull.running() {
		if !same(p.pull.Model, name) {
			return *p.pull, fmt.Errorf("%w: %s, %s; wait for it", ErrPulling, p.pull.Model, p.pull.progress())
		}
		return *p.pull, nil
	}
	p.pull = &Pull{Model: name, Status: "asking for it", StartedAt: p.client.opts.Now()}
	p.done, p.all = map[string]int64{}, map[string]int64{}
	p.client.group.Go(func() { p.run(name) })
	p.tell()
	return *p.pull, nil
}

func (p *puller) run(name string) {
	succeeded := false
	//lint:ignore SA1019 servers before 0.1.36 know no other name for it
	err := p.client.api.Pull(p.client.ctx, &api.PullRequest{Model: name, Name: name}, func(at api.ProgressResponse) error {
		succeeded = at.Status == "success"
		p.report(at)
		return nil
	})
	p.client.forget(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.tell()
	p.pull.EndedAt = p.client.opts.Now()
	switch {
	case p.client.ctx.Err() != nil:
		p.pull.Error = "it was broken off, since resolute ended; pull it again, and it goes on where it stopped"
	case err != nil:
		p.pull.Error = p.client.unpulled(name, err)
	case !succeeded:
		p.pull.Error = "the server ended it without a word; pull it again, and it goes on where it stopped"
	}
}

func (p *puller) report(at api.ProgressResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.tell()
	p.pull.Status = words(at.Status)
	if at.Digest == "" {
		return
	}
	p.done[at.Digest], p.all[at.Digest] = at.Completed, at.Total
	p.pull.Completed, p.pull.Total = 0, 0
	for digest, total := range p.all {
		p.pull.Completed += p.done[digest]
		p.pull.Total += total
	}
}

// unpulled says why a model couldn't be fetched.
func (c *Client) unpulled(name string, err error) string {
	if f, ok := errors.AsType[*fault](c.fault(name, err)); ok && f.code == codeUnreachable {
		return f.detail
	}
	return fmt.Sprintf("Ollama at %s can't get %s: %s; see that the name is right and the server reaches the registry", c.address(), name, words(err.Error()))
}

// same reports whether two names are of one model.
func same(a, b string) bool {
	return model.ParseName(a).DisplayShortest() == model.ParseName(b).DisplayShortest()
}
