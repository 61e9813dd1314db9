package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/embed"
	"resolute/kb"
)

// openKnowledge opens what is known, and the embedder that finds it.
func (a *appliance) openKnowledge(builtin *embed.Static) error {
	o, err := knowledgeOptions(a.Embedder, builtin, a.Env)
	if err != nil {
		return err
	}
	o.Logger = a.Log
	a.knowledge, err = kb.Open(a.Data, o)
	return err
}

// knowledgeOptions says what makes the vectors: builtin or ollama/NAME. A server that is down or lacks
// the model is asked again rather than being an error.
func knowledgeOptions(name string, builtin *embed.Static, env func(string) (string, bool)) (kb.Options, error) {
	var server embed.OllamaOptions
	server.Host, _ = env("OLLAMA_HOST")
	former := func(ctx context.Context, fingerprint string) (kb.Embedder, bool) {
		if builtin.Fingerprint() == fingerprint {
			return builtin, true
		}
		model, ok := embed.OllamaModel(fingerprint)
		if !ok {
			return nil, false
		}
		ctx, cancel := context.WithTimeout(ctx, formerWithin)
		defer cancel()
		e, err := embed.OpenOllama(ctx, model, server)
		return e, err == nil
	}
	model, ok := strings.CutPrefix(name, "ollama/")
	if !ok {
		return kb.Options{Embedder: builtin, Former: former}, nil
	}
	if err := server.Check(); err != nil {
		return kb.Options{}, err
	}
	reach := func(ctx context.Context) (kb.Embedder, error) {
		e, err := embed.OpenOllama(ctx, model, server)
		if err != nil {
			return nil, err
		}
		return e, nil
	}
	return kb.Options{Reach: reach, Former: former}, nil
}

// formerWithin is how long the first search may wait for the embedder that was there before.
const formerWithin = 5 * time.Second

// ground finds the passages that a case rests on.
type ground struct {
	*kb.Base
	relevance func(ctx context.Context, version string) float64 // the threshold of a bundle
}

func (g ground) Ground(ctx context.Context, c *casefile.Case, queries []string) ([]casefile.Passage, error) {
	list, seen := []casefile.Passage{}, map[string]bool{}
	floor := g.relevance(ctx, c.Bundle)
	for _, q := range queries {
		hits, err := g.Search(ctx, kb.Query{Text: q, K: 3, Floor: floor, Situation: situation(c)})
		if err != nil {
			return list, err
		}
		for _, h := range hits {
			if h.Relevance >= floor && !seen[h.Citation] {
				seen[h.Citation] = true
				list = append(list, casefile.Passage{Address: h.Citation, Title: heading(h), Text: h.Text, Score: h.Score, Query: q, Internal: !h.Quotable()})
			}
		}
	}
	return list, nil
}

// situation is what corrections are chosen by. A customer that nobody vouches for brings none of that
// customer's.
func situation(c *casefile.Case) *kb.Situation {
	s := &kb.Situation{Procedure: c.Procedure}
	if c.Customer.Assurance != casefile.AssuranceNone {
		s.Customers = []string{c.Customer.ID, c.Customer.Email}
	}
	for name, in := range c.Inputs {
		if name == "product" || name == "product_id" || name == "sku" {
			if product, ok := in.Value.V.(string); ok {
				s.Products = append(s.Products, product)
			}
		}
	}
	for i := range c.Signals {
		if product, ok := c.Signals[i].Data["product"].(string); ok {
			s.Products = append(s.Products, product)
		}
	}
	return s
}

// relevance is the threshold of a version of the bundle.
func (a *appliance) relevance(ctx context.Context, version string) float64 {
	b, err := a.library.Get(ctx, version)
	if err != nil {
		return 0
	}
	return b.Config.Relevance
}

// heading is where a passage stands: the document's title, and the headings under it.
func heading(h kb.Hit) string {
	path := h.Headings
	if len(path) == 0 || path[0] != h.Title {
		path = append([]string{h.Title}, path...)
	}
	return strings.Join(path, " › ")
}

// usage follows the journal and notes in the knowledge base what was cited where, and what cases
// looked for in vain.
type usage struct {
	feed interface {
		FeedOf(ctx context.Context, after uint64, most int, kinds ...casefile.Kind) (entries []casefile.Entry, read uint64, err error)
		Committed() (ch <-chan struct{}, cancel func())
	}
	knowledge *kb.Base
	log       *slog.Logger
}

const (
	usageBatch = 500
	usagePace  = time.Second // between two looks at a journal that grows all the time
)

// Run notes until ctx ends.
func (u usage) Run(ctx context.Context) {
	after, err := u.knowledge.NotedTo(ctx)
	if err == nil {
		err = journal.Follow(ctx, u.feed, usagePace, func(ctx context.Context) (err error) {
			after, err = u.note(ctx, after)
			return err
		})
	}
	if err != nil && ctx.Err() == nil {
		u.log.Warn("what was cited where can't be noted", "error", err) // it is when the server starts again: nothing of the journal gets lost
	}
}

// note goes on behind an offset, as far as the journal goes, and answers where it ended. Stretches
// that say nothing about knowledge are read again after a start rather than noted one by one.
func (u usage) note(ctx context.Context, after uint64) (uint64, error) {
	for {
		entries, read, err := u.feed.FeedOf(ctx, after, usageBatch, casefile.KindKnowledgeFound, casefile.KindReplyWritten)
		if err != nil || read == after {
			return after, err
		}
		var n kb.Noted
		for i := range entries {
			noted(&entries[i], &n)
		}
		full := read == after+usageBatch
		after = read
		if len(n.Uses)+len(n.Gaps) > 0 || full {
			if err := u.knowledge.Note(ctx, after, n); err != nil {
				return after, err
			}
		}
	}
}

// noted adds what an entry says about knowledge.
func noted(e *casefile.Entry, n *kb.Noted) {
	switch d := e.Data.(type) {
	case *casefile.KnowledgeFound:
		found := map[string]bool{}
		for _, p := range d.Passages {
			found[p.Query] = true
			n.Uses = append(n.Uses, kb.Use{Case: e.Case, At: e.At, Kind: kb.Grounded, Address: p.Address, Query: p.Query})
		}
		for _, q := range d.Queries {
			if !found[q] && d.Error == "" {
				n.Gaps = append(n.Gaps, kb.Gap{Case: e.Case, At: e.At, Query: q})
			}
		}
	case *casefile.ReplyWritten:
		for _, address := range d.Reply.Citations {
			n.Uses = append(n.Uses, kb.Use{Case: e.Case, At: e.At, Kind: kb.Replied, Address: address})
		}
	}
}
