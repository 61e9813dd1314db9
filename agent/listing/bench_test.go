package listing

import (
	"fmt"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// stored100000 is a view of 100,000 cases, most of them over.
func stored100000(b *testing.B) *file {
	b.Helper()
	f := openFile(b)
	var entries []casefile.Entry
	const n = 100_000
	for i := range n {
		seq, at := uint64(0), begin.Add(time.Duration(i)*time.Minute)
		say := func(d casefile.Data) {
			seq++
			entries = append(entries, casefile.Entry{Seq: seq, Case: caseID(i), At: at, Actor: casefile.ActorAgent, Data: d})
		}
		say(&casefile.SignalReceived{Signal: casefile.Signal{ID: fmt.Sprint(i), Type: "ticket.created", Data: casefile.Object{"subject": fmt.Sprintf("Where is my order ORD-%06d?", i),
			"customer": map[string]any{"id": fmt.Sprint("cus_", i%20_000), "email": fmt.Sprintf("customer%d@example.com", i%20_000), "name": fmt.Sprintf("Customer %d", i%20_000)}}}})
		say(&casefile.CaseOpened{Bundle: "b7e41c0955aa"})
		say(&casefile.ProcedureChosen{Procedure: fmt.Sprint("procedure-", i%12), Goal: "The customer has a replacement or a refund, and the order shows it"})
		say(&casefile.CallIntended{Call: casefile.Call{ID: "do", Purpose: casefile.ForDo, Action: casefile.Action{Tool: "shop.refund_order", Effect: "write", Args: casefile.Object{"amount_cents": int64(i % 30_000)}}}})
		switch {
		case i%100 == 0:
			say(&casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopPolicyDeny, Detail: "A refund goes to whoever bought."}})
			say(&casefile.HandoffOpened{Queue: "support-leads", DueAt: at.Add(8 * time.Hour)})
		case i%100 == 1:
			say(&casefile.CaseStopped{Status: casefile.Waiting, Stop: casefile.Stop{Code: casefile.StopWaitingCustomer, Detail: "the customer was asked"}})
		default:
			say(&casefile.CaseResolved{Outcome: "refunded"})
		}
		if len(entries) > 5000 || i == n-1 {
			if err := f.apply(entries); err != nil {
				b.Fatal(err)
			}
			entries = entries[:0]
		}
	}
	return f
}

func BenchmarkFind100000(b *testing.B) {
	list := New(stored100000(b))
	large := int64(29_990)
	for name, q := range map[string]Query{
		"newest":         {},
		"needs-a-person": {Statuses: []casefile.Status{casefile.Approving, casefile.Escalated}},
		"customer":       {Customer: "cus_77"},
		"stop":           {Stop: "policy.deny", Procedure: "procedure-4"},
		"amount":         {From: &large},
		"words-rare":     {Text: "ord-000001"},
		"nothing":        {Text: "no such words", Statuses: []casefile.Status{casefile.Resolved}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := list.Find(b.Context(), q, "", 50, 0)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(page.Looked), "looked")
			}
		})
	}
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if c, err := list.Counts(b.Context()); err != nil || c.All() != 100_000 {
				b.Fatal(c.All(), err)
			}
		}
	})
}
