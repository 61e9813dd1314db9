package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/rehearsal/scenario"
	"resolute/agent/seeded"
	"resolute/tools/protocol"
)

// run is one resolute that is rehearsed, from its first signal to its rest.
type run struct {
	stage   *Stage
	life    context.Context // what it does ends with it, as what a process does
	now     time.Time
	numbers seeded.Numbers
	random  *rand.Rand
	tools   agent.Tools
	ground  agent.Knowledge
	events  []event // by time
	made    int     // events so far

	around
	store    *journal.Memory
	engine   *agent.Engine
	intake   *intake.Intake
	customer *conversation    // nil where nobody writes but by the scenario's signals
	levels   []scenario.Level // stated above those of bundle and evidence
	first    string           // the case of the first signal, "" before it
	came     map[identity]string
	log      []casefile.Entry // that were journaled, as far as they were read
	broken   error            // why it can't go on
}

// identity is what a signal is known by.
type identity struct{ source, id string }

// event is something that happens at a time, from outside.
type event struct {
	at  time.Time
	nth int // of those at the same time, the one made first is first
	do  func() error
}

// killed is thrown where the process ends.
type killed struct{}

// callbackBase is where results would be posted.
const callbackBase = "http://rehearsal.invalid/callbacks/"

// lease is longer than any rehearsal: nobody else is there to take a case over.
const lease = 100 * 365 * 24 * time.Hour

func newRun(s *Stage, begin time.Time, seed, part uint64) *run {
	r := &run{stage: s, life: context.Background(), now: begin, random: rand.New(rand.NewPCG(seed, part)), numbers: seeded.From(seed << 32), came: map[identity]string{}}
	r.store = journal.NewMemory(journal.MemoryOptions{})
	r.ground = s.knowledge
	return r
}

// begin starts a process on what the last one left.
func (r *run) begin() {
	now := func() time.Time { return r.now }
	var err error
	if r.around, err = r.surround(now); err != nil {
		r.broken = err
		return
	}
	r.engine = agent.New(agent.Deps{Store: r.store, Playbooks: r, Tools: r.tools, Knowledge: r.ground, Triage: r.stage.router(now), Model: r.mind(),
		Callbacks: agent.Callbacks{Base: callbackBase, Key: []byte("of a rehearsal")}, Outgoing: func() bool { return true }, Audit: unaudited,
		Pauses: r.pauses, Usual: r.usual, Evidence: r.earned,
		Now: now, Salt: r.numbers.Salt}, agent.Options{Workers: 8, Lease: lease, Together: r.together})
	r.intake = intake.New(intake.Deps{Store: r.store, Book: r.stage.book.Intake, Waits: r.stage.book.Waits(r.store, now), Now: now,
		NewID: func() string { return r.numbers.ID(r.now) }, Salt: r.numbers.Salt})
}

// unaudited makes records of decisions that nobody reads.
func unaudited(actor, action, caseID string, _ map[string]any) (journal.Record, error) {
	return journal.Record{Kind: "audit", Key: caseID + action + actor, Value: []byte(actor)}, nil
}

// together carries out what the engine does at once: each begins now, and all are over with the last.
func (r *run) together(work ...func()) {
	begun, over := r.now, r.now
	for _, w := range work {
		r.now = begun
		w()
		if r.now.After(over) {
			over = r.now
		}
	}
	r.now = over
}

// later lets something happen from outside.
func (r *run) later(at time.Time, do func() error) {
	r.made++
	r.events = append(r.events, event{at, r.made, do})
}

// play goes on until nothing is left to do, the time is over, or it is at rest and enough says so.
func (r *run) play(until time.Time, enough func() bool) {
	for r.broken == nil {
		if r.happen() || r.work() || r.listen() {
			r.watch()
			continue
		}
		if r.broken != nil || enough() {
			return
		}
		next, ok := r.next()
		if !ok || next.After(until) {
			return
		}
		r.now = next
	}
}

// happen lets the next event happen that is due.
func (r *run) happen() bool {
	at := r.soonest()
	if at < 0 || r.events[at].at.After(r.now) {
		return false
	}
	e := r.events[at]
	r.events = append(r.events[:at], r.events[at+1:]...)
	if err := e.do(); err != nil {
		r.broken = err
	}
	return true
}

func (r *run) soonest() int {
	found := -1
	for i := range r.events {
		if e := &r.events[i]; found < 0 || e.at.Before(r.events[found].at) || e.at.Equal(r.events[found].at) && e.nth < r.events[found].nth {
			found = i
		}
	}
	return found
}

