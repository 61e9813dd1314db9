package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"resolute/agent/bundle"
	"resolute/agent/people"
)

// rehearses asks everything of rehearsals.
func (h *house) rehearses(do doing, other string) {
	for _, body := range []string{"", `{}`, `{"version":"active","faults":true,"seed":7}`, `{"version":"nope"}`, `{"sed":7}`, `{"seed":-1}`} {
		do(people.Operator, "POST", "/api/v1/rehearsals?wait=10s", "application/json", body)
	}
	var run struct{ ID string }
	h.must(json.Unmarshal([]byte(do(people.Admin, "POST", "/api/v1/rehearsals?faults=true&seed=3&wait=10s", "application/gzip", other).body), &run))
	do(people.Viewer, "GET", "/api/v1/rehearsals/"+run.ID, "", "")
	do(people.Operator, "DELETE", "/api/v1/rehearsals/"+run.ID, "", "")
	do(people.Viewer, "GET", "/api/v1/rehearsals/nope", "", "")
	do(people.Viewer, "GET", "/api/v1/rehearsals?limit=1", "", "")
	do(people.Viewer, "GET", "/api/v1/rehearsals?cursor="+run.ID, "", "")
}

func TestRehearsalsRefuse(t *testing.T) {
	h := newHouse(t)
	files, err := bundle.Starter()
	h.must(err)
	archive, err := bundle.Pack(files)
	h.must(err)
	if a := h.do(people.Operator, "POST", "/api/v1/rehearsals", "application/json", "{}"); a.status != 409 {
		t.Errorf("rehearsing while no bundle is active: %d %s, want 409", a.status, a.body)
	}
	if a := h.do(people.Admin, "POST", "/api/v1/bundles", "application/gzip", string(archive)); a.status != 200 {
		t.Fatalf("applying: %d %s", a.status, a.body)
	}
	for _, c := range []struct {
		name            string
		role            people.Role
		query, as, body string
		status          int
		says            string
	}{
		{"an unknown version", people.Operator, "", "application/json", `{"version":"abcdef123456"}`, 404, "no such version"},
		{"a damaged archive", people.Operator, "", "application/gzip", string(archive[:len(archive)/2]), 422, "the archive is no bundle"},
		{"no archive", people.Operator, "", "application/gzip", "x", 422, "not gzip"},
		{"a huge archive", people.Operator, "", "application/gzip", strings.Repeat("x", 64<<20+1), 413, "larger than"},
		{"live plugins for an operator", people.Operator, "", "application/json", `{"live":true}`, 403, "needs the role admin"},
		{"live plugins of a draft", people.Operator, "?live=true", "application/gzip", string(archive), 403, "needs the role admin"},
		{"a seed that is none", people.Operator, "?seed=-1", "application/gzip", string(archive), 422, "no whole number"},
		{"a wait that is none", people.Operator, "?wait=soon", "application/json", "{}", 422, "no time to wait"},
	} {
		a := h.do(c.role, "POST", "/api/v1/rehearsals"+c.query, c.as, c.body)
		if p := h.problem(c.name, a); a.status != c.status || !strings.Contains(p.Detail+p.Title, c.says) {
			t.Errorf("%s: %d %s, want %d that says %q", c.name, a.status, a.body, c.status, c.says)
		}
	}
	var list struct{ Items []json.RawMessage }
	if h.get("/api/v1/rehearsals", &list); len(list.Items) != 0 {
		t.Errorf("%d runs are kept of what was refused", len(list.Items))
	}
}
