package agent

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

var refundSeeds = flag.Int("refund-seeds", 3, "how many times a thousand refunds race for one budget")

// TestThousandRefundsNeverExceedABudget: a thousand cases, advanced at once, take from one budget while
// answers are lost, calls are refused and the process ends twice. What was done is never more than the
// budget, and in the end the budget says what was done to the cent.
func TestThousandRefundsNeverExceedABudget(t *testing.T) {
	for seed := range *refundSeeds {
		synctest.Test(t, func(t *testing.T) { raceForBudget(t, uint64(seed)) })
	}
}

const (
	refundCases  = 1000
	refundBudget = 12_000
)

func raceForBudget(t *testing.T, seed uint64) {
	b := &bank{rand: rand.New(rand.NewPCG(seed, 6)), done: map[string]int64{}}
	store := journal.NewMemory(journal.MemoryOptions{})
	var arrivals []journal.Arrival
	offered := int64(0)
	for i := range refundCases {
		amount := 1 + b.rand.Int64N(100)
		offered += amount
		arrivals = append(arrivals, journal.Arrival{Signal: casefile.Signal{ID: uuid.NewString(), Source: "s", EventID: fmt.Sprint(i), Type: "t", Assurance: casefile.AssuranceVouched,
			Data: casefile.Object{"amount": amount, "customer": map[string]any{"id": fmt.Sprint("c-", i)}}}, Actor: "token:t", At: time.Now(),
			CaseID: uuid.Must(uuid.NewV7()).String(), Bundle: "v1", Salts: make([]journal.Salt, journal.MaxArrivalEntries)})
	}
	receipts, err := store.Accept(t.Context(), arrivals)
	if err != nil {
		t.Fatal(err)
	}
	for life := range 3 {
		ctx, stop := context.WithCancel(t.Context())
		e := New(Deps{Store: store, Playbooks: b, Tools: b, Outgoing: func() bool { return false }, Now: time.Now, Salt: func() (s journal.Salt) { return s }}, Options{Workers: 256})
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		if life < 2 { // it ends in the middle: what is on the wire gets there, and nobody hears of it
			b.mu.Lock()
			after := time.Duration(b.rand.IntN(3000)) * time.Millisecond
			b.mu.Unlock()
			time.Sleep(after)
			store = store.Reopen(journal.MemoryOptions{})
		} else {
			time.Sleep(24 * time.Hour / 2)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	resolved, over, refused := 0, 0, 0
	for _, r := range receipts {
		c, err := Load(t.Context(), store, r.CaseID)
		switch {
		case err != nil:
			t.Fatal(err)
		case c.Status == casefile.Resolved:
			resolved++
		case c.Stop != nil && c.Stop.Code == casefile.StopBudgetExceeded:
			over++
		case c.Stop != nil && c.Stop.Code == casefile.StopHypothesesExhausted:
			refused++
		default:
			t.Errorf("seed %d: case %s is %s, %+v", seed, r.CaseID, c.Status, c.Stop)
		}
	}
	total := b.total()
	if b.exceeded || total > refundBudget || resolved != len(b.done) {
		t.Errorf("seed %d: %d of a budget of %d were paid in %d effects, and %d cases are resolved", seed, total, refundBudget, len(b.done), resolved)
	}
	if over == 0 || refused == 0 || total < refundBudget*8/10 {
		t.Errorf("seed %d tries too little: %d over the budget, %d refused, %d of %d paid", seed, over, refused, total, refundBudget)
	}
	left := refundBudget - total
	if err := reserve(store, receipts[0].CaseID, left+1); !errors.As(err, new(*journal.BudgetError)) {
		t.Errorf("seed %d: %d were paid, and %d more get %v, want a BudgetError", seed, total, left+1, err)
	}
	if err := reserve(store, receipts[0].CaseID, left); err != nil {
		t.Errorf("seed %d: %d were paid, and the last %d get %v, want them let", seed, total, left, err)
	}
	t.Logf("seed %d: %d offered, %d paid of %d; %d resolved, %d over the budget, %d refused", seed, offered, total, refundBudget, resolved, over, refused)
}

// reserve tries to take an amount.
func reserve(store journal.Store, caseID string, amount int64) error {
	c, err := Load(context.Background(), store, caseID)
	if err != nil {
		return err
	}
	_, err = store.Append(context.Background(), journal.Append{CaseID: caseID, After: c.Seq, Salts: make([]journal.Salt, 1), Entries: []casefile.Entry{{At: time.Now(), Actor: casefile.ActorAgent,
		Data: &casefile.CallIntended{Call: casefile.Call{ID: fmt.Sprint("do/", amount), Try: 1}, Verdict: &casefile.Verdict{Reserves: []casefile.Reservation{refundReservation(amount)}}}}}})
	return err
}

func refundReservation(amount int64) casefile.Reservation {
	return casefile.Reservation{Policy: "refunds", Budget: "day", Currency: "EUR", Amount: amount, Max: refundBudget, Window: casefile.Duration(24 * time.Hour), Beyond: casefile.Deny}
}

// bank is a plugin that breaks, the guard of its budget, and the plan to pay.
type bank struct {
	mu       sync.Mutex
	rand     *rand.Rand
	done     map[string]int64 // idempotency key → paid
	exceeded bool
	oneCall
}

func (b *bank) Playbook(context.Context, string) (*Playbook, error) {
	return &Playbook{Version: "v1", Planner: b, Guard: b, Limits: Limits{Steps: 50}}, nil
}

func (b *bank) Plan(c *casefile.Case, now time.Time) casefile.Decision {
	d := (&oneCall{tool: "bank.pay"}).Plan(c, now)
	if calls, ok := d.(casefile.CallTools); ok && calls.Calls[0].Purpose == casefile.ForDo {
		calls.Calls[0].Args = casefile.Object{"amount_cents": c.Signals[0].Data["amount"]}
	}
	return d
}

func (b *bank) Judge(_ *casefile.Case, p casefile.Proposal) casefile.Verdict {
	amount, _ := p.Args["amount_cents"].(int64)
	r := refundReservation(amount)
	v := casefile.Verdict{Outcome: casefile.Allow, Reserves: []casefile.Reservation{r}}
	for _, x := range p.Exceeded {
		if x.Same(r) && r.Amount > r.Max-x.Used {
			v.Outcome, v.Code = casefile.Deny, casefile.StopBudgetExceeded
		}
	}
	return v
}

func (b *bank) Tool(name string) (casefile.Tool, bool) {
	if name == "bank.read" {
		return casefile.Tool{Name: name, Effect: "read", Timeout: 10 * time.Second}, true
	}
	return casefile.Tool{Name: name, Effect: "write", Operations: true, Timeout: 10 * time.Second, Retries: 3}, true
}
func (b *bank) ValidateArgs(string, casefile.Object) error { return nil }
func (b *bank) DecodeResult(string, json.RawMessage) (casefile.Value, error) {
	return casefile.Value{}, nil
}

func (b *bank) total() (sum int64) {
	for _, n := range b.done {
		sum += n
	}
	return sum
}

// Send takes up to three seconds, and pays or doesn't.
func (b *bank) Send(_ context.Context, r casefile.Request) casefile.Answer {
	if r.Tool == "bank.read" {
		return casefile.Answer{Outcome: casefile.OutcomeDone}
	}
	b.mu.Lock()
	took, dice := time.Duration(b.rand.IntN(3000))*time.Millisecond, b.rand.IntN(10)
	b.mu.Unlock()
	time.Sleep(took)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch dice {
	case 0, 1:
		return casefile.Answer{Outcome: casefile.OutcomeRefused, Code: "no"}
	case 2:
		return casefile.Answer{Outcome: casefile.OutcomeNotDone}
	case 3:
		return casefile.Answer{Outcome: casefile.OutcomeUnknown}
	}
	amount, _ := r.Args["amount_cents"].(int64)
	b.done[r.Key] = amount
	b.exceeded = b.exceeded || b.total() > refundBudget
	if dice == 4 {
		return casefile.Answer{Outcome: casefile.OutcomeUnknown}
	}
	return casefile.Answer{Outcome: casefile.OutcomeDone}
}

func (b *bank) Ask(_ context.Context, _, key string) casefile.Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, done := b.done[key]; done {
		return casefile.Answer{Outcome: casefile.OutcomeDone}
	}
	return casefile.Answer{Outcome: casefile.OutcomeUnknown, Unseen: true}
}
