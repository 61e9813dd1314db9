package journal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// arrival is an Arrival with all that can be prepared outside the transaction.
type arrival struct {
	*Arrival
	identity identity
	signalID uuid.UUID
	caseID   uuid.UUID
	class    class
	keys     []correlationKey
	hold     []correlationKey
	received record
	opened   record
	summary  []byte
}

type acceptOp struct {
	arrivals []arrival
	receipts []Receipt
	bytes    int
}

func (o *acceptOp) size() int { return o.bytes }

// Accept takes signals in; see Store.
func (b *Bolt) Accept(ctx context.Context, arrivals []Arrival) ([]Receipt, error) {
	op := &acceptOp{arrivals: make([]arrival, len(arrivals)), receipts: make([]Receipt, len(arrivals))}
	for i := range arrivals {
		if err := op.arrivals[i].prepare(&arrivals[i]); err != nil {
			return nil, fmt.Errorf("accept signal %.60q of %.60q: %w", arrivals[i].Signal.EventID, arrivals[i].Signal.Source, err)
		}
		op.bytes += len(op.arrivals[i].received) + len(op.arrivals[i].summary) + 512
	}
	if err := b.submit(ctx, op); err != nil {
		return nil, fmt.Errorf("accept signals: %w", err)
	}
	return op.receipts, nil
}

func (a *arrival) prepare(in *Arrival) (err error) {
	a.Arrival = in
	if len(in.Salts) < MaxArrivalEntries {
		return fmt.Errorf("it has %d salts and needs %d", len(in.Salts), MaxArrivalEntries)
	}
	a.identity = identityOf(&in.Signal)
	if a.signalID, err = parseNewID("signal id", in.Signal.ID); err != nil {
		return err
	}
	if a.caseID, err = parseNewID("case id", in.CaseID); err != nil {
		return err
	}
	a.keys, a.hold = correlationKeys(in.Keys), correlationKeys(in.Hold)
	customer := in.Signal.Customer()
	a.class = classOf(customer)
	if a.received, err = a.record(in.Actor, &casefile.SignalReceived{Signal: in.Signal}, 0); err != nil {
		return err
	}
	if a.opened, err = a.record(casefile.ActorSystem, &casefile.CaseOpened{Bundle: in.Bundle}, 1, casefile.EvidenceSignal(in.Signal.ID)); err != nil {
		return err
	}
	a.summary, err = encodeSummary(&Summary{
		ID:        a.caseID.String(),
		Status:    casefile.Working,
		Customer:  customer,
		Subject:   firstWords(in.Signal.Text()),
		OpenedAt:  in.At,
		UpdatedAt: in.At,
		Bundle:    in.Bundle,
	})
	return err
}

// record encodes an entry that the arrival may write, for the case that it would open.
func (a *arrival) record(actor string, data casefile.Data, salt int, evidence ...string) (record, error) {
	return newRecord(a.caseID, &casefile.Entry{At: a.At, Actor: actor, Case: a.CaseID, Data: data, Evidence: evidence,
		Versions: casefile.Versions{Bundle: a.Bundle}}, a.Salts[salt])
}

