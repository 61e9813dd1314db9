package journal

import (
	"context"
	"errors"
	"time"

	"resolute/agent/casefile"
)

// Store keeps the journal and what is derived from it for the engine. Every method is safe for
// concurrent use. What a method acknowledges is durable.
type Store interface {
	// Accept takes signals in, each in the order given: it finds the case that each belongs to, or
	// opens one, and makes all durable in one transaction. A signal whose Identity was accepted
	// before changes nothing and gets the receipt of the first time.
	Accept(ctx context.Context, arrivals []Arrival) ([]Receipt, error)

	// Append adds entries to one case (and deliveries to others) if its preconditions hold, else
	// it changes nothing and reports ErrConflict, ErrLeaseLost, a *HeldError or a *BudgetError. What
	// intents take out of budgets and answers free again is in the entries.
	Append(ctx context.Context, a Append) (Appended, error)

	// Claim leases up to max cases that are runnable and not leased. Customers have their turn one
	// after the other, each with the case that is runnable longest, so that the flood of one
	// doesn't hold up the others. It doesn't wait; Wakeups tells when asking again is worthwhile.
	Claim(ctx context.Context, worker string, max int, now time.Time, ttl time.Duration) ([]Lease, error)
	// Renew extends a lease, or reports ErrLeaseLost.
	Renew(l Lease, now time.Time, ttl time.Duration) error
	// Release gives a lease back without an append; the case stays runnable.
	Release(l Lease)
	// Wakeups receives a value when cases may have become runnable, or a timer has become the
	// next one, so that Due has another answer. It is never closed.
	Wakeups() <-chan struct{}

	// Due makes the cases runnable whose timer is due at now, and gives the time of the next
	// timer, zero for none.
	Due(ctx context.Context, now time.Time) (next time.Time, err error)

	// Load gives the newest snapshot of a case (nil if there is none) and the entries after it,
	// ascending. ErrNotFound if there is no such case.
	Load(ctx context.Context, caseID string) (snapshot []byte, tail []casefile.Entry, err error)
	// Entries gives up to limit entries of a case with a seq above after, ascending.
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
	// Feed gives up to limit entries of all cases with an offset above after, ascending, and the
	// last offset there is.
	Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error)
	// Committed receives a value after each commit that wrote entries; slow receivers miss
	// values, never entries, since they read Feed.
	Committed() (ch <-chan struct{}, cancel func())

	// Cases gives up to limit summaries, newest case first, below the cursor ("" for the top),
	// that match. The next cursor is "" at the end.
	Cases(ctx context.Context, cursor string, limit int, match func(*Summary) bool) (list []Summary, next string, err error)
	// Summaries gives the summaries of cases, in the order of their ids, or ErrNotFound if one isn't there.
	Summaries(ctx context.Context, ids []string) ([]Summary, error)
	// Open gives the ids of cases with this status, oldest first, above the cursor.
	Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error)
	// Waiting gives the cases that wait for signals of this type.
	Waiting(ctx context.Context, signalType string) ([]string, error)

	// Outbox gives up to limit messages, newest first, below the cursor (0 for the top).
	Outbox(ctx context.Context, cursor uint64, limit int) (list []Message, next uint64, err error)
	// Undelivered gives up to limit messages that are queued and due at now, oldest first.
	Undelivered(ctx context.Context, now time.Time, limit int) ([]Message, error)
	// Delivered records how the delivery of a message went.
	Delivered(ctx context.Context, offset uint64, d Delivery) error

	// Get, Put and List keep records of other parts (bundles, people, secrets, audit) by kind and
	// key. Put is durable, and all or nothing; List ascends by key, behind a key. Records of KindAudit are only
	// ever added, each with a link of the audit's chain.
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...Record) error
	// Replace is Put if the records to expect are as they were read (nil: absent), else ErrConflict.
	Replace(ctx context.Context, expect []Record, records ...Record) error
	List(ctx context.Context, kind, after string, limit int) ([]Record, error)
	// ListBack is List from the other end: descending, before a key, "" for the end.
	ListBack(ctx context.Context, kind, before string, limit int) ([]Record, error)

	// Verify walks everything and reports what it found, damage included.
	Verify(ctx context.Context, report func(Damage)) (Totals, error)
	// Checkpoint commits to all that is committed. Compare holds what is there against an earlier
	// one, and reports what isn't as it was; what a Verify finds it needn't.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	Compare(ctx context.Context, c Checkpoint, report func(Damage)) error

	// Err is why the store stopped, nil while it works. After a failed write or sync it never
	// acknowledges again.
	Err() error
	// Failed is closed when Err becomes non-nil.
	Failed() <-chan struct{}
	Close() error
}

// Errors of a Store.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("the case changed meanwhile")
	ErrLeaseLost = errors.New("the lease of the case was lost")
	ErrStopped   = errors.New("the journal stopped") // wrapped around the reason
	ErrLocked    = errors.New("the data folder is in use")
	ErrDamaged   = errors.New("the data file is damaged")
)

// HeldError is reported by an Append whose Hold names a key that an older open case holds.
type HeldError struct{ Case string }

// Error names the case.
func (e *HeldError) Error() string { return "case " + e.Case + " is at work on the same" }

