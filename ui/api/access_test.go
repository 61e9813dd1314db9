package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/tools/protocol"
	"resolute/ui/api"
)

// Each role may what the contract lets it, and no more: 401 without a token, 403 with too little.
func TestAuthority(t *testing.T) {
	h := newHouse(t)
	h.engine.decide = func(id string, _ agent.Decide, _ people.Principal) (*casefile.Case, error) {
		return &casefile.Case{ID: id}, nil
	}
	readers := []people.Role{people.Viewer, people.Operator, people.Approver, people.Admin}
	deciders, admins := readers[1:], readers[3:]
	table := []struct {
		method, path, body string
		let                []people.Role
		may                []people.Role // of those that the contract leaves open
	}{
		{"POST", "/api/v1/signals", `{}`, []people.Role{people.Ingest, people.Admin}, deciders},
		{"GET", "/api/v1/cases", "", readers, nil},
		{"GET", "/api/v1/cases/x", "", readers, nil},
		{"GET", "/api/v1/cases/x/journal", "", readers, nil},
		{"POST", "/api/v1/cases/x/decisions", `{"decision":"retry"}`, deciders, nil},
		{"GET", "/api/v1/approvals", "", readers, nil},
		{"GET", "/api/v1/outbox", "", readers, nil},
		{"GET", "/api/v1/knowledge", "", readers, nil},
		{"GET", "/api/v1/knowledge/search?q=x", "", readers, nil},
		{"GET", "/api/v1/knowledge/x", "", readers, nil},
		{"GET", "/api/v1/knowledge/passage?address=x", "", readers, nil},
		{"GET", "/api/v1/knowledge/gaps", "", readers, nil},
		{"POST", "/api/v1/knowledge", `{}`, admins, nil},
		{"GET", "/api/v1/corrections", "", readers, nil},
		{"GET", "/api/v1/corrections/x", "", readers, nil},
		{"POST", "/api/v1/corrections", `{}`, deciders, nil},
		{"DELETE", "/api/v1/corrections/x", "", deciders, nil},
		{"POST", "/api/v1/corrections/x/accept", "", admins, nil},
		{"DELETE", "/api/v1/knowledge/x", "", admins, nil},
		{"GET", "/api/v1/bundles", "", readers, nil},
		{"GET", "/api/v1/bundles/x", "", readers, nil},
		{"POST", "/api/v1/bundles", `{}`, admins, nil},
		{"POST", "/api/v1/bundles/x/activate", "", admins, nil},
		{"GET", "/api/v1/bundles/x/diff/y", "", readers, nil},
		{"GET", "/api/v1/manifests", "", readers, nil},
		{"GET", "/api/v1/insights", "", readers, nil},
		{"GET", "/api/v1/insights.csv", "", readers, nil},
		{"GET", "/api/v1/insights/cases", "", readers, nil},
		{"GET", "/api/v1/insights/settings", "", readers, nil},
		{"PUT", "/api/v1/insights/settings", "{}", admins, nil},
		{"GET", "/api/v1/bundles/x/archive", "", readers, nil},
		{"GET", "/api/v1/suggestions", "", readers, nil},
		{"GET", "/api/v1/suggestions/x", "", readers, nil},
		{"POST", "/api/v1/suggestions/x/rehearse", "", deciders, nil},
		{"POST", "/api/v1/suggestions/x/accept", "{}", admins, nil},
		{"POST", "/api/v1/suggestions/x/dismiss", `{"note":"n"}`, deciders, nil},
		{"GET", "/api/v1/cases/similar?text=x", "", readers, nil},
		{"GET", "/api/v1/cases/x/similar", "", readers, nil},
		{"POST", "/api/v1/rehearsals", "{}", deciders, nil},
		{"POST", "/api/v1/bundles/x/shadow", "", deciders, nil},
		{"DELETE", "/api/v1/bundles/x/shadow", "", deciders, nil},
		{"GET", "/api/v1/bundles/x/shadow", "", readers, nil},
		{"POST", "/api/v1/cases/x/status-link", "", deciders, nil},
		{"DELETE", "/api/v1/cases/x/status-link", "", deciders, nil},
		{"GET", "/api/v1/rehearsals", "", readers, nil},
		{"GET", "/api/v1/rehearsals/x", "", readers, nil},
		{"DELETE", "/api/v1/rehearsals/x", "", deciders, nil},
		{"POST", "/api/v1/bundles/x/impact", "{}", deciders, nil},
		{"POST", "/api/v1/manifests/x/accept", "{}", admins, nil},
		{"POST", "/api/v1/bundles/x/diff", "", admins, nil},
		{"GET", "/api/v1/tokens", "", admins, nil},
		{"POST", "/api/v1/tokens", `{}`, admins, nil},
		{"DELETE", "/api/v1/tokens/x", "", admins, nil},
		{"GET", "/api/v1/audit", "", admins, nil},
		{"GET", "/api/v1/stream", "", nil, readers}, // it never ends; TestStreamStartsNowAndResumes has it
		{"POST", "/api/v1/pause", `{}`, deciders, nil},
		{"POST", "/api/v1/resume", `{}`, deciders, nil},
		{"GET", "/api/v1/pauses", "", readers, nil},
		{"GET", "/api/v1/authority", "", readers, nil},
		{"POST", "/api/v1/authority", `{}`, admins, nil},
		{"GET", "/api/v1/people", "", admins, nil},
		{"POST", "/api/v1/people", `{}`, admins, nil},
		{"PATCH", "/api/v1/people/x", `{}`, admins, nil},
		{"DELETE", "/api/v1/people/x", "", admins, nil},
		{"POST", "/api/v1/people/x/link", "", admins, nil},
		{"DELETE", "/api/v1/people/x/sessions", "", admins, nil},
		{"GET", "/api/v1/triage", "", readers, nil},
		{"GET", "/api/v1/model", "", readers, nil},
		{"POST", "/api/v1/model/pull", "{}", admins, nil},
		{"POST", "/api/v1/triage/x/activate", "{}", admins, nil},
	}
	described := h.describe(t)
	unasked := map[string]bool{}
	for path, operations := range described.paths {
		for verb := range operations {
			if strings.HasPrefix(path, "/api/v1/") && path != "/api/v1/openapi.json" {
				unasked[verb+" "+path] = true
			}
		}
	}
	for _, c := range table {
		delete(unasked, described.operation(c.method, c.path))
		for _, role := range append([]people.Role{""}, people.Roles()...) {
			if slices.Contains(c.may, role) && !slices.Contains(c.let, role) {
				continue
			}
			a := h.do(role, c.method, c.path, "application/json", c.body)
			switch let := slices.Contains(c.let, role); {
			case role == "":
				if a.status != 401 || a.header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%s %s without a token: %d, WWW-Authenticate %q, want 401 and Bearer", c.method, c.path, a.status, a.header.Get("WWW-Authenticate"))
				}
			case let && (a.status == 401 || a.status == 403):
				t.Errorf("%s %s as %s: %d %s, want to be let in", c.method, c.path, role, a.status, a.body)
			case !let && a.status != 403:
				t.Errorf("%s %s as %s: %d %s, want 403", c.method, c.path, role, a.status, a.body)
			}
			if a.status == 401 || a.status == 403 {
				h.problem(c.method+" "+c.path, a)
			}
		}
	}
	for route := range unasked {
		t.Errorf("%s isn't tried for each role; this table has to have it", route)
	}
}

