package sim

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Deliveries simulates a history in which nothing goes wrong but the delivery of signals: those of
// a seed arrive at once, in order where delivery is 0, else shuffled, some twice, and whatever is
// under way goes on in any order. Report.Ends says what came of it.
func Deliveries(book *Book, seed, delivery uint64, clock Clock) Report {
	s := newSim(book, Seed(seed), clock, false, sha256.New())
	s.calm = true
	s.consistent()
	s.Choices = Seed(seed<<8 + delivery)
	list := s.senders.letters
	if delivery > 0 {
		for i := range slices.Backward(list) {
			j := s.Draw(i + 1)
			list[i], list[j] = list[j], list[i]
		}
	}
	s.start(journal.NewMemory(journal.MemoryOptions{}))
	for _, l := range list {
		s.deliver(l)
		if delivery > 0 && s.OneIn(3) {
			again := *l
			s.deliver(&again)
		}
		for range s.Draw(40) {
			if s.report.Violation != nil || !(delivery > 0 && s.runAny() || s.step()) {
				break
			}
			s.observe()
		}
	}
	s.settle()
	return s.finish()
}

// consistent makes up stories whose signals don't contradict each other.
func (s *Sim) consistent() {
	now := s.clock.Now()
	orders := []string{"ORD-1001", "ORD-1002", "ORD-1003", "ORD-1004"}
	for i := range 1 + s.Draw(4) {
		st := &story{thread: fmt.Sprint("thread-", i), order: orders[i], customer: customers()[i/2]}
		kind := []string{"damaged", "exchange"}[s.Draw(2)]
		for n := range 1 + s.Draw(4) {
			data := st.data(kind, "It is about "+st.order)
			if n == 0 || s.Draw(2) == 0 {
				data["order_id"] = st.order
			}
			if s.Draw(2) == 0 {
				delete(data, "thread")
			}
			s.send(st, "ticket.created", data, vouched(), now.Add(time.Duration(n)*time.Millisecond))
		}
	}
}

// ends says for each order what was done to it, and whether a case was resolved by that.
func (s *Sim) ends() map[string]string {
	done := map[string][]string{}
	for _, e := range s.world.ledger {
		done[e.on] = append(done[e.on], fmt.Sprint(e.tool, " ", e.amount))
	}
	resolved := map[string]bool{}
	for _, c := range s.model.cases {
		if order, ok := c.facts["order"].value["id"].(string); ok && (c.status == casefile.Resolved || c.proof != nil) {
			resolved[order] = true
		}
	}
	ends := map[string]string{}
	for on, what := range done {
		slices.Sort(what)
		ends[on] = fmt.Sprint(strings.Join(what, ", "), "; proven: ", resolved[on])
	}
	return ends
}
