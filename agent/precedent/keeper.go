package precedent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
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
	mu   sync.RWMutex // held for reading while base is asked
	base *kb.Base     // nil before Run opened it, and after it closed it
	read uint64       // offset up to which the journal is in the index; under mu
}

// NewKeeper makes a keeper; Run has to be called for it to find anything.
func NewKeeper(d Deps) *Keeper { return &Keeper{Deps: d} }

const (
	batch = 2_000           // entries that are looked at in one go
	pace  = 2 * time.Second // between two looks at a journal that grows all the time: each takes syncs of the disk
)

// kinds are the entries by which a case ends or goes on.
var kinds = []casefile.Kind{casefile.KindCaseResolved, casefile.KindCaseClosed, casefile.KindCaseReopened, casefile.KindOperatorDecided}

// Run follows the journal until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	committed, cancel := k.Journal.Committed()
	defer cancel()
	if err := k.open(ctx); err != nil {
		if ctx.Err() == nil {
			k.Log.Error("closed cases can't be searched", "error", err)
		}
		return
	}
	defer k.close()
	for ctx.Err() == nil {
		if err := k.follow(ctx); err != nil && ctx.Err() == nil {
			k.Log.Error("what ended from here on isn't found among closed cases until the server starts again", "error", err)
			<-ctx.Done()
			return
		}
		select {
		case <-ctx.Done():
		case <-committed:
			select { // others come with it
			case <-ctx.Done():
			case <-time.After(pace):
			}
		}
	}
}

// open opens the index, made anew where it can't be trusted.
func (k *Keeper) open(ctx context.Context) error {
	base, read, err := k.try(ctx)
	if err == nil {
		_, last, feedErr := k.Journal.FeedOf(ctx, max(read, 1)-1, 1)
		if feedErr != nil {
			return errors.Join(feedErr, base.Close())
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
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.base, k.read = base, read
	return nil
}

func (k *Keeper) try(ctx context.Context) (*kb.Base, uint64, error) {
	base, err := kb.Open(k.Dir, kb.Options{Embedder: k.Embedder, Logger: k.Log})
	if err != nil {
		return nil, 0, err
	}
	read, err := base.NotedTo(ctx)
	if err != nil {
		return nil, 0, errors.Join(err, base.Close())
	}
	return base, read, nil
}

func (k *Keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.base.Close(); err != nil {
		k.Log.Warn("the index of closed cases was not closed well", "error", err)
	}
	k.base = nil
}

// follow brings the index to where the journal is.
func (k *Keeper) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		k.Yield(ctx)
		entries, read, err := k.Journal.FeedOf(ctx, k.read, batch, kinds...)
		if err != nil || read == k.read {
			return err
		}
		if err := k.take(ctx, entries); err != nil {
			return err
		}
		if len(entries) > 0 {
			if err := k.base.Note(ctx, read, kb.Noted{}); err != nil {
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
func (k *Keeper) take(ctx context.Context, entries []casefile.Entry) error {
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
		stays, err := k.clear(ctx, id, s.Meta[metaCase], found && over(c))
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
	report, err := k.base.Import(ctx, sources)
	for _, f := range report.Failed {
		k.Log.Warn("a closed case can't be searched", "case", f.Source, "error", f.Detail)
	}
	return err
}

// clear takes a case out of the index that isn't there as it should be, and reports whether it is.
func (k *Keeper) clear(ctx context.Context, id, now string, wanted bool) (stays bool, err error) {
	d, err := k.base.Document(ctx, id)
	if errors.Is(err, kb.ErrNotFound) {
		return false, nil
	}
	if err != nil || wanted && d.Meta[metaCase] == now {
		return err == nil, err
	}
	return false, k.base.Erase(ctx, id)
}

// over reports whether a case is one to learn from.
func over(c *casefile.Case) bool { return c.Status.Ended() && c.MergedInto == "" }

// To is the offset of the journal that the index goes to.
func (k *Keeper) To() uint64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.read
}

// Query is what closed cases are wanted for.
type Query struct {
	Text     string            // what a customer wrote
	K        int               // how many at most
	Customer casefile.Customer // whose cases are marked
	Except   string            // id of a case that isn't wanted
}

// weight is what an outcome counts: what a check proved goes before what merely ended.
func weight(p *Precedent) float64 {
	switch {
	case p.Worked:
		return 1
	case p.Outcome == string(casefile.StopHumanClosed) && p.Note != "":
		return 0.85
	}
	return 0.7
}

// wide is how many times as many cases are looked at as are wanted: an outcome may lift one.
const wide = 4

// telling is how many of a text's words are looked for: a customer writes many that are in all cases.
const telling = 10

// Search gives the cases that are over and most like what a customer wrote, what worked first among
// those that are about as like.
func (k *Keeper) Search(ctx context.Context, q Query) ([]Precedent, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.base == nil {
		return nil, ErrBusy
	}
	hits, err := k.base.Search(ctx, kb.Query{Text: q.Text, K: min(wide*q.K+1, 200), Each: kb.Documents, Words: telling})
	if err != nil {
		return nil, fmt.Errorf("search closed cases: %w", err)
	}
	list := []Precedent{}
	for place, h := range hits {
		if h.DocumentID == q.Except {
			continue
		}
		d, err := k.base.Document(ctx, h.DocumentID)
		if errors.Is(err, kb.ErrNotFound) {
			continue // taken out since
		}
		if err != nil {
			return nil, err
		}
		var found kept
		if err := json.Unmarshal([]byte(d.Meta[metaCase]), &found); err != nil {
			return nil, fmt.Errorf("closed case %s: %w", h.DocumentID, err)
		}
		p := found.Precedent
		// The fused rank orders hits that are equally relevant, or of which relevance says nothing.
		p.Score = max(h.Relevance, h.Similarity*0.5, 0) * weight(&p) * (1 - float64(place)/float64(10*(len(hits)+1)))
		p.Same = found.Customer.Who() != "" && q.Customer.Who() != "" && found.Customer.Same(q.Customer)
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b Precedent) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return k.standing(ctx, list, q.K)
}

// standing gives the first cases that are still over.
func (k *Keeper) standing(ctx context.Context, list []Precedent, most int) ([]Precedent, error) {
	still := []Precedent{}
	for _, p := range list {
		if len(still) == most {
			break
		}
		c, err := k.Load(ctx, p.Case)
		if errors.Is(err, journal.ErrNotFound) || err == nil && !over(c) {
			continue
		}
		if err != nil {
			return nil, err
		}
		still = append(still, p)
	}
	return still, nil
}

// Of gives what is asked about a case: closed ones like it.
func Of(c *casefile.Case, most int) Query {
	return Query{Text: text(c), K: most, Customer: c.Customer, Except: c.ID}
}
