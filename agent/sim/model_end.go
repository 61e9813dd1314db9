package sim

import (
	"context"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// finally checks what is left when nothing is to be done any more.
func (m *model) finally() {
	m.follow()
	ctx, store := context.Background(), m.s.process.store.Memory
	if _, err := store.Verify(ctx, func(d journal.Damage) { m.s.fail("the chain is whole", "%s: %s", d.Where, d.What) }); err != nil {
		m.s.fail("the chain is whole", "%v", err)
	}
	for _, l := range m.s.senders.letters {
		if r, ok := m.known[identityOf(&l.signal)]; !ok || !l.acked || len(m.homes[identityOf(&l.signal)]) != 1 {
			m.s.fail("accepted means durable", "%s was acknowledged: %v, for case %s, and is in %v", l.signal.EventID, ok, r.CaseID, m.homes[identityOf(&l.signal)])
		}
	}
	for _, note := range slices.Sorted(maps.Keys(m.refused)) {
		if m.clicks[note] != 0 {
			m.s.fail("a click counts once", "%q was refused (%v), and is in the journal", note, m.refused[note])
		}
	}
	for _, id := range m.order {
		m.rest(ctx, store, m.cases[id])
	}
	waiting, _, err := agent.Approvals(ctx, store, "", 1<<20)
	if err != nil {
		m.s.fail("what is kept can be read", "%v", err)
	}
	for _, c := range waiting {
		m.s.fail("what waits is listed", "case %s is in the list of what waits for approval, and nothing waits any more", c.ID)
	}
	list, _, err := store.Outbox(ctx, 0, 1<<20)
	if err != nil {
		m.s.fail("what is kept can be read", "%v", err)
	}
	for i := range list {
		if n := m.messages[list[i].Offset]; list[i].Status != journal.DeliverySent || n == 0 || n > 1+m.lives {
			m.s.fail("messages are delivered", "message %d of case %s is %s, delivered %d times in %d lives", list[i].Offset, list[i].CaseID, list[i].Status, n, m.lives+1)
		}
	}
}

// rest checks a case when nothing is to be done any more: it is over or with a person, and its
// state is the fold of its entries and nothing else.
func (m *model) rest(ctx context.Context, store *journal.Memory, c *caseModel) {
	switch c.status {
	case casefile.Resolved, casefile.Closed, casefile.Escalated:
	default:
		m.s.fail("every case ends, or is with a person", "case %s is %s (%s), and nothing will happen to it", c.id, c.status, c.code)
	}
	state, err := agent.Load(ctx, store, c.id)
	if err != nil {
		m.s.fail("what is kept can be read", "%v", err)
		return
	}
	entries, err := store.Entries(ctx, c.id, 0, 1<<20)
	if err != nil {
		m.s.fail("what is kept can be read", "%v", err)
		return
	}
	fold := casefile.New(c.id)
	for i := range entries {
		fold.Fold(&entries[i])
	}
	// not by their JSON, which may forget the same in both
	if diff := cmp.Diff(fold, state, cmpopts.EquateEmpty()); diff != "" {
		m.s.fail("state is the fold of the entries", "case %s by its entries (-) and by its snapshot (+):\n%s", c.id, diff)
	}
	if state.Status != c.status {
		m.s.fail("state is the fold of the entries", "case %s is %s, and its entries say %s", c.id, state.Status, c.status)
	}
	shown, _, err := store.Cases(ctx, "", 1, func(s *journal.Summary) bool { return s.ID == c.id })
	if err != nil || len(shown) != 1 || shown[0].Status != c.status {
		m.s.fail("lists show what is", "case %s is %s, and is shown as %+v, %v", c.id, c.status, shown, err)
	}
}
