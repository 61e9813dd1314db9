package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/figures"
	"resolute/agent/impact"
	"resolute/agent/journal"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/policy"
	"resolute/agent/rehearsal/runs"
	"resolute/kb"
	"resolute/tools"
)

// operations are real but for what would take a server.
func (c *company) operations(t *testing.T, w *world) Operations {
	t.Helper()
	audit := people.NewAudit(c.records, people.Options{Now: func() time.Time { return noon }})
	keeper, err := pauses.Open(t.Context(), pauses.Deps{Records: c.records, Audit: audit.Event, Known: func(casefile.Pause) error { return nil }, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	earned, err := authority.Open(t.Context(), c.records, func() (*policy.Authority, error) {
		b, err := c.library.Active()
		if err != nil {
			return nil, err
		}
		return b.Authority, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.keeper, c.earned = keeper, earned
	return Operations{Pauses: keeper, Deeds: audit, Journal: c.records, Corrections: w, Authority: earned, Manifests: manifestsOf{w}, Versions: c.library, Rehearsals: w, Insights: &figured{w: w}, Shadows: &besides{}, Calls: c.registry.Send,
		Impact: func(context.Context, *bundle.Bundle, impact.Period) (impact.Report, error) {
			return impact.Report{Decisions: 1200, Changed: 7, Changes: []impact.Change{{Tool: "billing.refund_payment", Was: casefile.Approve, WasRule: "over-100", Now: casefile.Allow, Count: 7, Amounts: []impact.Amount{{Currency: "EUR", AmountCents: 130200}}, Examples: []impact.Example{{CaseID: w.stories[0].id, Seq: 3}}}}}, nil
		}}
}

func (w *world) Rules(context.Context) ([]figures.Rule, error) {
	return []figures.Rule{{Policy: "payments", Rule: "over-100", Fired: 2, Last: noon.Add(-time.Hour), Case: "c1", Priced: 2, Least: 18600, Most: 50000, Sum: 68600}, {Rule: "assurance", Fired: 1, Last: noon, Case: "c2"}}, w.broken
}

func (w *world) ToolFigures() []figures.Tool {
	return []figures.Tool{{Tool: "billing.list_payments", Calls: 1234, Tries: []figures.Try{{Case: "c1", Seq: 4, At: noon.Add(-time.Minute), Outcome: casefile.OutcomeDone, TookMS: 40}, {Case: "c2", Seq: 5, At: noon, Outcome: casefile.OutcomeUnknown, Code: "no-answer", TookMS: 3000}}}}
}

// counted has both kinds of figures.
type counted struct{ *world }

func (c counted) Tools(context.Context) ([]figures.Tool, error) { return c.ToolFigures(), c.broken }

func (w *world) Corrections(context.Context, int, string) ([]kb.Correction, string, error) {
	return w.taught, "", w.broken
}

func (w *world) Revoke(_ context.Context, id, by string) (kb.Correction, error) {
	return w.end(id, kb.Revoked)
}
func (w *world) end(id string, s kb.CorrectionState) (kb.Correction, error) {
	for i := range w.taught {
		if w.taught[i].ID == id {
			w.taught[i].State = s
			return w.taught[i], nil
		}
	}
	return kb.Correction{}, kb.ErrNotFound
}

func (w *world) Uses(context.Context, string, int) ([]kb.Use, int, error) {
	return []kb.Use{{Case: "019cd73d-4286-709a-bf2a-000000000001"}}, 4, nil
}

// Accept is of a correction, or of a manifest; one name, as in the world outside.
func (w *world) Accept(_ context.Context, id, by string) (kb.Correction, error) {
	return w.end(id, kb.Active)
}

type manifestsOf struct{ *world }

func (manifestsOf) Drifted(context.Context) []bundle.Drift { return nil }
func (m manifestsOf) Accept(_ context.Context, plugin, hash, by string) error {
	m.audited = append(m.audited, "manifest "+plugin+" "+hash+" "+by)
	return nil
}

func (w *world) Start(_ context.Context, o runs.Order) (runs.Run, error) {
	w.rehearsed = append(w.rehearsed, runs.Run{ID: "r1", Version: o.Bundle.Version, State: "done", By: o.By, Total: 21, Passed: true, AskedAt: noon})
	return w.rehearsed[0], nil
}

func (w *world) Runs(context.Context, string, int) ([]runs.Run, string, error) {
	return w.rehearsed, "", nil
}
func (w *world) Get(_ context.Context, id string) (runs.Told, error) {
	for _, r := range w.rehearsed {
		if r.ID == id {
			return runs.Told{Run: r, Items: w.cameTo[id]}, nil
		}
	}
	return runs.Told{}, runs.ErrRun
}

func (w *world) Stop(ctx context.Context, id, by string) (runs.Told, error) {
	for i := range w.rehearsed {
		if r := &w.rehearsed[i]; r.ID == id {
			r.State, r.Error = runs.Interrupted, "stopped by "+by
		}
	}
	return w.Get(ctx, id)
}

func (w *world) Watch() (<-chan struct{}, func() []runs.Run, func()) {
	return w.ran, func() []runs.Run { return w.later }, func() {}
}

func TestPauseIsOneButtonForWhoMay(t *testing.T) {
	w := newWorld(busy())
	b := signIn(t, w)
	b.wants(b.get("/queues?ask=pause", http.StatusOK), `<dialog id="pause" aria-labelledby="pause-h" open>`, `value="tool billing.refund_payment"`, `value="procedure duplicate-charge"`, "1 at work now wait")
	b.post("/pause", "what=tool+billing.refund_payment&note=odd+refunds&back=%2Fqueues", http.StatusOK)
	if list := w.company.keeper.Current().List; len(list) != 1 || list[0].Tool != "billing.refund_payment" || list[0].Note != "odd refunds" || list[0].By != "token:Robin Field" {
		t.Fatalf("the tool should be paused by who did it, not %+v", list)
	}
	b.post("/pause", "what=everything&note=", http.StatusBadRequest)
	b.post("/pause", "what=the+moon&note=x", http.StatusBadRequest)
	b.post("/resume", "what=tool+billing.refund_payment", http.StatusOK)
	b.wants(b.post("/resume", "what=everything", http.StatusConflict), "not as it was shown")
	w.role = people.Viewer
	if html := b.get("/", http.StatusOK); strings.Contains(html, `id="pause"`) {
		t.Error("a viewer should not be offered to pause")
	}
	b.post("/pause", "what=everything&note=x", http.StatusForbidden)
}

// Who may not do something is refused, whatever their page shows.
func TestOperationsNeedTheirRoles(t *testing.T) {
	w := newWorld(busy())
	b := signIn(t, w)
	for role, paths := range map[people.Role][]string{
		people.Viewer:   {"/corrections/x/revoke", "/pause", "/resume", "/tools/billing.list_payments/try", "/bundles/active/edit", "/bundles/active/rehearse", "/bundles/active/impact"},
		people.Approver: {"/audit/verify", "/corrections/x/accept", "/authority", "/manifests/shop/accept", "/bundles/active/activate"},
	} {
		w.role = role
		for _, path := range paths {
			b.post(path, "", http.StatusForbidden)
		}
	}
	b.get("/audit", http.StatusForbidden)
	if html := b.get("/", http.StatusOK); strings.Contains(html, `href="/audit"`) {
		t.Error("an approver should not be led to the audit")
	}
}

func TestQueuesSayWhatIsDueAndWhose(t *testing.T) {
	late, taken := denied(), begin(0xabc, time.Hour)
	for _, e := range late.entries {
		taken.then(0, e.Actor, e.Data)
	}
	late.then(0, casefile.ActorSystem, &casefile.HandoffOpened{Queue: "support-leads", DueAt: noon.Add(-time.Hour)})
	taken.then(0, casefile.ActorSystem, &casefile.HandoffOpened{Queue: "billing-leads", DueAt: noon.Add(time.Hour)}).then(0, "user:kim", &casefile.OperatorDecided{Decision: casefile.DecideTakeover})
	b := signIn(t, newWorld(late, taken))
	html := b.get("/queues", http.StatusOK)
	b.wants(html, "2 cases handed over, 1 overdue", ">overdue</span>", ">kim</td>", "nobody's yet", "billing-leads <span>1</span>")
	b.wants(b.get("/queues?queue=billing-leads", http.StatusOK), "1 case handed over", "due within 2 h", "leads@fernhill.example")
	b.wants(b.get("/queues?queue=none", http.StatusOK), "Nothing waits here.")
}

func TestCorrectionsPage(t *testing.T) {
	w := newWorld(busy())
	w.taught = []kb.Correction{{ID: "a", Says: "Within a day", InsteadOf: "Within a week", Scope: kb.Scope{Procedure: "late", Customer: "cus_1"}, State: kb.Held, Contradicts: []string{"b"}, By: "user:kim", At: noon}, {ID: "b", Says: "Old", State: kb.Active, At: noon}}
	b := signIn(t, w)
	w.taught[1].State, w.taught[1].Why = kb.Held, "the rehearsal twice-charged fails with it."
	b.wants(b.get("/corrections", http.StatusOK), "Held: the rehearsal twice-charged fails with it. An admin")
	w.taught[1].State = kb.Active
	b.wants(b.get("/corrections", http.StatusOK), "Within a day", "in late, for cus_1", "used 4 times", `href="#b"`, "Revoke")
	if html := b.get("/corrections", http.StatusOK); strings.Contains(html, "Let it count") {
		t.Error("an approver doesn't let a held correction count")
	}
	b.post("/corrections/b/revoke", "", http.StatusOK)
	b.post("/corrections/none/revoke", "", http.StatusNotFound)
	w.role = people.Admin
	b.wants(b.get("/corrections", http.StatusOK), "Let it count")
	b.post("/corrections/a/accept", "", http.StatusOK)
	if w.taught[0].State != kb.Active || w.taught[1].State != kb.Revoked || len(w.audited) != 2 {
		t.Errorf("both should be decided, and stand in the audit, not %+v %q", w.taught, w.audited)
	}
	b.post("/corrections", "says=True+everywhere&scope=everywhere", http.StatusOK)
	b.post("/corrections", "says=x&scope=nowhere", http.StatusBadRequest)
}

func TestAuditPageAndVerify(t *testing.T) {
	w := newWorld(busy())
	w.role = people.Admin
	b := signIn(t, w)
	b.post("/pause", "what=everything&note=drill", http.StatusOK)
	b.wants(b.get("/audit", http.StatusOK), "Robin Field", "drill", `value="2026-03-10"`)
	b.wants(b.get("/audit?from=2026-03-11", http.StatusOK), "Nobody did anything in these days.")
	b.get("/audit?from=tomorrow", http.StatusBadRequest)
	b.wants(b.post("/audit/verify", "", http.StatusOK), "All of it holds: 0 entries of 0 cases")
}

func TestPoliciesAreCards(t *testing.T) {
	b := signIn(t, newWorld(busy()))
	html := b.get("/policies", http.StatusOK)
	b.wants(html, "over-100", "fired twice", "186.00 to 500.00, 686.00 in all", "never fired", "by approver", "Table refund_limits", "damaged-item", `href="#t-refund_limits"`, "adds 40 of 100", "refunds-30d", "assurance", "payment_id is facts.payments.duplicate.id")
}

func TestAuthorityLadder(t *testing.T) {
	w := newWorld(busy())
	b := signIn(t, w)
	b.wants(b.get("/authority", http.StatusOK), "Where nothing else is said", "propose", "Nothing was judged yet")
	w.role = people.Admin
	b.wants(b.post("/authority", "decision=accept&procedure=p&tool=t&band=", http.StatusConflict), "No promotion waits")
	b.post("/authority", "decision=perhaps", http.StatusBadRequest)
	b.wants(b.get("/authority", http.StatusOK), "Not judged yet", "Demote", "billing.refund_payment, whatever it moves: propose", "it decides, and sends nothing")
	demote := func(to, note string, status int) string {
		return b.post("/authority", url.Values{"decision": {"demote"}, "what": {"band=%2A&procedure=duplicate-charge&tool=billing.refund_payment"}, "to": {to}, "note": {note}}.Encode(), status)
	}
	demote("act", "x", http.StatusBadRequest)
	demote("shadow", "", http.StatusBadRequest)
	b.wants(demote("shadow", "two were wrong", http.StatusOK), "Lowered to shadow by token Robin Field", "two were wrong", "Restore")
	b.wants(demote("shadow", "again", http.StatusConflict), "falls to what is below")
	w.role = people.Approver
	if html := b.get("/authority", http.StatusOK); !strings.Contains(html, "Lowered to shadow") || strings.Contains(html, "Demote") || strings.Contains(html, "Restore") {
		t.Error("an approver should see that a level was lowered, and no way to change it")
	}
	w.role = people.Admin
	if html := b.post("/authority", "decision=restore&procedure=duplicate-charge&tool=billing.refund_payment&band=*&note=fine", http.StatusOK); strings.Contains(html, "Lowered to") {
		t.Error("what was restored is still lowered")
	}
	b.post("/authority", "decision=restore&procedure=none&tool=x&band=*&note=fine", http.StatusNotFound)
	v := ladderView(authority.Level{Key: authority.Key{Procedure: "p", Tool: "t"}, Level: "propose", Evidence: casefile.Evidence{Agreed: 27, Edited: 1}, Bound: 0.85}, look("admin"))
	if v.Agreed != "27 of 28" || v.From != 70 || v.Dot < 92 || v.Against != "1 edited, 0 rejected, 0 reversed" {
		t.Errorf("27 of 28 with a bound of 0.85 should stand so on the ladder, not %+v", v)
	}
}

// A read is tried with typed arguments; what writes isn't.
func TestToolPages(t *testing.T) {
	var got string
	plugin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.Path + " " + r.Header.Get("Idempotency-Key")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"count": 2}`)
	}))
	defer plugin.Close()
	w := newWorld(busy())
	b := signIn(t, w)
	bundled, err := w.company.library.Active()
	if err != nil {
		t.Fatal(err)
	}
	m := bundled.Manifests["billing"]
	if err := w.company.registry.Set([]tools.Plugin{{Name: "billing", URL: plugin.URL, AllowHosts: []string{"127.0.0.1"}, Manifest: &m}}); err != nil {
		t.Fatal(err)
	}
	b.wants(b.get("/tools", http.StatusOK), "billing.list_payments", "1,234", "3.00 s", "1 of 2", "2.3.0")
	b.wants(b.get("/tools/billing.list_payments", http.StatusOK), "Try a read", "unknown: no-answer", `href="/cases/c2#entry-5"`, `name="arg.invoice_id"`, "Pause this tool")
	html := b.post("/tools/billing.list_payments/try", "arg.invoice_id=INV-1", http.StatusOK)
	b.wants(html, "<b>done</b>", "&#34;count&#34;: 2")
	if got != "/tools/list_payments " || len(w.audited) != 1 || !strings.HasSuffix(w.audited[0], "tool.tried billing.list_payments") {
		t.Errorf("one read should be sent, and stand in the audit, not %q %q", got, w.audited)
	}
	b.post("/tools/billing.refund_payment/try", "", http.StatusBadRequest)
	b.get("/tools/billing.nothing", http.StatusNotFound)
	if html := b.get("/tools/billing.refund_payment", http.StatusOK); strings.Contains(html, "Try a read") {
		t.Error("what writes is not tried")
	}
}

// An operator drafts a change, an admin activates it.
func TestBundlesAreEditedCheckedAndActivated(t *testing.T) {
	w := newWorld(busy())
	w.role = people.Operator
	b := signIn(t, w)
	active, err := w.company.library.Active()
	if err != nil {
		t.Fatal(err)
	}
	b.wants(b.get("/bundles", http.StatusOK), "active", active.Version[:8])
	b.wants(b.get("/bundles/active", http.StatusOK), "policies/payments.yaml", "Rehearse")
	edit := "/bundles/" + active.Version + "/edit"
	b.wants(b.get(edit+"?path=policies%2Fpayments.yaml", http.StatusOK), "over-100", "Keep as a draft")
	b.wants(b.get(edit+"?path=tools%2Fbilling.yaml", http.StatusOK), "an admin changes it")
	b.post(edit, "path=tools%2Fbilling.yaml&text=x", http.StatusForbidden)
	b.get(edit+"?path=nothing.yaml", http.StatusNotFound)
	text := storyFiles["policies/payments.yaml"]
	send := func(text, do string, status int) string {
		return b.post(edit, url.Values{"path": {"policies/payments.yaml"}, "text": {text}, "do": {do}}.Encode(), status)
	}
	b.wants(send(strings.Replace(text, "approve: action", "approve: actoin", 1), "draft", http.StatusUnprocessableEntity), "It does not hold together", "policies/payments.yaml, line 6", "actoin")
	b.wants(send(strings.Replace(text, "10000", "15000", 1), "check", http.StatusOK), "It holds together")
	html := send(strings.Replace(text, "10000", "15000", 1), "draft", http.StatusOK)
	b.wants(html, "draft", "What changes from the active version", "payments/over-100", "15000", "Rehearse")
	list, err := w.company.library.List(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("the draft should be stored, not %+v (%v)", list, err)
	}
	var draft string
	for _, v := range list {
		if !v.Active {
			draft = v.Version
		}
	}
	b.wants(b.post("/bundles/"+draft+"/rehearse", "", http.StatusOK), "passed, all 21")
	b.post("/bundles/"+draft+"/activate", "", http.StatusForbidden)
	if now, err := w.company.library.Active(); err != nil || now.Version != active.Version {
		t.Fatal("an operator activated a version")
	}
	b.wants(send(strings.Replace(text, "10000", "15000", 1), "impact", http.StatusOK), "Of 1,200 past decisions, 7 would have been another.", "Nothing is stored yet")
	b.wants(send(strings.Replace(text, "10000", "17000", 1), "rehearse", http.StatusOK), `id="progress"`, "/rehearsals/", "Nothing is stored yet")
	if list, err := w.company.library.List(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("seeing the impact, or rehearsing, stored a version: %+v (%v)", list, err)
	}
	b.post("/bundles/"+draft+"/impact", "span=yesterday", http.StatusBadRequest)
	b.wants(b.post("/bundles/"+draft+"/impact", "span=all", http.StatusOK), "Of 1,200 past decisions, 7 would have been another.", "approve by over-100", "1,302.00 EUR")
	w.role = people.Admin
	b.wants(b.post("/bundles/"+draft+"/activate", "", http.StatusOK), ">active</span>")
	b.wants(b.get("/bundles/"+active.Version, http.StatusOK), "Roll back to this")
	b.get("/bundles/ffffffffffff", http.StatusNotFound)
}

var _ Journal = journal.Store(nil)
