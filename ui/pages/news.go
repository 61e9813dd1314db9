package pages

import (
	"context"

	"resolute/agent/casefile"
)

// How much news is counted; past it the bar says that there is much.
const (
	newsAtOnce = 500
	maxNews    = 200
)

// news counts what happened to cases since a page was drawn, for the bar that says so.
type news struct {
	s       *site
	after   uint64
	view    FreshView
	begins  func(d casefile.Data) bool                               // whether an entry makes a case news
	judge   func(c *casefile.Case, began bool) (newer, changed bool) // what it is now
	decides bool                                                     // a decision about a case is a change
	known   func(ctx context.Context, offset uint64)                 // returns when what is told of can be shown, nil for at once

	began   map[string]bool
	newer   map[string]bool
	changed map[string]bool
	many    bool
}

func (s *site) news(after uint64, view FreshView, begins func(casefile.Data) bool, judge func(*casefile.Case, bool) (newer, changed bool)) *news {
	return &news{s: s, after: after, view: view, begins: begins, judge: judge,
		began: map[string]bool{}, newer: map[string]bool{}, changed: map[string]bool{}}
}

// Beginnings, by what a page lists.
func caseBegins(d casefile.Data) bool { _, ok := d.(*casefile.CaseOpened); return ok }

func approvalBegins(d casefile.Data) bool { _, ok := d.(*casefile.ApprovalAsked); return ok }

func needBegins(d casefile.Data) bool {
	stop, ok := d.(*casefile.CaseStopped)
	return ok && stop.Status == casefile.Escalated || approvalBegins(d)
}

// fragments reads on in the journal and renders the bar.
func (n *news) fragments(ctx context.Context) ([]fragment, error) {
	for !n.many {
		entries, last, err := n.s.Feed.Feed(ctx, n.after, newsAtOnce)
		if err != nil {
			return nil, err
		}
		touched, decided := map[string]bool{}, map[string]bool{}
		for i := range entries {
			e := &entries[i]
			touched[e.Case] = true
			if n.begins(e.Data) {
				n.began[e.Case] = true
			}
			switch e.Data.(type) {
			case *casefile.OperatorDecided, *casefile.ApprovalVoided, *casefile.ApprovalExpired:
				decided[e.Case] = true
			}
			n.after = e.Offset
		}
		if err := n.count(ctx, touched, decided); err != nil {
			return nil, err
		}
		n.many = len(n.newer)+len(n.changed) > maxNews || last > n.after+20*newsAtOnce
		if len(entries) < newsAtOnce {
			break
		}
	}
	if n.known != nil && len(n.newer)+len(n.changed) > 0 {
		n.known(ctx, n.after)
	}
	view := n.view
	view.Newer, view.Changed, view.Many = len(n.newer), len(n.changed), n.many
	html, err := n.s.templates.block("cases", "fresh", view)
	return []fragment{{"fresh", html}}, err
}

// count judges the cases that something happened to. One is either newer or changed.
func (n *news) count(ctx context.Context, touched, decided map[string]bool) error {
	for id := range touched {
		c, err := n.s.Engine.Load(ctx, id)
		if err != nil {
			return err
		}
		newer, changed := n.judge(c, n.began[id])
		delete(n.newer, id)
		switch {
		case newer:
			n.newer[id] = true
		case changed || n.decides && decided[id]:
			n.changed[id] = true
		}
	}
	return nil
}
