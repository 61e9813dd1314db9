package triage

import (
	"context"
	"fmt"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/procedure"
)

// Book is what a bundle version says about triage.
type Book struct {
	Version    string // of the bundle
	Procedures []*procedure.Procedure
	Starting   func(s *casefile.Signal, now time.Time) []*procedure.Procedure
	Classifier *Classifier
	Threshold  float64 // probability below which a procedure isn't sure enough; the classifier may ask for more
	Stated     bool    // the bundle says so itself: then it counts alone while nothing is proven
}

// Least is the score from which on a procedure is sure enough, and what it is for. Of the bundle's and
// the one that is proven to keep the stated rate the stricter counts; while nothing is proven, and the
// bundle doesn't say otherwise, the one that the classifier itself thinks keeps it.
func (b *Book) Least() (score float64, why string) {
	proven, rate := b.Classifier.Threshold()
	switch likely := b.Classifier.Likely(); {
	case proven > b.Threshold:
		return proven, fmt.Sprintf(" that keeps what goes wrong under %.0f %%", 100*rate)
	case proven == 0 && !b.Stated && likely > b.Threshold:
		return likely, fmt.Sprintf(" that should keep what goes wrong under %.0f %%; too few texts are known to prove one", 100*rate)
	}
	return b.Threshold, ""
}

// Router chooses procedures for cases; it is an agent.Triage.
type Router struct {
	Books func(ctx context.Context, version string) (Book, error)
	Now   func() time.Time
}

// Examples gives what the procedures' authors wrote.
func Examples(procedures []*procedure.Procedure) []Example {
	var list []Example
	for _, p := range procedures {
		for _, text := range p.Start.Examples {
			list = append(list, Example{Procedure: p.Name, Text: text})
		}
	}
	return list
}

// Route chooses by the newest signal that may start any procedure: the one procedure without
// examples that it may start, else the one whose examples the text is most like, if sure enough.
func (r *Router) Route(ctx context.Context, c *casefile.Case) (agent.Routing, error) {
	book, err := r.Books(ctx, c.Bundle)
	if err != nil {
		return agent.Routing{}, err
	}
	for i := len(c.Signals) - 1; i >= 0; i-- {
		s := &c.Signals[i].Signal
		if starting := book.Starting(s, r.Now()); len(starting) > 0 {
			return choose(ctx, book, starting, s)
		}
	}
	return agent.Routing{Reason: "no procedure starts with " + typesOf(c)}, nil
}

func typesOf(c *casefile.Case) string {
	if len(c.Signals) == 1 {
		return "a signal of type " + c.Signals[0].Type
	}
	return "these signals"
}

func choose(ctx context.Context, book Book, starting []*procedure.Procedure, s *casefile.Signal) (agent.Routing, error) {
	if p := starting[0]; len(starting) == 1 && len(p.Start.Examples) == 0 {
		return agent.Routing{Procedure: p.Name, Goal: p.Goal, Reason: "the only procedure that starts with " + s.Type, Signal: s.ID}, nil
	}
	names := make([]string, len(starting))
	for i, p := range starting {
		names[i] = p.Name
	}
	candidates, err := book.Classifier.Classify(ctx, s.Text(), names)
	if err != nil {
		return agent.Routing{}, err
	}
	r := agent.Routing{Candidates: candidates[:min(len(candidates), 5)], Signal: s.ID, Version: book.Classifier.Version()}
	best := candidates[0]
	if least, why := book.Least(); best.Score < least {
		r.Reason = fmt.Sprintf("the surest is %s with %.2f, below the threshold of %.2f%s", best.Procedure, best.Score, least, why)
		return r, nil
	}
	r.Procedure, r.Reason = best.Procedure, fmt.Sprintf("%.2f sure, most like %q", best.Score, best.Nearest)
	for _, p := range starting {
		if p.Name == best.Procedure {
			r.Goal = p.Goal
		}
	}
	return r, nil
}
