package kb

import (
	"context"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// State says how a base stands.
type State struct {
	Documents int    `json:"documents"`
	Chunks    int    `json:"chunks"`
	Embedder  string `json:"embedder"` // fingerprint of the one that is wanted; empty until it was reached
	// Renewing tells that its vectors are still being made, of which Embedded are there. Answering is
	// the fingerprint of the embedder whose vectors answer meanwhile; empty if words alone do.
	Renewing  bool   `json:"renewing"`
	Embedded  int    `json:"embedded,omitempty"`
	Answering string `json:"answering"`
	Trouble   string `json:"trouble,omitempty"` // what answers meanwhile, and why the embedder couldn't be asked the last time; it is tried again
}

// State answers how the base stands.
func (b *Base) State(ctx context.Context) (State, error) {
	var s State
	if err := b.await(ctx); err != nil {
		return s, err
	}
	if e := b.wanted(); e != nil {
		s.Embedder = e.Fingerprint()
	}
	if m := b.meaning.Load(); m != nil {
		s.Answering = m.embedder.Fingerprint()
	}
	b.renewal.set(func(r *renewal) { s.Renewing, s.Embedded = r.pending, r.done })
	s.Trouble = b.Trouble()
	err := b.view(ctx, func(tx *bolt.Tx) error {
		b.counted.mu.Lock()
		defer b.counted.mu.Unlock()
		if c := &b.counted; !c.known || c.at != tx.ID() {
			c.documents, c.chunks = tx.Bucket(bucketDocuments).Stats().KeyN, tx.Bucket(bucketChunks).Stats().KeyN
			c.known, c.at = true, tx.ID()
		}
		s.Documents, s.Chunks = b.counted.documents, b.counted.chunks
		return nil
	})
	return s, err
}

// counted is what was counted in a transaction: counting walks all pages.
type counted struct {
	mu                sync.Mutex
	known             bool
	at                int // the transaction's id
	documents, chunks int
}

// Trouble says what is wrong with the base's searches and what answers meanwhile, "" if nothing is. It
// waits for nothing.
func (b *Base) Trouble() string {
	select {
	case <-b.ready:
		if b.readyErr != nil {
			return "the knowledge index can't be used: " + b.readyErr.Error()
		}
	default:
	}
	err := b.renewal.trouble()
	if err == nil {
		return ""
	}
	answers := "words alone answer"
	if m := b.meaning.Load(); m != nil && m.former {
		answers = "the vectors of " + m.embedder.Fingerprint() + " answer"
	}
	return answers + " until the embedder can be asked: " + err.Error()
}
