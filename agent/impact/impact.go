// Package impact judges again, by a candidate for the bundle, what was decided in a period: which
// verdicts would have been others, by which rule, how often and about how much.
//
// A decision is a verdict on a write that stands in the journal: of a call that was sent, of an action
// that was denied, that the agent only watched, or that a person was asked about. What was asked and
// then sent is one. Each is judged on the state of its case as it was then, folded from the entries
// before it, with everything else that its verdict depended on as it was journaled: the budgets that had
// no room, what was unusual, who proposed it, the level that was earned. The same journal and the same
// candidate always give the same report.
//
// # Caveats
//
// Procedures are not run again: a candidate that plans otherwise would have decided about other actions.
// A budget that the candidate brings or widens counts as it did then: as exceeded where it was, else as
// having room. A level that authority.yaml gives is the candidate's, one that was earned or lost is as
// it was.
package impact

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Store gives the histories of cases; a journal.Bolt does.
type Store interface {
	Histories(ctx context.Context, cursor string, limit int, q journal.HistoryQuery) (list []journal.History, next string, err error)
}

// Guard judges as the candidate would.
type Guard interface {
	Judge(c *casefile.Case, p casefile.Proposal) casefile.Verdict
}

// Candidate is what past decisions are judged by.
type Candidate struct {
	Version  string
	Currency string // ISO 4217, of amounts without one
	Guard    Guard
	// Effect gives a tool's effect, false where the candidate doesn't know the tool: then it is as it
	// was.
	Effect func(tool string) (effect string, ok bool)
}

// Period bounds when a decision was made: at or after From, and before To; zero for no bound.
type Period struct{ From, To time.Time }

// Report is what would have been decided otherwise.
type Report struct {
	Version   string     `json:"version"`
	From      *time.Time `json:"from"` // null for no bound
	To        *time.Time `json:"to"`
	Decisions int        `json:"decisions"`
	Changed   int        `json:"changed"`
	Changes   []Change   `json:"changes"` // the most frequent first
}

// Change is a kind of verdict that would have been another.
type Change struct {
	Tool    string                  `json:"tool"`
	Was     casefile.VerdictOutcome `json:"was"`
	WasRule string                  `json:"was_rule"` // that decided; "" for a level of authority, or none
	Now     casefile.VerdictOutcome `json:"now"`
	NowRule string                  `json:"now_rule"`
	// Blind: the rule can't be evaluated on what these cases knew, so it would have to be seen what they
	// gather under the candidate.
	Blind    bool      `json:"blind"`
	Count    int       `json:"count"`
	Amounts  []Amount  `json:"amounts"`  // by currency
	Examples []Example `json:"examples"` // the first few, by case
}

// Amount is the sum of the largest *_cents argument of each action, without its sign.
type Amount struct {
	Currency    string `json:"currency"`
	AmountCents int64  `json:"amount_cents"`
}

// Example is one decision.
type Example struct {
	CaseID string `json:"case_id"`
	Seq    uint64 `json:"seq"` // of its entry
}

// Bounds of the work and of the report.
const (
	casesAtOnce  = 256
	mostExamples = 5
)

// Replay judges the decisions of a period. It streams: it holds the histories of a few hundred cases at a
// time.
func Replay(ctx context.Context, store Store, c Candidate, p Period) (Report, error) {
	q := journal.HistoryQuery{From: p.From, To: p.To, Decides: decides, Sees: sees}
	type judged struct {
		tally
		err error
	}
	type batch struct {
		list []journal.History
		out  chan judged
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work, order := make(chan batch), make(chan batch, runtime.GOMAXPROCS(0)*2)
	var failed error // read once order is closed
	var judges sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		judges.Go(func() {
			for b := range work {
				var j judged
				for i := range b.list {
					if j.err = j.history(&b.list[i], &c, p); j.err != nil {
						break
					}
				}
				b.out <- j
			}
		})
	}
	judges.Go(func() {
		defer close(order)
		defer close(work)
		for cursor, more := "", true; more; more = cursor != "" {
			list, next, err := store.Histories(ctx, cursor, casesAtOnce, q)
			if err != nil {
				failed = err
				return
			}
			b := batch{list: list, out: make(chan judged, 1)}
			select {
			case order <- b:
			case <-ctx.Done():
				failed = ctx.Err()
				return
			}
			work <- b
			cursor = next
		}
	})
	total := tally{}
	var wrong error
	for b := range order { // in the order of cases, whoever was first
		j := <-b.out
		if total.add(j.tally); j.err != nil && wrong == nil {
			wrong = j.err
			cancel()
		}
	}
	judges.Wait()
	if err := cmp.Or(wrong, failed); err != nil {
		return Report{}, fmt.Errorf("judge past decisions again: %w", err)
	}
	return total.report(c.Version, p), nil
}

// decides reports whether an entry may be a decision. A key of JSON stands in a payload only where it is
// one, as the quotes in a text are escaped.
func decides(kind casefile.Kind, payload []byte) bool {
	switch kind {
	case casefile.KindCallIntended:
		return bytes.Contains(payload, []byte(`"verdict":`))
	case casefile.KindActionDenied, casefile.KindActionShadowed, casefile.KindApprovalAsked:
		return true
	}
	return false
}

// sees reports whether entries of a kind change what a guard can see.
func sees(kind casefile.Kind) bool {
	switch kind {
	case casefile.KindSignalReceived, casefile.KindCaseOpened, casefile.KindProcedureChosen, casefile.KindInputsFound, casefile.KindHistoryFound,
		casefile.KindCallIntended, casefile.KindCallAnswered, casefile.KindActionDenied, casefile.KindActionShadowed, casefile.KindApprovalAsked,
		casefile.KindCustomerAnswered:
		return true
	}
	return false
}

// largest gives the largest amount among arguments, without its sign, false where there is none.
func largest(args casefile.Object) (cents int64, ok bool) {
	for name, v := range args {
		if n, isInt := v.(int64); isInt && strings.HasSuffix(name, "_cents") {
			if n < 0 {
				n = -max(n, -1<<62)
			}
			cents, ok = max(cents, n), true
		}
	}
	return cents, ok
}

// less orders changes: the most frequent first.
func less(a, b Change) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Tool, b.Tool), cmp.Compare(a.Was, b.Was), cmp.Compare(a.WasRule, b.WasRule),
		cmp.Compare(a.Now, b.Now), cmp.Compare(a.NowRule, b.NowRule), cmp.Compare(fmt.Sprint(a.Blind), fmt.Sprint(b.Blind)))
}

func sorted(changes []Change) []Change {
	slices.SortFunc(changes, less)
	return changes
}
