package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"resolute/agent/bundle"
	"resolute/agent/people"
)

func TestKnowledge(t *testing.T) {
	h := newHouse(t)
	a := h.do(people.Admin, "POST", "/api/v1/knowledge", "application/json", `{"documents":[{"source":"refunds.md","text":"# Refunds\n\nA broken mug is refunded within thirty days."}]}`)
	if a.status != 200 {
		t.Fatalf("importing: %d %s, want 200", a.status, a.body)
	}
	var found struct {
		Hits []struct {
			DocumentID  string `json:"document_id"`
			KeywordRank int    `json:"keyword_rank"`
			Source      string
		}
	}
	h.get("/api/v1/knowledge/search?q=broken+mug&k=3", &found)
	if len(found.Hits) != 1 || found.Hits[0].Source != "refunds.md" || found.Hits[0].KeywordRank != 1 {
		t.Fatalf("searching gives %+v, want the passage on refunds", found.Hits)
	}
	for _, want := range []int{204, 404} {
		if a := h.do(people.Admin, "DELETE", "/api/v1/knowledge/"+found.Hits[0].DocumentID, "", ""); a.status != want {
			t.Errorf("deleting the document: %d %s, want %d", a.status, a.body, want)
		}
	}
	bad := h.do(people.Admin, "POST", "/api/v1/knowledge", "application/json", `{"documents":[{"source":"x.exe","text":"MZ"}]}`)
	if p := h.problem("an unknown format", bad); bad.status != 422 || len(p.Errors) != 1 || p.Errors[0].Pointer != "x.exe" {
		t.Errorf("an unknown format: %d %s, want 422 that names the document", bad.status, bad.body)
	}
}

// Everything that anybody manages through the API is in the audit, under who did it. Decisions about
// cases are there by the engine.
func TestAudited(t *testing.T) {
	h := newHouse(t)
	files, err := bundle.Starter()
	h.must(err)
	archive, err := bundle.Pack(files)
	h.must(err)
	applied := h.do(people.Admin, "POST", "/api/v1/bundles", "application/gzip", string(archive))
	var b struct{ Version string }
	if err := json.Unmarshal([]byte(applied.body), &b); err != nil || applied.status != 200 || b.Version == "" {
		t.Fatalf("applying the bundle to begin with: %d %s, want 200 with its version", applied.status, applied.body)
	}
	var created struct{ ID, Token string }
	token := h.do(people.Admin, "POST", "/api/v1/tokens", "application/json", `{"role":"viewer","name":"desk"}`)
	if err := json.Unmarshal([]byte(token.body), &created); err != nil || token.status != 201 || created.Token == "" {
		t.Fatalf("creating a token: %d %s, want 201 with the token", token.status, token.body)
	}
	for _, c := range []struct {
		role               people.Role
		method, path, body string
		action, subject    string
		status             int
	}{
		{people.Admin, "POST", "/api/v1/bundles/" + b.Version + "/activate", "", "bundle.activated", b.Version, 200},
		{people.Admin, "DELETE", "/api/v1/tokens/" + created.ID, "", "token.revoked", created.ID, 204},
	} {
		if a := h.do(c.role, c.method, c.path, "application/json", c.body); a.status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, a.status, a.body, c.status)
		}
		var list struct {
			Items []struct{ Actor, Action, Subject string }
		}
		h.get("/api/v1/audit?limit=200", &list)
		last := list.Items[len(list.Items)-1]
		if want := "token:" + string(c.role); last.Actor != want || last.Action != c.action || last.Subject != c.subject {
			t.Errorf("after %s %s the audit ends with %+v, want %s %s %s", c.method, c.path, last, want, c.action, c.subject)
		}
	}
	var list struct {
		Items []struct{ Action string }
	}
	h.get("/api/v1/audit?limit=200", &list)
	var actions []string
	for _, e := range list.Items {
		actions = append(actions, e.Action)
	}
	if got := strings.Join(actions, " "); !strings.Contains(got, "bundle.applied token.created bundle.activated") {
		t.Errorf("the audit says %s, want the bundle applied before the token was created", got)
	}
	if a := h.do(people.Admin, "GET", "/api/v1/audit", "", ""); strings.Contains(a.body, created.Token) {
		t.Error("the audit tells the token itself")
	}
}
