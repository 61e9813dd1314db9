package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"

	"resolute/agent/journal"
	"resolute/agent/seeded"
)

// Clock is what time it is; Sleep lets it pass.
type Clock interface {
	Now() time.Time
	Sleep(d time.Duration)
}

// Report is what a run came to.
type Report struct {
	Violation *Violation // nil: all was as it should be
	Choices   []uint32
	Trace     []string // what happened, if it was asked for
	Hash      string   // of every entry of the journal and of all that went over the wire
	Faults    map[string]int
	Cases     int
	Entries   int
	Effects   int
	Signals   int               // acknowledged
	Time      time.Duration     // simulated
	Ends      map[string]string // order → what was done to it
}

// Violation is a promise that was broken.
type Violation struct {
	Promise string
	Detail  string
}

// String says which, and how.
func (v *Violation) String() string { return v.Promise + ": " + v.Detail }

// Sim is one run.
type Sim struct {
	*Choices
	book    *Book
	clock   Clock
	traced  bool
	kinds   []string
	swarm   map[string]bool
	report  Report
	hash    hash.Hash
	began   time.Time
	numbers seeded.Numbers
	named   int

	world    *world
	senders  senders
	events   []event
	postings []*posting
	process  *process
	stopping time.Time // when the process that was told to stop is killed
	tasks    []*task
	running  *task
	model    *model
	calm     bool // nothing breaks any more
}

// event is something that the world does at a time.
type event struct {
	at   time.Time
	what string
	do   func()
}

// Run simulates one history. It must be called inside a synctest bubble, with that bubble's clock.
func Run(book *Book, choices *Choices, clock Clock, traced bool) Report {
	s := newSim(book, choices, clock, traced, sha256.New())
	s.begin()
	s.start(journal.NewMemory(journal.MemoryOptions{Before: s.beforeWrite}))
	for range 200 + s.Draw(800) {
		if s.report.Violation != nil || !s.unruly() {
			break
		}
	}
	s.settle()
	return s.finish()
}

func newSim(book *Book, choices *Choices, clock Clock, traced bool, sum hash.Hash) *Sim {
	s := &Sim{Choices: choices, book: book, clock: clock, traced: traced, kinds: Kinds(), swarm: map[string]bool{}, hash: sum, began: clock.Now(), world: newWorld()}
	s.report.Faults, s.senders.stories = map[string]int{}, map[string]*story{}
	s.model = newModel(s)
	return s
}

// finish ends what is left and says what it came to.
func (s *Sim) finish() Report {
	s.killAll()
	s.process.stop()
	s.report.Choices = s.Taken()
	s.report.Time = s.clock.Now().Sub(s.began)
	s.report.Ends = s.ends()
	s.model.totals(&s.report)
	s.report.Hash = hex.EncodeToString(s.hash.Sum(nil))
	return s.report
}

// log keeps a line of the trace.
func (s *Sim) log(format string, args ...any) {
	if !s.traced {
		return
	}
	line := fmt.Sprintf("%12s ", s.clock.Now().Sub(s.began).Round(time.Millisecond)) + strings.TrimRight(fmt.Sprintf(format, args...), "\n")
	s.report.Trace = append(s.report.Trace, line)
	_, _ = s.hash.Write([]byte(line)) // a hash never fails
}

// fail notes a broken promise; the first counts.
func (s *Sim) fail(promise, format string, args ...any) {
	if s.report.Violation == nil {
		s.report.Violation = &Violation{promise, fmt.Sprintf(format, args...)}
		s.log("✗ %s", s.report.Violation)
	}
}

func (s *Sim) names() int {
	s.named++
	return s.named
}

// later lets the world do something after a time.
func (s *Sim) later(after time.Duration, what string, do func()) {
	s.events = append(s.events, event{s.clock.Now().Add(after), what, do})
}

// unruly takes one step in which anything may happen. It reports whether there was anything to do.
func (s *Sim) unruly() bool {
	did := true
	switch s.Draw(80) {
	case 1, 2, 3, 4, 5, 6:
		did = s.runAny()
	case 7, 8, 9:
		did = s.meddle()
	case 10:
		did = s.end()
	case 11:
		did = s.interrupt()
	case 12, 13:
		did = s.reorder()
	case 14:
		did = s.repeat()
	case 15:
		did = s.has("drift")
		if did {
			s.cover("drift")
			s.log("world: %s", s.world.drift(s.Choices))
		}
	case 16:
		did = s.has("time passes")
		if did {
			s.cover("time passes")
			s.pass([]time.Duration{time.Second, 5 * time.Second, 5 * time.Second, 10 * time.Second, time.Minute, 30 * time.Minute, 7 * time.Hour, 80 * time.Hour}[s.Draw(8)])
		}
	case 17, 18:
		did = s.claim(1 + s.Draw(3))
	case 19:
		did = s.batch()
	default:
		did = false
	}
	more := did || s.step()
	s.observe()
	return more
}