// next is when something is due again.
func (r *run) next() (time.Time, bool) {
	due, err := r.store.Due(context.Background(), r.now)
	if err != nil {
		r.broken = err
		return due, false
	}
	if at := r.soonest(); at >= 0 && (due.IsZero() || r.events[at].at.Before(due)) {
		due = r.events[at].at
	}
	if c := r.customer; c != nil && !c.tires.IsZero() && (due.IsZero() || c.tires.Before(due)) {
		due = c.tires
	}
	return due, !due.IsZero()
}

// listen has the customer hear what they were told.
func (r *run) listen() bool {
	if r.customer == nil {
		return false
	}
	more, err := r.customer.listen()
	if err != nil {
		r.broken = err
	}
	return more
}

// work advances a case, if one is runnable.
func (r *run) work() bool {
	ctx := context.Background()
	if _, err := r.store.Due(ctx, r.now); err != nil {
		r.broken = err
		return false
	}
	leases, err := r.store.Claim(ctx, "rehearsal", 1, r.now, lease)
	if err != nil {
		r.broken = err
	}
	if len(leases) == 0 {
		return false
	}
	if died, err := r.drive(r.life, leases[0]); died {
		r.store = r.store.Reopen(journal.MemoryOptions{})
		r.now = r.now.Add(restartTime)
		r.begin()
	} else if err != nil {
		r.broken = fmt.Errorf("case %s can't be advanced: %w", leases[0].CaseID, err)
	}
	return true
}

// restartTime is how long it takes until a process that died is back.
const restartTime = 3 * time.Second

func (r *run) drive(ctx context.Context, l journal.Lease) (died bool, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case killed:
			died = true
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return false, r.engine.Drive(ctx, ctx, l)
}

// deliver takes a signal in.
func (r *run) deliver(s casefile.Signal) error {
	ctx := context.Background()
	var receipts []journal.Receipt
	var err error
	if casefile.Reserved(s.Type) {
		receipts, err = r.intake.AcceptOwn(ctx, []casefile.Signal{s})
	} else {
		who := people.Principal{ID: "rehearsal", Kind: people.KindToken, Name: "rehearsal", Role: people.Ingest, Untrusted: s.Assurance == casefile.AssuranceNone}
		receipts, err = r.intake.Accept(ctx, []casefile.Signal{s}, who)
	}
	if err != nil {
		return fmt.Errorf("the signal %s can't be taken in: %w", s.Type, err)
	}
	if r.first == "" {
		r.first = receipts[0].CaseID
	}
	who := identity{s.Source, s.EventID}
	if _, again := r.came[who]; again && !receipts[0].Duplicate {
		r.broken = fmt.Errorf("the signal %s %s of %s was taken in twice", s.Type, s.EventID, s.Source)
	}
	r.came[who] = receipts[0].CaseID
	return nil
}

// post brings the result of an asynchronous call.
func (r *run) post(token string, body protocol.CallbackBody) error {
	err := r.engine.Complete(context.Background(), token, body)
	if errors.Is(err, journal.ErrNotFound) || err == nil {
		return nil
	}
	return fmt.Errorf("the result of a call can't be taken in: %w", err)
}

// messages are all that customers were told, oldest first.
func (r *run) messages() (list []journal.Message) {
	newest, _, err := r.store.Outbox(context.Background(), 0, 10_000)
	if err != nil {
		r.broken = err
	}
	for i := range newest {
		list = append(list, newest[len(newest)-1-i])
	}
	return list
}

// entries are all that was journaled. They are not to be changed.
func (r *run) entries() []casefile.Entry {
	list, read, err := r.store.Feed(context.Background(), uint64(len(r.log)), 1_000_000)
	if err != nil {
		r.broken = err
		return r.log
	}
	if read > uint64(len(r.log)) {
		r.log = append(r.log, list...)
	}
	return r.log
}

// main is the case that the first signal came to, or the one that it gave way to; nil before that.
func (r *run) main() *casefile.Case { return r.follow(r.first) }

// of is the case that a signal came to, or the one that it gave way to; nil before that.
func (r *run) of(s *scenario.Signal) *casefile.Case {
	return r.follow(r.came[identity{s.Source, s.EventID}])
}

// follow folds a case, or the one that it gave way to; nil for none.
func (r *run) follow(id string) *casefile.Case {
	for id != "" {
		c := casefile.New(id)
		for _, e := range r.entries() {
			if e.Case == id {
				c.Fold(&e)
			}
		}
		if c.MergedInto == "" {
			return c
		}
		id = c.MergedInto
	}
	return nil
}
