package people

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"resolute/agent/journal"
)

// Records keeps values by kind and key; journal.Store does. Put is one transaction and durable, a
// nil value deletes, List ascends by key and ListBack descends.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
	ListBack(ctx context.Context, kind, before string, limit int) ([]journal.Record, error)
}

// The kinds of records that this package keeps.
const (
	recordToken = "token"
	// When a token was last used stands apart: it is written often, and no token is lost by it.
	recordTokenUse = "token.used"
	recordAccount  = "account"
	recordSession  = "session"
	recordSecret   = "secret"
	recordAudit    = "audit"
)

// Options is where time and randomness come from.
type Options struct {
	Now  func() time.Time // time.Now if nil
	Rand io.Reader        // crypto/rand if nil
}

func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return o
}

func (o Options) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(o.Rand, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}

const pageSize = 200

// each calls fn for all records of a kind, ascending by key.
func each(ctx context.Context, records Records, kind string, fn func(journal.Record) error) error {
	after := ""
	for {
		page, err := records.List(ctx, kind, after, pageSize)
		if err != nil {
			return fmt.Errorf("list records of kind %s: %w", kind, err)
		}
		for _, r := range page {
			if err := fn(r); err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		after = page[len(page)-1].Key
	}
}

func record(kind, key string, v any) (journal.Record, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return journal.Record{}, fmt.Errorf("encode %s %s: %w", kind, key, err)
	}
	return journal.Record{Kind: kind, Key: key, Value: b}, nil
}
