package pages

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/kb"
)

// Cases is what pages read of the store; a journal.Store has it.
type Cases interface {
	Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error)
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
	Outbox(ctx context.Context, cursor uint64, limit int) (list []journal.Message, next uint64, err error)
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Feed tells what was committed; a journal.Store has it.
type Feed interface {
	Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error)
	Committed() (ch <-chan struct{}, cancel func())
}

// Engine gives a case as it stands, and takes decisions about it.
type Engine interface {
	Load(ctx context.Context, caseID string) (*casefile.Case, error)
	Decide(ctx context.Context, caseID string, d agent.Decide, who people.Principal) (*casefile.Case, error)
	// Hasty warns who approved faster than anybody looks, "" for nothing.
	Hasty(who people.Principal) string
}

// Knowledge is what may be cited; a kb.Base has it.
type Knowledge interface {
	Search(ctx context.Context, q kb.Query) ([]kb.Hit, error)
	Passage(ctx context.Context, address string) (kb.Passage, error)
	Documents(ctx context.Context, limit int, cursor string) (documents []kb.Document, next string, err error)
}

// Library is the keeping of knowledge; a kb.Base has it.
type Library interface {
	Import(ctx context.Context, sources []kb.Source) (kb.Report, error)
	Delete(ctx context.Context, id string) error
	Document(ctx context.Context, id string) (kb.Document, error)
	Contents(ctx context.Context, id string) ([]kb.Chunk, error)
	Uses(ctx context.Context, document string, limit int) (uses []kb.Use, total int, err error)
	Missing(ctx context.Context, floor float64, limit int) ([]kb.Missing, error)
	State(ctx context.Context) (kb.State, error)
	Watch() (news <-chan struct{}, take func() []kb.Progress, cancel func())
}

// Audit writes down what somebody did.
type Audit interface {
	Record(ctx context.Context, actor, action, subject string, detail map[string]any) error
}

// House is whose console it is, as the active bundle says.
type House struct {
	Company   string
	Currency  string  // ISO 4217, of amounts that name none
	Relevance float64 // how relevant a passage must be for cases to find it
	Paused    []casefile.Pause
}

// Learning is what the pages of what was learned stand on.
type Learning struct {
	Suggestions Suggestions
	Triage      Triage
}

// Deps is what the pages stand on; all of it is required.
type Deps struct {
	Cases      Cases
	Feed       Feed
	Engine     Engine
	People     People
	Door       Door
	Accounts   Accounts
	Tokens     Tokens
	Links      Links
	Replies    Replies
	Knowledge  Knowledge
	Library    Library
	Audit      Audit
	Bundles    Bundles
	Tools      Tools
	Teacher    Teacher
	Listing    Listing
	Records    Records
	Figures    Figures
	Precedents Precedents
	Depths     Depths
	Model      Model
	Learning
	Operations
}

// Options of the pages; the zero value works.
type Options struct {
	// Provider is the identity provider, nil for none.
	Provider Provider
	House    func() House     // no company and USD if nil
	Now      func() time.Time // time.Now if nil
	Logger   *slog.Logger     // slog.DiscardHandler if nil
	// PublicURL is where the pages are reached; with https:// cookies go over TLS only.
	PublicURL string
	// Proxies say for whom they ask, beside those on this machine.
	Proxies  []netip.Prefix
	Pace     time.Duration // shortest time between two updates of a stream, 400ms if zero
	Patience time.Duration // how long a case's page waits for those like it, 20ms if zero; the stream brings them then
	// FormWithin is how long a form may take to arrive, 30s if zero: who doesn't get to its end holds room
	// that others need.
	FormWithin time.Duration
}

func (o Options) filled() Options {
	if o.House == nil {
		o.House = func() House { return House{Currency: "USD"} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Pace <= 0 {
		o.Pace = 400 * time.Millisecond
	}
	if o.FormWithin <= 0 {
		o.FormWithin = 30 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 20 * time.Millisecond
	}
	return o
}