// settle lets everything come to its end with nothing breaking, and checks what is left.
func (s *Sim) settle() {
	s.calm = true
	s.log("from here on nothing breaks")
	const most = 6000
	for n := 0; s.report.Violation == nil && s.step(); n++ {
		s.observe()
		if n == most {
			s.fail("everything comes to rest", "after %d steps there is still something to do: %s", most, s.model.open())
		}
	}
	if s.report.Violation == nil {
		s.model.finally()
	}
}

// observe holds the model against what was committed.
func (s *Sim) observe() {
	s.model.follow()
	if err := s.process.store.Err(); err != nil && s.report.Violation == nil {
		s.exit()
	}
}

// exit is what the process does when its journal has failed: those that are under way may go on for
// a while, and then it begins again.
func (s *Sim) exit() {
	for range s.Draw(4) {
		s.runAny()
	}
	s.log("the journal failed")
	s.die("killed")
}

// step does the next thing in the dull order. It reports whether there was any.
func (s *Sim) step() bool {
	now := s.clock.Now()
	for i := range s.events {
		if e := s.events[i]; !now.Before(e.at) {
			s.events = append(s.events[:i], s.events[i+1:]...)
			e.do()
			return true
		}
	}
	for _, t := range s.tasks {
		if t.ready(now) {
			s.resume(t)
			return true
		}
	}
	if !s.stopping.IsZero() {
		if len(s.tasks) == 0 || !now.Before(s.stopping) {
			s.die("stopped")
			return true
		}
	} else if s.claim(8) || s.mail(now) || s.post(now) || s.attend() {
		return true
	}
	return s.wait(now)
}

// mail delivers a letter, or messages to customers.
func (s *Sim) mail(now time.Time) bool {
	if l := s.senders.next(now); l != nil {
		s.deliver(l)
		return true
	}
	list, err := s.process.store.Memory.Undelivered(context.Background(), now, 1)
	if err != nil || len(list) == 0 {
		return false
	}
	p := s.process
	s.spawn("outbox", func() { _ = p.outbox.Drain(p.ctx) }) // what it can't do, it does the next time
	return true
}

// post brings a result that a plugin posts.
func (s *Sim) post(now time.Time) bool {
	for i, c := range s.postings {
		if now.Before(c.due) {
			continue
		}
		if c.times--; c.times < 0 {
			s.postings = append(s.postings[:i], s.postings[i+1:]...)
		}
		c.due = now.Add(time.Second)
		s.callback(c)
		return true
	}
	return false
}

func (s *Sim) callback(c *posting) {
	p := s.process
	taken := false
	t := s.spawn(nameOf("callback", s.names()), func() {
		err := p.engine.Complete(context.Background(), c.token, c.body)
		taken = true
		s.log("%s: %s%s", s.running.name, c.name, outcome(err))
		if c.bad && err == nil {
			s.fail("only the plugin's own result counts", "a forged callback was taken")
		}
		if !c.bad && err != nil {
			taken = false
			s.later(time.Second, "the result again", func() { s.callback(c) })
		}
	})
	kill := t.kill
	t.kill = func() { // the plugin hears no answer, and posts again
		if kill(); !taken {
			s.later(time.Second, "the result again", func() { s.callback(c) })
		}
	}
}

// claim gives runnable cases to workers.
func (s *Sim) claim(most int) bool {
	if !s.stopping.IsZero() {
		return false
	}
	leases, err := s.process.store.Claim(context.Background(), "engine", most, s.clock.Now(), leaseTime)
	if err != nil {
		return false
	}
	for _, l := range leases {
		if s.model.claimed(l) {
			s.cover("lease taken over")
		}
		name := nameOf("worker", s.names())
		s.log("%s takes case %s", name, short(l.CaseID))
		s.spawn(name, func() { s.work(l) })
	}
	return len(leases) > 0
}

// wait lets time pass until something is due. It reports whether anything is.
func (s *Sim) wait(now time.Time) bool {
	var next time.Time
	soonest := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, t := range s.tasks {
		soonest(t.until)
	}
	for i := range s.events {
		soonest(s.events[i].at)
	}
	soonest(s.stopping)
	for _, l := range s.senders.waiting() {
		soonest(l.due)
	}
	for _, c := range s.postings {
		soonest(c.due)
	}
	soonest(s.model.attention())
	if due, err := s.process.store.Memory.Due(context.Background(), now); err == nil {
		soonest(due)
		if s.claim(8) {
			return true
		}
	}
	soonest(s.model.undelivered())
	if next.IsZero() {
		return s.leftover()
	}
	s.clock.Sleep(next.Sub(now))
	return true
}

// leftover looks for leases that nobody works under, as the engine's timer does at least once a
// minute.
func (s *Sim) leftover() bool {
	if len(s.tasks) > 0 {
		return false
	}
	s.clock.Sleep(time.Minute)
	return s.claim(8)
}
