package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/policy"
)

// earns opens what the agent has earned, and lets it earn a promotion.
func (h *house) earns() {
	h.t.Helper()
	file := &policy.Authority{Default: casefile.LevelPropose, Promote: &policy.Promote{After: 1, Agreement: 0.5, Confidence: 0.9}}
	ledger, err := authority.Open(h.t.Context(), h.store, func() (*policy.Authority, error) { return file, nil })
	h.must(err)
	h.deps.Authority = ledger
	for _, tool := range []string{"shop.refund", "shop.replace"} {
		for range 8 {
			w, err := ledger.Weigh(h.t.Context(), "c-1", []casefile.Observation{{Procedure: "damaged", Action: casefile.Action{Tool: tool}, How: casefile.Agreed}}, time.Now())
			h.must(err)
			h.must(h.store.Replace(h.t.Context(), w.Expect, w.Records...))
			w.Kept()
		}
	}
	h.serve()
}

// An admin accepts or refuses what was earned, once, and the audit says so.
func TestPromotionsAreAnswered(t *testing.T) {
	h := newHouse(t)
	h.earns()
	d := h.describe(t)
	do := func(role people.Role, method, path, body string, want int) answered {
		t.Helper()
		a := h.do(role, method, path, "application/json", body)
		d.holds(method, path, a)
		if a.status != want {
			t.Fatalf("%s %s %s as %s: %d %s, want %d", method, path, body, role, a.status, a.body, want)
		}
		return a
	}
	var list struct {
		Items []authority.Level
		Next  *string `json:"next_cursor"`
	}
	h.must(json.Unmarshal([]byte(do(people.Viewer, "GET", "/api/v1/authority?limit=1", "", 200).body), &list))
	if l := list.Items[0]; len(list.Items) != 1 || l.Tool != "shop.refund" || l.Level != casefile.LevelPropose || l.Promotion == nil || l.Promotion.To != casefile.LevelAct || list.Next == nil {
		t.Fatalf("the first of two levels: %+v, want shop.refund at propose with a promotion to act that waits", list)
	}
	refund := `{"procedure":"damaged","tool":"shop.refund","decision":`
	do(people.Approver, "POST", "/api/v1/authority", refund+`"accept"}`, 403)
	do(people.Admin, "POST", "/api/v1/authority", refund+`"maybe"}`, 422)
	do(people.Admin, "POST", "/api/v1/authority", refund+`"accept","to":"propose"}`, 409)
	if a := do(people.Admin, "POST", "/api/v1/authority", refund+`"accept","to":"act","note":"well done"}`, 200); !strings.Contains(a.body, `"level":"act"`) {
		t.Errorf("accepted, and it is %s", a.body)
	}
	do(people.Admin, "POST", "/api/v1/authority", refund+`"accept"}`, 409)
	if a := do(people.Admin, "POST", "/api/v1/authority", `{"procedure":"damaged","tool":"shop.replace","decision":"refuse"}`, 200); !strings.Contains(a.body, `"level":"propose"`) {
		t.Errorf("refused, and it is %s", a.body)
	}
	do(people.Approver, "POST", "/api/v1/authority", refund+`"demote","to":"shadow","note":"x"}`, 403)
	do(people.Admin, "POST", "/api/v1/authority", refund+`"demote","to":"shadow"}`, 422)
	do(people.Admin, "POST", "/api/v1/authority", refund+`"demote","note":"x"}`, 422)
	do(people.Admin, "POST", "/api/v1/authority", refund+`"demote","to":"act","note":"x"}`, 409)
	do(people.Admin, "POST", "/api/v1/authority", `{"procedure":"damagde","tool":"shop.refund","band":"*","decision":"demote","to":"shadow","note":"x"}`, 404)
	if a := do(people.Admin, "POST", "/api/v1/authority", refund+`"demote","to":"shadow","note":"two were wrong"}`, 200); !strings.Contains(a.body, `"level":"shadow"`) || !strings.Contains(a.body, `"note":"two were wrong"`) {
		t.Errorf("demoted, and it is %s", a.body)
	}
	if a := do(people.Admin, "POST", "/api/v1/authority", refund+`"restore","note":"they were right"}`, 200); !strings.Contains(a.body, `"level":"act"`) || !strings.Contains(a.body, `"lowered":null`) {
		t.Errorf("restored, and it is %s", a.body)
	}
	do(people.Admin, "POST", "/api/v1/authority", refund+`"restore","note":"again"}`, 409)
	audit := do(people.Admin, "GET", "/api/v1/audit", "", http.StatusOK).body
	for _, want := range []string{`"authority.accept"`, `"authority.refuse"`, `"authority.demote"`, `"authority.restore"`, "two were wrong", `"damaged shop.refund"`, "well done", "people agreed with"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit doesn't say %s: %s", want, audit)
		}
	}
}
