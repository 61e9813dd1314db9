package api_test

import (
	"regexp"
	"strings"
	"testing"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

// inside are words that only somebody who reads this program's source would understand.
var inside = regexp.MustCompile(`\b[Gg]o\b|struct|int64|float64|casefile|people\.|api\.|json:|time\.|[Uu]nmarshal|map\[`)

// What is wrong with a body is said in JSON's words, at its pointer.
func TestBodiesThatDontFit(t *testing.T) {
	h := newHouse(t)
	h.engine.decide = func(string, agent.Decide, people.Principal) (*casefile.Case, error) {
		t.Error("a decision that doesn't fit reached the engine")
		return nil, agent.ErrDecisionInvalid
	}
	const decisions, tokens, knowledge = "/api/v1/cases/c-1/decisions", "/api/v1/tokens", "/api/v1/knowledge"
	for _, c := range []struct {
		name, path, body string
		status           int
		pointers, detail string
	}{
		{"a number for a text", decisions, `{"decision":"approve","hash":7}`, 422, "/hash", "expected string, got number"},
		{"a text for an object", decisions, `{"decision":"edit","args":"all"}`, 422, "/args", "expected object, got string"},
		{"a list for the whole", decisions, `[]`, 422, "", "expected object, got array"},
		{"a decision that is none", decisions, `{"decision":"dance"}`, 422, "/decision", "dance is none of approve, reject"},
		{"no decision", decisions, `{"note":"x"}`, 422, "/decision", "missing"},
		{"a decision that is null", decisions, `{"decision":null}`, 422, "/decision", "missing"},
		{"an unknown member, deep inside", decisions, `{"decision":"override","action":{"tool":"a.b","colour":"red"}}`, 422, "/action/colour", "not known"},
		{"two things at once", decisions, `{"decision":"approve","hash":[],"note":{}}`, 422, "/hash /note", "expected string, got array"},
		{"a name that a pointer has to escape", decisions, `{"decision":"approve","a/b~c":1}`, 422, "/a~1b~0c", "not known"},
		{"JSON cut short", decisions, `{"decision":`, 400, "", "ends before its value does"},
		{"no JSON", decisions, "{\n  \"decision\": approve}", 400, "", "at 2:15"},
		{"nothing", decisions, ``, 400, "", "empty"},
		{"two values", decisions, `{"decision":"approve"} {}`, 400, "", "more than one"},
		{"Latin-1", decisions, "{\"decision\":\"close\",\"note\":\"caf\xe9\"}", 400, "", "not UTF-8"},
		{"a role that is none", tokens, `{"role":"king"}`, 422, "/role", "king is none of ingest, viewer"},
		{"a time that is none", tokens, `{"role":"viewer","expires_at":"tomorrow"}`, 422, "/expires_at", "date-time"},
		{"a text for yes or no", tokens, `{"role":"viewer","untrusted":"yes"}`, 422, "/untrusted", "expected boolean, got string"},
		{"a document without its text", knowledge, `{"documents":[{"source":"a.md","text":"x"},{"source":"b.md"}]}`, 422, "/documents/1/text", "missing"},
		{"a callback that says nothing", "/callbacks/x", `{}`, 422, "/idempotency_key", "missing"},
		{"a callback whose error is a text", "/callbacks/x", `{"idempotency_key":"k","error":"no"}`, 422, "/error", "expected object, got string"},
		{"a callback whose error has a wrong status", "/callbacks/x", `{"idempotency_key":"k","error":{"status":"no"}}`, 422, "/error/status", "expected integer, got string"},
	} {
		a := h.do(people.Admin, "POST", c.path, "application/json", c.body)
		if a.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, a.status, a.body, c.status)
		}
		p := h.problem(c.name, a)
		var pointers []string
		for _, e := range p.Errors {
			pointers = append(pointers, e.Pointer)
		}
		if got := strings.Join(pointers, " "); got != c.pointers {
			t.Errorf("%s: the problem points to %q, want %q: %s", c.name, got, c.pointers, a.body)
		}
		if !strings.Contains(a.body, c.detail) {
			t.Errorf("%s: the problem is %s, want it to say %q", c.name, a.body, c.detail)
		}
		if word := inside.FindString(p.Detail); word != "" {
			t.Errorf("%s: the problem says %q, and %q is a word of this program's inside", c.name, p.Detail, word)
		}
	}
}

