package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// spender is a case that takes from budgets.
type spender struct {
	h     *harness
	id    string
	seq   uint64
	calls int
}

func (h *harness) spender() *spender {
	h.t.Helper()
	r := h.accept1(h.signal(fmt.Sprint("spender-", h.ids)))
	return &spender{h: h, id: r.CaseID, seq: 2}
}

// daily is a reservation of amount in a budget of 1000 a day.
func daily(amount int64) casefile.Reservation {
	return casefile.Reservation{Policy: "refunds", Budget: "day", Currency: "EUR", Amount: amount, Max: 1000, Window: casefile.Duration(24 * time.Hour), Beyond: casefile.Deny}
}

// intent is an append of the intent of a new call.
func (s *spender) intent(at time.Time, reserves ...casefile.Reservation) (a journal.Append, call string) {
	call = fmt.Sprint("do/", s.calls)
	s.calls++
	return journal.Append{CaseID: s.id, After: s.seq, Salts: salts(1), Entries: []casefile.Entry{{At: at, Actor: casefile.ActorAgent,
		Data: &casefile.CallIntended{Call: casefile.Call{ID: call, Purpose: casefile.ForDo, Action: casefile.Action{Tool: "shop.refund", Effect: "write"}, Try: 1},
			Verdict: &casefile.Verdict{Outcome: casefile.Allow, Reserves: reserves}}}}}, call
}

// takes intends a call, which must be let.
func (s *spender) takes(at time.Time, reserves ...casefile.Reservation) (call string) {
	s.h.t.Helper()
	a, call := s.intent(at, reserves...)
	s.seq = s.h.append(a).Seq
	return call
}

// refusedBy intends a call that budgets must have no room for, and gives what they say.
func (s *spender) refusedBy(at time.Time, reserves ...casefile.Reservation) []casefile.Exceeded {
	s.h.t.Helper()
	a, _ := s.intent(at, reserves...)
	_, err := s.h.Append(bg(), a)
	var full *journal.BudgetError
	if !errors.As(err, &full) || len(full.Exceeded) == 0 {
		s.h.t.Fatalf("an intent of %v gave %v, want a BudgetError", reserves, err)
	}
	if n := len(s.h.entries(s.id)); uint64(n) != s.seq {
		s.h.t.Fatalf("the case has %d entries, want %d: a refused intent leaves no trace", n, s.seq)
	}
	return full.Exceeded
}

// answer journals what became of a call.
func (s *spender) answer(call string, outcome casefile.Outcome, undoes string) {
	s.h.t.Helper()
	s.seq = s.h.append(journal.Append{CaseID: s.id, After: s.seq, Salts: salts(1), Entries: []casefile.Entry{{At: start(), Actor: casefile.ActorAgent,
		Data: &casefile.CallAnswered{ID: call, Try: 1, Outcome: outcome, Source: casefile.SourceAnswer, Undoes: undoes}}}}).Seq
}

func budgetRefuses(_ *testing.T, h *harness) {
	a, b := h.spender(), h.spender()
	a.takes(start(), daily(600))
	full := b.refusedBy(start(), daily(401))
	if x := full[0]; len(full) != 1 || x.Used != 600 || x.Amount != 401 || x.Max != 1000 || x.Budget != "day" {
		h.t.Errorf("the budget says %+v, want 600 used of 1000", full)
	}
	b.takes(start(), daily(400))
	b.refusedBy(start(), daily(1))
	b.takes(start(), daily(0))
	wrong, _ := a.intent(start(), daily(-1))
	if _, err := h.Append(bg(), wrong); err == nil {
		h.t.Errorf("Append took a reservation of less than nothing")
	}
	h.sound()
}

func budgetReleases(_ *testing.T, h *harness) {
	for outcome, free := range map[casefile.Outcome]bool{
		casefile.OutcomeRefused: true, casefile.OutcomeUnavailable: true, casefile.OutcomeError: true, casefile.OutcomeDenied: true,
		casefile.OutcomeDone: false, casefile.OutcomeUnknown: false, casefile.OutcomeAbandoned: false, casefile.OutcomeNotDone: false, casefile.OutcomeAccepted: false,
	} {
		s := h.spender()
		r := daily(1000)
		r.Budget = string(outcome)
		call := s.takes(start(), r)
		s.answer(call, outcome, "")
		if free {
			s.answer(call, outcome, "") // a second answer frees nothing more
			s.takes(start(), r)
		}
		s.refusedBy(start(), r)
	}
	s := h.spender()
	call := s.takes(start(), daily(1000))
	s.answer(call, casefile.OutcomeDone, "")
	s.answer("undo/1", casefile.OutcomeRefused, call)
	s.refusedBy(start(), daily(1))
	s.answer("undo/2", casefile.OutcomeDone, call)
	s.takes(start(), daily(1000))
	h.sound()
}

