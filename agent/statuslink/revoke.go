package statuslink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"resolute/agent/journal"
)

// ErrRevoked is reported of a link that was taken back.
var ErrRevoked = errors.New("this link was taken back")

// Records keeps values by kind and key; a journal.Store does.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Replace(ctx context.Context, expect []journal.Record, records ...journal.Record) error
}

// recordKind is the kind of the records of what was taken back; their keys are ids of cases.
const recordKind = "status-links"

// Revocation is that links of a case were taken back; the zero value is that none were.
type Revocation struct {
	Times uint32    `json:"times"`
	By    string    `json:"by"` // actor, of the last time
	At    time.Time `json:"at"`
}

// Revoked tells whether links of a case were taken back.
func (l *Links) Revoked(ctx context.Context, caseID string) (Revocation, error) {
	r, _, err := l.read(ctx, caseID)
	return r, err
}

func (l *Links) read(ctx context.Context, caseID string) (r Revocation, was journal.Record, err error) {
	was = journal.Record{Kind: recordKind, Key: caseID}
	was.Value, err = l.records.Get(ctx, was.Kind, was.Key)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return r, was, nil
	case err == nil:
		err = json.Unmarshal(was.Value, &r)
	}
	if err != nil {
		return r, was, fmt.Errorf("what was taken back of the links of case %s: %w", caseID, err)
	}
	return r, was, nil
}

// Revoke takes back all links of a case that were given so far; audit makes the record of that, which is
// written along. Links that are made from then on count.
func (l *Links) Revoke(ctx context.Context, caseID, by string, audit func() (journal.Record, error)) error {
	for {
		r, was, err := l.read(ctx, caseID)
		if err != nil {
			return err
		}
		value, err := json.Marshal(Revocation{Times: r.Times + 1, By: by, At: l.now().UTC()})
		if err != nil {
			return err
		}
		said, err := audit()
		if err != nil {
			return err
		}
		err = l.records.Replace(context.WithoutCancel(ctx), []journal.Record{was}, journal.Record{Kind: recordKind, Key: caseID, Value: value}, said)
		if !errors.Is(err, journal.ErrConflict) {
			return err
		}
	}
}
