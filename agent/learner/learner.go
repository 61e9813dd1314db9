package learner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/triage"
)

// Store is what a learner follows, and where it keeps what it learned; a journal.Bolt is one.
type Store interface {
	FeedOf(ctx context.Context, after uint64, most int, kinds ...casefile.Kind) (entries []casefile.Entry, read uint64, err error)
	Committed() (ch <-chan struct{}, cancel func())
	agent.Loader
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Lessons are the corrections that count.
type Lessons interface {
	// Generation changes whenever a correction is taught, revoked or accepted.
	Generation() uint64
	// At gives those that count at an instant, say which procedure they hold in and which case they are
	// from, and nothing narrower.
	At(ctx context.Context, now time.Time) ([]Lesson, error)
}

// Lesson is a correction: the text of a case is for a procedure.
type Lesson struct {
	ID        string // of the correction
	Procedure string
	Case      string
	At        time.Time
	ExpiresAt time.Time // zero for never
}

// Deps are what a learner works with; all of it is required.
type Deps struct {
	Store    Store
	Embedder triage.Embedder
	// Book gives a version of the bundle, with the classifier of its authors' examples; "" is the active
	// one.
	Book    func(ctx context.Context, version string) (triage.Book, error)
	Lessons Lessons
	// Rehearse plays the rehearsals of the active version of the bundle with one triage and with another,
	// and says which of them pass with the first and fail with the second, and where; "" for none.
	Rehearse func(ctx context.Context, before, after triage.Book) (lowers string, err error)
	// Audit makes the record of what somebody did, to be stored with it.
	Audit func(actor, action, subject string, detail map[string]any) (journal.Record, error)
	// Busy reports whether live work waits; then learning does.
	Busy func() bool
	Now  func() time.Time
	Log  *slog.Logger
}

// Kinds of records.
const (
	recordEvidence = "triage.evidence" // by case
	recordRead     = "triage.read"     // how far the journal was read
	recordVersion  = "triage.version"  // by the instant of its training, and its name
	recordRefs     = "triage.refs"     // what a version was learned from, by its name
	recordActive   = "triage.active"   // by version of the bundle
	keyRead        = "offset"
)

// mostRecords bounds a list of records; there are never as many.
const mostRecords = 100_000

// state is which version decides for a version of the bundle.
type state struct {
	Version string    `json:"version"`
	By      string    `json:"by"` // actor
	At      time.Time `json:"at"`
	// Pinned: a person went back to it, and only a person goes on from it.
	Pinned bool `json:"pinned"`
	// From is the version of the bundle that the pin was taken over from, "" where it was made for this one.
	From string `json:"from,omitempty"`
}

// Learner learns, and gives what was learned. It is safe for concurrent use.
type Learner struct {
	Deps
	turn     sync.Mutex // whoever learns; held while rehearsals are played
	learning sync.Mutex // whoever follows, trains or activates; within turn
	making   sync.Mutex // one classifier at a time is made again
	mu       sync.Mutex // of what follows, never held across I/O
	versions []Version  // the oldest first
	active   map[string]state
	made     map[string]*triage.Classifier // by version
	pool     *pool
	lessons  *lessons
	taught   map[string]taught // by the version that it stands on

	// Under learning.
	read    uint64
	begun   bool      // pool and read are those that were stored
	changes int       // of the pool, since evidence was last looked at
	looked  time.Time // when that was
	bundle  string    // and for which version of the bundle
	resumes time.Time // when there may be training again
}

// Open reads what was learned before. Run goes on from there.
func Open(ctx context.Context, d Deps) (*Learner, error) {
	l := &Learner{Deps: d, active: map[string]state{}, made: map[string]*triage.Classifier{}, pool: newPool(), taught: map[string]taught{}}
	versions, err := d.Store.List(ctx, recordVersion, "", mostRecords)
	if err != nil {
		return nil, fmt.Errorf("versions of triage: %w", err)
	}
	for _, r := range versions {
		var v Version
		if err := json.Unmarshal(r.Value, &v); err != nil {
			return nil, fmt.Errorf("version %s of triage: %w", r.Key, err)
		}
		l.versions = append(l.versions, v)
	}
	states, err := d.Store.List(ctx, recordActive, "", mostRecords)
	if err != nil {
		return nil, fmt.Errorf("which version of triage is active: %w", err)
	}
	for _, r := range states {
		var s state
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return nil, fmt.Errorf("which version of triage is active for bundle %.12s: %w", r.Key, err)
		}
		if _, err := l.find(s.Version, r.Key); err != nil {
			d.Log.Warn("the version of triage that decides isn't kept any more; its authors' examples decide until it has learned anew", "version", s.Version, "bundle", r.Key)
			continue
		}
		l.active[r.Key] = s
	}
	for bundle, s := range lastActivated(l.versions) {
		if _, ok := l.active[bundle]; !ok {
			l.active[bundle] = s
		}
	}
	return l, nil
}

// lastActivated gives, by version of the bundle, what versions themselves say about which decides.
func lastActivated(versions []Version) map[string]state {
	list := map[string]state{}
	for _, v := range versions {
		for _, a := range v.Activated {
			if s, ok := list[v.Bundle]; !ok || !a.At.Before(s.At) {
				list[v.Bundle] = state{Version: v.Version, By: a.By, At: a.At, Pinned: a.By != casefile.ActorSystem}
			}
		}
	}
	return list
}

const (
	pace  = time.Second // between two looks at a journal that grows all the time
	idle  = time.Minute // between two looks at one that doesn't: evidence comes of age
	pause = 10 * time.Second
)

// Run follows the journal and learns until ctx ends.
func (l *Learner) Run(ctx context.Context) {
	committed, cancel := l.Store.Committed()
	defer cancel()
	for ctx.Err() == nil {
		wait := pace
		if err := l.Learn(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, journal.ErrStopped) {
			l.Log.Error("triage can't learn; it is tried again, and decides as before", "error", err)
			wait = pause
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
			select {
			case <-ctx.Done():
			case <-committed:
			case <-time.After(idle):
			}
		}
	}
}

// rest lets live work go first, for as long as 200 ms.
func (l *Learner) rest(ctx context.Context) {
	for range 20 {
		if !l.Busy() || ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// textOf gives the text of a case by which it is to be told, "" where there is none any more.
func (l *Learner) textOf(ctx context.Context, caseID, signal string) (string, error) {
	c, err := agent.Load(ctx, l.Store, caseID)
	if errors.Is(err, journal.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("the text of case %s: %w", caseID, err)
	}
	for i := range c.Signals {
		if signal != "" && c.Signals[i].ID == signal {
			return shorten(c.Signals[i].Text()), nil
		}
	}
	return shorten(c.OpeningText()), nil
}
