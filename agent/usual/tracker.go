package usual

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Store is what a tracker follows, and where it keeps its figures; a journal.Bolt is one.
type Store interface {
	FeedOfWrites(ctx context.Context, after uint64, most int) (entries []casefile.Entry, read uint64, err error)
	Committed() (ch <-chan struct{}, cancel func())
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Deps are what a tracker works with.
type Deps struct {
	Store Store
	// Spike is told of a tool that spikes, and why.
	Spike func(ctx context.Context, tool, why string)
	Now   func() time.Time
	Log   *slog.Logger
}

// Kinds of records.
const (
	recordTool = "usual"
	recordRead = "usual.read" // how far the figures go
	keyRead    = "offset"
)

const (
	batch    = 2_000
	pace     = 200 * time.Millisecond // between two looks at a journal that grows all the time
	saveEach = 30 * time.Second
	mostTool = 10_000
)

// Tracker keeps figures of each tool. It is safe for concurrent use.
type Tracker struct {
	Deps
	mu    sync.Mutex
	tools map[string]*history
	read  uint64
	dirty map[string]bool
}

// Open reads the figures as they were stored last; Run goes on from there.
func Open(ctx context.Context, d Deps) (*Tracker, error) {
	t := &Tracker{Deps: d, tools: map[string]*history{}, dirty: map[string]bool{}}
	records, err := d.Store.List(ctx, recordTool, "", mostTool)
	if err != nil {
		return nil, fmt.Errorf("what is usual of tools: %w", err)
	}
	for _, r := range records {
		h := &history{}
		if err := json.Unmarshal(r.Value, h); err != nil {
			return nil, fmt.Errorf("what is usual of %s: %w", r.Key, err)
		}
		h.restore()
		t.tools[r.Key] = h
	}
	switch raw, err := d.Store.Get(ctx, recordRead, keyRead); {
	case errors.Is(err, journal.ErrNotFound):
	case err != nil:
		return nil, fmt.Errorf("how far what is usual was read: %w", err)
	default:
		if t.read, err = strconv.ParseUint(string(raw), 10, 64); err != nil {
			return nil, fmt.Errorf("how far what is usual was read: %w", err)
		}
	}
	return t, nil
}

// Unusual gives what is unusual about an action of a case against its tool's history, nil for nothing.
func (t *Tracker) Unusual(c *casefile.Case, a casefile.Action, now time.Time) []casefile.RiskPart {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.tools[a.Tool]
	if h == nil {
		return nil
	}
	return h.unusual(now, a.Args, c.Customer.Who())
}

// Run follows the journal until ctx ends, and stores the figures.
func (t *Tracker) Run(ctx context.Context) {
	saved := t.Now()
	err := journal.Follow(ctx, t.Store, pace, func(ctx context.Context) error {
		err := t.Follow(ctx)
		if err == nil && t.Now().Sub(saved) >= saveEach {
			saved = t.Now()
			err = t.save(ctx)
		}
		return err
	})
	if err != nil {
		t.Log.Error("what is usual of tools can't be followed; nothing counts as unusual from here on", "error", err)
		return
	}
	if err := t.save(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, journal.ErrStopped) {
		t.Log.Warn("what is usual of tools was not stored; it is read again at the next start", "error", err)
	}
}

// Follow reads as far as the journal goes, for those who don't Run.
func (t *Tracker) Follow(ctx context.Context) error {
	for {
		t.mu.Lock()
		after := t.read
		t.mu.Unlock()
		entries, read, err := t.Store.FeedOfWrites(ctx, after, batch)
		if err != nil || read == after {
			return err
		}
		spikes := t.note(entries, read)
		for tool, why := range spikes {
			t.Spike(ctx, tool, why)
		}
		if len(spikes) > 0 { // or a restart would tell them again, to who has seen them
			if err := t.save(ctx); err != nil {
				return err
			}
		}
	}
}

// note counts intents, and gives the tools that spike now: what a journal says of long ago is figures and
// no alarm, however late it is read.
func (t *Tracker) note(entries []casefile.Entry, read uint64) (spikes map[string]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range entries {
		d, ok := entries[i].Data.(*casefile.CallIntended)
		if !ok || d.Verdict == nil || d.Call.Try > 1 {
			continue
		}
		h := t.tools[d.Call.Tool]
		if h == nil {
			h = &history{}
			h.restore()
			t.tools[d.Call.Tool] = h
		}
		if why := h.add(entries[i].At, d.Call.Args, d.Customer); why != "" && t.Now().Sub(entries[i].At) < span {
			if spikes == nil {
				spikes = map[string]string{}
			}
			spikes[d.Call.Tool] = why
		}
		t.dirty[d.Call.Tool] = true
	}
	t.read = read
	return spikes
}

// save stores the figures that changed, with how far they go.
func (t *Tracker) save(ctx context.Context) error {
	records, err := t.changed()
	if err != nil || len(records) == 0 {
		return err
	}
	if err := t.Store.Put(ctx, records...); err != nil {
		return fmt.Errorf("store what is usual of tools: %w", err)
	}
	return nil
}

func (t *Tracker) changed() (records []journal.Record, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for tool := range t.dirty {
		value, err := json.Marshal(t.tools[tool])
		if err != nil {
			return nil, fmt.Errorf("what is usual of %s: %w", tool, err)
		}
		records = append(records, journal.Record{Kind: recordTool, Key: tool, Value: value})
	}
	if len(records) > 0 {
		records = append(records, journal.Record{Kind: recordRead, Key: keyRead, Value: strconv.AppendUint(nil, t.read, 10)})
	}
	clear(t.dirty)
	return records, nil
}