// Arrival is a signal with where it may belong, as far as that can be known outside the
// transaction.
type Arrival struct {
	Signal casefile.Signal
	Actor  string
	At     time.Time
	// Case is the case that it was written to, "" for none that is known: while it is open, it gets it.
	// Once it ended, it is the one that is reopened or linked to, unless a key finds another.
	Case string
	// Waits are open cases whose wait names the signal; the first that still waits for signals
	// of this type gets it, whoever its customer is.
	Waits []string
	// Keys are the signal's correlation keys, the strongest first. The oldest open case that
	// holds one and has the same customer gets the signal.
	Keys []Key
	// Hold are the keys that the case holds which it opens.
	Hold []Key
	// CaseID and Bundle are for the case that it opens.
	CaseID string
	Bundle string
	// ReopenWithin: a case resolved less than this ago is reopened; 0 for never.
	ReopenWithin time.Duration
	// Salts are random, one for each entry that it may write (see MaxArrivalEntries).
	Salts []Salt
}

// MaxArrivalEntries is how many entries one arrival writes at most.
const MaxArrivalEntries = 4

// Salt makes the hash of a payload useless for guessing the payload.
type Salt [16]byte

// Receipt says where a signal went.
type Receipt struct {
	SignalID  string
	CaseID    string
	Duplicate bool
	Opened    bool
}

// Key is a correlation key: a value that makes signals of one customer belong together. Scope is
// "thread" or "PROCEDURE/INDEX".
type Key struct {
	Scope    string
	Value    string // canonical JSON
	Customer casefile.Customer
}

// Append is one change of a case.
type Append struct {
	CaseID  string
	After   uint64 // the case's last seq must be this
	Lease   *Lease // nil for appends that need none: decisions, callbacks
	Entries []casefile.Entry
	Salts   []Salt // one for each entry, Deliver included

	// Hold are keys that the case holds from now on. If an older open case of the same customer
	// holds one of them, the append fails with a *HeldError, unless HoldAnyway is set: then the
	// older case keeps the key.
	Hold       []Key
	HoldAnyway bool
	// Deliver are entries for another case, appended behind its last one, which becomes
	// runnable; Seq is filled in. If that case has ended meanwhile, the append fails with
	// ErrConflict.
	DeliverTo string
	Deliver   []casefile.Entry

	// Park ends the work on the case for now; nil keeps it runnable and leased.
	Park *Park
	// Wake makes the case runnable, for appends without a lease.
	Wake bool
	// Messages go to the outbox with the entries whose index they name.
	Messages []NewMessage
	// Records are put with the change, as Put would, if those to Expect are as they were read (nil:
	// absent); else the append fails with ErrConflict.
	Records []Record
	Expect  []Record
}

// Park is how a case is left when there is nothing to do for it now.
type Park struct {
	Summary  Summary
	Snapshot []byte    // of the state after Entries; nil leaves the one before
	WakeAt   time.Time // zero for never
	WaitFor  string    // signal type that the case waits for, "" for none
}

// Appended says what an append became.
type Appended struct {
	Seq     uint64   // the case's last seq
	Offsets []uint64 // of Entries
}

// Lease is the right to advance one case.
type Lease struct {
	CaseID string
	Worker string
	Fence  uint64 // rises with every claim, over restarts too
}

// Summary is a case in a list.
type Summary struct {
	ID        string            `json:"id"`
	Status    casefile.Status   `json:"status"`
	Stop      *casefile.Stop    `json:"stop"`
	Goal      string            `json:"goal"`
	Procedure string            `json:"procedure"`
	Customer  casefile.Customer `json:"customer"`
	Subject   string            `json:"subject"` // the first words of what the customer wrote
	OpenedAt  time.Time         `json:"opened_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	Bundle    string            `json:"bundle"`
	Outcome   string            `json:"outcome"`
}

// NewMessage puts a message into the outbox. The entry is a reply.written or a customer.asked; the
// text and to whom it goes are read from it. Of Message only the Delivery counts: without a status
// it is queued, without a time it is due at once.
type NewMessage struct {
	Entry   int // index in Entries of the entry that it comes with
	Message Message
}

// Message is a text for a customer. Its Offset, that of its entry, is its identity.
type Message struct {
	Offset    uint64    `json:"offset"`
	CaseID    string    `json:"case_id"`
	Kind      string    `json:"kind"` // reply or question
	To        string    `json:"to"`
	Text      string    `json:"text"`
	Citations []string  `json:"citations"`
	At        time.Time `json:"at"`
	Delivery
}

// Delivery is how far a message got.
type Delivery struct {
	Status string    `json:"status"` // queued, sent, failed or ready
	Tries  int       `json:"tries"`
	NextAt time.Time `json:"next_at,omitzero"`
	Error  string    `json:"error,omitempty"`
}

// Record is a value of another part of resolute.
type Record struct {
	Kind, Key string
	Value     []byte // nil deletes
}

// Damage is something that Verify found.
type Damage struct {
	Where string // bucket and key, or case and seq
	What  string
}

// Totals is what Verify walked.
type Totals struct {
	Cases, Entries, Signals uint64
}
