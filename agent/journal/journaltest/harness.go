// Package journaltest holds the tests that every journal.Store passes.
package journaltest

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// TestStore runs all tests. open gives an empty store of its own to each; reopen closes a store
// that open gave and opens it again, as a restart does.
func TestStore(t *testing.T, open func(t *testing.T) journal.Store, reopen func(t *testing.T, s journal.Store) journal.Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h *harness)
	}{
		{"a signal opens a case", acceptOpens},
		{"a signal is accepted once", acceptOnce},
		{"signals join by key and customer", acceptJoins},
		{"the stronger key and the oldest case win", acceptPrefers},
		{"a wait takes the signal", acceptWait},
		{"a case takes what is written to it", acceptWritten},
		{"a signal after the end reopens or links", acceptEnded},
		{"concurrent deliveries open one case", acceptConcurrently},
		{"a refused batch leaves no trace", acceptRefused},
		{"appends need the last seq", appendConflict},
		{"appends bring their records", appendRecords},
		{"what was worked out from a record holds while it is the same", expectRecords},
		{"appends need the lease", appendLease},
		{"a signal while a case is leased is not lost", wakeWhileLeased},
		{"an older case holds the key", appendHold},
		{"a case delivers to another", appendDeliver},
		{"parking ends the work until something happens", parking},
		{"leases expire", leaseExpiry},
		{"customers take turns", turns},
		{"customers take turns after a restart", turnsAfterRestart},
		{"timers fire in time", timers},
		{"load gives snapshot and tail", load},
		{"the feed has every entry", feed},
		{"lists of cases", lists},
		{"messages are delivered", outbox},
		{"records", records},
		{"records of who leaves", recordsOfWhoLeaves},
		{"a budget has room or refuses", budgetRefuses},
		{"what is proven not done is free again", budgetReleases},
		{"a budget's window rolls", budgetRolls},
		{"budgets are apart by key and currency", budgetsApart},
		{"a person lets a budget be exceeded", budgetOver},
		{"one budget is bounded over several windows", budgetWindows},
		{"a restart leaves budgets as they are", budgetRestart},
		{"concurrent cases never exceed a budget", budgetConcurrently},
		{"budgets are what a list of reservations says", budgetProperties},
		{"what stands in the audit stays", audit},
		{"a checkpoint holds while the store goes on", checkpoints},
		{"a restart changes nothing", restart},
		{"any history keeps the model's promises", properties},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, &harness{t: t, Store: open(t), open: open, reopen: reopen})
		})
	}
}

// start is when the tests begin.
func start() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) }

// tester is what a testing.T and a rapid.T have in common.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

type harness struct {
	journal.Store
	t      tester
	open   func(t *testing.T) journal.Store
	reopen func(t *testing.T, s journal.Store) journal.Store
	ids    uint64
}

// id gives ids that ascend, as UUIDv7 do.
func (h *harness) id() string {
	h.ids++
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[8:], h.ids)
	u[6], u[8] = 0x70, 0x80
	return u.String()
}

func salts(n int) []journal.Salt {
	list := make([]journal.Salt, n)
	for i := range list {
		list[i][0] = byte(i + 1)
	}
	return list
}

var bg = context.Background

// signal makes an arrival of event id with keys that it would hold too.
func (h *harness) signal(event string, keys ...journal.Key) journal.Arrival {
	id := h.id()
	a := journal.Arrival{
		Signal: casefile.Signal{ID: h.id(), Source: "test", EventID: event, Type: "ticket.created", Time: start(),
			Data: casefile.Object{"text": "event " + event}, Assurance: casefile.AssuranceVouched},
		Actor: "token:test", At: start().Add(time.Duration(h.ids) * time.Second), Keys: keys, Hold: keys,
		CaseID: id, Bundle: "v1", Salts: salts(journal.MaxArrivalEntries),
	}
	if len(keys) > 0 {
		c := keys[0].Customer
		a.Signal.Data["customer"] = map[string]any{"id": c.ID, "email": c.Email}
	}
	return a
}

