package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/seeded"
)

// replay is a recorded case that happens again: the engine that runs live cases on a journal in memory,
// in the world that the record is of. What came from outside comes at its place; what follows from it is
// the candidate's, and is held against the record as it is journaled. The clock is the record's.
type replay struct {
	stage   *Stage
	opt     *ReplayOptions
	id      string
	rec     *record
	now     time.Time
	numbers seeded.Numbers
	store   *replayStore
	engine  *agent.Engine
	router  agent.Triage
	seq     uint64 // of the case, as far as it has come again
	stop    context.CancelFunc
	batch   []sending                // requests that are journaled and haven't gone out
	calls   map[string]string        // id of a call → that of the recorded call
	keys    map[string]casefile.Call // by idempotency key
	extra   map[string]bool          // ids of reads that the record doesn't have
	dropped map[string]bool          // ids of recorded reads that aren't made now
	thought int                      // index behind the last answer of the model that was given again
	reasked bool                     // that it is asked in other words is noted

	divergence *Divergence
	reworded   []Rewording
	patience   []string
	broken     error
}

// sending is a request that is journaled, with the index of what became of it, -1 for nothing.
type sending struct {
	id    string
	index int
}

// over is thrown where a record ends in the middle of work, or the replay has diverged.
type over struct{}

func newReplay(s *Stage, id string, rec *record, seed uint64, o *ReplayOptions) *replay {
	r := &replay{stage: s, opt: o, id: id, rec: rec, numbers: seeded.From(seed << 32), calls: map[string]string{}, keys: map[string]casefile.Call{},
		extra: map[string]bool{}, dropped: map[string]bool{}}
	r.store = &replayStore{journal.NewMemory(journal.MemoryOptions{}), r}
	r.router = o.Triage
	if r.router == nil {
		r.router = s.book.Router(r.clock)
	}
	return r
}

func (r *replay) clock() time.Time { return r.now }

// begin starts a process on what the last one left.
func (r *replay) begin() {
	r.engine = agent.New(agent.Deps{Store: r.store, Playbooks: r, Tools: r, Knowledge: r, Triage: r, Model: r, Pauses: r, Usual: r,
		Callbacks: agent.Callbacks{Base: callbackBase, Key: []byte("of a rehearsal")}, Outgoing: func() bool { return true }, Audit: r.audit,
		Now: r.clock, Salt: r.numbers.Salt}, agent.Options{Workers: 8, Lease: lease, Together: inTurn})
}

func inTurn(work ...func()) {
	for _, w := range work {
		w()
	}
}

func (r *replay) audit(_, action, caseID string, detail map[string]any) (journal.Record, error) {
	return journal.Record{Kind: "replayed", Key: fmt.Sprint(caseID, detail["seq"], action), Value: []byte(action)}, nil
}

// follow lets the case happen as it is recorded, until the record ends or something comes otherwise.
func (r *replay) follow(ctx context.Context) {
	r.begin()
	r.open()
	for r.broken == nil && r.divergence == nil {
		if e := r.rec.inFlight(); e != nil {
			r.aim(e)
			r.advance(ctx)
		}
		r.happen()
		e := r.rec.next()
		if e == nil || r.broken != nil || r.divergence != nil {
			return
		}
		before := r.rec.at
		r.aim(e)
		r.advance(ctx)
		if r.rec.at != before || r.broken != nil || r.divergence != nil {
			continue
		}
		if !supports(e) && !r.dropped[idOf(e)] {
			r.idle(e)
			return
		}
		r.rec.at++
	}
}

// idOf is the id of the call that an answer is about, "" for any other entry.
func idOf(e *casefile.Entry) string {
	if d, ok := e.Data.(*casefile.CallAnswered); ok {
		return d.ID
	}
	return ""
}

// open takes in the signal that opens the case.
func (r *replay) open() {
	e := &r.rec.entries[0]
	r.now = e.At
	a := journal.Arrival{Signal: e.Data.(*casefile.SignalReceived).Signal, Actor: e.Actor, At: e.At, CaseID: r.id, Bundle: r.stage.Version()}
	for range journal.MaxArrivalEntries {
		a.Salts = append(a.Salts, r.numbers.Salt())
	}
	if _, err := r.store.Accept(context.Background(), []journal.Arrival{a}); err != nil {
		r.broken = fmt.Errorf("the signal that opens it can't be taken in: %w", err)
		return
	}
	r.rec.at, r.seq = 2, 2
}

// happen lets come about what came from outside, up to the next entry that follows from the case itself.
func (r *replay) happen() {
	for e := r.rec.next(); e != nil && outside(e) && r.broken == nil; e = r.rec.next() {
		r.now = e.At
		d, decided := e.Data.(*casefile.OperatorDecided)
		if decided {
			r.decide(e, d)
		} else {
			r.add(e)
		}
		if r.divergence != nil {
			return
		}
		r.rec.at++
	}
}

