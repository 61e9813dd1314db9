package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/learner"
	"resolute/agent/listing"
	"resolute/agent/model/ollama"
	"resolute/agent/people"
	"resolute/agent/precedent"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/statuslink"
	"resolute/agent/suggest"
	"resolute/kb"
	"resolute/tools"
)

// world is everything that pages stand on, in memory.
type world struct {
	mu        sync.Mutex
	stories   []*story // newest first
	feed      []casefile.Entry
	messages  []journal.Message
	watch     []chan struct{}
	decided   []agent.Decide
	audited   []string
	refuse    error // of the next decision
	broken    error // of the store
	role      people.Role
	name      string // of who is signed in, "" for p1
	taught    []kb.Correction
	company   *company
	since     time.Time         // from when on Happened has figures
	replies   []casefile.Signal // that customers sent by their links
	rehearsed []runs.Run
	past      *past
	thinks    *mind
	suggests  *suggests
	learned   *learned
	cameTo    map[string][]rehearsal.Item // by run
	ran       chan struct{}               // has something when a run went on
	later     []runs.Run                  // how far they are then
	theDoor
	theSessions
}

func newWorld(stories ...*story) *world {
	w := &world{thinks: &mind{}, role: people.Approver, past: &past{}, suggests: &suggests{}, learned: &learned{}}
	for _, s := range slices.Backward(stories) {
		w.add(s)
	}
	return w
}

