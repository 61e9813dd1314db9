// Package outbox delivers replies and questions: durable, retried, deduplicated.
//
// A message is written in the transaction of the journal entry that it comes with. It is queued until
// a channel has taken it (sent) or is given up (failed). The one channel for now is a webhook. Where
// the bundle names none, the outbox itself is the channel: the message is ready, which means that it
// is read in API and pages and goes nowhere else, not even to a webhook that is set later: what was
// answered by hand long ago is not sent again by a changed bundle.
//
// Caveat. A crash between a delivery and its record delivers again: the message's offset, sent as
// Idempotency-Key, lets the receiver tell.
package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"resolute/agent/journal"
)

// Statuses of a delivery.
const (
	Queued = journal.DeliveryQueued
	Sent   = journal.DeliverySent
	Failed = journal.DeliveryFailed
	Ready  = journal.DeliveryReady
)

// maxTries is how often a message is tried: over about a day.
const maxTries = 40

// Store is what delivery needs of a journal.Store.
type Store interface {
	Undelivered(ctx context.Context, now time.Time, limit int) ([]journal.Message, error)
	Delivered(ctx context.Context, offset uint64, d journal.Delivery) error
	Committed() (ch <-chan struct{}, cancel func())
}

// Channel takes messages to where people read them. An error that is ErrRefused is final.
type Channel interface {
	Deliver(ctx context.Context, m journal.Message) error
}

// ErrRefused is wrapped by a channel's error that another try won't change.
var ErrRefused = errors.New("the message was refused")

// Outbox delivers messages.
type Outbox struct {
	Store   Store
	Channel func() (Channel, error) // the bundle's, nil for none; an error while there is no bundle
	Notices Channel                 // for those who are told of handoffs; nil for none
	// Together delivers the messages of several cases; by default up to 16 of them at once.
	Together func(work ...func())
	Now      func() time.Time
	Log      *slog.Logger
}

// Run delivers until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	committed, cancel := o.Store.Committed()
	defer cancel()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if err := o.Drain(ctx); err != nil && ctx.Err() == nil {
			o.Log.Error("the outbox", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-committed:
		case <-tick.C:
		}
	}
}

const roundSize = 100

// Drain tries all that is due, each once. Without a channel the outbox is where it is read.
func (o *Outbox) Drain(ctx context.Context) error {
	channel, err := o.Channel()
	if err != nil {
		return nil // no bundle is active yet: nothing says where to
	}
	for now := o.Now(); ctx.Err() == nil; {
		messages, err := o.Store.Undelivered(ctx, now, roundSize)
		if err != nil {
			return err
		}
		if err := o.round(ctx, channel, messages); err != nil {
			return err
		}
		if len(messages) < roundSize {
			return nil
		}
	}
	return nil
}

// inFlight is how many cases' messages are delivered at once: a channel that is slow holds up few others,
// and records made at the same time share a commit.
const inFlight = 16

// round tries messages: those of a case one after another, as they were written, those of others beside.
func (o *Outbox) round(ctx context.Context, channel Channel, messages []journal.Message) error {
	var cases []string // by their first message
	of := map[string][]journal.Message{}
	for _, m := range messages {
		if of[m.CaseID] == nil {
			cases = append(cases, m.CaseID)
		}
		of[m.CaseID] = append(of[m.CaseID], m)
	}
	work, errs := make([]func(), len(cases)), make([]error, len(cases))
	for i, id := range cases {
		work[i] = func() { errs[i] = o.deliver(ctx, channel, of[id]) }
	}
	if o.Together != nil {
		o.Together(work...)
	} else {
		together(work...)
	}
	return errors.Join(errs...)
}

func together(work ...func()) {
	var all errgroup.Group
	all.SetLimit(inFlight)
	for _, w := range work {
		all.Go(func() error { w(); return nil })
	}
	_ = all.Wait() // none has an error
}

// deliver tries messages one after another, until ctx ends.
func (o *Outbox) deliver(ctx context.Context, channel Channel, messages []journal.Message) error {
	for _, m := range messages {
		if ctx.Err() != nil {
			return nil
		}
		d := journal.Delivery{Status: Ready, Tries: m.Tries}
		to := channel
		if m.Kind == "notice" {
			to = o.Notices
		}
		if to != nil {
			d = o.try(ctx, to, m)
		}
		if d.Status != Sent && ctx.Err() != nil {
			return nil
		}
		if err := o.Store.Delivered(context.WithoutCancel(ctx), m.Offset, d); err != nil {
			return fmt.Errorf("record the delivery of message %d: %w", m.Offset, err)
		}
	}
	return nil
}

// try delivers a message once, and says how that went.
func (o *Outbox) try(ctx context.Context, channel Channel, m journal.Message) journal.Delivery {
	d := journal.Delivery{Status: Sent, Tries: m.Tries + 1}
	if err := channel.Deliver(ctx, m); err != nil {
		d.Status, d.Error, d.NextAt = Queued, err.Error(), o.Now().Add(pause(d.Tries))
		if errors.Is(err, ErrRefused) || d.Tries >= maxTries {
			d.Status, d.NextAt = Failed, time.Time{}
		}
	}
	return d
}

// pause is the wait after a try.
func pause(tries int) time.Duration {
	b := &backoff.ExponentialBackOff{InitialInterval: time.Second, Multiplier: 2, MaxInterval: time.Hour}
	b.Reset()
	var d time.Duration
	for range min(tries, 20) {
		d = b.NextBackOff()
	}
	return d
}

// Told posts each message to the URL that it is to.
type Told struct{ Client *http.Client }

// Deliver posts one message; see Webhook.
func (t Told) Deliver(ctx context.Context, m journal.Message) error {
	return Webhook{URL: m.To, Client: t.Client}.Deliver(ctx, m)
}

// Webhook posts messages as JSON.
type Webhook struct {
	URL    string
	Client *http.Client
	// Link gives where the customer of a message sees how their case stands, "" for nowhere; it is sent as
	// status_url. nil for none.
	Link func(m journal.Message) string
}

// Deliver posts one message; any 2xx takes it, another 4xx than 408 and 429 refuses it. A redirect is
// not followed: whoever answers there, a sign-in page for one, has not been given the message.
func (w Webhook) Deliver(ctx context.Context, m journal.Message) error {
	said := map[string]any{"case_id": m.CaseID, "kind": m.Kind, "to": m.To, "text": m.Text, "citations": m.Citations, "at": m.At}
	if w.Link != nil {
		if link := w.Link(m); link != "" {
			said["status_url"] = link
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "message-"+strconv.FormatUint(m.Offset, 10))
	req.GetBody = nil // or the client repeats it by itself, and the record would count one try
	client := *w.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	_ = res.Body.Close()
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests:
		return fmt.Errorf("%w: the webhook answered %d", ErrRefused, code)
	default:
		return fmt.Errorf("the webhook answered %d", code)
	}
}
