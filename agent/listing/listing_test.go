package listing

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/projection"
)

var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// file is a view in a file of its own.
type file struct{ db *bbolt.DB }

var bucketView = []byte("view")

func openFile(t testing.TB) *file {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "views.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &file{db}
}

func (f *file) apply(entries []casefile.Entry) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketView)
		if err != nil {
			return err
		}
		return apply(projection.Over(b), entries)
	})
}

func (f *file) clear() error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(bucketView) == nil {
			return nil
		}
		return tx.DeleteBucket(bucketView)
	})
}

func (f *file) Read(_ context.Context, _ string, fn func(view *projection.Bucket, to uint64) error) error {
	return f.db.View(func(tx *bbolt.Tx) error { return fn(projection.Over(tx.Bucket(bucketView)), 0) })
}

func (f *file) Wait(context.Context, string, uint64) error { return nil }

func caseID(n int) string { return fmt.Sprintf("019cd73d-4286-709a-bf2a-%012x", n) }

// history writes cases as they may go, entry by entry.
type history struct {
	t     *rapid.T
	at    time.Time
	cases []*casefile.Case
	all   []casefile.Entry
}

func (h *history) say(c *casefile.Case, actor string, data casefile.Data) {
	h.at = h.at.Add(time.Duration(rapid.IntRange(1, 5000).Draw(h.t, "seconds")) * time.Second)
	e := casefile.Entry{Offset: uint64(len(h.all) + 1), Seq: c.Seq + 1, Case: c.ID, At: h.at, Actor: actor, Data: data}
	c.Fold(&e)
	h.all = append(h.all, e)
}

func (h *history) signal(c *casefile.Case) {
	n := rapid.IntRange(0, 4).Draw(h.t, "customer")
	customer := map[string]any{"id": fmt.Sprint("cus_", n), "email": fmt.Sprintf("Kim%d@example.com", n), "name": []string{"Ada Lind", "Bo", "", "Kim", "ÅSA"}[n]}
	h.say(c, casefile.ActorAgent, &casefile.SignalReceived{Signal: casefile.Signal{ID: fmt.Sprint("s", len(h.all)), Type: "ticket.created", Data: casefile.Object{"customer": customer, "subject": "About ORD-" + fmt.Sprint(1000+n)}}})
}

func (h *history) step() {
	t := h.t
	if len(h.cases) == 0 || rapid.IntRange(0, 4).Draw(t, "new") == 0 {
		c := casefile.New(caseID(len(h.cases)))
		h.cases = append(h.cases, c)
		h.signal(c)
		h.say(c, casefile.ActorAgent, &casefile.CaseOpened{Bundle: "b1"})
		return
	}
	c := h.cases[rapid.IntRange(0, len(h.cases)-1).Draw(t, "case")]
	action := casefile.Action{Tool: "shop.refund", Effect: "write", Args: casefile.Object{"amount_cents": int64(rapid.IntRange(0, 300).Draw(t, "amount") * 100)}}
	stop := casefile.Stop{Code: rapid.SampledFrom([]casefile.StopCode{casefile.StopPolicyDeny, casefile.StopCheckFailed}).Draw(t, "stop"), Detail: "why", To: "leads"}
	switch rapid.IntRange(0, 13).Draw(t, "what") {
	case 0:
		h.signal(c)
	case 1:
		h.say(c, casefile.ActorAgent, &casefile.ProcedureChosen{Procedure: rapid.SampledFrom([]string{"damaged", "late"}).Draw(t, "procedure"), Goal: "It is well"})
	case 2:
		h.say(c, casefile.ActorAgent, &casefile.ApprovalAsked{Approval: casefile.Approval{Action: &action, By: "approver", AskedAt: h.at}})
		h.say(c, casefile.ActorAgent, &casefile.CaseStopped{Status: casefile.Approving, Stop: casefile.Stop{Code: casefile.StopPolicyApproval}})
	case 3:
		h.say(c, casefile.ActorAgent, &casefile.CallIntended{Call: casefile.Call{ID: "do", Purpose: casefile.ForDo, Action: action}})
	case 4:
		h.say(c, casefile.ActorAgent, &casefile.CaseStopped{Status: casefile.Waiting, Stop: casefile.Stop{Code: casefile.StopWaitingTool}})
	case 5:
		h.say(c, casefile.ActorAgent, &casefile.CaseStopped{Status: casefile.Escalated, Stop: stop})
		h.say(c, casefile.ActorSystem, &casefile.HandoffOpened{Queue: rapid.SampledFrom([]string{"leads", "default"}).Draw(t, "queue"), DueAt: h.at.Add(time.Hour)})
	case 6:
		h.say(c, casefile.ActorSystem, &casefile.HandoffNoticed{What: casefile.NoticeOverdue})
	case 7:
		h.say(c, "user:kim", &casefile.OperatorDecided{Decision: rapid.SampledFrom([]casefile.DecisionName{casefile.DecideApprove, casefile.DecideReject, casefile.DecideTakeover, casefile.DecideHandback, casefile.DecideRetry, casefile.DecideReopen, casefile.DecideClose, casefile.DecideOverride}).Draw(t, "decision")})
	case 8:
		h.say(c, casefile.ActorAgent, &casefile.CaseResolved{Outcome: "refunded"})
	case 9:
		h.say(c, casefile.ActorAgent, &casefile.CaseClosed{Stop: casefile.Stop{Code: casefile.StopDeclined}})
	case 10:
		h.say(c, casefile.ActorAgent, &casefile.CaseReopened{})
	case 11:
		h.say(c, casefile.ActorAgent, &casefile.InputsFound{Inputs: map[string]casefile.Input{"order": {Value: casefile.Value{V: "ORD-77"}}}})
	case 12:
		h.say(c, casefile.ActorAgent, &casefile.ActionShadowed{Shadowed: casefile.Shadowed{Action: action}})
	case 13:
		h.say(c, casefile.ActorAgent, &casefile.HypothesisFailed{Hypothesis: "x"})
	}
}

