package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"resolute/agent/casefile"
)

// Verify compares the entries with each other, with the heads of their cases and with the signals
// that are known; see Store.
func (m *Memory) Verify(ctx context.Context, report func(Damage)) (t Totals, err error) {
	damage := func(where string, err error) { report(Damage{Where: where, What: err.Error()}) }
	err = m.view(ctx, func(k *kept) error {
		t = Totals{Cases: uint64(len(k.cases)), Entries: uint64(len(k.entries)), Signals: uint64(len(k.seen))}
		var linked, signals uint64
		for _, c := range k.order {
			linked += uint64(len(c.offsets))
			if err := k.verifyCase(c); err != nil {
				damage("case "+c.id.String(), err)
			}
		}
		for at := range t.Entries {
			isSignal, err := k.verifySignal(at + 1)
			if err != nil {
				damage(fmt.Sprintf("entry %d", at+1), err)
			}
			if isSignal {
				signals++
			}
		}
		if linked != t.Entries {
			damage("the journal", fmt.Errorf("the cases have %d entries, the journal has %d", linked, t.Entries))
		}
		if signals != t.Signals {
			damage("the signals", fmt.Errorf("%d are in the journal and %d are known", signals, t.Signals))
		}
		return nil
	})
	return t, err
}

// verifyCase checks that a case's entries are a chain that ends at its head.
func (k *kept) verifyCase(c *keptCase) error {
	var h head
	for _, at := range c.offsets {
		rec := k.entries[at-1]
		switch err := rec.check(); {
		case err != nil:
			return fmt.Errorf("entry %d: %w", at, err)
		case !rec.payloadMatches():
			return fmt.Errorf("entry %d: its payload is not what its hash says", at)
		case rec.offset() != at || rec.caseID() != c.id || rec.seq() != h.seq+1 || rec.before() != h.last || rec.prev() != h.hash:
			return fmt.Errorf("entry %d is not what the chain says", at)
		}
		h.last, h.seq, h.hash = at, h.seq+1, rec.hash()
	}
	if h.last != c.h.last || h.seq != c.h.seq || h.hash != c.h.hash {
		return fmt.Errorf("its head says that entry %d is its seq %d, with a hash; that is not so", c.h.last, c.h.seq)
	}
	if c.snapshot != nil {
		if seq, _, err := decodeSnapshot(c.id[:], c.snapshot); err != nil || seq != c.h.saved || seq > c.h.seq {
			return fmt.Errorf("its snapshot is of seq %d, it is at %d and its snapshot should be of %d: %w", seq, c.h.seq, c.h.saved, cmp.Or(err, errMissing))
		}
	}
	return nil
}

// verifySignal checks that a signal would be known again.
func (k *kept) verifySignal(at uint64) (isSignal bool, err error) {
	e, err := k.entry(at)
	if err != nil {
		return false, err
	}
	d, ok := e.Data.(*casefile.SignalReceived)
	if !ok || d.From != "" {
		return false, nil
	}
	if s, known := k.seen[identityOf(&d.Signal)]; !known || s.caseID.String() != e.Case || s.signal.String() != d.Signal.ID {
		return true, errors.New("its signal is not known as that of its case")
	}
	return true, nil
}
