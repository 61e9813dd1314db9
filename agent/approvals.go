package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// The list of what waits for approval is a record for each case that has an approval which nobody
// decided, under when it was asked for. The append that changes the one writes the other along, so that
// lists load no case.
const (
	recordApproval   = "approval"
	recordProjection = "projection"
	approvalsAtOnce  = 200
)

// Records lists values by kind and key; a journal.Store does.
type Records interface {
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Approvals gives up to limit cases that wait for a person's approval behind a cursor ("" for the
// first), what was asked for first first: of each what a list shows of it, and the approval without
// what it rests on. The next cursor is "" at the end.
func Approvals(ctx context.Context, records Records, cursor string, limit int) (list []*casefile.Case, next string, err error) {
	kept, err := records.List(ctx, recordApproval, cursor, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list what waits for approval: %w", err)
	}
	if len(kept) > limit {
		kept, next = kept[:limit], kept[limit-1].Key
	}
	for _, r := range kept {
		c := &casefile.Case{}
		if err := json.Unmarshal(r.Value, c); err != nil {
			return nil, "", fmt.Errorf("what waits for approval at %s: %w", r.Key, err)
		}
		list = append(list, c)
	}
	return list, next, nil
}

// place is where a case stands in the list, "" for nowhere.
func place(c *casefile.Case) string {
	a := c.Approval
	if a == nil || a.GrantedBy != "" {
		return ""
	}
	return fmt.Sprintf("%016x-%s", max(a.AskedAt.UnixNano(), 0), c.ID)
}

// Listing gives the records that bring the list from a case's place before a change to the case as it
// is now, none where it stays.
func Listing(before string, c *casefile.Case) ([]journal.Record, error) {
	now := place(c)
	if now == before {
		return nil, nil
	}
	var list []journal.Record
	if before != "" {
		list = append(list, journal.Record{Kind: recordApproval, Key: before})
	}
	if now != "" {
		a := *c.Approval
		a.Observed = nil
		b, err := json.Marshal(&casefile.Case{ID: c.ID, Status: casefile.Approving, Stop: c.Stop, Goal: c.Goal, Procedure: c.Procedure, Bundle: c.Bundle,
			Customer: c.Customer, OpenedAt: c.OpenedAt, UpdatedAt: c.UpdatedAt, Approval: &a})
		if err != nil {
			return nil, fmt.Errorf("list the approval of case %s: %w", c.ID, err)
		}
		list = append(list, journal.Record{Kind: recordApproval, Key: now, Value: b})
	}
	return list, nil
}

// Relist makes the list where a store has none: it was written before there was one. It isn't done
// twice.
func Relist(ctx context.Context, store interface {
	Records
	Loader
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
	Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error)
}) error {
	if _, err := store.Get(ctx, recordProjection, recordApproval); !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	for cursor, more := "", true; more; more = cursor != "" {
		ids, next, err := store.Open(ctx, casefile.Approving, cursor, approvalsAtOnce)
		if err != nil {
			return fmt.Errorf("list what waits for approval: %w", err)
		}
		var records []journal.Record
		for _, id := range ids {
			c, err := Load(ctx, store, id)
			if err != nil {
				return err
			}
			listed, err := Listing("", c)
			if err != nil {
				return err
			}
			records = append(records, listed...)
		}
		if err := store.Put(ctx, records...); err != nil {
			return err
		}
		cursor = next
	}
	return store.Put(ctx, journal.Record{Kind: recordProjection, Key: recordApproval, Value: []byte("1")})
}
