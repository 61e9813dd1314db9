package rehearsal

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"resolute/agent"
	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/pauses"
	"resolute/agent/policy"
	"resolute/agent/rehearsal/scenario"
	"resolute/agent/usual"
)

// around is what stands around a live engine too: what is paused, what is usual, and how far the agent
// may go by what it has shown. All of it is kept in the run's journal, and read again when a process
// begins.
type around struct {
	pauses *pauses.Keeper
	usual  *usual.Tracker
	earned *authority.Ledger
}

// surround reads what was kept.
func (r *run) surround(now func() time.Time) (a around, err error) {
	ctx := context.Background()
	file := func() (*policy.Authority, error) { return r.stage.book.Authority, nil }
	if a.earned, err = authority.Open(ctx, r.store, file); err != nil {
		return a, err
	}
	if a.pauses, err = pauses.Open(ctx, pauses.Deps{Records: r.store, Audit: unaudited, Known: func(casefile.Pause) error { return nil }, Now: now}); err != nil {
		return a, err
	}
	a.usual, err = usual.Open(ctx, usual.Deps{Store: writes{r.store, r}, Spike: r.spike, Now: now, Log: slog.New(slog.DiscardHandler)})
	return a, err
}

// spike pauses a tool that does far more than it ever did, as a live one is.
func (r *run) spike(ctx context.Context, tool, why string) {
	if r.pauses.Current().Stops("", tool) != nil {
		return
	}
	if _, err := r.pauses.Pause(ctx, casefile.Pause{Tool: tool, Note: why, By: casefile.ActorSystem}); err != nil {
		r.broken = err
	}
}

// watch lets what is usual follow the journal.
func (r *run) watch() {
	if err := r.usual.Follow(context.Background()); err != nil && r.broken == nil {
		r.broken = err
	}
}

// Playbook is agent.Playbooks: the version's, with how far the agent may go as it stands.
func (r *run) Playbook(context.Context, string) (*agent.Playbook, error) {
	p := *r.stage.book.Book.Playbook
	if r.stage.planner != nil {
		p.Planner = r.stage.planner
	}
	p.Authority = stated{r.earned.View(r.stage.book.Authority), r.levels}
	return &p, nil
}

// stated is what was earned, under what a scenario states.
type stated struct {
	earned agent.Authority
	levels []scenario.Level
}

// Standing gives the level that the scenario states for an action, the last one that fits, else the
// earned one.
func (s stated) Standing(procedure string, a casefile.Action) casefile.Standing {
	standing := s.earned.Standing(procedure, a)
	for _, l := range s.levels {
		if (l.Procedure == "" || l.Procedure == procedure) && (l.Tool == "" || l.Tool == a.Tool) {
			standing.Level, standing.Why = l.Level, "stated by the rehearsal"
		}
	}
	return standing
}

// pause has people pause something and resume it.
func (r *run) pause(p scenario.Paused, began time.Time) {
	what := casefile.Pause{Procedure: p.Procedure, Tool: p.Tool, Note: "paused by the rehearsal", By: "user:rehearsal"}
	r.later(began.Add(p.At), func() error {
		_, err := r.pauses.Pause(context.Background(), what)
		return err
	})
	if p.Until > 0 {
		r.later(began.Add(p.Until), func() error {
			if err := r.pauses.Resume(context.Background(), what); err != nil {
				return err
			}
			return r.wake()
		})
	}
}

// wake lets cases go on that waited for the end of a pause.
func (r *run) wake() error {
	ctx := context.Background()
	ids, err := r.store.Waiting(ctx, agent.WaitResumed)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := agent.Load(ctx, r.store, id)
		if err != nil {
			return err
		}
		if _, err := r.store.Append(ctx, journal.Append{CaseID: id, After: c.Seq, Wake: true}); err != nil {
			return fmt.Errorf("case %s can't be woken: %w", id, err)
		}
	}
	return nil
}

// writes is a journal in memory, as a tracker follows it.
type writes struct {
	*journal.Memory
	run *run
}

// FeedOfWrites gives the intents of writes.
func (w writes) FeedOfWrites(_ context.Context, after uint64, _ int) (list []casefile.Entry, read uint64, err error) {
	entries := w.run.entries()
	for i := range entries[after:] {
		e := &entries[after:][i]
		if d, ok := e.Data.(*casefile.CallIntended); ok && d.Call.Writes() {
			list = append(list, *e)
		}
	}
	return list, uint64(len(entries)), nil
}