// add puts a case on top, or tells what is new of one.
func (w *world) add(s *story) {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := 0
	for i := range w.feed {
		if w.feed[i].Case == s.id {
			told++
		}
	}
	for _, e := range s.entries[told:] {
		e.Offset = uint64(len(w.feed) + 1)
		w.feed = append(w.feed, e)
	}
	if told == 0 {
		w.stories = slices.Insert(w.stories, 0, s)
	}
	for _, ch := range w.watch {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

func (w *world) find(id string) *story {
	for _, s := range w.stories {
		if s.id == id {
			return s
		}
	}
	return nil
}

// Find is what the stories are, whatever a view would be behind.
func (w *world) Find(_ context.Context, q listing.Query, cursor string, limit, _ int) (p listing.Page, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	below := cursor == ""
	for _, s := range w.stories {
		row := listing.RowOf(s.c)
		if p.Looked++; below && q.Match(&row) {
			if len(p.Rows) == limit {
				p.Full, p.Next = true, p.Rows[limit-1].ID
				break
			}
			p.Rows = append(p.Rows, row)
		}
		below = below || s.id == cursor
	}
	p.To = uint64(len(w.feed))
	return p, w.broken
}

func (w *world) Counts(context.Context) (listing.Counts, error) {
	c := listing.Counts{Statuses: map[casefile.Status]int{}, Stops: map[string]int{}, Procedures: map[string]int{}, Queues: map[string]int{}}
	for _, s := range w.stories {
		c.Statuses[s.c.Status]++
		c.Procedures[s.c.Procedure]++
		if s.c.Stop != nil {
			c.Stops[string(s.c.Stop.Code)]++
		}
		if s.c.Handoff != nil {
			c.Queues[s.c.Handoff.Queue]++
		}
	}
	return c, w.broken
}

func (w *world) Due(_ context.Context, queue string, limit int) (list []listing.Row, err error) {
	for _, s := range w.stories {
		if row := listing.RowOf(s.c); s.c.Status == casefile.Escalated && row.Queue != "" && (queue == "" || row.Queue == queue) && len(list) < limit {
			list = append(list, row)
		}
	}
	slices.SortFunc(list, func(a, b listing.Row) int { return a.DueAt.Compare(b.DueAt) })
	return list, w.broken
}

func (w *world) Overdue(_ context.Context, now time.Time) (n int, err error) {
	list, err := w.Due(context.Background(), "", 1000)
	for _, r := range list {
		if r.DueAt.Before(now) {
			n++
		}
	}
	return n, err
}

func (w *world) Wait(context.Context, uint64) error { return nil }

// Happened tells of 12 cases in each whole hour that there are figures of.
func (w *world) Happened(_ context.Context, from, to time.Time) (map[string]int, error) {
	n := 0
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		if !at.Before(w.since) {
			n++
		}
	}
	if n == 0 {
		return map[string]int{}, w.broken
	}
	return map[string]int{listing.Opened: 12 * n, listing.Resolved: 9 * n, listing.Closed: n, listing.Escalated: 2 * n}, w.broken
}

func (w *world) Depth(context.Context) (journal.Depth, error) {
	return journal.Depth{Runnable: 3, Held: 2, Queued: 1204}, w.broken
}

func (w *world) Open(_ context.Context, status casefile.Status, _ string, limit int) (ids []string, next string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range slices.Backward(w.stories) {
		if s.c.Status == status && len(ids) < limit {
			ids = append(ids, s.id)
		}
	}
	return ids, "", w.broken
}

// List is of what waits for approval.
func (w *world) List(_ context.Context, _, after string, limit int) (list []journal.Record, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.stories {
		if s.c.Status == casefile.Approving {
			records, err := agent.Listing("", s.c)
			if err != nil {
				return nil, err
			}
			list = append(list, records...)
		}
	}
	slices.SortFunc(list, func(a, b journal.Record) int { return strings.Compare(a.Key, b.Key) })
	return list[:min(limit, len(list))], w.broken
}

func (w *world) Entries(_ context.Context, id string, after uint64, limit int) (list []casefile.Entry, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.find(id).entries {
		if e.Seq > after && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, w.broken
}

func (w *world) Outbox(_ context.Context, cursor uint64, limit int) (list []journal.Message, next uint64, err error) {
	return w.messages, 0, w.broken
}

func (w *world) Feed(_ context.Context, after uint64, limit int) (list []casefile.Entry, last uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.feed {
		if e.Offset > after && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, uint64(len(w.feed)), w.broken
}

func (w *world) Committed() (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := make(chan struct{}, 1)
	w.watch = append(w.watch, ch)
	return ch, func() {}
}

func (w *world) Load(_ context.Context, id string) (*casefile.Case, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.find(id)
	if s == nil {
		return nil, fmt.Errorf("case %s: %w", id, journal.ErrNotFound)
	}
	c := casefile.New(id)
	for i := range s.entries {
		c.Fold(&s.entries[i])
	}
	return c, w.broken
}

// Hasty warns whoever decided before.
func (w *world) Hasty(people.Principal) string {
	if len(w.decided) > 0 {
		return "too fast to have been looked at"
	}
	return ""
}

func (w *world) Decide(ctx context.Context, id string, d agent.Decide, who people.Principal) (*casefile.Case, error) {
	w.mu.Lock()
	refuse, s := w.refuse, w.find(id)
	w.decided = append(w.decided, d)
	w.mu.Unlock()
	if refuse != nil {
		return nil, refuse
	}
	if s == nil {
		return nil, journal.ErrNotFound
	}
	s.then(time.Second, "user:"+who.Name, &casefile.OperatorDecided{Decision: d.Decision, Hash: d.Hash, Note: d.Note})
	w.add(s)
	return w.Load(ctx, id)
}

func (w *world) ByCode(_ context.Context, code string, _ people.Visitor) (people.Entry, error) {
	if code != "once" {
		return people.Entry{}, people.ErrSignedOut
	}
	return people.Entry{Token: "token", Session: people.Session{ExpiresAt: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}}, nil
}

func (w *world) Still(token string) (people.Principal, error) {
	if token != "token" {
		return people.Principal{}, people.ErrSignedOut
	}
	return people.Principal{ID: cmp.Or(w.name, "p1"), Name: "Robin Field", Role: w.role}, nil
}

func (w *world) Current(_ context.Context, token string) (people.Principal, people.Session, error) {
	p, err := w.Still(token)
	return p, people.Session{}, err
}

func (w *world) SignOut(context.Context, string) error { return nil }

// AcceptReply adds what a customer wrote to their case, once.
func (w *world) AcceptReply(_ context.Context, c *casefile.Case, s casefile.Signal) (journal.Receipt, error) {
	w.mu.Lock()
	refuse, st := w.refuse, w.find(c.ID)
	known := slices.ContainsFunc(w.replies, func(o casefile.Signal) bool { return o.EventID == s.EventID && o.Source == s.Source })
	w.mu.Unlock()
	if refuse != nil || known {
		return journal.Receipt{CaseID: c.ID, Duplicate: known}, refuse
	}
	w.replies = append(w.replies, s)
	st.then(time.Second, "token:status-link", &casefile.SignalReceived{Signal: s})
	w.add(st)
	return journal.Receipt{CaseID: c.ID}, nil
}

// theDoor is what the tests of people have a real one for.
type (
	theDoor interface {
		ByPassword(ctx context.Context, name, password string, v people.Visitor) (people.Entry, error)
		Join(ctx context.Context, code, password string, v people.Visitor) (people.Entry, error)
		Choose(ctx context.Context, token, name, current, password string, v people.Visitor) (people.Entry, error)
		ByIdentity(ctx context.Context, id people.Identity, v people.Visitor) (people.Entry, error)
	}
	theSessions interface {
		Of(accountID string) []people.Session
		End(ctx context.Context, accountID, id string) error
	}
)

func (w *world) Search(_ context.Context, q kb.Query) ([]kb.Hit, error) {
	if q.Text == "nothing" {
		return nil, nil
	}
	return []kb.Hit{{Title: "Refund policy", Headings: []string{"Duplicate charges"}, Text: "An extra charge is returned in full to the card it came from.", KeywordRank: 1, VectorRank: 2, Source: "refund-policy.md", Citation: refundPassage}}, nil
}

func (w *world) Passage(_ context.Context, address string) (kb.Passage, error) {
	if address != refundPassage {
		return kb.Passage{}, fmt.Errorf("passage %q: document %w", address, kb.ErrNotFound)
	}
	return kb.Passage{Address: address, Document: kb.Document{Title: "Refund policy", Source: "refund-policy.md"}, Headings: []string{"Duplicate charges"}, Text: "An extra charge is returned in full."}, nil
}

func (w *world) Documents(context.Context, int, string) ([]kb.Document, string, error) {
	return []kb.Document{{ID: "refund-policy", Title: "Refund policy", Source: "refund-policy.md", Version: "0a1b2c3d4e5f", Chunks: 7, ImportedAt: noon.Add(-48 * time.Hour)}}, "", nil
}

func (w *world) deps(t *testing.T) Deps {
	if w.company == nil {
		w.company = newCompany(t)
	}
	return Deps{
		Cases:      w,
		Feed:       w,
		Records:    w.company.records,
		Listing:    w,
		Engine:     w,
		People:     w,
		Door:       w,
		Links:      statuslink.New([]byte("a key"), "", w.company.records, func() time.Time { return noon }),
		Replies:    w,
		Knowledge:  w,
		Library:    emptyLibrary{},
		Teacher:    w,
		Bundles:    w.company.library,
		Tools:      w.company.registry,
		Audit:      w,
		Figures:    counted{w},
		Precedents: w.past,
		Depths:     w,
		Model:      w.thinks,
		Learning:   Learning{Suggestions: w.suggests, Triage: w.learned},
		Operations: w.company.operations(t, w),
	}
}

// Teach keeps a correction, if it says something.
func (w *world) Teach(_ context.Context, c kb.Correction, by string) (kb.Correction, error) {
	c.ID, c.By = fmt.Sprint("cor-", len(w.taught)), by
	if err := c.Check(noon); err != nil {
		return c, err
	}
	w.taught = append(w.taught, c)
	return c, nil
}

func (w *world) Record(_ context.Context, actor, action, subject string, _ map[string]any) error {
	w.audited = append(w.audited, actor+" "+action+" "+subject)
	return nil
}

// emptyLibrary has nothing, and takes nothing.
type emptyLibrary struct{ Library }

func (emptyLibrary) State(context.Context) (kb.State, error) { return kb.State{}, nil }
func (emptyLibrary) Missing(context.Context, float64, int) ([]kb.Missing, error) {
	return nil, nil
}

func (emptyLibrary) Watch() (news <-chan struct{}, take func() []kb.Progress, cancel func()) {
	return nil, func() []kb.Progress { return nil }, func() {}
}

func house() House { return House{Company: "Fernhill Supply", Currency: "EUR", Relevance: 0.3} }

// What main gives to the pages fits.
var (
	_ Cases       = journal.Store(nil)
	_ Feed        = journal.Store(nil)
	_ Engine      = (*agent.Engine)(nil)
	_ People      = (*people.Sessions)(nil)
	_ Door        = (*people.Door)(nil)
	_ Accounts    = (*people.Accounts)(nil)
	_ Tokens      = (*people.Tokens)(nil)
	_ Links       = (*statuslink.Links)(nil)
	_ Replies     = (*intake.Intake)(nil)
	_ Knowledge   = (*kb.Base)(nil)
	_ Library     = (*kb.Base)(nil)
	_ Bundles     = (*bundle.Library)(nil)
	_ Tools       = (*tools.Registry)(nil)
	_ Teacher     = (*kb.Base)(nil)
	_ Listing     = (*listing.List)(nil)
	_ Records     = journal.Store(nil)
	_ Suggestions = (*suggest.Keeper)(nil)
	_ Triage      = (*learner.Learner)(nil)
	_ Precedents  = (*precedent.Keeper)(nil)
	_ Model       = (*ollama.Client)(nil)
)

func listPage(rows, looked int, next string) listing.Page {
	return listing.Page{Rows: make([]listing.Row, rows), Looked: looked, Next: next}
}

func counts(resolved int) listing.Counts {
	return listing.Counts{Statuses: map[casefile.Status]int{casefile.Resolved: resolved}}
}