func TestTokensThatDontCount(t *testing.T) {
	h := newHouse(t)
	created, secret, err := h.deps.Tokens.Create(t.Context(), people.NewToken{Role: people.Admin}, "user:test")
	h.must(err)
	ask := func(header string) int {
		return h.do("", "GET", "/api/v1/cases", "", "", "Authorization", header).status
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + secret, secret, "Bearer " + secret + "x"} {
		if got := ask(header); got != 401 {
			t.Errorf("Authorization %q: %d, want 401", header, got)
		}
	}
	if got := ask("Bearer " + secret); got != 200 {
		t.Fatalf("a token that counts: %d, want 200", got)
	}
	h.must(h.deps.Tokens.Revoke(t.Context(), created.ID, "user:test"))
	if got := ask("Bearer " + secret); got != 401 {
		t.Errorf("the same token, revoked: %d, want 401 at once", got)
	}
}

// Probes need no token where only this machine can ask; a proxy on it asks for somebody else.
func TestProbes(t *testing.T) {
	h := newHouse(t)
	handler := api.New(h.deps)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		for _, c := range []struct {
			remote, header string
			role           people.Role
			let            bool
		}{
			{"127.0.0.1:5000", "", "", true},
			{"[::1]:5000", "", "", true},
			{"192.0.2.7:5000", "", "", false},
			{"192.0.2.7:5000", "", people.Viewer, true},
			{"192.0.2.7:5000", "", people.Ingest, false},
			{"192.0.2.7:5000", "127.0.0.1", "", false},
			{"127.0.0.1:5000", "192.0.2.7", "", false},
		} {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = c.remote
			if c.header != "" {
				r.Header.Set("X-Forwarded-For", c.header)
			}
			if c.role != "" {
				r.Header.Set("Authorization", "Bearer "+h.tokens[c.role])
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if refused := w.Code == 401 || w.Code == 403; refused == c.let {
				t.Errorf("%s from %s, forwarded for %q, as %q: %d, want let in: %v", path, c.remote, c.header, c.role, w.Code, c.let)
			}
		}
	}
	if a := h.do("", "GET", "/readyz", "", ""); a.status != 503 {
		t.Errorf("readyz without a bundle: %d %s, want 503", a.status, a.body)
	}
	h.signal("1", `{}`)
	if a := h.do("", "GET", "/metrics", "", ""); !strings.Contains(a.body, `resolute_signals_total{duplicate="false"} 1`) {
		t.Errorf("metrics after one signal say %s, want it counted", a.body)
	}
}