func budgetRolls(_ *testing.T, h *harness) {
	s := h.spender()
	for i := range 10 {
		s.takes(start().Add(time.Duration(i)*time.Hour), daily(100))
	}
	s.refusedBy(start().Add(24*time.Hour-1), daily(100))
	s.takes(start().Add(24*time.Hour), daily(100))
	s.refusedBy(start().Add(24*time.Hour), daily(1))
	s.takes(start().Add(26*time.Hour), daily(200))
	s.refusedBy(start().Add(20*time.Hour), daily(1)) // a clock that is late counts as the latest
	s.takes(start().Add(100*time.Hour), daily(1000))
	h.sound()
}

func budgetsApart(_ *testing.T, h *harness) {
	s := h.spender()
	s.takes(start(), daily(1000))
	for _, change := range []func(*casefile.Reservation){
		func(r *casefile.Reservation) { r.Currency = "USD" }, func(r *casefile.Reservation) { r.Key = `"CUS-1"` },
		func(r *casefile.Reservation) { r.Key = `"CUS-2"` }, func(r *casefile.Reservation) { r.Budget = "week" }, func(r *casefile.Reservation) { r.Policy = "gestures" },
	} {
		r := daily(1000)
		change(&r)
		s.takes(start(), r)
		s.refusedBy(start(), r)
	}
	month, day := daily(10), daily(10)
	month.Budget = "month"
	if full := s.refusedBy(start(), month, day); len(full) != 1 || full[0].Budget != "day" {
		h.t.Errorf("%+v have no room, want the day's alone", full)
	}
	month.Amount = 1000
	s.takes(start(), month) // what was refused took nothing of the month's
	h.sound()
}

func budgetOver(_ *testing.T, h *harness) {
	s := h.spender()
	r := daily(800)
	s.takes(start(), r)
	r.Over = true
	s.refusedBy(start(), r)
	r.Beyond, r.Over = casefile.Approve, false
	s.refusedBy(start(), r)
	r.Over = true
	s.takes(start(), r)
	if full := s.refusedBy(start(), daily(1)); full[0].Used != 1600 {
		h.t.Errorf("the budget says that %d are used, want 1600", full[0].Used)
	}
	h.sound()
}

func budgetWindows(_ *testing.T, h *harness) {
	s := h.spender()
	at := func(hours int) time.Time { return start().Add(time.Duration(hours) * time.Hour) }
	day, week := daily(100), daily(100)
	week.Window, week.Max = casefile.Duration(168*time.Hour), 300
	s.takes(at(0), day, week) // by two versions of a policy: taken once
	s.takes(at(30), day)
	if full := s.refusedBy(at(31), daily(901), week); len(full) != 2 || full[0].Used != 100 || full[1].Used != 200 {
		h.t.Errorf("the budget says %+v, want 100 within a day and 200 within a week", full)
	}
	s.takes(at(60), week)
	s.refusedBy(at(167), week)
	s.takes(at(168), week)
	s.takes(at(400), day)
	short := daily(1000)
	short.Window = casefile.Duration(time.Hour)
	if full := s.refusedBy(at(400), short); full[0].Used != 100 {
		h.t.Errorf("within an hour %d are used, want 100", full[0].Used)
	}
	s.takes(at(401), short)
	h.sound()
}

func budgetRestart(t *testing.T, h *harness) {
	s := h.spender()
	call := s.takes(start(), daily(700))
	s.takes(start(), daily(300))
	h.Store = h.reopen(t, h.Store)
	s.refusedBy(start(), daily(1))
	s.answer(call, casefile.OutcomeRefused, "")
	h.Store = h.reopen(t, h.Store)
	s.takes(start(), daily(700))
	s.refusedBy(start(), daily(1))
	h.sound()
}

