package rehearsal

import (
	"context"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
)

// Customer plays the customer of a rehearsal. Where what they do follows from what they were told and
// the seed alone, so does the rehearsal; scripted plays them by the scenario's rules.
type Customer interface {
	// Hear gives what the customer writes about what reached them.
	Hear(ctx context.Context, t Told) ([]Written, error)
	// Patience is how long they go without a word before Tire, 0 for ever.
	Patience() time.Duration
	// Tire gives what they write when they heard nothing for so long.
	Tire(ctx context.Context) ([]Written, error)
}

// Told is something that reaches a customer.
type Told struct {
	At       time.Time
	Question string // the input or answer that they are asked for, "" if it is a reply
	Text     string
}

// Written is what a customer writes.
type Written struct {
	After time.Duration // what made them write it
	Text  string
}

// conversation is a customer's side of a rehearsal.
type conversation struct {
	*run
	who     Customer
	sender  *scenario.Signal // the one that they are known by
	reaches map[string]bool  // addresses and ids that are theirs
	heard   int              // entries of which they were told everything
	letters int              // that they wrote
	tires   time.Time        // when their patience is over, zero while they wait for nothing
}

// converse has somebody play the scenario's customer.
func (w *world) converse(who Customer) {
	first := &w.Scenario.Signals[0]
	c := &conversation{run: w.run, who: who, sender: first, reaches: map[string]bool{}}
	named, _ := first.Data["customer"].(map[string]any)
	for _, at := range []any{named["email"], named["id"], first.Data["reply_to"]} {
		if to, ok := at.(string); ok && to != "" {
			c.reaches[to] = true
		}
	}
	w.customer = c
	w.later(w.Scenario.Now.Add(first.At), func() error { c.wait(); return nil })
}

// listen tells the customer what reached them since they last heard something. It reports whether
// anything comes of that, or of their patience being over.
func (c *conversation) listen() (bool, error) {
	entries := c.entries()[c.heard:]
	c.heard += len(entries)
	said := false
	for i := range entries {
		told, ok := c.told(&entries[i])
		if !ok {
			continue
		}
		said, c.tires = true, time.Time{}
		written, err := c.who.Hear(context.Background(), told)
		if err != nil {
			return false, fmt.Errorf("the customer can't be played: %w", err)
		}
		c.write(told.At, written)
	}
	if said || c.tires.IsZero() || c.now.Before(c.tires) {
		return said, nil
	}
	c.tires = time.Time{}
	written, err := c.who.Tire(context.Background())
	if err != nil {
		return false, fmt.Errorf("the customer can't be played: %w", err)
	}
	c.write(c.now, written)
	return true, nil
}

// told is what an entry tells the customer, if it tells them anything.
func (c *conversation) told(e *casefile.Entry) (Told, bool) {
	switch d := e.Data.(type) {
	case *casefile.CustomerAsked:
		return Told{At: e.At, Question: d.Question.About(), Text: d.Question.Text}, c.reaches[d.To]
	case *casefile.ReplyWritten:
		return Told{At: e.At, Text: d.Reply.Text}, c.reaches[d.Reply.To]
	}
	return Told{}, false
}

// write lets what they write arrive; from then on they wait for a word.
func (c *conversation) write(since time.Time, list []Written) {
	for _, letter := range list {
		c.later(since.Add(letter.After), func() error {
			c.letters++
			s := casefile.Signal{Type: "customer.replied", Source: c.sender.Source, EventID: fmt.Sprint("customer-", c.letters), Time: c.now, Assurance: c.sender.Assurance,
				Data: casefile.Object{"customer": c.sender.Data["customer"], "text": letter.Text}}
			for _, field := range []string{"thread", "reply_to"} {
				if v, ok := c.sender.Data[field]; ok {
					s.Data[field] = v
				}
			}
			c.wait()
			return c.deliver(s)
		})
	}
}

// wait lets their patience begin.
func (c *conversation) wait() {
	if patience := c.who.Patience(); patience > 0 {
		c.tires = c.now.Add(patience)
	}
}