// The admin socket asks for no token, and has what the network has not.
func TestAdmin(t *testing.T) {
	h := newHouse(t)
	h.signal("1", `{}`)
	admin := httptest.NewServer(api.NewAdmin(h.deps))
	defer admin.Close()
	h.server = admin
	for _, c := range []struct {
		method, path, body, want string
		status                   int
	}{
		{"PUT", "/admin/secrets/shop", `{"value":"hidden"}`, "", 204},
		{"GET", "/admin/secrets", "", `"name":"shop"`, 200},
		{"DELETE", "/admin/secrets/shop", "", "", 204},
		{"DELETE", "/admin/secrets/shop", "", "", 404},
		{"PUT", "/admin/secrets/a%2Fb", `{"value":"x"}`, "", 404},
		{"PUT", "/admin/secrets/a.b", `{"value":"x"}`, "", 422},
		{"POST", "/admin/verify", "", `"damage":[]`, 200},
		{"GET", "/api/v1/tokens", "", `"items"`, 200},
	} {
		a := h.do("", c.method, c.path, "application/json", c.body)
		if a.status != c.status || !strings.Contains(a.body, c.want) || strings.Contains(a.body, "hidden") {
			t.Errorf("%s %s: %d %s, want %d with %s", c.method, c.path, a.status, a.body, c.status, c.want)
		}
	}
	var link struct{ Code string }
	a := h.do("", "POST", "/admin/signin", "", "")
	if err := json.Unmarshal([]byte(a.body), &link); err != nil || link.Code == "" {
		t.Fatalf("a sign-in code: %d %s, want one", a.status, a.body)
	}
	if list := h.deps.Accounts.List(); len(list) != 1 || list[0].Role != people.Admin || list[0].Name != people.FirstAdmin {
		t.Errorf("a sign-in code where nobody is known: %+v, want the first admin", list)
	}
}

// The document names what is served, and nothing else.
func TestOpenAPI(t *testing.T) {
	h := newHouse(t)
	h.engine.complete = func(string, protocol.CallbackBody) error { return nil }
	a := h.do("", "GET", "/api/v1/openapi.json", "", "")
	var doc struct {
		OpenAPI string
		Info    struct{ Version string }
		Paths   map[string]map[string]struct {
			Summary    string
			Responses  map[string]any
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Info.Version != "test" {
		t.Fatalf("the document: %d %.200s (%v), want OpenAPI 3.1", a.status, a.body, err)
	}
	methods := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	for path, operations := range doc.Paths {
		if strings.HasPrefix(path, "/admin/") || strings.Contains(path, ":") {
			t.Errorf("the document names %s", path)
		}
		if path == "/api/v1/stream" {
			continue // it never ends; it has its own test
		}
		real := strings.NewReplacer("{", "", "}", "").Replace(path)
		for _, method := range methods {
			op, named := operations[strings.ToLower(method)]
			if method == "DELETE" && (path == "/api/v1/knowledge/search" || path == "/api/v1/knowledge/passage" || path == "/api/v1/knowledge/gaps") {
				continue // a document may have that id
			}
			got := h.do("", method, real, "application/json", `{}`)
			if served := got.status != 404 && got.status != 405; served != named {
				t.Errorf("%s %s answers %d, and the document names it: %v", method, real, got.status, named)
			}
			if named && (op.Summary == "" || len(op.Responses) == 0) {
				t.Errorf("%s %s has no summary or no responses", method, path)
			}
			for _, p := range op.Parameters {
				if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") {
					t.Errorf("%s %s has a parameter %s that isn't in its path", method, path, p.Name)
				}
			}
		}
	}
	for _, path := range []string{"/signals", "/cases", "/cases/{id}", "/cases/{id}/journal", "/cases/{id}/decisions", "/approvals", "/outbox", "/stream",
		"/knowledge", "/knowledge/{id}", "/knowledge/search", "/knowledge/passage", "/knowledge/gaps", "/corrections", "/corrections/{id}", "/corrections/{id}/accept", "/bundles", "/bundles/{version}", "/bundles/{version}/activate", "/manifests", "/manifests/{plugin}/accept", "/bundles/{version}/diff", "/bundles/{version}/impact", "/bundles/{version}/diff/{other}", "/tokens", "/tokens/{id}", "/audit"} {
		if doc.Paths["/api/v1"+path] == nil {
			t.Errorf("the document lacks /api/v1%s", path)
		}
	}
}

// listener reads the stream, one event at a time.
type listener struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func (h *house) listen(t *testing.T, secret, after string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", h.server.URL+"/api/v1/stream", nil)
	h.must(err)
	req.Header.Set("Authorization", "Bearer "+secret)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	res, err := h.server.Client().Do(req)
	h.must(err)
	t.Cleanup(func() { _ = res.Body.Close() }) // the stream is over
	if got := res.Header.Get("Content-Type"); res.StatusCode != 200 || !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("the stream: %d %s, want 200 and an event stream", res.StatusCode, got)
	}
	return &listener{t, bufio.NewScanner(res.Body), cancel}
}

