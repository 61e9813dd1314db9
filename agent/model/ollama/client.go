package ollama

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/ollama/ollama/api"

	"resolute/agent/casefile"
)

// Choice is the model that is asked.
type Choice struct {
	Name   string // as Ollama has it, such as qwen3:8b; "" for none
	Window int    // tokens of its context that are used, num_ctx; 8,192 if 0
}

// defaultWindow is one that small models have and that small machines take.
const defaultWindow = 8192

// Options say which server is asked for which model, and how.
type Options struct {
	Address  *url.URL
	Choice   func() Choice    // asked with each request; a change of the window makes the server load anew
	Parallel int              // requests at once; 1 if 0
	Threads  int              // num_thread; 0 leaves it to the server
	Now      func() time.Time // the clock
}

// Client asks a model. Its methods may be called by many at once.
type Client struct {
	opts  Options
	api   *api.Client
	seats chan struct{}
	pulls *puller

	ctx    context.Context // of what goes on in the background
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu     sync.Mutex
	facts  map[string]facts // by model
	last   map[string]Last  // by model
	seen   Status           // by Glance
	seenAt time.Time
	asking chan struct{} // closed when Glance knows more; nil: it isn't asking
}

// New makes a client. It asks nothing yet. Close ends pulls that go on.
func New(o Options) *Client {
	if o.Parallel <= 0 {
		o.Parallel = 1
	}
	c := &Client{opts: o, api: api.NewClient(o.Address, caller()), seats: make(chan struct{}, o.Parallel), facts: map[string]facts{}, last: map[string]Last{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.pulls = &puller{client: c, news: map[chan struct{}]bool{}}
	return c
}

// Close ends pulls that go on; what they fetched stays with the server.
func (c *Client) Close() {
	c.cancel()
	c.group.Wait()
}

// address names the server without what opens it.
func (c *Client) address() string { return c.opts.Address.Redacted() }

// choice is the model to ask, with its window filled in.
func (c *Client) choice() Choice {
	m := c.opts.Choice()
	if m.Window <= 0 {
		m.Window = defaultWindow
	}
	return m
}

// Think asks for the samples one after the other: the server keeps what it made of the prompt, and
// each one but the first begins there.
func (c *Client) Think(ctx context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	said := casefile.ModelAnswered{Use: ask.Use, Source: ask.Source, System: ask.System, Prompt: ask.Prompt, Repair: ask.Repair}
	m := c.choice()
	said.Model = m.Name
	answers, err := c.answers(ctx, m, ask)
	if err != nil {
		said.Error = c.explain(ctx, m, err)
		c.note(m.Name, Last{At: c.opts.Now(), Code: said.Error.Code, Detail: said.Error.Detail})
		return said
	}
	said.Answers = answers
	c.note(m.Name, Last{At: c.opts.Now()})
	return said
}

func (c *Client) answers(ctx context.Context, m Choice, ask casefile.Consult) ([]casefile.ModelAnswer, error) {
	if m.Name == "" {
		return nil, noModel
	}
	select {
	case c.seats <- struct{}{}:
		defer func() { <-c.seats }()
	case <-ctx.Done():
		return nil, errTurn
	}
	f, err := c.learn(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	window := m.Window
	if f.context > 0 {
		window = min(window, f.context)
	}
	if err := fits(ask, window); err != nil {
		return nil, err
	}
	var answers []casefile.ModelAnswer
	for sample := range max(1, ask.Samples) {
		a, err := c.sample(ctx, c.request(m.Name, window, f, ask, ask.Earlier+sample), window)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// Last is how the last request for a model ended.
type Last struct {
	At     time.Time `json:"at"`
	Code   string    `json:"code,omitempty"` // of a casefile.ModelError; "" where it answered
	Detail string    `json:"detail,omitempty"`
}

func (c *Client) note(model string, l Last) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[model] = l
}