// add journals an entry as it is recorded.
func (r *replay) add(e *casefile.Entry) {
	again := *e
	again.Seq, again.Offset, again.Hash, again.Prev = r.seq+1, 0, casefile.Hash{}, casefile.Hash{}
	if d, ok := e.Data.(*casefile.CallAnswered); ok {
		answer := *d
		answer.ID = r.mine(d.ID)
		again.Data = &answer
	}
	_, err := r.store.Append(context.Background(), journal.Append{CaseID: r.id, After: r.seq, Entries: []casefile.Entry{again}, Salts: []journal.Salt{r.numbers.Salt()}})
	if err != nil {
		r.broken = fmt.Errorf("entry %d can't be journaled again: %w", e.Seq, err)
	}
}

// mine gives the id that a recorded call has now.
func (r *replay) mine(recorded string) string {
	for mine, was := range r.calls {
		if was == recorded {
			return mine
		}
	}
	return recorded
}

// decide lets a person decide what they decided, of what they are shown now.
func (r *replay) decide(e *casefile.Entry, d *casefile.OperatorDecided) {
	c, err := agent.Load(context.Background(), r.store, r.id)
	if err != nil {
		r.broken = err
		return
	}
	who := people.Principal{ID: d.Principal, Kind: people.KindToken, Role: people.Admin}
	kind, name, _ := strings.Cut(e.Actor, ":")
	if who.Name = name; kind == "user" {
		who.Kind = people.KindUser
	}
	again := agent.Decide{Decision: d.Decision, Hash: d.Hash, Note: d.Note, Hypothesis: d.Hypothesis, Procedure: d.Procedure, Bundle: d.Bundle}
	switch {
	case d.Hash == "":
	case c.Approval != nil:
		again.Hash = c.Approval.Hash
	case c.Shadowed != nil:
		again.Hash = c.Shadowed.Hash
	}
	switch {
	case d.Decision == casefile.DecideEdit && d.Action != nil:
		again.Args = d.Action.Args
	case d.Decision == casefile.DecideOverride:
		again.Action = d.Action
	}
	if _, err := r.engine.Decide(context.Background(), r.id, again, who); err != nil {
		r.diverge(e, "it can't be decided any more", err.Error())
	}
}

// aim sets the clock to when the next entry was decided, or to when a plugin was asked what it tells: no
// earlier than the call was due, and no later than it was given up.
func (r *replay) aim(e *casefile.Entry) {
	last := r.now
	r.now = e.At
	d, ok := e.Data.(*casefile.CallAnswered)
	if !ok || d.Source != casefile.SourceOperation {
		return
	}
	before := r.rec.dueAgain(d.ID)
	switch {
	case before == nil:
	case d.Outcome != casefile.OutcomeNotDone:
		if r.now = before.NextAt; r.now.Before(last) {
			r.now = last
		}
	case !before.Deadline.IsZero() && !e.At.Before(before.Deadline): // asked late enough for it to prove something
		r.now = before.Deadline.Add(-1)
	}
}

// unseen reports whether a plugin said that it never saw a call.
func unseen(d *casefile.CallAnswered) bool { return d.Status == 404 }

// advance lets the case go on once, be it that nothing woke it: what did is not in every record.
func (r *replay) advance(ctx context.Context) {
	leases, err := r.store.Claim(ctx, "replay", 1, r.now, lease)
	if err == nil && len(leases) == 0 {
		if _, err = r.store.Append(ctx, journal.Append{CaseID: r.id, After: r.seq, Wake: true}); err == nil {
			leases, err = r.store.Claim(ctx, "replay", 1, r.now, lease)
		}
	}
	if err == nil && len(leases) == 0 {
		err = errors.New("it can't be leased")
	}
	if err == nil {
		err = r.drive(ctx, leases[0])
	}
	if err != nil && r.broken == nil {
		r.broken = fmt.Errorf("the case can't be advanced: %w", err)
	}
}

// drive lets the engine work on the case until it is parked, stopped between two steps, or dies.
func (r *replay) drive(ctx context.Context, l journal.Lease) (err error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	r.stop, r.batch = stop, nil
	defer func() {
		switch p := recover().(type) {
		case nil:
		case over:
		case killed:
			r.store.Memory = r.store.Reopen(journal.MemoryOptions{})
			r.begin()
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err = r.engine.Drive(working, ctx, l); err != nil && working.Err() != nil {
		r.store.Release(l)
		return nil
	}
	return err
}
