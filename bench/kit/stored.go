package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Template is what the engine wrote of one case after it was opened.
type Template struct {
	kind    string // of the signal
	entries []casefile.Entry
	park    journal.Park
	caseID  string
}

// AskType is the type of signals whose cases wait for their customer.
const AskType = "bench.ask"

// NewTemplate lets the engine work on one case, in a scratch folder, until it is parked: closed for
// SignalType, waiting with a timer for AskType.
func NewTemplate(ctx context.Context, kind string) (t *Template, err error) {
	dir, err := os.MkdirTemp("", "rb")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t = &Template{kind: kind}
	var mu sync.Mutex
	r, err := Open(ctx, dir, Watch{
		Append: func(a journal.Append) {
			mu.Lock()
			defer mu.Unlock()
			t.entries = append(t.entries, a.Entries...)
			if a.Park != nil {
				t.park = *a.Park
			}
		}})
	if err != nil {
		return nil, err
	}
	r.Drive()
	if t.caseID, err = r.Accept(ctx, kind, "item-1"); err == nil {
		err = r.Await(ctx, t.caseID)
	}
	return t, errors.Join(err, r.Close())
}

// Filler stores cases without working on them.
type Filler struct {
	r    *Resolute
	next int // number of the next item
}

// NewFiller stores cases in r, whose engine must rest.
func NewFiller(r *Resolute) *Filler { return &Filler{r: r} }

// fillAtOnce is how many cases are stored in one transaction.
const fillAtOnce = 1000

// Open takes in n signals of a kind and leaves their cases runnable. It gives their ids.
func (f *Filler) Open(ctx context.Context, kind string, n int) (cases []string, err error) {
	for n > 0 {
		signals := make([]casefile.Signal, min(n, fillAtOnce))
		for i := range signals {
			f.next++
			signals[i] = Signal(kind, fmt.Sprint("stored-", f.next))
		}
		receipts, err := f.r.Intake.AcceptOwn(ctx, signals)
		if err != nil {
			return nil, err
		}
		for _, c := range receipts {
			cases = append(cases, c.CaseID)
		}
		n -= len(signals)
	}
	return cases, nil
}

// Store stores n cases as the template has them: the same entries, state and summary under ids of
// their own.
func (f *Filler) Store(ctx context.Context, t *Template, n int) error {
	for n > 0 {
		some := min(n, fillAtOnce)
		if _, err := f.Open(ctx, t.kind, some); err != nil {
			return err
		}
		if err := f.Park(ctx, t); err != nil {
			return err
		}
		n -= some
	}
	return nil
}

// Park leaves every runnable case as the template has it.
func (f *Filler) Park(ctx context.Context, t *Template) error {
	for {
		leases, err := f.r.Store.Claim(ctx, "fill", fillAtOnce, time.Now(), time.Hour)
		if err != nil || len(leases) == 0 {
			return err
		}
		failed := make([]error, len(leases))
		var wg sync.WaitGroup
		for i := range leases {
			wg.Go(func() { _, failed[i] = f.r.Store.Append(ctx, t.of(&leases[i])) })
		}
		wg.Wait()
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
}

// opened is how many entries a case has when it is opened.
const opened = 2

// of is the template for one case.
func (t *Template) of(l *journal.Lease) journal.Append {
	a := journal.Append{CaseID: l.CaseID, After: opened, Lease: l, Entries: t.entries, Salts: make([]journal.Salt, len(t.entries))}
	park := t.park
	park.Summary.ID = l.CaseID
	park.Snapshot = bytes.ReplaceAll(park.Snapshot, []byte(t.caseID), []byte(l.CaseID))
	a.Park = &park
	for i := range a.Salts {
		a.Salts[i] = salt()
	}
	return a
}
