// Package kb keeps what the company knows and finds the passage a decision can stand on.
//
// A document is imported whole and cut into chunks that follow its structure. Documents, chunks and
// the chunks' vectors live in one bbolt file, knowledge.db: it alone is the truth. Two indexes are
// derived from it, one of words (bleve, in the folder knowledge.bleve) and one of vectors
// (chromem-go, in memory); a search asks both and fuses their rankings. Each batch of changes is one
// transaction and moves the truth's mark, which the word index carries too: when the two differ
// after a crash, a restore or a change of schema, the index is built anew in the background.
// Vectors belong to the fingerprint of the embedder that made them, and are made anew, in the
// background as well, when that differs.
//
// Caveats: a search or import that comes while an index is being built waits for it. A failed commit
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
	"time"

	bolt "go.etcd.io/bbolt"
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
	Embedder Embedder         // required
	Now      func() time.Time // time.Now if nil
	Logger   *slog.Logger     // slog.DiscardHandler if nil
}

// Base is an open knowledge base. It is safe for concurrent use.
type Base struct {
	db       *bolt.DB
	holder   string // path of the file that says who holds the base
	embedder Embedder
	now      func() time.Time
	log      *slog.Logger

	write  sync.Mutex // a commit and its way into the indexes, so that both see changes in one order
	broken error      // guarded by write: why nothing can be changed any more

	words   *wordIndex
	vectors *vectorIndex

	ready    chan struct{} // closed when the indexes follow the truth, or can't
	readyErr error         // written before ready is closed
	cancel   context.CancelFunc
}

// Open opens the knowledge base in the folder dir, and creates both where there are none. It returns
// at once: an index that has to be built is built in the background, and searches wait for it.
// It fails with ErrLocked if another process holds the base, and with ErrDamaged if its file can't
// be read.
func Open(dir string, opts Options) (*Base, error) {
	if opts.Embedder == nil {
		return nil, errors.New("a knowledge base can't be opened without an embedder")
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
	b := &Base{
		embedder: opts.Embedder,
		now:      opts.Now,
		log:      opts.Logger,
		words:    &wordIndex{dir: filepath.Join(dir, "knowledge.bleve")},
		vectors:  newVectorIndex(),
		ready:    make(chan struct{}),
	}
	if err := b.openTruth(filepath.Join(dir, "knowledge.db")); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() {
		defer close(b.ready)
		b.readyErr = b.prepare(ctx)
		if b.readyErr != nil && ctx.Err() == nil {
			b.log.Error("the knowledge index can't be used", "error", b.readyErr)
		}
	}()
	return b, nil
}

// Close stops background work, waits for it, and closes the files. Calls that are still running must
// have ended before.
func (b *Base) Close() error {
	b.cancel()
	<-b.ready
	b.write.Lock()
	defer b.write.Unlock()
	if b.broken == ErrClosed {
		return nil
	}
	b.broken = ErrClosed
	return errors.Join(b.words.close(), b.closeTruth())
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