// firstWords is the beginning of a text, in one line of at most 100 characters.
func firstWords(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s[:min(len(s), 1000)], "")), " ")
	n := 0
	for i := range s {
		if n++; n == 100 {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

func (o *acceptOp) run(w *writer) error {
	for i := range o.arrivals {
		if err := w.accept(&o.arrivals[i], &o.receipts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) accept(a *arrival, receipt *Receipt) error {
	seen, ok, err := w.b.seen.find(&w.reader, a.identity)
	if err != nil {
		return err
	}
	if ok {
		*receipt = Receipt{SignalID: seen.signal.String(), CaseID: seen.caseID.String(), Duplicate: true}
		return nil
	}
	open, ended, err := w.belongs(a)
	id, whose := a.caseID, a.class
	switch {
	case err != nil:
		return err
	case open != nil:
		id, whose = open.id, open.h.class
		w.add(id, open.h, a.received)
		w.putHead(id, open.h)
	case ended != nil && a.reopens(ended.h):
		id, whose = ended.id, ended.h.class
		err = w.reopen(a, ended)
	default:
		err = w.open(a, ended)
	}
	if err != nil {
		return err
	}
	w.wake(id, whose)
	w.b.seen.add(w, a.identity, seenSignal{a.signalID, id})
	*receipt = Receipt{SignalID: a.signalID.String(), CaseID: id.String(), Opened: id == a.caseID}
	return nil
}

// belongs gives the open case that a signal joins; else the one that ended and that it reopens or
// is linked to; else none.
func (w *writer) belongs(a *arrival) (open, ended *holder, err error) {
	var written *holder
	if a.Case != "" {
		id, err := parseCase(a.Case)
		if err != nil {
			return nil, nil, err
		}
		h, err := w.head(id)
		if err != nil {
			return nil, nil, err
		}
		if h != nil && !h.over() {
			return &holder{id: id, h: h}, nil, nil
		}
		if h != nil {
			written = &holder{id: id, h: h}
		}
	}
	for _, s := range a.Waits {
		id, err := parseCase(s)
		if err != nil {
			return nil, nil, err
		}
		h, err := w.head(id)
		if err != nil {
			return nil, nil, err
		}
		if h != nil && !h.over() && h.wait == a.Signal.Type && h.wait != "" {
			return &holder{id: id, h: h}, nil, nil
		}
	}
	var linked *holder
	for i := range a.keys {
		list, err := w.holders(&a.keys[i])
		if err != nil {
			return nil, nil, err
		}
		if open := oldestOpen(list); open != nil {
			return open, nil, nil
		}
		if ended == nil {
			ended = lastEnded(list, a.reopens)
		}
		if linked == nil {
			linked = lastEnded(list, func(*head) bool { return true })
		}
	}
	if ended == nil {
		ended = linked
	}
	if written != nil {
		ended = written
	}
	return nil, ended, nil
}

// reopens reports whether the signal comes so soon after the case was resolved that it reopens it.
func (a *arrival) reopens(h *head) bool {
	return a.ReopenWithin > 0 && h.status == codeResolved && nanos(a.At)-h.ended < int64(a.ReopenWithin)
}

// open makes a case of the signal.
func (w *writer) open(a *arrival, linked *holder) error {
	id := a.caseID
	if h, err := w.head(id); err != nil {
		return err
	} else if h != nil {
		return fmt.Errorf("case %s exists already", id)
	}
	h := &head{status: codeWorking, opened: nanos(a.At), ended: noTime, due: noTime, class: a.class}
	w.add(id, h, a.received)
	w.add(id, h, a.opened)
	if linked != nil {
		link := &casefile.CaseLinked{Case: linked.id.String(), Why: "an earlier case of the same customer about the same, which has ended"}
		rec, err := a.record(casefile.ActorSystem, link, 2, casefile.EvidenceSignal(a.Signal.ID))
		if err != nil {
			return err
		}
		w.add(id, h, rec)
	}
	w.putHead(id, h)
	for i := range a.hold {
		if err := w.hold(id, &a.hold[i]); err != nil {
			return err
		}
	}
	w.putOpen(codeWorking, id)
	w.put(bucketSummaries, id[:], seal(id[:], a.summary))
	return nil
}

// reopen lets a case that was resolved go on with the signal.
func (w *writer) reopen(a *arrival, c *holder) error {
	sum, err := w.summary(c.id[:], w.get(bucketSummaries, c.id[:]))
	if err != nil {
		return err
	}
	sum.Status, sum.Stop, sum.Outcome, sum.UpdatedAt = casefile.Working, nil, "", a.At
	sum.EndedAt = time.Time{}
	rec, err := a.record(casefile.ActorSystem, &casefile.CaseReopened{Signal: a.Signal.ID}, 1, casefile.EvidenceSignal(a.Signal.ID))
	if err != nil {
		return err
	}
	summary, err := encodeSummary(&sum)
	if err != nil {
		return err
	}
	w.add(c.id, c.h, a.received)
	w.add(c.id, c.h, rec)
	c.h.status, c.h.ended = codeWorking, noTime
	w.putHead(c.id, c.h)
	w.putOpen(codeWorking, c.id)
	w.put(bucketSummaries, c.id[:], seal(c.id[:], summary))
	return nil
}

func (w *writer) putOpen(code byte, id uuid.UUID) {
	key := statusKey(code, id)
	w.put(bucketOpen, key, mark(key))
}
