package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/tools/protocol"
)

func TestProblemsEverywhere(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, method, path string
		role               people.Role
		status             int
	}{
		{"no such path", "GET", "/api/v1/nope", people.Admin, 404},
		{"no such path, and no token", "GET", "/api/v1/nope", "", 404},
		{"a slash too many", "GET", "/api/v1/cases/", people.Admin, 404},
		{"another method", "PATCH", "/api/v1/cases", people.Admin, 405},
		{"no such case", "GET", "/api/v1/cases/nope", people.Admin, 404},
		{"the journal of no such case", "GET", "/api/v1/cases/" + uuid.NewString() + "/journal", people.Admin, 404},
		{"a limit that is none", "GET", "/api/v1/cases?limit=ten", people.Admin, 422},
		{"a limit of zero", "GET", "/api/v1/cases?limit=0", people.Admin, 422},
		{"a cursor that is none", "GET", "/api/v1/outbox?cursor=x", people.Admin, 422},
		{"no such bundle", "POST", "/api/v1/bundles/nope/activate", people.Admin, 404},
		{"no such token", "DELETE", "/api/v1/tokens/nope", people.Admin, 404},
		{"a time that is none", "GET", "/api/v1/audit?from=yesterday", people.Admin, 422},
		{"a mode that is none", "GET", "/api/v1/knowledge/search?q=x&mode=magic", people.Admin, 422},
		{"a secret of the admin socket", "GET", "/admin/secrets", people.Admin, 404},
		{"no token", "GET", "/api/v1/cases", "", 401},
	} {
		a := h.do(c.role, c.method, c.path, "", "")
		if a.status != c.status {
			t.Errorf("%s: %s %s answered %d %s, want %d", c.name, c.method, c.path, a.status, a.body, c.status)
		}
		h.problem(c.name, a)
	}
}

