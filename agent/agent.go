package agent

import (
	"context"
	"encoding/json"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Planner says what should happen next in a case. It is pure: the same state and time give the
// same decision.
type Planner interface {
	Plan(c *casefile.Case, now time.Time) casefile.Decision
	// Fallback is what the bundle says should follow a stop code.
	Fallback(c *casefile.Case, code casefile.StopCode, now time.Time) casefile.Fallback
	// Observe gives the values at paths of the state, such as facts.order.id; what is absent is
	// left out.
	Observe(c *casefile.Case, paths []string) map[string]casefile.Value
	// Hypothesis gives the index of the first call among the steps of the procedure's hypothesis of
	// this name, and whether there is one of this name.
	Hypothesis(c *casefile.Case, name string) (firstCall int, ok bool)
	// Goal gives the goal of a procedure, and whether there is one of this name.
	Goal(procedure string) (goal string, ok bool)
}

// Guard judges actions by deterministic rules. It is pure and fails closed.
type Guard interface {
	Judge(c *casefile.Case, p casefile.Proposal) casefile.Verdict
}

// Authority says how far the agent may go with an action in a procedure. It is pure.
type Authority interface {
	Standing(procedure string, a casefile.Action) casefile.Standing
}

// Limits bound one case.
type Limits struct {
	Steps int           // calls, repeats not counted
	Wall  time.Duration // from opening to a stop
}

// Playbook is one version of a bundle, as the engine plays by it.
type Playbook struct {
	Version string
	Prompts string // hash of its prompts, "" where it has none
	Planner Planner
	Guard   Guard
	Limits  Limits
	// Recalls: its procedures or policies read what became of the customer's earlier cases.
	Recalls bool
	// Queues by name; without any, handoffs wait and nobody is told.
	Queues map[string]Queue
	// Authority is that of the active bundle with what was earned, as it stands; nil: the guard's own.
	Authority Authority
}

// Judge gives the guard's verdict on an action, by how far the agent may go with it now.
func (b *Playbook) Judge(c *casefile.Case, p casefile.Proposal) casefile.Verdict {
	if b.Authority != nil && p.Standing == nil {
		standing := b.Authority.Standing(c.Procedure, p.Action)
		p.Standing = &standing
	}
	return b.Guard.Judge(c, p)
}

// Playbooks gives the version that a case is handled under; "" is the active one.
type Playbooks interface {
	Playbook(ctx context.Context, version string) (*Playbook, error)
}

// Tools calls plugins; see casefile.Request and casefile.Answer for what that means.
type Tools interface {
	Tool(name string) (casefile.Tool, bool)
	ValidateArgs(tool string, args casefile.Object) error
	Send(ctx context.Context, r casefile.Request) casefile.Answer
	Ask(ctx context.Context, tool, key string) casefile.Answer
	DecodeResult(tool string, raw json.RawMessage) (casefile.Value, error)
}

// Knowledge finds passages that ground a case.
type Knowledge interface {
	// Ground answers what the knowledge says about queries in the situation of c, which it doesn't
	// change.
	Ground(ctx context.Context, c *casefile.Case, queries []string) ([]casefile.Passage, error)
}

// Model answers what a plan asks it.
type Model interface {
	// Think makes one request, or one for each sample. It never fails: what kept it from an answer is
	// in Error. It gives up when ctx ends.
	Think(ctx context.Context, caseID string, ask casefile.Consult) casefile.ModelAnswered
}

// Routing is what triage says about a case: a procedure, or the candidates that it can't choose
// between.
type Routing struct {
	Procedure  string // "" for none
	Goal       string
	Reason     string
	Candidates []casefile.Candidate
	Signal     string // id of the one that was read, "" where none starts a procedure
	Version    string // of what was learned that chose by the text, "" where no text was asked for
}

// Triage finds the procedure for a case.
type Triage interface {
	Route(ctx context.Context, c *casefile.Case) (Routing, error)
}

// Loader gives a case's newest snapshot and the entries behind it; see journal.Store.
type Loader interface {
	Load(ctx context.Context, caseID string) (snapshot []byte, tail []casefile.Entry, err error)
}

// Store is what the engine needs of a journal.Store.
type Store interface {
	Claim(ctx context.Context, worker string, max int, now time.Time, ttl time.Duration) ([]journal.Lease, error)
	Renew(l journal.Lease, now time.Time, ttl time.Duration) error
	Release(l journal.Lease)
	Wakeups() <-chan struct{}
	Due(ctx context.Context, now time.Time) (time.Time, error)
	Loader
	Append(ctx context.Context, a journal.Append) (journal.Appended, error)
	Waiting(ctx context.Context, signalType string) ([]string, error)
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
	Failed() <-chan struct{}
}
