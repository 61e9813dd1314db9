package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"resolute/agent/model/ollama"
	"resolute/agent/people"
)

func TestModelIsSeenAndPulled(t *testing.T) {
	h := newHouse(t)
	var s ollama.Status
	a := h.do(people.Viewer, "GET", "/api/v1/model", "", "")
	if err := json.Unmarshal([]byte(a.body), &s); err != nil || a.status != 200 || s.State != ollama.StateIdle || s.Most != 8192 || s.Version != "0.17.4" {
		t.Fatalf("the model: %d %s, want idle, with its context and the server's version", a.status, a.body)
	}
	if a := h.do(people.Admin, "POST", "/api/v1/model/pull", "application/json", `{"model":"../x"}`); a.status != 422 || !strings.Contains(a.body, "no name of a model") {
		t.Errorf("a name that is none: %d %s, want 422", a.status, a.body)
	}
	if a := h.do(people.Admin, "POST", "/api/v1/model/pull", "application/json", `{"model":"qwen3:8b"}`); a.status != 202 || !strings.Contains(a.body, `"qwen3:8b"`) {
		t.Fatalf("a pull: %d %s, want 202", a.status, a.body)
	}
	for s.Pull == nil || s.Pull.EndedAt.IsZero() {
		a := h.do(people.Viewer, "GET", "/api/v1/model", "", "")
		if err := json.Unmarshal([]byte(a.body), &s); err != nil || a.status != 200 {
			t.Fatalf("the model: %d %s, %v", a.status, a.body, err)
		}
	}
	if s.Pull.Error != "" || s.Pull.Completed != 100 || len(s.Models) != 2 {
		t.Errorf("then: %+v, %+v, want the model there", s, s.Pull)
	}
	if a := h.do(people.Admin, "GET", "/api/v1/audit", "", ""); !strings.Contains(a.body, "model.pulled") {
		t.Errorf("the audit: %s, want who had the model pulled", a.body)
	}
}
