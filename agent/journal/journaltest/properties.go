package journaltest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// properties drives stores with random histories and compares each answer with what a model says,
// which knows nothing of how a store does it.
func properties(t *testing.T, h *harness) {
	rapid.Check(t, func(rt *rapid.T) {
		s := h.open(t)
		defer s.Close()
		m := &model{harness: &harness{Store: s, t: rt}, rt: rt, seen: map[string]*modelCase{}, now: start()}
		rt.Repeat(map[string]func(*rapid.T){
			"accept": m.accept, "claim": m.claim, "append": m.append, "park": m.park, "hold": m.hold,
			"decide": m.decide, "release": m.release, "stale": m.stale,
		})
		m.sound()
	})
}

type model struct {
	*harness
	rt    *rapid.T
	now   time.Time
	cases []*modelCase // oldest first
	seen  map[string]*modelCase
}

type modelCase struct {
	id       string
	seq      uint64
	status   casefile.Status
	ended    time.Time
	runnable bool
	lease    *journal.Lease
	keys     []*modelKey
}

// modelKey is a key that a case holds, under those of its customer's identities that no later case
// took over after this one had ended.
type modelKey struct {
	journal.Key
	under map[string]bool
}

func identities(c casefile.Customer) map[string]bool {
	m := map[string]bool{}
	if c.ID != "" {
		m["id "+c.ID] = true
	}
	if c.Email != "" {
		m["email "+strings.ToLower(c.Email)] = true
	}
	if len(m) == 0 {
		m["nobody"] = true
	}
	return m
}

// customers are people as signals name them: some share an email or have no id.
func (m *model) customer(rt *rapid.T) casefile.Customer {
	return rapid.SampledFrom([]casefile.Customer{
		{ID: "c1", Email: "ann@example.com"}, {ID: "c1"}, {Email: "Ann@example.com"},
		{ID: "c2", Email: "ann@example.com"}, {Email: "bob@example.com"}, {},
	}).Draw(rt, "customer")
}

func (m *model) key(rt *rapid.T) journal.Key {
	return journal.Key{Scope: "p/0", Value: rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "order"), Customer: m.customer(rt)}
}

func (m *model) pick(rt *rapid.T) *modelCase {
	if len(m.cases) == 0 {
		rt.Skip("no case yet")
	}
	return m.cases[rapid.IntRange(0, len(m.cases)-1).Draw(rt, "case")]
}

// holds gives the case's own key that is the same, nil if it has none.
func (m *model) holds(key journal.Key, c *modelCase) *modelKey {
	for _, k := range c.keys {
		a, b := k.Customer, key.Customer
		a.Email, b.Email = strings.ToLower(a.Email), strings.ToLower(b.Email)
		if k.Scope != key.Scope || k.Value != key.Value || !a.Same(b) {
			continue
		}
		both := a.ID != "" && b.ID != "" // then their ids decide
		for who := range identities(key.Customer) {
			if k.under[who] && (!both || strings.HasPrefix(who, "id ")) {
				return k
			}
		}
	}
	return nil
}

// forget ends that a case holds a key under an identity, whichever of its customers it was that of: two
// with ids of their own may share an email.
func (c *modelCase) forget(key journal.Key, who string) {
	for _, k := range c.keys {
		if k.Scope == key.Scope && k.Value == key.Value && (k.Customer.ID != "" || key.Customer.ID == "") {
			delete(k.under, who)
		}
	}
}

// give lets a case hold a key.
func (m *model) give(key journal.Key, c *modelCase) {
	for _, old := range m.cases {
		if old == c || !old.status.Ended() {
			continue
		}
		for _, k := range old.keys {
			if m.holds(key, &modelCase{keys: []*modelKey{k}}) != nil && (k.Customer.ID != "" || key.Customer.ID == "") {
				for who := range identities(key.Customer) {
					old.forget(key, who)
				}
			}
		}
	}
	known := false
	for _, k := range c.keys {
		if m.holds(key, &modelCase{keys: []*modelKey{k}}) != nil { // now it is known better whose it is
			known = true
			k.Customer.ID = cmp.Or(k.Customer.ID, key.Customer.ID)
			k.Customer.Email = cmp.Or(k.Customer.Email, key.Customer.Email)
			maps.Copy(k.under, identities(key.Customer))
		}
	}
	if !known {
		c.keys = append(c.keys, &modelKey{key, identities(key.Customer)})
	}
}

func (m *model) open(key journal.Key) *modelCase {
	for _, c := range m.cases {
		if !c.status.Ended() && m.holds(key, c) != nil {
			return c
		}
	}
	return nil
}

func (m *model) accept(rt *rapid.T) {
	m.now = m.now.Add(time.Minute)
	key := m.key(rt)
	a := m.signal(rapid.StringMatching(`[a-f]`).Draw(rt, "event"), key)
	a.At = m.now
	a.ReopenWithin = rapid.SampledFrom([]time.Duration{0, 3 * time.Minute}).Draw(rt, "reopen within")
	r := m.accept1(a)
	if c := m.seen[a.Signal.EventID]; c != nil {
		if !r.Duplicate || r.CaseID != c.id {
			rt.Fatalf("a known signal gave %+v, want a duplicate of case %s", r, c.id)
		}
		return
	}
	if r.Duplicate {
		rt.Fatalf("a new signal gave %+v", r)
	}
	c := m.belongs(key, a.ReopenWithin)
	switch {
	case c == nil:
		if !r.Opened || r.CaseID != a.CaseID {
			rt.Fatalf("a signal that belongs nowhere gave %+v, want a case of its own", r)
		}
		c = &modelCase{id: r.CaseID, status: casefile.Working}
		m.cases = append(m.cases, c)
		list := m.entries(c.id)
		linked := false
		for _, old := range m.cases {
			linked = linked || old.status.Ended() && m.holds(key, old) != nil
		}
		if _, is := list[len(list)-1].Data.(*casefile.CaseLinked); is != linked {
			rt.Fatalf("the new case is linked: %v, want %v", is, linked)
		}
		m.give(key, c)
		c.seq = uint64(len(list))
	case r.CaseID != c.id || r.Opened:
		rt.Fatalf("a signal of case %s gave %+v", c.id, r)
	case c.status.Ended():
		c.status = casefile.Working
		c.seq += 2
	default:
		c.seq++
	}
	c.runnable = true
	m.seen[a.Signal.EventID] = c
}

