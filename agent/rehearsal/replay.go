package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Recorded gives the journals of cases; a journal.Store does.
type Recorded interface {
	// Cases gives up to limit summaries, newest case first, below the cursor ("" for the top).
	Cases(ctx context.Context, cursor string, limit int, match func(*journal.Summary) bool) (list []journal.Summary, next string, err error)
	// Entries gives up to limit entries of a case with a seq above after, ascending.
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
}

// ReplayOptions tune a replay; the zero value works.
type ReplayOptions struct {
	Seed     uint64
	Cases    []string // ids, or All
	Parallel int      // cases at once; as many as there are cores if 0

	// Else answers reads that a record doesn't. With it, reads alone are no divergence: neither more nor
	// fewer of them.
	Else      Else
	Records   agent.Records   // what is kept of earlier cases, for a candidate that asks when nobody did; nil: nothing
	Authority agent.Authority // how far the agent may go; nil: as it was earned then, else as the candidate's file says
	Triage    agent.Triage    // finds procedures; nil: the candidate's examples alone
	// Before is called before each case with how many have begun, and of how many, 0 where that isn't known;
	// nil for nothing. It may wait.
	Before func(ctx context.Context, begun, total int)
	// Books are those of the versions that cases were handled under; nil: nobody has them.
	Books Books
}

// Outcome is what the replay of a case came to.
type Outcome string

// The outcomes.
const (
	Same     Outcome = "same"     // everything is decided as it was
	Reworded Outcome = "reworded" // it is, in other words
	Diverged Outcome = "diverged" // something is decided otherwise
	Erased   Outcome = "erased"   // it can't be replayed, since what it was about was erased
	Unplayed Outcome = "unplayed" // it can't be replayed
)

// Replayed is a recorded case that happened again under the candidate.
type Replayed struct {
	Case       string            `json:"case_id"`
	Outcome    Outcome           `json:"outcome"`
	Why        string            `json:"why,omitempty"` // it can't be replayed
	Was        casefile.Status   `json:"was,omitempty"` // how it stands in the record
	Stop       casefile.StopCode `json:"stop,omitempty"`
	Bundle     string            `json:"bundle,omitempty"` // that it was handled under at last
	Open       bool              `json:"open"`             // it isn't over: there is as much of it as happened so far
	Divergence *Divergence       `json:"divergence,omitempty"`
	Reworded   []Rewording       `json:"reworded,omitempty"`
	Notes      []string          `json:"notes,omitempty"` // what else is otherwise, and decides nothing
}

// Divergence is where a case comes otherwise than it is recorded.
type Divergence struct {
	Seq      uint64    `json:"seq"` // of the recorded entry; one more than there are where the record has none
	At       time.Time `json:"at"`  // of the recorded entry
	Recorded string    `json:"recorded"`
	Now      string    `json:"now"`
	Why      string    `json:"why"`
	// Did is what comes in place of the recorded entry, nil for nothing.
	Did *casefile.Entry `json:"-"`
}

// Rewording is something that is said in other words.
type Rewording struct {
	Seq uint64 `json:"seq"`
	Was string `json:"was"`
	Now string `json:"now"`
}

// ReplayCase lets a case happen again whose journal is given from its first entry on.
func (s *Stage) ReplayCase(ctx context.Context, id string, entries []casefile.Entry, o ReplayOptions) Replayed {
	p := Replayed{Case: id, Outcome: Same}
	rec, err := newRecord(entries)
	if err != nil {
		return p.unplayed(err)
	}
	c := rec.final(id)
	p.Was, p.Bundle, p.Open = c.Status, c.Bundle, !c.Status.Ended()
	if c.Stop != nil {
		p.Stop = c.Stop.Code
	}
	r := newReplay(s, id, rec, o.Seed, &o)
	r.follow(ctx)
	switch {
	case r.broken != nil:
		return p.unplayed(r.broken)
	case r.divergence != nil:
		p.Outcome, p.Divergence = Diverged, r.divergence
	case len(r.reworded) > 0:
		p.Outcome = Reworded
	}
	p.Reworded, p.Notes = r.reworded, r.patience
	if o.Books != nil && isGone(ctx, o.Books, c.Bundle) {
		p.Notes = append(p.Notes, fmt.Sprintf("the bundle %.12s that it was handled under is gone; it is held against its journal alone", c.Bundle))
	}
	return p
}

func isGone(ctx context.Context, books Books, version string) bool {
	_, err := books.Book(ctx, version)
	return errors.Is(err, bundle.ErrVersion)
}

func (p Replayed) unplayed(err error) Replayed {
	p.Outcome, p.Why = Unplayed, err.Error()
	if errors.Is(err, errErased) {
		p.Outcome = Erased
	}
	return p
}

// diverge notes where the case comes otherwise first, and gives that; was is nil behind the record's end.
func (r *replay) diverge(was *casefile.Entry, now, why string) *Divergence {
	if r.divergence != nil {
		return r.divergence
	}
	d := &Divergence{Now: clipped(now), Why: clipped(why)}
	if was != nil {
		d.Seq, d.At, d.Recorded = was.Seq, was.At, told(was)
	} else {
		last := &r.rec.entries[len(r.rec.entries)-1]
		d.Seq, d.At, d.Recorded = last.Seq+1, last.At, "nothing more"
	}
	r.divergence = d
	return d
}

// idle notes that the candidate does nothing where something is recorded.
func (r *replay) idle(was *casefile.Entry) {
	c, err := agent.Load(context.Background(), r.store, r.id)
	if err != nil {
		r.broken = err
		return
	}
	r.diverge(was, "nothing is done; it is "+statusOf(c), "the candidate has nothing to do then")
}

// mostTold bounds what is told of one entry, in bytes: customers' words may be in it.
const mostTold = 1000

func clipped(text string) string {
	if len(text) > mostTold {
		text = text[:mostTold] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// told is an entry in one line.
func told(e *casefile.Entry) string {
	if what := tell(e); what != "" {
		return clipped(what)
	}
	switch d := e.Data.(type) {
	case *casefile.InputsFound:
		return clipped("inputs " + shown(inputs(d)))
	case *casefile.CallAnswered:
		return fmt.Sprintf("%s is %s (%s)", d.ID, d.Outcome, d.Source)
	case *casefile.HypothesisEnded:
		return "hypothesis " + d.Hypothesis + " is over"
	case *casefile.QuestionEnded:
		return "the question is over"
	case *casefile.WaitEnded:
		return "the wait is over"
	case *casefile.ApprovalVoided:
		return "the approval is void: " + d.Reason
	case *casefile.ApprovalExpired:
		return "the approval has expired"
	}
	return string(e.Data.Kind())
}

func (s *Stage) hasProcedure(name string) bool {
	for _, p := range s.book.Procedures {
		if p.Name == name {
			return true
		}
	}
	return false
}
