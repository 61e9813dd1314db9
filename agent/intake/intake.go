// Package intake takes signals in: it says how far each vouches for its customer, finds out where
// it may belong, and hands it to the store, whose transaction decides.
//
// Everything that can be computed without the transaction is computed before it: the signal's
// correlation keys, and which waiting cases name it. What races is decided by the store.
package intake

import (
	"context"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

// Store is what intake needs of a journal.Store.
type Store interface {
	Accept(ctx context.Context, arrivals []journal.Arrival) ([]journal.Receipt, error)
	Waiting(ctx context.Context, signalType string) ([]string, error)
}

// Book is the active bundle, as far as intake reads it.
type Book struct {
	Version      string
	ReopenWithin time.Duration
	// Correlations gives the values that a signal may share with a case at work, and whether a
	// case that it opens holds them.
	Correlations func(s *casefile.Signal, now time.Time) (values []casefile.Correlation, certain bool)
}

// Deps are what intake works with.
type Deps struct {
	Store Store
	Book  func() (Book, error) // the active one; an error if none is
	// Waits reports whether a case waits for a signal.
	Waits func(ctx context.Context, caseID string, s *casefile.Signal) (bool, error)
	Now   func() time.Time
	NewID func() string // UUIDv7
	Salt  func() journal.Salt

	// Backlog gives how many cases are runnable. While they are more than MaxBacklog, senders are asked
	// to come again later; 0 is no bound.
	Backlog    func() int
	MaxBacklog int
}

// BusyError says that more is to be done already than is taken in. Nothing was accepted.
type BusyError struct{ Backlog int }

// Error says it to the sender.
func (e *BusyError) Error() string {
	return fmt.Sprintf("%d cases wait for their turn, and no more signals are taken until some are done; nothing of this was accepted, send it again", e.Backlog)
}

// RetryAfter is when it may be worthwhile.
func (e *BusyError) RetryAfter() time.Duration { return 5 * time.Second }

// Intake accepts signals.
type Intake struct{ Deps }

// New makes an intake.
func New(d Deps) *Intake { return &Intake{d} }

// Accept takes signals of one sender, in their order, and returns once they are durable. Their
// Source, EventID, Type, Subject, Time and Data are the sender's; ID and Assurance are set here. It
// reports a *BusyError when there is too much to do.
func (in *Intake) Accept(ctx context.Context, signals []casefile.Signal, from people.Principal) ([]journal.Receipt, error) {
	if in.MaxBacklog > 0 {
		if n := in.Backlog(); n >= in.MaxBacklog {
			return nil, &BusyError{Backlog: n}
		}
	}
	assurance := casefile.AssuranceVouched
	if from.Untrusted {
		assurance = casefile.AssuranceNone
	}
	return in.accept(ctx, signals, from.Actor(), assurance)
}

// AcceptOwn takes signals that resolute makes itself, such as a monitor's findings.
func (in *Intake) AcceptOwn(ctx context.Context, signals []casefile.Signal) ([]journal.Receipt, error) {
	return in.accept(ctx, signals, casefile.ActorSystem, casefile.AssuranceVouched)
}

// ActorLink is whose a customer's answer is that came by the signed link of their case.
const ActorLink = "token:status-link"

// AcceptReply takes what a customer wrote to a case by the case's signed link, and returns once it is
// durable. A link vouches for nobody more than the case does: whoever claimed to be somebody to begin
// with got it in answer to that claim.
func (in *Intake) AcceptReply(ctx context.Context, c *casefile.Case, s casefile.Signal) (journal.Receipt, error) {
	if in.MaxBacklog > 0 {
		if n := in.Backlog(); n >= in.MaxBacklog {
			return journal.Receipt{}, &BusyError{Backlog: n}
		}
	}
	assurance := casefile.AssuranceNone
	if c.Customer.Assurance.Lower(casefile.AssuranceAuthenticated) == casefile.AssuranceAuthenticated {
		assurance = casefile.AssuranceAuthenticated
	}
	arrivals, err := in.arrivals(ctx, []casefile.Signal{s}, ActorLink, assurance)
	if err != nil {
		return journal.Receipt{}, err
	}
	arrivals[0].Case, arrivals[0].Waits = c.ID, nil // it was written to this one, whatever others wait for
	receipts, err := in.Store.Accept(ctx, arrivals)
	if err != nil {
		return journal.Receipt{}, err
	}
	return receipts[0], nil
}

func (in *Intake) accept(ctx context.Context, signals []casefile.Signal, actor string, assurance casefile.Assurance) ([]journal.Receipt, error) {
	arrivals, err := in.arrivals(ctx, signals, actor, assurance)
	if err != nil {
		return nil, err
	}
	return in.Store.Accept(ctx, arrivals)
}

func (in *Intake) arrivals(ctx context.Context, signals []casefile.Signal, actor string, assurance casefile.Assurance) ([]journal.Arrival, error) {
	book, err := in.Book()
	if err != nil {
		return nil, err
	}
	now := in.Now()
	arrivals := make([]journal.Arrival, len(signals))
	for i := range signals {
		s := signals[i]
		s.ID, s.Assurance = in.NewID(), assurance
		if s.Time.IsZero() {
			s.Time = now
		}
		if arrivals[i], err = in.arrival(ctx, s, book, now); err != nil {
			return nil, err
		}
		arrivals[i].Actor = actor
	}
	return arrivals, nil
}

func (in *Intake) arrival(ctx context.Context, s casefile.Signal, book Book, now time.Time) (journal.Arrival, error) {
	a := journal.Arrival{Signal: s, At: now, CaseID: in.NewID(), Bundle: book.Version, ReopenWithin: book.ReopenWithin}
	waiting, err := in.Store.Waiting(ctx, s.Type)
	if err != nil {
		return a, fmt.Errorf("cases that wait for %s: %w", s.Type, err)
	}
	for _, id := range waiting {
		if ok, err := in.Waits(ctx, id, &s); err != nil {
			return a, fmt.Errorf("case %s that waits for %s: %w", id, s.Type, err)
		} else if ok {
			a.Waits = append(a.Waits, id)
		}
	}
	customer := s.Customer()
	customer.Email = strings.ToLower(customer.Email)
	if thread := s.Thread(); thread != "" {
		k := journal.ThreadKey(thread, customer)
		a.Keys, a.Hold = append(a.Keys, k), append(a.Hold, k)
	}
	values, certain := book.Correlations(&s, now)
	for _, v := range values {
		k, err := journal.CorrelationKey(v, customer)
		if err != nil {
			continue // a value that has no JSON is no key
		}
		a.Keys = append(a.Keys, k)
		if certain {
			a.Hold = append(a.Hold, k)
		}
	}
	for range journal.MaxArrivalEntries {
		a.Salts = append(a.Salts, in.Salt())
	}
	return a, nil
}
