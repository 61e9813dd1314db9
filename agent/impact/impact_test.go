package impact_test

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/impact"
	"resolute/agent/journal"
	"resolute/agent/policy"
	"resolute/agent/source"
)

var decisions = flag.Int("decisions", 2000, "how many decisions the benchmark has judged again")

const was = `policy: refunds
applies_to: [shop.refund_order]
bind: {order_id: facts.order.id, amount_cents: facts.order.total_cents}
rules:
  - {id: own-order, deny: facts.order.customer_email != case.customer.email, reason: A refund goes to whoever bought.}
  - {id: over-100, approve: action.args.amount_cents > 10000, by: approver, reason: Above 100.00 a person decides.}
`

func guard(t testing.TB, text, authority string) *policy.Guard {
	t.Helper()
	c, err := expr.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var ps source.Problems
	p := policy.Parse("refunds.yaml", []byte(text), c, &ps)
	a := policy.ParseAuthority("authority.yaml", []byte(authority), &ps)
	if ps.Failed() {
		t.Fatal(ps.Error())
	}
	return policy.NewGuard([]*policy.Policy{p}, a, "hash", policy.Terms{Currency: "EUR"})
}

// past writes a journal of cases, each with one decision on a refund, as the guard said: case i is of day
// i/100 and refunds (i%200)*100 cents; every 50th asks for somebody else's order.
func past(t testing.TB, n int, g *policy.Guard) *journal.Bolt {
	t.Helper()
	b, err := journal.Open(filepath.Join(t.TempDir(), "journal.db"), journal.Options{Commit: func(tx *bbolt.Tx) error {
		tx.DB().NoSync = true
		return tx.Commit()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	next := make(chan int)
	var writers sync.WaitGroup
	for range 64 {
		writers.Go(func() {
			for i := range next {
				if err := write(b, g, i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	writers.Wait()
	return b
}

func day(i int) time.Time {
	return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC).AddDate(0, 0, i/100).Add(time.Duration(i%100) * time.Second)
}

func salts(i, n int) []journal.Salt {
	list := make([]journal.Salt, n)
	for k := range list {
		binary.BigEndian.PutUint64(list[k][:], uint64(i*100+k))
	}
	return list
}

// write writes what the engine writes of one case.
func write(b *journal.Bolt, g *policy.Guard, i int) error {
	id, at := fmt.Sprintf("018f0000-0000-7000-8000-%012d", i+1), day(i)
	email, order, cents := fmt.Sprintf("customer-%d@example.com", i), fmt.Sprintf("ORD-%d", i), int64(i%200)*100
	owner := email
	if i%50 == 49 {
		owner = "somebody@else.example"
	}
	s := casefile.Signal{ID: fmt.Sprintf("018f0000-0000-7000-9000-%012d", i+1), Source: "test", EventID: fmt.Sprint("s-", i), Type: "ticket.created", Time: at, Assurance: casefile.AssuranceVouched,
		Data: casefile.Object{"customer": map[string]any{"email": email}, "text": "The parcel was crushed and what was in it is broken. I would like my money back for " + order + ", please."}}
	if _, err := b.Accept(context.Background(), []journal.Arrival{{Signal: s, Actor: "system", At: at, CaseID: id, Bundle: "v1", Salts: salts(i, journal.MaxArrivalEntries)}}); err != nil {
		return err
	}
	_, tail, err := b.Load(context.Background(), id)
	if err != nil {
		return err
	}
	c := casefile.New(id)
	for k := range tail {
		c.Fold(&tail[k])
	}
	var entries []casefile.Entry
	say := func(d casefile.Data) {
		e := casefile.Entry{Seq: c.Seq + 1, Case: id, At: at, Actor: "agent", Data: d, Versions: casefile.Versions{Bundle: "v1", Procedure: c.Procedure}}
		c.Fold(&e)
		entries = append(entries, e)
	}
	read := casefile.Call{ID: "gather/order/r1", Purpose: casefile.ForGather, Fact: "order", Action: casefile.Action{Tool: "shop.get_order", Args: casefile.Object{"order_id": order}, Effect: "read"}, Try: 1}
	say(&casefile.ProcedureChosen{Procedure: "damaged-item", Goal: "The customer has a replacement or a refund", Reason: "the only one that starts with ticket.created"})
	say(&casefile.InputsFound{Inputs: map[string]casefile.Input{"order_id": {Value: casefile.Value{V: order}, How: "pattern"}}, UpTo: 1})
	say(&casefile.CallIntended{Call: read})
	say(&casefile.CallAnswered{ID: read.ID, Try: 1, Outcome: casefile.OutcomeDone, Source: casefile.SourceAnswer, Status: 200,
		Result: casefile.Value{V: map[string]any{"id": order, "customer_email": owner, "total_cents": cents, "item": "Blender", "delivered_at": at.Format(time.RFC3339)}}})
	say(&casefile.KnowledgeFound{Queries: []string{"refund"}, Passages: []casefile.Passage{{Address: "kb://refunds#who@1", Title: "Refunds", Text: "A refund goes to whoever bought, by the way that they paid."}}})
	say(&casefile.HypothesisChosen{Hypothesis: "refundable"})
	call := casefile.Call{ID: "do/refundable/0/e0", Purpose: casefile.ForDo, Hypothesis: "refundable", Action: casefile.Action{Tool: "shop.refund_order", Args: casefile.Object{"order_id": order, "amount_cents": cents}, Effect: "write"},
		Try: 1, Key: "key", Reads: map[string][]string{"order_id": {"facts.order.id"}, "amount_cents": {"facts.order.total_cents"}}}
	decide(c, g, call, at, say)
	say(&casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopProcedureEscalate}})
	_, err = b.Append(context.Background(), journal.Append{CaseID: id, After: uint64(len(tail)), Entries: entries, Salts: salts(i, len(entries))})
	return err
}

// decide journals the guard's verdict as the engine does. What a person is asked about is approved, and
// sent.
func decide(c *casefile.Case, g *policy.Guard, call casefile.Call, at time.Time, say func(casefile.Data)) {
	v := g.Judge(c, casefile.Proposal{Action: call.Action, Hypothesis: call.Hypothesis, Now: at, Reads: call.Reads})
	intent := &casefile.CallIntended{Call: call, Verdict: &v}
	switch v.Outcome {
	case casefile.Deny:
		say(&casefile.ActionDenied{Call: call, Verdict: v})
		return
	case casefile.Approve:
		a := casefile.Approval{Hash: "hash", Step: call.ID, Hypothesis: call.Hypothesis, Action: &call.Action, Code: v.Code, Rule: v.Rule, Rules: v.Rules, By: v.By, AskedAt: at, ExpiresAt: at.Add(time.Hour), Authority: v.Authority, Reads: call.Reads, Policy: v.Policy}
		say(&casefile.ApprovalAsked{Approval: a})
		say(&casefile.OperatorDecided{Decision: casefile.DecideApprove, Hash: "hash", Principal: "ana"})
		intent.ApprovedBy, intent.Approval = "user:ana", "hash"
	}
	say(intent)
	say(&casefile.CallAnswered{ID: call.ID, Try: 1, Outcome: casefile.OutcomeDone, Source: casefile.SourceAnswer, Status: 200})
}

func candidate(g *policy.Guard) impact.Candidate {
	return impact.Candidate{Version: "v2", Currency: "EUR", Guard: g, Effect: func(string) (string, bool) { return "", false }}
}

func replay(t testing.TB, b *journal.Bolt, c impact.Candidate, p impact.Period) impact.Report {
	t.Helper()
	r, err := impact.Replay(t.Context(), b, c, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheVersionThatDecidedDecidesTheSameAgain(t *testing.T) {
	g := guard(t, was, "default: act\n")
	b := past(t, 1000, g)
	if r := replay(t, b, candidate(g), impact.Period{}); r.Decisions != 1000 || r.Changed != 0 {
		t.Errorf("of %d decisions %d would change: %+v; want 1000, and none", r.Decisions, r.Changed, r.Changes)
	}
}

func TestWhatACandidateWouldChange(t *testing.T) {
	b := past(t, 1000, guard(t, was, "default: act\n"))
	const now = `policy: refunds
applies_to: [shop.refund_order]
bind: {order_id: facts.order.id, amount_cents: facts.order.total_cents}
rules:
  - {id: over-150, approve: action.args.amount_cents > 15000, by: approver}
  - {id: too-much, deny: action.args.amount_cents > 18000}
  - {id: tier, approve: action.args.amount_cents == 5000 && facts.profile.tier == 'new'}
`
	// of each 200 cases: amounts 0 to 199 in units of 100 cents; 49, 99, 149 and 199 are of somebody else
	change := func(was casefile.VerdictOutcome, wasRule string, now casefile.VerdictOutcome, nowRule string, amounts ...int64) impact.Change {
		c := impact.Change{Tool: "shop.refund_order", Was: was, WasRule: wasRule, Now: now, NowRule: nowRule, Amounts: []impact.Amount{{Currency: "EUR"}}}
		for _, cents := range amounts {
			c.Count += 5
			c.Amounts[0].AmountCents += 5 * cents
		}
		return c
	}
	span := func(from, to int64, without ...int64) (list []int64) {
		for u := from; u <= to; u++ {
			skip := false
			for _, w := range without {
				skip = skip || u == w
			}
			if !skip {
				list = append(list, u*100)
			}
		}
		return list
	}
	blind := change(casefile.Allow, "", casefile.Deny, "tier", 5000)
	blind.Blind = true
	want := []impact.Change{
		change(casefile.Approve, "over-100", casefile.Allow, "", span(101, 150, 149)...),
		change(casefile.Approve, "over-100", casefile.Deny, "too-much", span(181, 198)...),
		change(casefile.Deny, "own-order", casefile.Allow, "", 4900, 9900, 14900),
		blind,
	}
	r := replay(t, b, candidate(guard(t, now, "default: act\n")), impact.Period{})
	if r.Decisions != 1000 {
		t.Errorf("%d decisions, want 1000: what was asked and then sent is one", r.Decisions)
	}
	total := 0
	for i := range r.Changes {
		total += r.Changes[i].Count
		if n := len(r.Changes[i].Examples); n == 0 || n > 5 {
			t.Errorf("%d examples of %+v, want a few", n, r.Changes[i])
		}
		r.Changes[i].Examples = nil
	}
	if !reflect.DeepEqual(r.Changes, want) {
		t.Errorf("the changes are\n%+v, want\n%+v", r.Changes, want)
	}
	if total != r.Changed {
		t.Errorf("%d decisions are in changes, and %d changed", total, r.Changed)
	}
	// authority.yaml of the candidate counts
	if r := replay(t, b, candidate(guard(t, was, "default: propose\n")), impact.Period{}); r.Changed != 495 || r.Changes[0].Now != casefile.Approve {
		t.Errorf("under propose %d change: %+v; want the 495 that were allowed", r.Changed, r.Changes)
	}
}

func TestAPeriodBoundsWhatIsJudgedAgain(t *testing.T) {
	g := guard(t, was, "default: act\n")
	b := past(t, 1000, g)
	for _, tt := range []struct {
		p    impact.Period
		want int
	}{{impact.Period{From: day(300)}, 700}, {impact.Period{To: day(300)}, 300}, {impact.Period{From: day(250), To: day(450)}, 200}, {impact.Period{From: day(5000)}, 0}} {
		if r := replay(t, b, candidate(g), tt.p); r.Decisions != tt.want {
			t.Errorf("from %v to %v: %d decisions, want %d", tt.p.From, tt.p.To, r.Decisions, tt.want)
		}
	}
}

func TestTheSameReportEveryTime(t *testing.T) {
	b := past(t, 3000, guard(t, was, "default: act\n"))
	c := candidate(guard(t, "policy: p\napplies_to: [shop.*]\nrules:\n  - {id: odd, deny: action.args.amount_cents % 300 == 0}\n", "default: act\n"))
	first := replay(t, b, c, impact.Period{})
	for range 5 {
		if again := replay(t, b, c, impact.Period{}); !reflect.DeepEqual(first, again) {
			t.Fatalf("another time:\n%+v, want\n%+v", again, first)
		}
	}
}

// docs/measurements.md has its figure for -decisions 100000.
func BenchmarkReplay(b *testing.B) {
	store := past(b, *decisions, guard(b, was, "default: act\n"))
	c := candidate(guard(b, "policy: p\napplies_to: [shop.*]\nrules:\n  - {id: over-50, approve: action.args.amount_cents > 5000}\n", "default: act\n"))
	b.ReportAllocs()
	for b.Loop() {
		if r := replay(b, store, c, impact.Period{}); r.Decisions != *decisions {
			b.Fatalf("%d decisions, want %d", r.Decisions, *decisions)
		}
	}
	b.ReportMetric(float64(*decisions)*float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
}
