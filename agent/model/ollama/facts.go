package ollama

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/types/model"
)

// facts are what is known of a model before it is asked.
type facts struct {
	context int  // tokens, 0 where the server doesn't say
	thinks  bool // before it answers, if it isn't told not to
	at      time.Time
}

// knownFor is how long facts hold: somebody may pull another model under the same name.
const knownFor = time.Minute

// learn asks the server about a model.
func (c *Client) learn(ctx context.Context, name string) (facts, error) {
	now := c.opts.Now()
	c.mu.Lock()
	f, ok := c.facts[name]
	c.mu.Unlock()
	if ok && now.Sub(f.at) < knownFor {
		return f, nil
	}
	//lint:ignore SA1019 servers before 0.1.36 know no other name for it
	shown, err := c.api.Show(ctx, &api.ShowRequest{Model: name, Name: name})
	var status api.StatusError
	switch {
	case err == nil:
		f = facts{context: contextOf(shown), thinks: slices.Contains(shown.Capabilities, model.CapabilityThinking), at: now}
	case ctx.Err() != nil:
		return f, &timeout{}
	case errors.As(err, &status) && status.StatusCode != 404:
		f = facts{at: now} // it may still answer
	default:
		return f, c.fault(name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.facts[name] = f
	return f, nil
}

// contextOf is a model's context length in tokens, 0 where the server doesn't say.
func contextOf(shown *api.ShowResponse) int {
	architecture, _ := shown.ModelInfo["general.architecture"].(string)
	n, _ := shown.ModelInfo[architecture+".context_length"].(float64)
	return int(n)
}

func (c *Client) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.facts, name)
}
