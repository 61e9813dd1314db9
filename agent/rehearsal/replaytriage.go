package rehearsal

import (
	"context"
	"slices"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/casefile"
	"resolute/agent/procedure"
)

// Books gives the books of stored versions; a book.Shelf does. A version that isn't there is a
// bundle.ErrVersion.
type Books interface {
	Book(ctx context.Context, version string) (*book.Book, error)
}

// Route is agent.Triage: the candidate chooses. Where it has the same examples as the version that the
// case was handled under, what triage said then stands: what it had learned by then counted too.
func (r *replay) Route(ctx context.Context, c *casefile.Case) (agent.Routing, error) {
	r.arrive()
	for i := r.rec.at; i < len(r.rec.entries); i++ {
		e := &r.rec.entries[i]
		d, ok := e.Data.(*casefile.ProcedureChosen)
		if !ok {
			continue
		}
		r.taken(i)
		if len(d.Candidates) == 0 || !r.triagedAlike(ctx, e.Versions.Bundle) {
			break
		}
		if goal, ok := r.stands(d, c); ok {
			return agent.Routing{Procedure: d.Procedure, Goal: goal, Reason: d.Reason, Candidates: d.Candidates, Signal: d.Signal, Version: d.Triage}, nil
		}
		break
	}
	return r.router.Route(ctx, c)
}

// triagedAlike reports whether a version has the candidate's examples, and is as sure of them.
func (r *replay) triagedAlike(ctx context.Context, version string) bool {
	if version == r.stage.Version() {
		return true
	}
	if r.opt.Books == nil {
		return false
	}
	was, err := r.opt.Books.Book(ctx, version)
	if err != nil {
		return false
	}
	a, b := was.Triage(), r.stage.book.Triage()
	return a.Classifier.Version() == b.Classifier.Version() && a.Threshold == b.Threshold
}

// stands reports whether the candidate could have said what triage said, and gives the goal.
func (r *replay) stands(d *casefile.ProcedureChosen, c *casefile.Case) (goal string, ok bool) {
	at := slices.IndexFunc(c.Signals, func(s casefile.Received) bool { return s.ID == d.Signal })
	if at < 0 {
		return d.Goal, true // an older resolute didn't say which signal it read
	}
	starting := r.stage.book.Triage().Starting(&c.Signals[at].Signal, r.now)
	for _, k := range d.Candidates {
		i := slices.IndexFunc(starting, func(p *procedure.Procedure) bool { return p.Name == k.Procedure })
		if i < 0 {
			return "", false
		}
		if k.Procedure == d.Procedure {
			goal = starting[i].Goal
		}
	}
	return goal, true
}
