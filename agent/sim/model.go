package sim

import (
	"context"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// model is what must be true, by DESIGN.md. It knows the journal's entries, what went over the wire
// and what the plugins did, and nothing of how the engine comes to its decisions.
type model struct {
	s        *Sim
	offset   uint64   // of the last entry that it followed
	order    []string // cases, oldest first
	cases    map[string]*caseModel
	calls    map[string]*callModel // writes, by idempotency key
	keys     map[string]string     // what a key is a function of → key
	known    map[string]journal.Receipt
	homes    map[string][]string // identity of a signal → cases with its entry
	clicks   map[string]int      // notes of decisions → entries
	refused  map[string]error    // notes of decisions that were refused
	messages map[uint64]int      // deliveries
	lives    int
}

// caseModel is what is known of one case.
type caseModel struct {
	id        string
	seq       uint64
	hash      casefile.Hash
	status    casefile.Status
	code      casefile.StopCode
	stoppedAt time.Time
	procedure string
	customer  casefile.Customer // of its first signal
	doubtful  bool              // a sender that nobody vouches for had a say in it
	epoch     int
	opening   int
	person    bool   // a person put something in place of the plan: what follows is theirs to answer for
	fence     uint64 // of its owner's lease, 0 for none
	facts     map[string]factModel
	asks      map[string]*askModel // approvals, by hash
	hashes    []string
	asked     int
	attended  map[int]bool
	granted   uint64            // seq of the last approval that was given
	chosen    map[string]int    // how often the planner began a hypothesis, by name, epoch and opening
	steps     map[string]string // id of a step → key of its newest write
	proof     *readModel        // the last fresh read of a check
	wrote     bool
}

type factModel struct {
	value map[string]any
	seq   uint64
}

// askModel is an approval that was asked for.
type askModel struct {
	casefile.Approval
	live bool // it waits, or was granted and not used
	by   string
}

// readModel is a read of the system of record that reached the agent.
type readModel struct {
	hypothesis string
	served     map[string]any
	at         time.Time
}

// callModel is one write, from its intent on.
type callModel struct {
	casefile.Call
	caseID   string
	opening  int
	intents  int
	sent     int
	lastSent time.Time
	proven   bool // nothing can come of what was sent, and the agent may know it
	flying   int  // requests that may still take effect
	effects  int
	lied     bool // the plugin said done, and did nothing
	excused  bool // the plugin said that it was taken back, and it was not
}

func newModel(s *Sim) *model {
	return &model{s: s, cases: map[string]*caseModel{}, calls: map[string]*callModel{}, keys: map[string]string{}, known: map[string]journal.Receipt{},
		homes: map[string][]string{}, clicks: map[string]int{}, refused: map[string]error{}, messages: map[uint64]int{}}
}

// follow reads what was committed since it last did.
func (m *model) follow() {
	for m.s.report.Violation == nil {
		list, _, err := m.s.process.store.Memory.Feed(context.Background(), m.offset, 100)
		if err != nil {
			m.s.fail("what is kept can be read", "%v", err)
		}
		if len(list) == 0 {
			return
		}
		for i := range list {
			e := &list[i]
			m.offset = e.Offset
			m.entry(e)
			_, _ = m.s.hash.Write(e.Hash[:]) // a hash never fails
		}
	}
}

func (m *model) caseOf(e *casefile.Entry) *caseModel {
	c := m.cases[e.Case]
	if c == nil {
		c = &caseModel{id: e.Case, facts: map[string]factModel{}, asks: map[string]*askModel{}, attended: map[int]bool{}, chosen: map[string]int{}, steps: map[string]string{}}
		m.cases[e.Case] = c
		m.order = append(m.order, e.Case)
	}
	return c
}

// appended checks who it was that changed a case: people and plugins may at any time, the agent
// only as its owner.
func (m *model) appended(a *journal.Append) {
	c := m.cases[a.CaseID]
	if c == nil {
		return // it is followed soon
	}
	agents := a.Park != nil
	for i := range a.Entries {
		agents = agents || a.Entries[i].Actor == casefile.ActorAgent
	}
	switch {
	case agents && a.Lease == nil:
		m.s.fail("one owner", "the agent changed case %s without a lease", a.CaseID)
	case a.Lease != nil && a.Lease.Fence != c.fence:
		m.s.fail("one owner", "a worker with fence %d changed case %s, whose owner has %d", a.Lease.Fence, a.CaseID, c.fence)
	}
	if a.Park != nil {
		c.fence = 0
	}
}

// claimed gives a case an owner. It reports whether it was taken from another.
func (m *model) claimed(l journal.Lease) (taken bool) {
	m.follow()
	c := m.cases[l.CaseID]
	if c == nil {
		m.s.fail("one owner", "case %s was claimed, and there is none", l.CaseID)
		return false
	}
	if l.Fence <= c.fence {
		m.s.fail("one owner", "case %s was claimed with fence %d behind %d", l.CaseID, l.Fence, c.fence)
	}
	taken = c.fence != 0
	c.fence = l.Fence
	return taken
}

func (m *model) released(l journal.Lease) {
	if c := m.cases[l.CaseID]; c != nil && c.fence == l.Fence {
		c.fence = 0
	}
}

// restarted forgets the owners: leases don't outlive their process.
func (m *model) restarted() {
	m.lives++
	for _, c := range m.cases {
		c.fence = 0
	}
}

func identityOf(s *casefile.Signal) string { return s.Source + "\n" + s.EventID }

// acknowledged notes a promise to a sender.
func (m *model) acknowledged(s *casefile.Signal, r journal.Receipt) {
	m.follow()
	id := identityOf(s)
	if before, ok := m.known[id]; ok && (before.CaseID != r.CaseID || before.SignalID != r.SignalID) {
		m.s.fail("same signals, same end", "%s was acknowledged as %s of case %s and as %s of case %s", s.EventID, before.SignalID, before.CaseID, r.SignalID, r.CaseID)
	}
	m.known[id] = r
	if homes := m.homes[id]; len(homes) != 1 || homes[0] != r.CaseID {
		m.s.fail("accepted means durable", "%s was acknowledged for case %s, and is in %v", s.EventID, r.CaseID, homes)
	}
}

func (m *model) delivered(msg *journal.Message) { m.messages[msg.Offset]++ }

// anyHash gives a hash that the case asked approval for some time.
func (m *model) anyHash(caseID string, n int) string {
	c := m.cases[caseID]
	if c == nil || len(c.hashes) == 0 {
		return "none"
	}
	return c.hashes[n%len(c.hashes)]
}

// attention is when the next approval is looked at by dull operators.
func (m *model) attention() time.Time {
	var next time.Time
	for _, id := range m.order {
		if c := m.cases[id]; c.status == casefile.Approving && !c.attended[c.asked] {
			if at := c.stoppedAt.Add(10 * time.Minute); next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next
}

// undelivered is when the next message is due.
func (m *model) undelivered() time.Time {
	list, err := m.s.process.store.Memory.Undelivered(context.Background(), m.s.clock.Now().Add(10_000*time.Hour), 1)
	if err != nil || len(list) == 0 {
		return time.Time{}
	}
	return list[0].NextAt
}

// open names the cases that are not over.
func (m *model) open() string {
	text := ""
	for _, id := range m.order {
		if c := m.cases[id]; !c.status.Ended() {
			text += fmt.Sprintf("%s is %s (%s); ", short(id), c.status, c.code)
		}
	}
	return text
}

func (m *model) totals(r *Report) {
	r.Cases, r.Entries, r.Effects, r.Signals = len(m.order), int(m.offset), len(m.s.world.ledger), len(m.known)
}