// Members that are null count as absent, as many clients write them.
func TestNullCountsAsAbsent(t *testing.T) {
	h := newHouse(t)
	var got agent.Decide
	h.engine.decide = func(id string, d agent.Decide, _ people.Principal) (*casefile.Case, error) {
		got = d
		return &casefile.Case{ID: id}, nil
	}
	a := h.do(people.Operator, "POST", "/api/v1/cases/c-1/decisions", "application/json", `{"decision":"edit","hash":"h","action":null,"note":null,"args":{"reason":null}}`)
	if _, there := got.Args["reason"]; a.status != 200 || got.Hash != "h" || !there {
		t.Errorf("answered %d %s, the engine was given %+v; want it taken, and the null that is an argument kept", a.status, a.body, got)
	}
}

// A query that can't be answered is refused, with the parameter and what it could be.
func TestQueriesThatMakeNoSense(t *testing.T) {
	h := newHouse(t)
	for path, want := range map[string]struct{ parameters, detail string }{
		"/api/v1/cases?status=foo":                     {"status", "none of working, waiting, approval, escalated, resolved, closed"},
		"/api/v1/cases?stop=policy":                    {"stop", "policy.deny"},
		"/api/v1/cases?status=Working&stop=x&limit=-1": {"status stop limit", "Working"},
		"/api/v1/cases?limit=ten":                      {"limit", "whole number"},
		"/api/v1/cases?limit=0":                        {"limit", "whole number"},
		"/api/v1/cases?limit=99999999999999999999":     {"limit", "whole number"},
		"/api/v1/cases?cursor=x":                       {"cursor", "next_cursor"},
		"/api/v1/cases?status=working&status=waiting":  {"status", "give it once"},
		"/api/v1/cases/x/journal?cursor=x":             {"cursor", "next_cursor"},
		"/api/v1/approvals?cursor=x":                   {"cursor", "next_cursor"},
		"/api/v1/approvals?cursor=00000000000000ff-x":  {"cursor", "next_cursor"},
		"/api/v1/outbox?cursor=-1":                     {"cursor", "next_cursor"},
		"/api/v1/audit?cursor=zz":                      {"cursor", "next_cursor"},
		"/api/v1/audit?from=yesterday&to=2026-03-01":   {"from to", "RFC 3339"},
		"/api/v1/knowledge/search?q=x&mode=magic":      {"mode", "none of hybrid, keyword, vector"},
		"/api/v1/knowledge/search?q=x&k=many":          {"k", "whole number"},
	} {
		a := h.do(people.Admin, "GET", path, "", "")
		var got []string
		for _, e := range h.problem(path, a).Errors {
			got = append(got, e.Parameter)
		}
		if said := strings.Join(got, " "); a.status != 422 || said != want.parameters || !strings.Contains(a.body, want.detail) {
			t.Errorf("GET %s: %d %s, want 422 about %s that says %q", path, a.status, a.body, want.parameters, want.detail)
		}
	}
	for _, path := range []string{"/api/v1/cases?status=&stop=&limit=&cursor=", "/api/v1/cases?stop=budget.exceeded&limit=1000", "/api/v1/audit?from=2026-03-01T10:00:00%2B01:00"} {
		if a := h.do(people.Admin, "GET", path, "", ""); a.status != 200 {
			t.Errorf("GET %s: %d %s, want 200", path, a.status, a.body)
		}
	}
}
