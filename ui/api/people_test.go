package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"resolute/agent/people"
)

// invites asks for everything about people.
func (h *house) invites(do func(role people.Role, method, path, contentType, body string, headers ...string) answered) {
	h.t.Helper()
	person := func(a answered) (p struct{ ID, Link string }) {
		h.t.Helper()
		h.must(json.Unmarshal([]byte(a.body), &p))
		return p
	}
	boss := person(do(people.Admin, "POST", "/api/v1/people", "application/json", `{"name":"boss","role":"admin"}`))
	kim := person(do(people.Admin, "POST", "/api/v1/people", "application/json", `{"name":"kim","role":"viewer"}`))
	do(people.Admin, "POST", "/api/v1/people", "application/json", `{"name":"Kim","role":"viewer"}`)
	do(people.Admin, "POST", "/api/v1/people", "application/json", `{"name":"x","role":"ingest"}`)
	do(people.Admin, "GET", "/api/v1/people", "", "")
	do(people.Admin, "POST", "/api/v1/people/"+kim.ID+"/link", "", "")
	do(people.Admin, "PATCH", "/api/v1/people/"+kim.ID, "application/json", `{"role":"operator","disabled":true}`)
	do(people.Admin, "PATCH", "/api/v1/people/"+boss.ID, "application/json", `{"disabled":true}`)
	do(people.Admin, "DELETE", "/api/v1/people/"+kim.ID+"/sessions", "", "")
	do(people.Admin, "DELETE", "/api/v1/people/"+kim.ID, "", "")
	do(people.Admin, "DELETE", "/api/v1/people/"+kim.ID, "", "")
}

func TestPeopleByTheAPI(t *testing.T) {
	h := newHouse(t)
	h.deps.PublicURL = "https://help.example/"
	h.serve()
	ask := func(method, path, body string, want int) answered {
		t.Helper()
		a := h.do(people.Admin, method, path, "application/json", body)
		if a.status != want {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, a.status, a.body, want)
		}
		return a
	}
	var kim struct {
		ID, Link, Role string
		Disabled       bool
	}
	h.must(json.Unmarshal([]byte(ask("POST", "/api/v1/people", `{"name":"Kim","role":"admin"}`, 201).body), &kim))
	code, ok := strings.CutPrefix(kim.Link, "https://help.example/join?code=")
	if a, err := h.deps.Accounts.Linked(code); !ok || err != nil || a.ID != kim.ID {
		t.Errorf("the link is %s, of %+v, %v; want Kim's at the public address", kim.Link, a, err)
	}
	if list := h.do(people.Admin, "GET", "/api/v1/people", "", "").body; strings.Contains(list, code) || strings.Contains(list, "argon2id") {
		t.Errorf("the list shows what is secret: %s", list)
	}
	ask("POST", "/api/v1/people", `{"name":"kim","role":"viewer"}`, http.StatusConflict)
	ask("PATCH", "/api/v1/people/"+kim.ID, `{"role":"viewer"}`, http.StatusConflict) // the last admin
	ask("DELETE", "/api/v1/people/"+kim.ID, "", http.StatusConflict)
	ask("PATCH", "/api/v1/people/"+kim.ID, `{"name":"Tim"}`, http.StatusUnprocessableEntity)
	ask("PATCH", "/api/v1/people/x", `{"role":"viewer"}`, http.StatusNotFound)
	ask("POST", "/api/v1/people/x/link", "", http.StatusNotFound)
	ask("DELETE", "/api/v1/people/x/sessions", "", http.StatusNotFound)
}