func budgetConcurrently(_ *testing.T, h *harness) {
	const cases, amount = 1000, 7
	spenders := make([]*spender, cases)
	for i := range spenders {
		spenders[i] = h.spender()
	}
	var let, refused atomic.Int64
	var wg sync.WaitGroup
	for _, s := range spenders {
		wg.Go(func() {
			a, _ := s.intent(start(), daily(amount))
			_, err := h.Append(bg(), a)
			var full *journal.BudgetError
			switch {
			case err == nil:
				let.Add(1)
			case errors.As(err, &full):
				refused.Add(1)
			default:
				h.t.Errorf("Append: %v", err)
			}
		})
	}
	wg.Wait()
	if let.Load() != 1000/amount || refused.Load() != cases-1000/amount {
		h.t.Errorf("%d of %d were let and %d refused, want %d let: a budget of 1000 holds so many of %d", let.Load(), cases, refused.Load(), 1000/amount, amount)
	}
	h.sound()
}

// taken is a reservation of the model.
type taken struct {
	budget string
	at     time.Time
	amount int64
	call   string
	by     *spender
}

// budgetProperties holds any sequence of intents, answers and restarts against a plain list.
func budgetProperties(t *testing.T, h *harness) {
	rapid.Check(t, func(r *rapid.T) {
		h := &harness{t: r, Store: h.open(t), open: h.open, reopen: h.reopen}
		m := &budgetModel{h: h, r: r, t: t, last: map[string]time.Time{}, now: start()}
		for range 3 {
			m.spenders = append(m.spenders, h.spender())
		}
		for range rapid.IntRange(10, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 9).Draw(r, "what") {
			case 0:
				h.Store = h.reopen(t, h.Store)
			case 1, 2, 3:
				m.answer()
			default:
				m.take()
			}
		}
		h.sound()
		if err := h.Close(); err != nil {
			r.Fatalf("Close: %v", err)
		}
	})
}

type budgetModel struct {
	h        *harness
	r        *rapid.T
	t        *testing.T
	spenders []*spender
	list     []taken
	last     map[string]time.Time
	now      time.Time
}

// take intends a call with up to two reservations over one to three hours.
func (m *budgetModel) take() {
	m.now = m.now.Add(time.Duration(rapid.IntRange(0, 60).Draw(m.r, "minutes")) * time.Minute)
	at := m.now.Add(-time.Duration(rapid.IntRange(0, 5).Draw(m.r, "late")) * time.Minute)
	s := rapid.SampledFrom(m.spenders).Draw(m.r, "case")
	var reserves []casefile.Reservation
	for i := range rapid.IntRange(1, 2).Draw(m.r, "budgets") {
		x := daily(int64(rapid.IntRange(0, 400).Draw(m.r, "amount")))
		x.Budget = fmt.Sprint("budget-", i)
		// the window of a budget is one: a model of what a changed window forgets would be the ledger again
		x.Window = casefile.Duration(time.Duration(i+1) * time.Hour)
		reserves = append(reserves, x)
	}
	want := true
	for _, x := range reserves {
		when := later(at, m.last[x.Budget])
		var used int64
		for _, k := range m.list {
			if k.budget == x.Budget && k.at.After(when.Add(-time.Duration(x.Window))) {
				used += k.amount
			}
		}
		want = want && used+x.Amount <= x.Max
	}
	a, call := s.intent(at, reserves...)
	done, err := m.h.Append(bg(), a)
	if (err == nil) != want {
		m.r.Fatalf("an intent of %+v gave %v; by the list of reservations it is let: %v", reserves, err, want)
	}
	if err != nil {
		return
	}
	s.seq = done.Seq
	for _, x := range reserves {
		m.last[x.Budget] = later(at, m.last[x.Budget])
		m.list = append(m.list, taken{x.Budget, m.last[x.Budget], x.Amount, call, s})
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (m *budgetModel) answer() {
	if len(m.list) == 0 {
		return
	}
	k := rapid.SampledFrom(m.list).Draw(m.r, "reservation")
	if rapid.Bool().Draw(m.r, "refused") {
		k.by.answer(k.call, casefile.OutcomeRefused, "")
		m.list = slices.DeleteFunc(m.list, func(o taken) bool { return o.by == k.by && o.call == k.call })
	} else {
		k.by.answer(k.call, casefile.OutcomeDone, "")
	}
}