func order(value, id, email string) journal.Key {
	return journal.Key{Scope: "damaged-item/0", Value: `"` + value + `"`, Customer: casefile.Customer{ID: id, Email: email}}
}

func (h *harness) accept(arrivals ...journal.Arrival) []journal.Receipt {
	h.t.Helper()
	r, err := h.Accept(bg(), arrivals)
	if err != nil {
		h.t.Fatalf("Accept of %d good signals: %v", len(arrivals), err)
	}
	return r
}

func (h *harness) accept1(a journal.Arrival) journal.Receipt {
	h.t.Helper()
	return h.accept(a)[0]
}

func (h *harness) claim(n int) []journal.Lease {
	h.t.Helper()
	l, err := h.Claim(bg(), "w", n, start(), time.Minute)
	if err != nil {
		h.t.Fatalf("Claim: %v", err)
	}
	return l
}

// claimed claims until the case is leased, and gives the other leases back.
func (h *harness) claimed(caseID string) *journal.Lease {
	h.t.Helper()
	var found *journal.Lease
	var others []journal.Lease
	for _, l := range h.claim(1000) {
		if l.CaseID == caseID {
			found = &l
		} else {
			others = append(others, l)
		}
	}
	for _, l := range others {
		h.Release(l)
	}
	if found == nil {
		h.t.Fatalf("case %s could not be claimed: it is not runnable, or leased", caseID)
	}
	return found
}

// replies makes n entries.
func replies(n int) []casefile.Entry {
	list := make([]casefile.Entry, n)
	for i := range list {
		list[i] = casefile.Entry{At: start(), Actor: casefile.ActorAgent, Data: &casefile.ReplyWritten{Reply: casefile.Reply{To: "a@example.com", Text: "hello"}}}
	}
	return list
}

func (h *harness) change(caseID string, after uint64, n int) journal.Append {
	return journal.Append{CaseID: caseID, After: after, Entries: replies(n), Salts: salts(n)}
}

func (h *harness) append(a journal.Append) journal.Appended {
	h.t.Helper()
	done, err := h.Append(bg(), a)
	if err != nil {
		h.t.Fatalf("Append of %d entries after %d: %v", len(a.Entries), a.After, err)
	}
	return done
}

// refused appends what must be refused.
func (h *harness) refused(a journal.Append, want error) {
	h.t.Helper()
	if _, err := h.Append(bg(), a); !errors.Is(err, want) {
		h.t.Fatalf("Append after %d gave %v, want %v", a.After, err, want)
	}
}

// park parks a case at its end, under a fresh lease.
func (h *harness) park(caseID string, status casefile.Status, change func(*journal.Park)) {
	h.t.Helper()
	l := h.claimed(caseID)
	entries := h.entries(caseID)
	p := &journal.Park{Summary: journal.Summary{ID: caseID, Status: status, OpenedAt: start()}, Snapshot: []byte("state")}
	if status.Ended() {
		p.Summary.EndedAt = start().Add(time.Hour)
	}
	if change != nil {
		change(p)
	}
	h.append(journal.Append{CaseID: caseID, After: uint64(len(entries)), Lease: l, Park: p})
}

func (h *harness) entries(caseID string) []casefile.Entry {
	h.t.Helper()
	list, err := h.Entries(bg(), caseID, 0, 1<<20)
	if err != nil {
		h.t.Fatalf("Entries of case %s: %v", caseID, err)
	}
	return list
}

// kinds are the kinds of a case's entries.
func (h *harness) kinds(caseID string) string {
	h.t.Helper()
	s := ""
	for _, e := range h.entries(caseID) {
		s += string(e.Data.Kind()) + " "
	}
	return s
}

// sound fails the test if Verify finds damage.
func (h *harness) sound() journal.Totals {
	h.t.Helper()
	totals, err := h.Verify(bg(), func(d journal.Damage) { h.t.Errorf("Verify of a sound store reports %s: %s", d.Where, d.What) })
	if err != nil {
		h.t.Fatalf("Verify: %v", err)
	}
	return totals
}