// The list is what the cases are, however their entries come in batches; a query finds what a look at each
// case would find; and counts count it.
func TestListIsWhatTheCasesAre(t *testing.T) {
	f := openFile(t)
	list := New(f)
	rapid.Check(t, func(rt *rapid.T) {
		if err := f.clear(); err != nil {
			rt.Fatal(err)
		}
		h := &history{t: rt, at: begin}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			h.step()
		}
		for rest := h.all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
			if err := f.apply(rest[:n]); err != nil {
				rt.Fatal(err)
			}
			rest = rest[n:]
		}
		rows := map[string]Row{}
		page, err := list.Find(rt.Context(), Query{}, "", 1000, 0)
		if err != nil {
			rt.Fatal(err)
		}
		for _, r := range page.Rows {
			rows[r.ID] = r
		}
		counts, err := list.Counts(rt.Context())
		if err != nil {
			rt.Fatal(err)
		}
		if len(rows) != len(h.cases) || counts.All() != len(h.cases) {
			rt.Fatalf("%d cases are listed and %d counted, but there are %d", len(rows), counts.All(), len(h.cases))
		}
		open := 0
		for _, c := range h.cases {
			got, want := rows[c.ID], agent.Summarize(c)
			if !c.Status.Ended() {
				open++
			}
			if got.Status != want.Status || got.Goal != want.Goal || got.Procedure != want.Procedure || got.Customer != want.Customer || got.Outcome != want.Outcome || got.Subject != want.Subject ||
				!got.EndedAt.Equal(want.EndedAt) || !got.OpenedAt.Equal(want.OpenedAt) || want.Status != casefile.Resolved && !reflect.DeepEqual(got.Stop, want.Stop) {
				rt.Fatalf("the row of a case should be what the case is:\n%s", cmp.Diff(fmt.Sprintf("%+v %+v", want, want.Stop), fmt.Sprintf("%+v %+v", got, got.Stop)))
			}
			if h := c.Handoff; h != nil && (got.Queue != h.Queue || !got.DueAt.Equal(h.DueAt) || got.Overdue != h.Overdue) || got.Holder != c.Holder {
				rt.Fatalf("case %s waits as %+v for %q, and is listed as %q for %q", c.ID, h, c.Holder, got.Queue, got.Holder)
			}
		}
		if counts.Open() != open {
			rt.Fatalf("%d cases are open, and %d are counted so", open, counts.Open())
		}
		for range 5 {
			q := anyQuery(rt, h.at)
			var want []string
			for _, r := range page.Rows {
				if plain(q, &r) {
					want = append(want, r.ID)
				}
				if plain(q, &r) != q.Match(&r) {
					rt.Fatalf("%+v and %+v: Match should say %v", q, r, plain(q, &r))
				}
			}
			if got := walk(rt, list, q); !slices.Equal(got, want) {
				rt.Fatalf("%+v should find %v, not %v", q, want, got)
			}
		}
	})
}

