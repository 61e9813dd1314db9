package api_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/listing"
	"resolute/agent/people"
	"resolute/agent/projection"
)

// nobodys is a company of which nothing is known.
type nobodys struct{}

func (nobodys) Zone() *time.Location                                   { return time.UTC }
func (nobodys) Currency(context.Context, string) string                { return "EUR" }
func (nobodys) Versions(context.Context) (map[string]time.Time, error) { return nil, nil }

func deedsOf(audit *people.Audit) insights.Deeds {
	return func(ctx context.Context, from, to time.Time, cursor string, limit int) (list []insights.Deed, next string, err error) {
		events, next, err := audit.List(ctx, from, to, cursor, limit)
		for _, e := range events {
			list = append(list, insights.Deed{At: e.At, Action: e.Action, Subject: e.Subject, Detail: e.Detail})
		}
		return list, next, err
	}
}

// views follow the house's journal.
func (h *house) views(dir string) *projection.Views {
	h.t.Helper()
	views, err := projection.Open(context.Background(), filepath.Join(dir, "views.db"), h.store, slog.New(slog.DiscardHandler), insights.Projection(), listing.Projection())
	h.must(err)
	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() { defer close(followed); views.Run(ctx) }()
	h.t.Cleanup(func() { stop(); <-followed; views.Close() })
	return views
}

