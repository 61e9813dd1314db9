package precedent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/kb"
)

// Journal is what is followed; a journal.Bolt is one.
type Journal interface {
	FeedOf(ctx context.Context, after uint64, most int, kinds ...casefile.Kind) (entries []casefile.Entry, read uint64, err error)
	Committed() (ch <-chan struct{}, cancel func())
}

// Deps are what a Keeper works with.
type Deps struct {
	Dir      string // of the index; it comes into being with the first case that ends
	Journal  Journal
	Load     func(ctx context.Context, caseID string) (*casefile.Case, error) // as it stands
	Embedder kb.Embedder
	// Yield waits while live work has to go first, for a while at most.
	Yield func(ctx context.Context)
	Log   *slog.Logger
}

// ErrBusy is of a question that comes while the index is opened or made anew.
var ErrBusy = errors.New("closed cases can't be searched yet: their index is being opened; ask again in a moment")

// Keeper keeps the index. It is safe for concurrent use.
type Keeper struct {
	Deps
	hurt chan struct{} // holds one when a search met damage

	mu   sync.RWMutex
	base *asked // nil before Run opened it, while it is made anew, and after it was closed
	read uint64 // offset up to which the journal is in the index
}

// NewKeeper makes a keeper; Run has to be called for it to find anything.
func NewKeeper(d Deps) *Keeper { return &Keeper{Deps: d, hurt: make(chan struct{}, 1)} }

const (
	batch = 2_000           // entries that are looked at in one go
	pace  = 2 * time.Second // between two looks at a journal that grows all the time: each takes syncs of the disk

	// How long it takes before an index that is damaged is made anew, and one that is damaged again and again.
	soonest, longest = 50 * time.Millisecond, time.Minute
)

// kinds are the entries by which a case ends or goes on.
var kinds = []casefile.Kind{casefile.KindCaseResolved, casefile.KindCaseClosed, casefile.KindCaseReopened, casefile.KindOperatorDecided}

// Run follows the journal until ctx ends. An index that is met damaged is made anew, however often.
func (k *Keeper) Run(ctx context.Context) {
	committed, cancel := k.Journal.Committed()
	defer cancel()
	for wait := soonest; ctx.Err() == nil; wait = min(2*wait, longest) {
		base, err := k.open(ctx)
		if err != nil {
			if ctx.Err() == nil {
				k.Log.Error("closed cases can't be searched", "error", err)
			}
			return
		}
		err = k.keep(ctx, base.Base, committed)
		if closed := k.close(base); err == nil || !closed {
			return
		}
		k.Log.Warn("the index of closed cases is made anew", "why", err)
		if err := os.RemoveAll(k.Dir); err != nil {
			k.Log.Error("closed cases can't be searched until the server starts again", "error", err)
			return
		}
		pause(ctx, wait)
	}
}

// keep follows the journal until ctx ends, or until the index is met damaged, which is the error.
func (k *Keeper) keep(ctx context.Context, base *kb.Base, committed <-chan struct{}) error {
	for ctx.Err() == nil {
		err := k.follow(ctx, base)
		if errors.Is(err, kb.ErrDamaged) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			k.Log.Error("what ended from here on isn't found among closed cases until the server starts again", "error", err)
			committed = nil
		}
		select {
		case <-ctx.Done():
		case <-k.hurt:
			return errHurt
		case <-committed:
			pause(ctx, pace) // others come with it
		}
	}
	return nil
}

var errHurt = errors.New("a search met damage")

// pause waits, or until ctx ends.
func pause(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// open opens the index, made anew where it can't be trusted.
func (k *Keeper) open(ctx context.Context) (*asked, error) {
	base, read, err := k.try(ctx)
	if err == nil {
		_, last, feedErr := k.Journal.FeedOf(ctx, max(read, 1)-1, 1)
		if feedErr != nil {
			return nil, errors.Join(feedErr, base.Close())
		}
		if read > 0 && last < read {
			err = fmt.Errorf("it is of another journal: it goes to entry %d", read)
			err = errors.Join(err, base.Close())
		}
	}
	if err != nil && !errors.Is(err, kb.ErrLocked) && ctx.Err() == nil {
		k.Log.Warn("the index of closed cases is made anew", "why", err)
		if err = os.RemoveAll(k.Dir); err == nil {
			base, read, err = k.try(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	select {
	case <-k.hurt: // of the one before
	default:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.base, k.read = &asked{Base: base}, read
	return k.base, nil
}

func (k *Keeper) try(ctx context.Context) (*kb.Base, uint64, error) {
	base, err := kb.Open(k.Dir, kb.Options{Embedder: k.Embedder, Logger: k.Log})
	if err != nil {
		return nil, 0, err
	}
	read, err := base.NotedTo(ctx)
	if err == nil {
		_, err = base.State(ctx) // once it can be searched: loading it is where most damage is met
	}
	if err != nil {
		return nil, 0, errors.Join(err, base.Close())
	}
	return base, read, nil
}

// follow brings the index to where the journal is.
func (k *Keeper) follow(ctx context.Context, base *kb.Base) error {
	for ctx.Err() == nil {
		k.Yield(ctx)
		entries, read, err := k.Journal.FeedOf(ctx, k.read, batch, kinds...)
		if err != nil || read == k.read {
			return err
		}
		if err := k.take(ctx, base, entries); err != nil {
			return err
		}
		if len(entries) > 0 {
			if err := base.Note(ctx, read, kb.Noted{}); err != nil {
				return err
			}
		}
		k.mu.Lock()
		k.read = read
		k.mu.Unlock()
	}
	return ctx.Err()
}

// take brings the cases that entries are about into the index as they stand, or out of it.
func (k *Keeper) take(ctx context.Context, base *kb.Base, entries []casefile.Entry) error {
	var ids []string
	seen := map[string]bool{}
	for i := range entries {
		if id := entries[i].Case; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	var sources []kb.Source
	for _, id := range ids {
		c, err := k.Load(ctx, id)
		if errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		s, found, err := source(c)
		if err != nil {
			return err
		}
		stays, err := k.clear(ctx, base, id, s.Meta[metaCase], found && over(c))
		if err != nil {
			return err
		}
		if found && over(c) && !stays {
			sources = append(sources, s)
		}
	}
	if len(sources) == 0 {
		return nil
	}
	report, err := base.Import(ctx, sources)
	for _, f := range report.Failed {
		k.Log.Warn("a closed case can't be searched", "case", f.Source, "error", f.Detail)
	}
	return err
}

// clear takes a case out of the index that isn't there as it should be, and reports whether it is.
func (k *Keeper) clear(ctx context.Context, base *kb.Base, id, now string, wanted bool) (stays bool, err error) {
	d, err := base.Document(ctx, id)
	if errors.Is(err, kb.ErrNotFound) {
		return false, nil
	}
	if err != nil || wanted && d.Meta[metaCase] == now {
		return err == nil, err
	}
	return false, base.Erase(ctx, id)
}

// over reports whether a case is one to learn from.
func over(c *casefile.Case) bool { return c.Status.Ended() && c.MergedInto == "" }

// To is the offset of the journal that the index goes to.
func (k *Keeper) To() uint64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.read
}

// Of gives what is asked about a case: closed ones like it.
func Of(c *casefile.Case, most int) Query {
	return Query{Text: text(c), K: most, Customer: c.Customer, Except: c.ID}
}