func anyQuery(t *rapid.T, now time.Time) Query {
	q := Query{Procedure: rapid.SampledFrom([]string{"", "", "damaged", "late"}).Draw(t, "procedure"), Stop: rapid.SampledFrom([]string{"", "", "policy.deny", "waiting.tool"}).Draw(t, "stop"),
		Customer: rapid.SampledFrom([]string{"", "", "CUS_1", "kim2@example.com", "kim", "lind", "åsa"}).Draw(t, "customer"), Queue: rapid.SampledFrom([]string{"", "", "leads"}).Draw(t, "queue"),
		Text: rapid.SampledFrom([]string{"", "", "ord-1002", "well ord-77", "nothing"}).Draw(t, "text")}
	for range rapid.IntRange(0, 3).Draw(t, "statuses") {
		q.Statuses = append(q.Statuses, rapid.SampledFrom(statuses[:]).Draw(t, "status"))
	}
	if rapid.Bool().Draw(t, "amounts") {
		from, to := int64(5000), int64(20000)
		q.From, q.To = &from, &to
	}
	if rapid.Bool().Draw(t, "ages") {
		q.After, q.Before = begin.Add(now.Sub(begin)/4), begin.Add(now.Sub(begin)/2)
	}
	if rapid.Bool().Draw(t, "over") {
		q.Over = begin.Add(now.Sub(begin) / 3)
	}
	return q
}

// plain says it in the plainest way.
func plain(q Query, r *Row) bool {
	holds := func(part, of string) bool { return strings.Contains(strings.ToLower(of), strings.ToLower(part)) }
	stop := ""
	if r.Stop != nil {
		stop = string(r.Stop.Code)
	}
	ok := (len(q.Statuses) == 0 || slices.Contains(q.Statuses, r.Status)) && (q.Stop == "" || stop == q.Stop) && (q.Procedure == "" || r.Procedure == q.Procedure) &&
		(q.Queue == "" || r.Status == casefile.Escalated && r.Queue == q.Queue) &&
		(q.Customer == "" || strings.EqualFold(q.Customer, r.Customer.ID) || holds(q.Customer, r.Customer.Email) || holds(q.Customer, r.Customer.Name)) &&
		(q.From == nil || r.Amount != nil && *r.Amount >= *q.From) && (q.To == nil || r.Amount != nil && *r.Amount <= *q.To) &&
		(q.After.IsZero() || !r.OpenedAt.Before(q.After)) && (q.Before.IsZero() || r.OpenedAt.Before(q.Before)) && (q.Over.IsZero() || !r.EndedAt.Before(q.Over))
	for _, word := range strings.Fields(q.Text) {
		ok = ok && holds(word, strings.Join(append([]string{r.ID, r.Goal, r.Subject, r.Procedure, r.Customer.ID, r.Customer.Email, r.Customer.Name, r.Outcome, stop}, r.values...), "\n"))
	}
	return ok
}

// walk goes through all pages of a query, looking at few rows each time.
func walk(t *rapid.T, list *List, q Query) (ids []string) {
	limit, most := rapid.IntRange(1, 5).Draw(t, "limit"), rapid.IntRange(1, 20).Draw(t, "most")
	for cursor := ""; ; {
		page, err := list.Find(t.Context(), q, cursor, limit, most)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Rows) > limit || page.Looked > most {
			t.Fatalf("a page of %d should look at %d rows at most, not give %d of %d", limit, most, len(page.Rows), page.Looked)
		}
		for _, r := range page.Rows {
			ids = append(ids, r.ID)
		}
		if cursor = page.Next; cursor == "" {
			return ids
		}
	}
}

func TestWhatIsDueFirstComesFirst(t *testing.T) {
	f := openFile(t)
	list := New(f)
	for i, due := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
		seq := uint64(0)
		entry := func(d casefile.Data) casefile.Entry {
			seq++
			return casefile.Entry{Seq: seq, Case: caseID(i), At: begin, Data: d}
		}
		entries := []casefile.Entry{entry(&casefile.SignalReceived{Signal: casefile.Signal{Type: "x"}}), entry(&casefile.CaseOpened{}),
			entry(&casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopPolicyDeny}}), entry(&casefile.HandoffOpened{Queue: "leads", DueAt: begin.Add(due)})}
		if err := f.apply(entries); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := list.Due(t.Context(), "", 10)
	if err != nil || len(rows) != 3 || rows[0].ID != caseID(1) || rows[1].ID != caseID(2) || rows[2].ID != caseID(0) {
		t.Errorf("what is due first should come first, not %+v (%v)", rows, err)
	}
	if n, err := list.Overdue(t.Context(), begin.Add(90*time.Minute)); err != nil || n != 1 {
		t.Errorf("one was due in an hour and a half, not %d (%v)", n, err)
	}
	if rows, err := list.Due(t.Context(), "other", 10); err != nil || len(rows) != 0 {
		t.Errorf("nothing waits in another queue, not %+v (%v)", rows, err)
	}
	happened, err := list.Happened(t.Context(), begin, begin.Add(time.Hour))
	if err != nil || happened[Opened] != 3 || happened[Escalated] != 3 {
		t.Errorf("three cases were opened and handed over in that hour, not %v (%v)", happened, err)
	}
	if happened, err = list.Happened(t.Context(), begin.Add(time.Hour), begin.Add(2*time.Hour)); err != nil || len(happened) != 0 {
		t.Errorf("nothing happened an hour later, not %v (%v)", happened, err)
	}
}
