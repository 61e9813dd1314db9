// Package kb keeps what the company knows and finds the passage a decision can stand on.
//
// A document is imported whole and cut into chunks that follow its structure. Documents, chunks and
// the chunks' vectors live in one bbolt file, knowledge.db: it alone is the truth. Two indexes are
// derived from it, one of words (bleve, in the folder knowledge.bleve) and one of vectors
// (chromem-go, in memory); a search asks both and fuses their rankings. Each batch of changes is one
// transaction and moves the truth's mark, which the word index carries too: when the two differ
// after a crash, a restore or a change of schema, the index is built anew in the background.
// Vectors belong to the fingerprint of the embedder that made them, and are made anew, in the
// background as well, when that differs; meanwhile the vectors of the embedder before it answer, if
// that one can still be asked, and else words alone do.
//
// A document's earlier versions stay readable under the addresses that name them. Corrections, what
// operators taught, are found before documents.
//
// Caveats: a search or import that comes while the word index is being built waits for it. What is
// imported while vectors are made anew is found by its words until they are. A failed commit
// is final: the base refuses further changes until it is opened again. A base is held by one process
// at a time.
package kb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	bolt "go.etcd.io/bbolt"

	"resolute/agent/latest"
	"resolute/kb/read"
)

// Embedder turns texts into vectors, one per text and in order, each with Dimensions values. Vectors
// of different fingerprints are never compared. It is called with no lock or transaction held.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	Dimensions() int
	Fingerprint() string
}

// Options says what a Base works with.
type Options struct {
	Embedder Embedder // required, or Reach in its place
	// Reach gives the embedder where that takes a server. It is called in the background, and again
	// while it fails; until then the base answers as while vectors are made anew.
	Reach  func(ctx context.Context) (Embedder, error)
	Now    func() time.Time // time.Now if nil
	Logger *slog.Logger     // slog.DiscardHandler if nil
	NewID  func() string    // of corrections; random UUIDs of version 7 if nil
	// Former gives the embedder of a fingerprint that vectors are stored of, if it can still be asked.
	Former func(ctx context.Context, fingerprint string) (Embedder, bool)
	// Retry is how long to wait before an embedder that failed is tried again; 30s if 0.
	Retry time.Duration
	// Patience is how long a search that words alone can answer waits for an embedder; 5s if 0.
	Patience time.Duration
	Read     read.Options // how files are read
}

// Base is an open knowledge base. It is safe for concurrent use.
type Base struct {
	db       *bolt.DB
	file     string                   // path of db
	spoilt   atomic.Pointer[error]    // why nothing is read or changed any more; nil while pages make sense
	holder   string                   // path of the file that says who holds the base
	embedder atomic.Pointer[Embedder] // see wanted
	reaching reaching
	opts     Options
	now      func() time.Time
	log      *slog.Logger
	read     read.Options

	write  sync.Mutex // a commit and its way into the indexes, so that both see changes in one order
	broken error      // guarded by write: why nothing can be changed any more

	words       *wordIndex
	meaning     atomic.Pointer[meaning] // what answers by meaning; nil while nothing does
	classes     classes
	corrections corrections
	renewal     renewal
	progress    latest.Board[string, Progress]
	counted     counted

	ready    chan struct{} // closed when the word index follows the truth, or can't
	readyErr error         // written before ready is closed
	ended    chan struct{} // closed when nothing goes on in the background any more
	cancel   context.CancelFunc
}

// meaning is a vector index with the embedder whose vectors it holds.
type meaning struct {
	embedder Embedder
	index    *vectorIndex
	former   bool // the embedder isn't the one that is wanted now
}

// size is how many chunks are compared by meaning.
func (m *meaning) size() int {
	if m == nil {
		return 0
	}
	return m.index.size()
}

// Open opens the knowledge base in the folder dir, and creates both where there are none. It returns
// at once: an index that has to be built is built in the background, and searches wait for it.
// It fails with ErrLocked if another process holds the base, and with ErrDamaged if its file can't
// be read. Damage that is only met later is an ErrDamaged of who meets it.
func Open(dir string, opts Options) (*Base, error) {
	if (opts.Embedder == nil) == (opts.Reach == nil) {
		return nil, errors.New("a knowledge base is opened with an embedder or a way to reach one, not both")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the knowledge base: %w", err)
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if opts.Retry == 0 {
		opts.Retry = 30 * time.Second
	}
	if opts.Patience == 0 {
		opts.Patience = 5 * time.Second
	}
	if opts.Read.PDF == nil {
		opts.Read.PDF = new(read.PDFReader).Read
	}
	words, err := newWordIndex(filepath.Join(dir, "knowledge.bleve"))
	if err != nil {
		return nil, err
	}
	b := &Base{
		reaching: reaching{tried: make(chan struct{}), reached: make(chan struct{})},
		opts:     opts,
		now:      opts.Now,
		log:      opts.Logger,
		read:     opts.Read,
		words:    words,
		renewal:  renewal{tried: make(chan struct{}), again: make(chan struct{}, 1)},
		ready:    make(chan struct{}),
		ended:    make(chan struct{}),
	}
	if opts.Embedder != nil {
		b.embedder.Store(&opts.Embedder)
	}
	if err := b.openTruth(filepath.Join(dir, "knowledge.db")); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go b.run(ctx)
	return b, nil
}

// run brings the indexes to where the truth is, and makes the vectors that are missing.
func (b *Base) run(ctx context.Context) {
	defer close(b.ended)
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { b.reach(ctx) })
	b.readyErr = b.prepare(ctx)
	close(b.ready)
	if b.readyErr != nil {
		if ctx.Err() == nil {
			b.log.Error("the knowledge index can't be used", "error", b.readyErr)
		}
		return
	}
	select {
	case <-b.reaching.reached:
		b.renew(ctx)
	case <-ctx.Done():
	}
}

// Close stops background work, waits for it, and closes the files. Calls that are still running must
// have ended before.
func (b *Base) Close() error {
	b.cancel()
	<-b.ended
	b.write.Lock()
	defer b.write.Unlock()
	if b.broken == ErrClosed {
		return nil
	}
	b.broken = ErrClosed
	return errors.Join(b.words.guarded(b.words.close), b.closeTruth())
}

// await returns once the indexes follow the truth; the error says why they don't.
func (b *Base) await(ctx context.Context) error {
	select {
	case <-b.ready:
		if b.readyErr != nil {
			return fmt.Errorf("the knowledge index can't be used: %w", b.readyErr)
		}
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