// belongs is the case that a signal joins or reopens.
func (m *model) belongs(key journal.Key, within time.Duration) *modelCase {
	if c := m.open(key); c != nil {
		return c
	}
	var last *modelCase
	for _, c := range m.cases {
		if c.status == casefile.Resolved && m.holds(key, c) != nil && m.now.Sub(c.ended) < within && (last == nil || !c.ended.Before(last.ended)) {
			last = c
		}
	}
	return last
}

func (m *model) claim(rt *rapid.T) {
	leases := m.harness.claim(rapid.IntRange(1, 3).Draw(rt, "max"))
	for _, l := range leases {
		c := m.byID(l.CaseID)
		if c == nil || !c.runnable || c.lease != nil {
			rt.Fatalf("case %s was claimed, and it is leased or there is nothing to do for it", l.CaseID)
		}
		c.lease = &l
	}
	if len(leases) == 0 {
		for _, c := range m.cases {
			if c.runnable && c.lease == nil {
				rt.Fatalf("case %s is runnable and can't be claimed", c.id)
			}
		}
	}
}

func (m *model) byID(id string) *modelCase {
	for _, c := range m.cases {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (m *model) append(rt *rapid.T) {
	c := m.pick(rt)
	a := m.change(c.id, c.seq, rapid.IntRange(1, 3).Draw(rt, "entries"))
	a.Lease = c.lease
	c.seq = m.harness.append(a).Seq
	if got := m.entries(c.id); got[len(got)-1].Seq != c.seq {
		rt.Fatalf("case %s ends at %d, want %d", c.id, got[len(got)-1].Seq, c.seq)
	}
}

func (m *model) park(rt *rapid.T) {
	m.now = m.now.Add(time.Minute)
	c := m.pick(rt)
	m.parkAs(c, rapid.SampledFrom([]casefile.Status{casefile.Waiting, casefile.Escalated, casefile.Resolved, casefile.Closed}).Draw(rt, "status"))
}

func (m *model) parkAs(c *modelCase, s casefile.Status) {
	p := &journal.Park{Summary: journal.Summary{ID: c.id, Status: s}, Snapshot: []byte(fmt.Sprint(c.seq))}
	if s.Ended() {
		p.Summary.EndedAt = m.now
	}
	m.harness.append(journal.Append{CaseID: c.id, After: c.seq, Lease: c.lease, Park: p})
	c.status, c.ended, c.runnable, c.lease = s, p.Summary.EndedAt, false, nil
	if snapshot, tail, err := m.Load(bg(), c.id); err != nil || string(snapshot) != fmt.Sprint(c.seq) || len(tail) != 0 {
		m.rt.Fatalf("a case parked at %d loads as %q and %d entries, %v", c.seq, snapshot, len(tail), err)
	}
}

func (m *model) hold(rt *rapid.T) {
	c, key := m.pick(rt), m.key(rt)
	if c.status.Ended() {
		rt.Skip("it has ended")
	}
	older := m.open(key)
	a := journal.Append{CaseID: c.id, After: c.seq, Lease: c.lease, Hold: []journal.Key{key}}
	a.HoldAnyway = rapid.Bool().Draw(rt, "anyway")
	_, err := m.Append(bg(), a)
	var held *journal.HeldError
	refuse := older != nil && !a.HoldAnyway && m.age(older) < m.age(c)
	if errors.As(err, &held) != refuse || refuse && held.Case != older.id || !refuse && err != nil {
		rt.Fatalf("case %s wants a key and gets %v; refused it should be: %v", c.id, err, refuse)
	}
	if err == nil {
		m.give(key, c)
	}
}

func (m *model) age(c *modelCase) int {
	for i := range m.cases {
		if m.cases[i] == c {
			return i
		}
	}
	return -1
}

func (m *model) decide(rt *rapid.T) {
	c := m.pick(rt)
	a := m.change(c.id, c.seq, 1)
	a.Wake = true
	c.seq = m.harness.append(a).Seq
	c.runnable = true
}

func (m *model) release(rt *rapid.T) {
	if c := m.pick(rt); c.lease != nil {
		m.Release(*c.lease)
		c.lease = nil
	}
}

// stale appends what must be refused, which changes nothing.
func (m *model) stale(rt *rapid.T) {
	c := m.pick(rt)
	a := m.change(c.id, c.seq-1, 1)
	want := journal.ErrConflict
	if rapid.Bool().Draw(rt, "without the lease") {
		a.After, want = c.seq, journal.ErrLeaseLost
		a.Lease = &journal.Lease{CaseID: c.id, Fence: 1 << 50}
	}
	m.refused(a, want)
}
