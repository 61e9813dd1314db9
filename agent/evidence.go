package agent

import (
	"context"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Evidence keeps how right the agent was, and what follows for how far it may go.
type Evidence interface {
	// Weigh counts what was seen in a case, and says what that changes.
	Weigh(ctx context.Context, caseID string, seen []casefile.Observation, now time.Time) (Weighed, error)
}

// Weighed is what observations change. It is committed with the entries that they were made of, if
// what it expects still holds.
type Weighed struct {
	Expect  []journal.Record
	Records []journal.Record
	Changes []*casefile.AuthorityChanged // entries of the case, behind the others
	Kept    func()                       // called once it is committed: from then on it counts
}

// weigh puts what was seen along with a change of a case, which is folded into c. The change has to be
// appended by a call that nothing cuts off, and w.Kept called behind it.
func (e *Engine) weigh(ctx context.Context, c *casefile.Case, seen []casefile.Observation, a *journal.Append, v casefile.Versions) (kept func(), err error) {
	if len(seen) == 0 || e.Evidence == nil {
		return func() {}, nil
	}
	now := e.Now()
	w, err := e.Evidence.Weigh(ctx, c.ID, seen, now)
	if err != nil {
		return nil, err
	}
	a.Expect, a.Records = append(a.Expect, w.Expect...), append(a.Records, w.Records...)
	for _, d := range w.Changes {
		entry := casefile.Entry{Seq: c.Seq + 1, Case: c.ID, At: now, Actor: casefile.ActorSystem, Data: d, Versions: v}
		c.Fold(&entry)
		a.Entries = append(a.Entries, entry)
	}
	return w.Kept, nil
}
