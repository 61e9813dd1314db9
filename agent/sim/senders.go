package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

type customer struct{ id, email string }

func customers() []customer {
	return []customer{{"ann", "ann@example.com"}, {"bob", "bob@example.com"}, {"cy", "cy@example.com"}}
}

// story is a customer with a problem.
type story struct {
	customer customer
	order    string
	thread   string
	moves    int // answers given
}

// letter is a signal on its way; its sender sends it until it is acknowledged.
type letter struct {
	signal casefile.Signal
	from   people.Principal
	due    time.Time
	story  *story
	onWay  bool // a delivery is under way
	acked  bool
}

// senders are customers and systems that send signals.
type senders struct {
	letters []*letter
	stories map[string]*story // by case, once known
}

func vouched() people.Principal {
	return people.Principal{ID: "desk", Kind: people.KindToken, Name: "desk", Role: people.Ingest}
}
func anybody() people.Principal {
	return people.Principal{ID: "form", Kind: people.KindToken, Name: "form", Role: people.Ingest, Untrusted: true}
}

// begin makes up what will happen.
func (s *Sim) begin() {
	now := s.clock.Now()
	for i := range 1 + s.Draw(6) {
		st := &story{thread: fmt.Sprint("thread-", i)}
		kind := []string{"damaged", "exchange", "parcel", "gesture", "credit"}[s.Draw(5)]
		st.order = []string{"ORD-1001", "ORD-1002", "ORD-1003", "ORD-1004", "ORD-1001", "ORD-1002", "ORD-1003", "ORD-1004", "ORD-1005", "ORD-1006"}[s.Draw(10)]
		st.customer = customers()[map[string]int{"ORD-1003": 1, "ORD-1004": 1, "ORD-1006": 2}[st.order]]
		if s.Draw(8) == 7 { // somebody else's order
			st.customer = customers()[s.Draw(3)]
		}
		from := vouched()
		if s.Draw(6) == 5 {
			from = anybody()
		}
		now = now.Add(time.Duration(s.Draw(4)*s.Draw(30)) * time.Second)
		data := st.data(kind, "It is about "+st.order)
		switch s.Draw(6) {
		case 4: // found in the text alone
		case 5:
			data["text"] = "It is about my order"
		default:
			data["order_id"] = st.order
		}
		s.send(st, "ticket.created", data, from, now)
		for n := s.Draw(3); n > 0; n-- {
			s.followUp(st, kind, from, now.Add(time.Duration(s.Draw(90))*time.Second))
		}
		if kind == "parcel" && s.Draw(4) < 3 {
			scan := casefile.Object{"order_id": st.order, "customer": map[string]any{"id": "carrier"}}
			s.send(st, "parcel.scanned", scan, vouched(), now.Add(time.Duration(s.Draw(400))*time.Minute))
		}
	}
}

func (st *story) data(kind, text string) casefile.Object {
	return casefile.Object{"kind": kind, "text": text, "thread": st.thread, "customer": map[string]any{"id": st.customer.id, "email": st.customer.email}}
}

// followUp is what a customer writes unasked: the same again by another way, more of it, or another
// thing altogether.
func (s *Sim) followUp(st *story, kind string, from people.Principal, at time.Time) {
	data := st.data(kind, "Please hurry")
	switch s.Draw(4) {
	case 1:
		delete(data, "thread")
		data["order_id"] = st.order
	case 2:
		data["order_id"] = []string{"ORD-1001", "ORD-1002", "ORD-1003", "ORD-1004"}[s.Draw(4)]
	case 3:
		data["text"] = "I mean " + st.order
		s.send(st, "customer.replied", data, from, at)
		return
	}
	s.send(st, "ticket.created", data, from, at)
}

func (s *Sim) send(st *story, signalType string, data casefile.Object, from people.Principal, at time.Time) {
	n := len(s.senders.letters)
	s.senders.letters = append(s.senders.letters, &letter{story: st, from: from, due: at,
		signal: casefile.Signal{Source: "simulated", EventID: fmt.Sprint("event-", n), Type: signalType, Time: at, Data: data}})
}

// lost lets the senders know nothing of what was under way.
func (d *senders) lost(now time.Time) {
	for _, l := range d.letters {
		if l.onWay {
			l.onWay, l.due = false, maxTime(l.due, now.Add(time.Second))
		}
	}
}

// next is the letter to be delivered at a time, nil if none is.
func (d *senders) next(now time.Time) *letter {
	for _, l := range d.letters {
		if !l.acked && !l.onWay && !now.Before(l.due) {
			return l
		}
	}
	return nil
}

// waiting are the letters that nobody has acknowledged and that aren't on their way.
func (d *senders) waiting() (list []*letter) {
	for _, l := range d.letters {
		if !l.acked && !l.onWay {
			list = append(list, l)
		}
	}
	return list
}

func (d *senders) known() (list []*letter) {
	for _, l := range d.letters {
		if l.acked {
			list = append(list, l)
		}
	}
	return list
}

// deliver sends letters of one sender in one request.
func (s *Sim) deliver(letters ...*letter) {
	p := s.process
	signals := make([]casefile.Signal, len(letters))
	for i, l := range letters {
		signals[i] = l.signal
		l.onWay = true
	}
	name := nameOf("intake", s.names())
	s.spawn(name, func() {
		receipts, err := p.intake.Accept(context.Background(), signals, letters[0].from)
		for i, l := range letters {
			if l.onWay = false; err != nil {
				l.due = s.clock.Now().Add(time.Second)
				continue
			}
			l.acked = true
			s.senders.stories[receipts[i].CaseID] = l.story
			s.model.acknowledged(&l.signal, receipts[i])
			s.log("%s: %s is acknowledged, case %s, duplicate %v", name, l.signal.EventID, short(receipts[i].CaseID), receipts[i].Duplicate)
		}
	})
}

func customerMoves() []string { return []string{"nonsense", "never", "twice", "contradicts"} }

// Deliver is outbox.Channel: the customer gets a message, and may answer.
func (s *Sim) Deliver(_ context.Context, m journal.Message) error {
	if !s.calm && s.has("channel fails") && s.OneIn(5) {
		s.cover("channel fails")
		return fmt.Errorf("the webhook answered 502")
	}
	s.model.delivered(&m)
	if st := s.senders.stories[m.CaseID]; st != nil && m.Kind == "question" {
		s.answer(st)
	}
	return nil
}

func (s *Sim) answer(st *story) {
	st.moves++
	move, at := "answers", s.clock.Now().Add(time.Duration(1+s.Draw(300))*time.Minute)
	if st.moves > 6 {
		return
	}
	if i := s.Draw(2 * len(customerMoves())); !s.calm && i >= len(customerMoves()) && s.has("customer/"+customerMoves()[i-len(customerMoves())]) {
		move = customerMoves()[i-len(customerMoves())]
		s.cover("customer/" + move)
	}
	data := st.data("", st.order+" AGAIN")
	switch move {
	case "never":
		return
	case "nonsense":
		data["text"] = "What do you mean?"
	case "contradicts":
		data["text"] = strings.Join([]string{"ORD-1001", "ORD-1002", "AGAIN", "NEVER"}, " or ")
	case "twice":
		s.send(st, "customer.replied", data, vouched(), at.Add(time.Second))
	}
	s.send(st, "customer.replied", data, vouched(), at)
}