// next gives the id and the kind of the next event; ok is false at the end of the stream.
func (l *listener) next() (id, kind string, data map[string]any, ok bool) {
	for l.lines.Scan() {
		field, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			if err := json.Unmarshal([]byte(value), &data); err != nil {
				l.t.Fatalf("event %s has the data %q: %v", id, value, err)
			}
		case "":
			if data != nil {
				return id, kind, data, true
			}
		}
	}
	return "", "", nil, false
}

func (l *listener) ids(n int) (ids []string) {
	l.t.Helper()
	for len(ids) < n {
		id, _, _, ok := l.next()
		if !ok {
			l.t.Fatalf("the stream ended after %v, want %d events", ids, n)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestStreamStartsNowAndResumes(t *testing.T) {
	h := newHouse(t)
	h.signal("before", `{}`)
	live := h.listen(t, h.tokens[people.Viewer], "")
	var all []string
	for i := range 6 { // each is a signal and an opening
		caseID := h.signal(fmt.Sprint("s-", i), `{}`)
		id, kind, data, _ := live.next()
		if kind != "signal.received" || data["case_id"] != caseID || data["kind"] != kind || data["actor"] != "token:ingest" || data["seq"] != 1.0 || data["at"] == nil {
			t.Fatalf("after signal %d the stream says %s %v, want its arrival in case %s, and nothing of before", i, kind, data, caseID)
		}
		opened, kind, data, _ := live.next()
		if kind != "case.opened" || data["status"] != "working" {
			t.Fatalf("then the stream says %s %v, want the opening, and that it is working", kind, data)
		}
		all = append(all, id, opened)
	}
	for _, at := range []int{0, 4, 10} {
		again := h.listen(t, h.tokens[people.Viewer], all[at])
		if got, want := again.ids(len(all)-at-1), all[at+1:]; !slices.Equal(got, want) {
			t.Errorf("from %s on the stream says %v, want %v", all[at], got, want)
		}
		again.cancel()
	}
	first := h.listen(t, h.tokens[people.Viewer], "0")
	if got := first.ids(14); !slices.Equal(got[2:], all) {
		t.Errorf("from the beginning the stream says %v, want the case of before and then %v", got, all)
	}
	if a := h.do(people.Viewer, "GET", "/api/v1/stream", "", "", "Last-Event-ID", "x"); a.status != 400 {
		t.Errorf("Last-Event-ID x: %d %s, want 400", a.status, a.body)
	}
	for role, want := range map[people.Role]int{"": 401, people.Ingest: 403} {
		if a := h.do(role, "GET", "/api/v1/stream", "", ""); a.status != want {
			t.Errorf("the stream as %q: %d, want %d", role, a.status, want)
		}
	}
}

// Whoever's token is revoked hears nothing more.
func TestStreamEndsWithItsToken(t *testing.T) {
	h := newHouse(t)
	created, secret, err := h.deps.Tokens.Create(t.Context(), people.NewToken{Role: people.Viewer}, "user:test")
	h.must(err)
	l := h.listen(t, secret, "")
	h.signal("1", `{}`)
	l.ids(2)
	h.must(h.deps.Tokens.Revoke(t.Context(), created.ID, "user:test"))
	h.signal("2", `{}`)
	if id, kind, _, ok := l.next(); ok {
		t.Errorf("after its token was revoked the stream says %s %s, want its end", id, kind)
	}
}

// A reader that takes nothing holds up nobody.
func TestStreamBlocksNobody(t *testing.T) {
	h := newHouse(t)
	h.listen(t, h.tokens[people.Viewer], "") // and never read
	other := h.listen(t, h.tokens[people.Viewer], "")
	for i := range 50 {
		h.signal(fmt.Sprint("s-", i), `{"text":"`+strings.Repeat("x", 1000)+`"}`)
	}
	other.ids(100)
}
