package people

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"resolute/agent/journal"
)

// Event is something that somebody did.
type Event struct {
	ID      string         `json:"id"` // ascends with time
	At      time.Time      `json:"at"`
	Actor   string         `json:"actor"`
	Action  string         `json:"action"`           // what was done, as in token.created
	Subject string         `json:"subject"`          // to what
	Detail  map[string]any `json:"detail,omitempty"` // never a secret
}

// Audit is the record of everything that anybody did.
type Audit struct {
	records Records
	opts    Options
}

// NewAudit keeps the audit among records.
func NewAudit(records Records, opts Options) *Audit {
	return &Audit{records: records, opts: opts.filled()}
}

// Record writes down what an actor did to a subject. It is durable when it returns.
func (a *Audit) Record(ctx context.Context, actor, action, subject string, detail map[string]any) error {
	r, err := a.Event(actor, action, subject, detail)
	if err != nil {
		return err
	}
	if err := a.records.Put(ctx, r); err != nil {
		return fmt.Errorf("write the audit of %s %s: %w", action, subject, err)
	}
	return nil
}

// Event makes the record of what an actor did to a subject, for a change that writes it along.
func (a *Audit) Event(actor, action, subject string, detail map[string]any) (journal.Record, error) {
	now := a.opts.Now().UTC()
	tail, err := a.opts.random(8)
	if err != nil {
		return journal.Record{}, err
	}
	e := Event{ID: auditKey(now) + hex.EncodeToString(tail), At: now, Actor: actor, Action: action, Subject: subject, Detail: detail}
	return record(recordAudit, e.ID, e)
}

// auditKey is where the events of an instant begin.
func auditKey(t time.Time) string { return fmt.Sprintf("%016x", max(t.UnixNano(), 0)) }

// farPast and farFuture bound what UnixNano can tell.
var (
	farPast   = time.Unix(0, 0)
	farFuture = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// List gives up to limit events at or after from and before to (a zero time is no bound),
// ascending, behind the cursor ("" for the beginning). The next cursor is "" at the end.
func (a *Audit) List(ctx context.Context, from, to time.Time, cursor string, limit int) (list []Event, next string, err error) {
	after := cursor
	if from.After(farPast) && from.Before(farFuture) {
		// A key behind the last one of the nanosecond before from, and before the first of from.
		if start := auditKey(from.Add(-1)) + "~"; start > after {
			after = start
		}
	} else if !from.Before(farFuture) {
		return []Event{}, "", nil
	}
	records, err := a.records.List(ctx, recordAudit, after, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the audit: %w", err)
	}
	return page(records, limit, func(e *Event) bool { return !to.IsZero() && !e.At.Before(to) })
}

// Latest gives up to limit events at or after from and before to (a zero time is no bound), the newest
// first, before the cursor ("" for the end). The next cursor is "" at the beginning.
func (a *Audit) Latest(ctx context.Context, from, to time.Time, cursor string, limit int) (list []Event, next string, err error) {
	before := cursor
	if !to.IsZero() && to.Before(farFuture) {
		if end := auditKey(to); before == "" || end < before {
			before = end
		}
	}
	records, err := a.records.ListBack(ctx, recordAudit, before, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the audit: %w", err)
	}
	return page(records, limit, func(e *Event) bool { return e.At.Before(from) })
}

// page gives up to limit events of records, as far as the first that is beyond, and the cursor to what
// follows them, "" where nothing does.
func page(records []journal.Record, limit int, beyond func(*Event) bool) (list []Event, next string, err error) {
	list = []Event{}
	for _, r := range records {
		var e Event
		if err := json.Unmarshal(r.Value, &e); err != nil {
			return nil, "", fmt.Errorf("decode the audit's event %s: %w", r.Key, err)
		}
		if beyond(&e) {
			return list, "", nil
		}
		if len(list) == limit {
			return list, list[limit-1].ID, nil
		}
		list = append(list, e)
	}
	return list, "", nil
}
