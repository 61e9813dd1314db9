package journal

import (
	"context"
	"fmt"
	"time"

	"resolute/agent/casefile"
)

// Accept takes signals in; see Store.
func (m *Memory) Accept(ctx context.Context, arrivals []Arrival) ([]Receipt, error) {
	prepared, receipts := make([]arrival, len(arrivals)), make([]Receipt, len(arrivals))
	for i := range arrivals {
		if err := prepared[i].prepare(&arrivals[i]); err != nil {
			return nil, fmt.Errorf("accept signal %.60q of %.60q: %w", arrivals[i].Signal.EventID, arrivals[i].Signal.Source, err)
		}
	}
	err := m.change(ctx, "Accept", func(e *edit) error {
		for i := range prepared {
			if err := e.accept(&prepared[i], &receipts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("accept signals: %w", err)
	}
	return receipts, nil
}

func (e *edit) accept(a *arrival, receipt *Receipt) error {
	if s, ok := e.seen[a.identity]; ok {
		*receipt = Receipt{SignalID: s.signal.String(), CaseID: s.caseID.String(), Duplicate: true}
		return nil
	}
	open, ended, err := e.belongs(a)
	if err != nil {
		return err
	}
	c := open
	switch {
	case open != nil:
		e.add(e.touch(c), a.received)
	case ended != nil && a.reopens(&ended.h):
		c = ended
		err = e.reopen(c, a)
	default:
		c, err = e.open(a, ended)
	}
	if err != nil {
		return err
	}
	e.wake(c)
	e.remember(a.identity, seenSignal{a.signalID, c.id})
	*receipt = Receipt{SignalID: a.signalID.String(), CaseID: c.id.String(), Opened: c.id == a.caseID}
	return nil
}

// belongs gives the open case that a signal joins; else the one that ended and that it reopens or is
// linked to; else none.
func (e *edit) belongs(a *arrival) (open, ended *keptCase, err error) {
	var written *keptCase
	if a.Case != "" {
		id, err := parseCase(a.Case)
		if err != nil {
			return nil, nil, err
		}
		if written = e.cases[id]; written != nil && !written.h.over() {
			return written, nil, nil
		}
	}
	for _, s := range a.Waits {
		id, err := parseCase(s)
		if err != nil {
			return nil, nil, err
		}
		if c := e.cases[id]; c != nil && !c.h.over() && c.h.wait != "" && c.h.wait == a.Signal.Type {
			return c, nil, nil
		}
	}
	var linked, over *holder
	for i := range a.keys {
		list := e.holders(&a.keys[i])
		if first := oldestOpen(list); first != nil {
			return e.cases[first.id], nil, nil
		}
		if over == nil {
			over = lastEnded(list, a.reopens)
		}
		if linked == nil {
			linked = lastEnded(list, func(*head) bool { return true })
		}
	}
	if over == nil {
		over = linked
	}
	if written != nil {
		return nil, written, nil
	}
	if over == nil {
		return nil, nil, nil
	}
	return nil, e.cases[over.id], nil
}

// open makes a case of the signal.
func (e *edit) open(a *arrival, linked *keptCase) (*keptCase, error) {
	if e.cases[a.caseID] != nil {
		return nil, fmt.Errorf("case %s exists already", a.caseID)
	}
	c := e.create(a.caseID, head{status: codeWorking, opened: nanos(a.At), ended: noTime, due: noTime, class: a.class})
	e.add(c, a.received)
	e.add(c, a.opened)
	if linked != nil {
		link := &casefile.CaseLinked{Case: linked.id.String(), Why: "an earlier case of the same customer about the same, which has ended"}
		rec, err := a.record(casefile.ActorSystem, link, 2, casefile.EvidenceSignal(a.Signal.ID))
		if err != nil {
			return nil, err
		}
		e.add(c, rec)
	}
	for i := range a.hold {
		e.hold(c, &a.hold[i])
	}
	c.summary = seal(c.id[:], a.summary)
	return c, nil
}

// reopen lets a case that was resolved go on with the signal.
func (e *edit) reopen(c *keptCase, a *arrival) error {
	sum, err := decodeSummary(c.id[:], c.summary)
	if err != nil {
		return damaged("the summary of case "+c.id.String(), err)
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
	e.add(e.touch(c), a.received)
	e.add(c, rec)
	c.h.status, c.h.ended = codeWorking, noTime
	c.summary = seal(c.id[:], summary)
	return nil
}
