package pages

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/listing"
	"resolute/agent/people"
)

// heartbeat keeps intermediaries from closing a quiet stream.
const heartbeat = 20 * time.Second

// source renders what is new for a page, as blocks; it is asked after each commit, and each heartbeat.
type source func(ctx context.Context) ([]fragment, error)

// fragment is a live region, rendered anew.
type fragment struct {
	id   string
	html []byte
}

// stream sends a page's live regions whenever they change. It is safe to connect again: what is
// sent is the state as it is, never a difference.
func (s *site) stream(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	next, err := s.source(r, who)
	if err != nil {
		return err
	}
	committed, cancel := s.Feed.Committed()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 2000\n\n")
	sent := map[string][]byte{}
	for r.Context().Err() == nil {
		list, err := next(r.Context())
		if err != nil {
			s.Logger.Warn("a page's stream ended", "path", r.URL.Path, "error", err)
			return nil
		}
		for _, f := range list {
			if !bytes.Equal(sent[f.id], f.html) {
				sent[f.id] = f.html
				event(w, f)
			}
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		if !s.await(r.Context(), w, out, committed) || !s.still(r, who) {
			return nil
		}
	}
	return nil
}

// await returns after a commit, no sooner than the pace, and after a heartbeat: some of what pages show, and who may
// see it, changes without one. It is false if the reader is gone.
func (s *site) await(ctx context.Context, w http.ResponseWriter, out *http.ResponseController, committed <-chan struct{}) bool {
	pace := time.NewTimer(s.Pace)
	defer pace.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pace.C:
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-committed:
		return true
	case <-beat.C:
		fmt.Fprint(w, ": still here\n\n")
		return out.Flush() == nil
	}
}

// event writes a fragment as one event.
func event(w http.ResponseWriter, f fragment) {
	fmt.Fprintf(w, "event: fragment\n")
	for line := range bytes.SplitSeq(f.html, []byte("\n")) {
		fmt.Fprintf(w, "data: %s\n", bytes.TrimSuffix(line, []byte("\r")))
	}
	fmt.Fprint(w, "\n")
}

// source says what a page's stream tells.
func (s *site) source(r *http.Request, who people.Principal) (source, error) {
	q := r.URL.Query()
	after, err := strconv.ParseUint(q.Get("after"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: after says from where on, it is a number", errRequest)
	}
	switch q.Get("of") {
	case "case":
		return s.caseSource(q.Get("case"), after, q.Get("past") == "later", dialog{form: url.Values{"rows": q["rows"], "at": q["at"]}}, who), nil
	case "cases":
		shown, err := s.shownIDs(r.Context(), q)
		if err != nil {
			return nil, err
		}
		f := filterOf(q)
		wanted, err := f.listed(s.House().Currency, s.Now())
		if err != nil {
			return nil, err
		}
		n := s.news(after, FreshView{Link: casesLink(f, "")}, caseBegins, func(c *casefile.Case, opened bool) (newer, changed bool) {
			row := listing.RowOf(c)
			return opened && wanted.Match(&row), shown[c.ID]
		})
		n.known = s.awaitListed
		return n.fragments, nil
	case "approvals":
		n := s.news(after, FreshView{Noun: "approval", Link: "/approvals"}, approvalBegins, func(c *casefile.Case, asked bool) (newer, changed bool) {
			return asked && c.Status == casefile.Approving && c.Approval != nil, false
		})
		n.decides = true
		return n.fragments, nil
	case "overview":
		n := s.news(after, FreshView{Link: "/"}, needBegins, func(c *casefile.Case, began bool) (newer, changed bool) {
			return began && (c.Status == casefile.Approving || c.Status == casefile.Escalated), false
		})
		n.decides = true
		return s.overviewSource(n, who), nil
	}
	return nil, fmt.Errorf("%w: of says what is streamed: case, cases, approvals or overview", errRequest)
}

// awaitListed waits until the list of cases knows of an entry: what is announced can be shown then. It doesn't
// wait for long: a list that is being made says so itself.
func (s *site) awaitListed(ctx context.Context, offset uint64) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = s.Listing.Wait(ctx, offset)
}

// caseSource renders the regions of a case once its state is past what the page shows, and before that what worked
// last time, where the page didn't wait for it.
func (s *site) caseSource(id string, seq uint64, late bool, a dialog, who people.Principal) source {
	pasts := s.remembered()
	return func(ctx context.Context) ([]fragment, error) {
		c, err := s.Engine.Load(ctx, id)
		if err != nil || c.Seq <= seq && !late {
			return nil, err
		}
		p, err := s.casePage(ctx, id, who, a, pasts)
		if err != nil {
			return nil, err
		}
		show := regions[:]
		if p.Case.Seq <= seq {
			show = []string{regionPast}
		}
		seq, late = p.Case.Seq, false
		var list []fragment
		for _, region := range show {
			html, err := s.templates.block("case", region, p)
			if err != nil {
				return nil, err
			}
			list = append(list, fragment{region, html})
		}
		return list, nil
	}
}

// overviewSource renders the bar and the regions of the overview.
func (s *site) overviewSource(n *news, who people.Principal) source {
	return func(ctx context.Context) ([]fragment, error) {
		list, err := n.fragments(ctx)
		if err != nil {
			return nil, err
		}
		s.awaitListed(ctx, n.after) // figures are the list's
		standing, err := s.standing(ctx, who)
		if err != nil {
			return nil, err
		}
		for _, region := range overviewRegions {
			html, err := s.templates.block("overview", region, standing)
			if err != nil {
				return nil, err
			}
			list = append(list, fragment{region, html})
		}
		return list, nil
	}
}