// What fails inside is said in the log, and not to whoever asked.
func TestInternalErrorsTellNothing(t *testing.T) {
	h := newHouse(t)
	for name, load := range map[string]func(string) (*casefile.Case, error){
		"an error": func(string) (*casefile.Case, error) { return nil, errors.New("disk sda1 is full") },
		"a panic":  func(string) (*casefile.Case, error) { panic("disk sda1 is full") },
	} {
		h.engine.load = load
		h.log.Reset()
		a := h.do(people.Viewer, "GET", "/api/v1/cases/x", "", "")
		if a.status != http.StatusInternalServerError || strings.Contains(a.body, "sda1") {
			t.Errorf("%s: answered %d %s, want 500 without the inside", name, a.status, a.body)
		}
		h.problem(name, a)
		if !strings.Contains(h.log.String(), "sda1") {
			t.Errorf("%s: the log says %q, want what happened", name, h.log.String())
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	h := newHouse(t)
	big := `{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"text":"` + strings.Repeat("a", 11<<20) + `"}}`
	for path, body := range map[string]string{"/api/v1/signals": big, "/api/v1/cases/x/decisions": `{"note":"` + strings.Repeat("a", 11<<20) + `"}`} {
		a := h.do(people.Admin, "POST", path, "application/json", body)
		if a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("11 MB to %s: %d %.200s, want 413", path, a.status, a.body)
		}
		h.problem(path, a)
	}
}

// Each decision is handed on as it was sent, and each refusal has its status.
func TestDecisions(t *testing.T) {
	h := newHouse(t)
	var got agent.Decide
	var by people.Principal
	refuse := error(nil)
	h.engine.decide = func(id string, d agent.Decide, who people.Principal) (*casefile.Case, error) {
		got, by = d, who
		return &casefile.Case{ID: id, Status: casefile.Working}, refuse
	}
	a := h.do(people.Approver, "POST", "/api/v1/cases/c-1/decisions", "application/json", `{"decision":"edit","hash":"h","args":{"amount_cents":20000},"note":"less"}`)
	if a.status != 200 || !strings.Contains(a.body, `"id":"c-1"`) {
		t.Errorf("a decision: %d %s, want 200 with the case", a.status, a.body)
	}
	if got.Decision != casefile.DecideEdit || got.Hash != "h" || got.Note != "less" || got.Args["amount_cents"] != int64(20000) || by.Actor() != "token:approver" {
		t.Errorf("the engine was given %+v by %s, want what was sent", got, by.Actor())
	}
	for _, c := range []struct {
		err    error
		body   string
		status int
	}{
		{agent.ErrDecisionConflict, `{"decision":"approve","hash":"x"}`, 409},
		{agent.ErrDecisionForbidden, `{"decision":"approve","hash":"x"}`, 403},
		{agent.ErrDecisionInvalid, `{"decision":"dance"}`, 422},
		{journal.ErrNotFound, `{"decision":"retry"}`, 404},
		{journal.ErrStopped, `{"decision":"retry"}`, 503},
		{nil, `{"decision":`, 400},
		{nil, `[]`, 422},
		{nil, `{"decision":"retry","colour":"red"}`, 422},
		{nil, `{"decision":"retry","correction":{"says":" "}}`, 422},
	} {
		refuse = c.err
		a := h.do(people.Operator, "POST", "/api/v1/cases/c-1/decisions", "application/json", c.body)
		if a.status != c.status {
			t.Errorf("%s, and the engine says %v: %d %s, want %d", c.body, c.err, a.status, a.body, c.status)
		}
		h.problem(c.body, a)
	}
}

func TestCallbacks(t *testing.T) {
	h := newHouse(t)
	h.engine.complete = func(token string, body protocol.CallbackBody) error {
		if token != "secret" || body.IdempotencyKey != "k" {
			return agent.ErrCallback
		}
		return nil
	}
	for path, want := range map[string]int{"/callbacks/secret": 204, "/callbacks/other": 404} {
		if a := h.do("", "POST", path, "application/json", `{"idempotency_key":"k","result":{}}`); a.status != want {
			t.Errorf("POST %s: %d %s, want %d without a token", path, a.status, a.body, want)
		}
	}
	if a := h.do("", "POST", "/callbacks/secret", "application/json", `{`); a.status != 400 {
		t.Errorf("a callback that is no JSON: %d %s, want 400", a.status, a.body)
	}
}

func TestCasesAndJournal(t *testing.T) {
	h := newHouse(t)
	first := h.signal("1", `{"customer":{"id":"c-1","email":"ann@example.com"},"text":"The Mug is broken"}`)
	second := h.signal("2", `{"customer":{"id":"c-2"},"text":"Where is it?"}`)
	type page struct {
		Items      []struct{ ID, Status, Kind, Hash, Prev string }
		NextCursor *string `json:"next_cursor"`
	}
	ids := func(path string) string {
		var p page
		h.get(path, &p)
		var all []string
		for _, i := range p.Items {
			all = append(all, i.ID)
		}
		return strings.Join(all, " ")
	}
	for query, want := range map[string]string{
		"": second + " " + first, "?q=MUG": first, "?customer=ann@example.com": first, "?customer=c-2": second, "?status=working": second + " " + first,
		"?status=resolved": "", "?procedure=x": "", "?stop=policy.deny": "", "?limit=1": second,
	} {
		if got := ids("/api/v1/cases" + query); got != want {
			t.Errorf("GET /cases%s gives %q, want %q", query, got, want)
		}
	}
	var p page
	h.get("/api/v1/cases?limit=1", &p)
	if p.NextCursor == nil {
		t.Fatal("a page with more behind it has no next_cursor")
	}
	if got := ids("/api/v1/cases?limit=1&cursor=" + *p.NextCursor); got != first {
		t.Errorf("the second page gives %q, want %q", got, first)
	}
	var entries []string
	prev := ""
	for cursor := ""; ; {
		var p page
		h.get("/api/v1/cases/"+first+"/journal?limit=1&cursor="+cursor, &p)
		for _, e := range p.Items {
			entries = append(entries, e.Kind)
			if e.Prev != prev || e.Hash == "" {
				t.Errorf("entry %s has prev %q and hash %q, want prev %q", e.Kind, e.Prev, e.Hash, prev)
			}
			prev = e.Hash
		}
		if p.NextCursor == nil {
			break
		}
		cursor = *p.NextCursor
	}
	if got := strings.Join(entries, " "); got != "signal.received case.opened" {
		t.Errorf("the journal by pages of one says %q, want the signal and the opening", got)
	}
}

// asks makes a case wait for approval, as the engine leaves it.
func (h *house) asks(caseID string, at time.Time) {
	h.t.Helper()
	ctx := context.Background()
	c, err := agent.Load(ctx, h.store, caseID)
	h.must(err)
	entries := []casefile.Entry{
		{Data: &casefile.ApprovalAsked{Approval: casefile.Approval{Hash: "hash of " + caseID, Step: "do/x/0/e0", Code: casefile.StopPolicyApproval, By: "operator", Reason: "A person decides.", AskedAt: at, ExpiresAt: at.Add(72 * time.Hour),
			Action: &casefile.Action{Tool: "shop.refund_order", Args: casefile.Object{"order_id": "ORD-1"}, Effect: "write"}}}},
		{Data: &casefile.CaseStopped{Status: casefile.Approving, Stop: casefile.Stop{Code: casefile.StopPolicyApproval, Detail: "A person decides."}}},
	}
	for i := range entries {
		entries[i].Case, entries[i].Actor, entries[i].At, entries[i].Seq = caseID, casefile.ActorAgent, at, c.Seq+1
		c.Fold(&entries[i])
	}
	leases, err := h.store.Claim(ctx, "test", 100, at, time.Minute)
	h.must(err)
	for _, l := range leases {
		if l.CaseID != caseID {
			h.store.Release(l)
			continue
		}
		snapshot, err := json.Marshal(c)
		h.must(err)
		listed, err := agent.Listing("", c)
		h.must(err)
		_, err = h.store.Append(ctx, journal.Append{CaseID: caseID, After: c.Seq - uint64(len(entries)), Lease: &l, Entries: entries, Salts: make([]journal.Salt, len(entries)), Records: listed,
			Park: &journal.Park{Summary: agent.Summarize(c), Snapshot: snapshot}})
		h.must(err)
		return
	}
	h.t.Fatalf("case %s is not runnable", caseID)
}

// What was asked for first stands first, however old its case is, and pages part nowhere else.
func TestApprovalsOldestAskedFirst(t *testing.T) {
	h := newHouse(t)
	now := time.Now().UTC()
	var ids []string
	for i, ago := range []time.Duration{time.Minute, time.Hour, 2 * time.Minute, time.Hour} { // the second and the fourth at once
		id := h.signal(strconv.Itoa(i), `{}`)
		h.asks(id, now.Add(-ago))
		ids = append(ids, id)
	}
	want := []string{ids[1], ids[3], ids[2], ids[0]}
	for _, limit := range []int{1, 2, 3, 50} {
		var got []string
		for path := "/api/v1/approvals?limit=" + strconv.Itoa(limit); path != ""; {
			var p struct {
				Items []struct {
					CaseID string `json:"case_id"`
				}
				NextCursor string `json:"next_cursor"`
			}
			h.get(path, &p)
			for _, i := range p.Items {
				got = append(got, i.CaseID)
			}
			if path = ""; p.NextCursor != "" && len(got) < 10 {
				path = "/api/v1/approvals?limit=" + strconv.Itoa(limit) + "&cursor=" + p.NextCursor
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("approvals by pages of %d: %v, want those asked for first first: %v", limit, got, want)
		}
	}
}