// counts asks for figures, of a journal in which one case moved money.
func (h *house) counts(do func(role people.Role, method, path, contentType, body string, headers ...string) answered) {
	h.t.Helper()
	h.refunds(h.signal("r", `{"customer":{"id":"c"},"text":"broken"}`))
	do(people.Viewer, "GET", "/api/v1/insights", "", "")
	do(people.Viewer, "GET", "/api/v1/insights?from=2026-01-01T00:00:00Z&by=week&within_days=3", "", "")
	do(people.Viewer, "GET", "/api/v1/insights?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "", "")
	do(people.Viewer, "GET", "/api/v1/insights?by=year", "", "")
	if a := do(people.Viewer, "GET", "/api/v1/insights?bundle=zzzzzz", "", ""); a.status != 422 || !strings.Contains(a.body, `"parameter":"bundle"`) {
		h.t.Errorf("figures of a version that nobody stored: %d %s, want it named", a.status, a.body)
	}
	if a := do(people.Viewer, "GET", "/api/v1/insights?bundle=active", "", ""); a.status != 200 {
		h.t.Errorf("figures of the active version: %d %s", a.status, a.body)
	}
	do(people.Viewer, "GET", "/api/v1/insights", "", "", "Accept", "text/csv")
	do(people.Viewer, "GET", "/api/v1/insights.csv", "", "")
	do(people.Viewer, "GET", "/api/v1/insights/cases?figure=effects&tool=shop.refund&currency=EUR", "", "")
	do(people.Viewer, "GET", "/api/v1/insights/settings", "", "")
	do(people.Admin, "PUT", "/api/v1/insights/settings", "application/json", `{"minutes":12.5,"procedures":{"damaged":30},"least_measured":3}`)
	do(people.Admin, "PUT", "/api/v1/insights/settings", "application/json", `{"procedures":{"damaged":-1}}`)
}

// refunds lets a case move money and end.
func (h *house) refunds(id string) {
	h.t.Helper()
	call := casefile.Call{ID: "do/1", Purpose: casefile.ForDo, Hypothesis: "h", Try: 1, Action: casefile.Action{Tool: "shop.refund", Args: casefile.Object{"amount_cents": int64(1234)}, Effect: "write"}}
	a := journal.Append{CaseID: id, After: 2, Salts: make([]journal.Salt, 4)}
	for i, d := range []casefile.Data{&casefile.ProcedureChosen{Procedure: "damaged"}, &casefile.CallIntended{Call: call}, &casefile.CallAnswered{ID: call.ID, Try: 1, Outcome: casefile.OutcomeDone}, &casefile.CaseResolved{}} {
		a.Entries = append(a.Entries, casefile.Entry{Case: id, Seq: uint64(3 + i), At: time.Now(), Actor: casefile.ActorAgent, Data: d})
	}
	_, err := h.store.Append(h.t.Context(), a)
	h.must(err)
}

// Figures are a viewer's to read and an admin's to set; each leads to its cases, and whoever sets stands
// in the audit.
func TestInsights(t *testing.T) {
	h := newHouse(t)
	id := h.signal("1", `{"customer":{"id":"c"},"text":"broken"}`)
	h.refunds(id)
	h.signal("2", `{"customer":{"id":"d"},"text":"SECRET WORDS of a customer"}`)
	get := func(path string, into any) answered {
		t.Helper()
		a := h.do(people.Viewer, "GET", path, "", "")
		if a.status != 200 {
			t.Fatalf("%s answers %d %s", path, a.status, a.body)
		}
		if into != nil {
			h.must(json.Unmarshal([]byte(a.body), into))
		}
		return a
	}
	var report insights.Report
	a := get("/api/v1/insights", &report)
	if report.Cases != 2 || report.Outcomes.ByItself != 1 || report.Outcomes.Open != 1 || len(report.Effects) != 1 || *report.Effects[0].Sum != 1234 || *report.Effects[0].Currency != "EUR" {
		t.Errorf("the figures are %s; want two cases, one resolved by itself and one open, and 1234 EUR cents moved", a.body)
	}
	if strings.Contains(a.body, "SECRET") || strings.Contains(a.body, `"c"`) {
		t.Errorf("the figures tell of customers: %s", a.body)
	}
	var behind struct {
		Items []insights.Behind `json:"items"`
	}
	get("/api/v1/insights/cases?figure=resolved_by_itself", &behind)
	if len(behind.Items) != 1 || behind.Items[0].Case != id {
		t.Errorf("behind what was resolved by itself are %+v, want the case %s", behind.Items, id)
	}
	table := get("/api/v1/insights.csv?procedure=damaged", nil)
	rows, err := csv.NewReader(strings.NewReader(table.body)).ReadAll()
	if err != nil || len(rows) < 20 || fmt.Sprint(rows[0]) != "[figure dimension value unit]" || !strings.HasPrefix(table.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the table is %.200s, %v", table.body, err)
	}
	const path, settings = "/api/v1/insights/settings", `{"minutes":null,"procedures":{"damaged":30}}`
	if a := h.do(people.Approver, "PUT", path, "application/json", settings); a.status != 403 {
		t.Errorf("an approver sets what is assumed: %d %s", a.status, a.body)
	}
	if a := h.do(people.Admin, "PUT", path, "application/json", settings); a.status != 200 {
		t.Fatalf("an admin can't set what is assumed: %d %s", a.status, a.body)
	}
	get("/api/v1/insights", &report)
	if report.Hours.MS == nil || *report.Hours.MS != 30*60*1000 || report.Hours.Procedures[0].Basis != insights.BySetting {
		t.Errorf("with 30 minutes set, the hours given back are %+v", report.Hours)
	}
	events, _, err := h.deps.Audit.List(t.Context(), time.Time{}, time.Time{}, "", 100)
	h.must(err)
	if last := events[len(events)-1]; last.Action != "insights.settings" || last.Detail["procedures"] == nil {
		t.Errorf("the audit ends with %+v, want who set what", last)
	}
	for _, wrong := range []string{"?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "?from=yesterday", "?by=hour", "?within_days=0", "?from=1999-01-01T00:00:00Z&by=day"} {
		if a := h.do(people.Viewer, "GET", "/api/v1/insights"+wrong, "", ""); a.status != 422 {
			t.Errorf("insights%s answers %d %s, want 422", wrong, a.status, a.body)
		}
	}
	for _, wrong := range []string{"?figure=money", "?cursor=zz"} {
		if a := h.do(people.Viewer, "GET", "/api/v1/insights/cases"+wrong, "", ""); a.status != 422 {
			t.Errorf("insights/cases%s answers %d %s, want 422", wrong, a.status, a.body)
		}
	}
}
