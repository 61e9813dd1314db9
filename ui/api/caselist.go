package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/listing"
)

// Listing finds cases; a listing.List does.
type Listing interface {
	Wait(ctx context.Context, offset uint64) error
	Find(ctx context.Context, q listing.Query, cursor string, limit, most int) (listing.Page, error)
}

// listingWait is how long a request waits for the listing to know all that was committed before it.
const listingWait = 300 * time.Millisecond

func (s *server) getCases(r *request) error {
	limit, cursor := r.page()
	w := wantedCases{status: casefile.Status(r.Query("status")), procedure: r.Query("procedure"), customer: r.Query("customer"), stop: r.Query("stop"), queue: r.Query("queue"), text: strings.ToLower(r.Query("q"))}
	find := s.Store.Cases
	if w != (wantedCases{}) && s.listed(r.Request.Context()) {
		find = func(ctx context.Context, cursor string, limit int, match func(*journal.Summary) bool) ([]journal.Summary, string, error) {
			return s.findCases(ctx, w.query(), cursor, limit, match)
		}
	}
	found, next, err := find(r.Request.Context(), cursor, limit, w.match)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(found, next))
}

// listed reports whether the listing knows all that is committed. Where it doesn't soon, each case is looked
// at instead.
func (s *server) listed(ctx context.Context) bool {
	_, last, err := s.Store.Feed(ctx, 0, 1)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, listingWait)
	defer cancel()
	return s.Listing.Wait(ctx, last) == nil
}

// findCases gives the summaries of cases that the listing finds and that match, newest first.
func (s *server) findCases(ctx context.Context, q listing.Query, cursor string, limit int, match func(*journal.Summary) bool) (found []journal.Summary, next string, err error) {
	for {
		page, err := s.Listing.Find(ctx, q, cursor, limit+1, 0)
		if err != nil {
			return nil, "", err
		}
		ids := make([]string, len(page.Rows))
		for i := range page.Rows {
			ids[i] = page.Rows[i].ID
		}
		summaries, err := s.Store.Summaries(ctx, ids)
		if err != nil {
			return nil, "", err
		}
		for i := range summaries {
			c, row := &summaries[i], &page.Rows[i]
			if c.Status != row.Status { // it is at work: its summary is written when that ends
				c.Status, c.Stop, c.Procedure = row.Status, row.Stop, row.Procedure
			}
			if !match(c) {
				continue
			}
			if len(found) == limit {
				return found, found[limit-1].ID, nil
			}
			found = append(found, *c)
		}
		if cursor = page.Next; cursor == "" {
			return found, "", nil
		}
	}
}

// wantedCases says which cases are asked for; what is "" asks for nothing.
type wantedCases struct {
	status                           casefile.Status
	procedure, customer, stop, queue string
	text                             string // in small letters
}

// query finds what is wanted and, by customer and text, what only looks alike.
func (w *wantedCases) query() listing.Query {
	q := listing.Query{Stop: w.stop, Procedure: w.procedure, Customer: w.customer, Queue: w.queue, Text: w.text}
	if w.status != "" {
		q.Statuses = []casefile.Status{w.status}
	}
	return q
}

func (w *wantedCases) match(c *journal.Summary) bool {
	stop := cmp.Or(c.Stop, &casefile.Stop{})
	switch {
	case w.status != "" && c.Status != w.status,
		w.procedure != "" && c.Procedure != w.procedure,
		w.customer != "" && c.Customer.ID != w.customer && c.Customer.Email != w.customer,
		w.stop != "" && string(stop.Code) != w.stop,
		w.queue != "" && (c.Status != casefile.Escalated || stop.To != w.queue):
		return false
	}
	return w.text == "" || strings.Contains(strings.ToLower(strings.Join([]string{c.ID, c.Subject, c.Goal, c.Procedure, c.Customer.ID, c.Customer.Email, c.Customer.Name}, "\n")), w.text)
}
