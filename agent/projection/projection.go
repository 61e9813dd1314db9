package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
)

// Projection makes a view of the journal.
type Projection struct {
	Name    string          // of the view
	Version int             // raised with what Apply makes: the view is then made anew
	Kinds   []casefile.Kind // the entries that it is made of
	// Apply changes the view by entries, ascending. An error stops this view for the run of the program:
	// it stays as it was before these entries; one that wraps ErrDamaged, of what the view can't have been
	// given, lets the file be made anew. An entry whose content was erased doesn't come.
	Apply func(view *Bucket, entries []casefile.Entry) error
}

// Feed is the journal that is followed; a journal.Bolt is one.
type Feed interface {
	Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error)
	FeedOf(ctx context.Context, after uint64, most int, kinds ...casefile.Kind) (entries []casefile.Entry, read uint64, err error)
	Committed() (ch <-chan struct{}, cancel func())
}

// Errors of Views.
var (
	ErrUnknown = errors.New("there is no such view")
	ErrDamaged = errors.New("views.db is damaged and is made anew from the journal; ask again later")
	// ErrBehind is for who waited for a view as long as they can.
	ErrBehind = errors.New("this is still being made from the journal; ask again later")
	ErrClosed = errors.New("the views are closed")
)

// Views keeps the views of a data folder. It is safe for concurrent use.
type Views struct {
	path string
	feed Feed
	log  *slog.Logger

	files sync.RWMutex // held for writing while db is replaced
	db    *bbolt.DB

	mu     sync.Mutex
	views  []*view
	moved  chan struct{} // closed, and another one made, when a view moved or stopped
	broken error         // damage that somebody met

	hurry chan struct{} // somebody waits
}

// view is a projection and how far it got.
type view struct {
	Projection
	bucket []byte // its name and version
	to     uint64 // offset of the last entry that it took account of
	err    error  // why it goes no further
}

// Open opens the views at path, made anew where they can't be trusted. Run has to be called for them to
// move. Where the disk doesn't let it there are views that can't be read, which the log says, and no error:
// nothing that matters is lost with them.
func Open(ctx context.Context, path string, feed Feed, log *slog.Logger, list ...Projection) (*Views, error) {
	v := &Views{path: path, feed: feed, log: log, moved: make(chan struct{}), hurry: make(chan struct{}, 1)}
	for _, p := range list {
		if slices.ContainsFunc(v.views, func(o *view) bool { return o.Name == p.Name }) {
			return nil, fmt.Errorf("two projections are called %q", p.Name)
		}
		v.views = append(v.views, &view{Projection: p, bucket: []byte(p.Name + "@" + strconv.Itoa(p.Version))})
	}
	if err := v.open(ctx); err != nil {
		v.shut()
		v.stop(v.views, fmt.Errorf("open the views in %s: %w", path, err))
	}
	return v, nil
}

// Close lets go of the file. Run has ended before.
func (v *Views) Close() {
	v.files.Lock()
	defer v.files.Unlock()
	v.shut()
	v.halt(v.views, ErrClosed)
}

// Followed is how far a view goes.
type Followed struct {
	Name    string
	Version int
	Offset  uint64 // of the last entry that it took account of
	Behind  uint64 // entries of the journal that it didn't, whether it wants them or not
	Err     error  // why it goes no further, nil while it does
}

// Followed tells how far each view goes.
func (v *Views) Followed(ctx context.Context) ([]Followed, error) {
	v.mu.Lock()
	list := make([]Followed, 0, len(v.views))
	for _, p := range v.views {
		list = append(list, Followed{Name: p.Name, Version: p.Version, Offset: p.to, Err: p.err})
	}
	v.mu.Unlock()
	_, last, err := v.feed.Feed(ctx, 0, 0)
	for i := range list {
		list[i].Behind = max(last, list[i].Offset) - list[i].Offset
	}
	slices.SortFunc(list, func(a, b Followed) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

func (v *Views) find(name string) (*view, error) {
	for _, p := range v.views {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
}
