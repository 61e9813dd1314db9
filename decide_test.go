package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// decide wants a status for a decision.
func (r *rig) decide(id string, d map[string]any, want int) {
	r.t.Helper()
	var out map[string]any
	if code := r.do("POST", "/api/v1/cases/"+id+"/decisions", d, &out); code != want {
		r.t.Fatalf("%v: %d %v, want %d", d, code, out["detail"], want)
	}
}

func TestPersonChoosesAnotherHypothesis(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "not-the-owner")[0])
	r.settled(id, casefile.Escalated)
	r.decide(id, map[string]any{"decision": "override", "hypothesis": "nonsense"}, 422)
	r.decide(id, map[string]any{"decision": "override", "hypothesis": "refundable", "note": strings.Repeat("a", casefile.MaxNote+1)}, 422)
	r.decide(id, map[string]any{"decision": "override", "hypothesis": "refundable", "note": "try"}, 200)
	c := r.settled(id, casefile.Escalated)
	if n := r.called("shop.refund_order"); c.Stop.Code != casefile.StopPolicyDeny || n != 0 {
		t.Errorf("a person chose a refund of somebody else's order: case %v, %d refunds; the guard holds for people too", c, n)
	}
}

func TestPersonChoosesAnotherAction(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "duplicate-charge")[0])
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	other := map[string]any{"tool": "billing.refund_payment", "args": map[string]any{"payment_id": "PAY-2005", "amount_cents": 100}}
	var refused struct{ Detail string }
	if code := r.do("POST", "/api/v1/cases/"+id+"/decisions", map[string]any{"decision": "override", "action": other, "note": "this one"}, &refused); code != 422 || !strings.Contains(refused.Detail, "denies it") {
		t.Errorf("an action on another payment than the bound one: %d %s, want it refused by the rule", code, refused.Detail)
	}
	c := r.settled(id, casefile.Approving)
	if n := r.called("billing.refund_payment"); n != 0 || c.Pending.Approval.Hash != hash {
		t.Errorf("what a rule denies a person: %d refunds, and %v; want the case as it was", n, c)
	}
}

// A case that comes back to where it was looks the same to a second click, or to a page that somebody else has
// decided on meanwhile: what names the state that it was taken on changes nothing.
func TestDecisionOnWhatSomebodyDecidedSince(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "not-the-owner")[0])
	r.settled(id, casefile.Escalated)
	var shown struct {
		UpdatedAt time.Time `json:"updated_at"`
	}
	r.do("GET", "/api/v1/cases/"+id, nil, &shown)
	r.decide(id, map[string]any{"decision": "retry", "seen": shown.UpdatedAt}, 200)
	r.settled(id, casefile.Escalated)
	for _, decision := range []string{"retry", "close"} {
		r.decide(id, map[string]any{"decision": decision, "seen": shown.UpdatedAt}, 409)
	}
	r.decide(id, map[string]any{"decision": "override", "hypothesis": "refundable", "seen": shown.UpdatedAt}, 409)
	if n := r.decisions(id); n != 1 {
		t.Errorf("%d decisions are in the journal, want the first one alone", n)
	}
	r.do("GET", "/api/v1/cases/"+id, nil, &shown)
	r.decide(id, map[string]any{"decision": "close", "note": "theirs", "seen": shown.UpdatedAt}, 200)
	r.decide(id, map[string]any{"decision": "reopen", "seen": shown.UpdatedAt}, 409)
	r.decide(id, map[string]any{"decision": "reopen"}, 200)                            // who doesn't say what they saw decides about what is
	r.decide(id, map[string]any{"decision": "takeover", "seen": shown.UpdatedAt}, 200) // stopping it waits for no second look
}

// decisions counts what people decided about a case.
func (r *rig) decisions(id string) int {
	r.t.Helper()
	var j struct {
		Items []struct{ Kind casefile.Kind }
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal?limit=200", nil, &j)
	n := 0
	for _, e := range j.Items {
		if e.Kind == casefile.KindOperatorDecided {
			n++
		}
	}
	return n
}

func TestCloseAndReopen(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "duplicate-charge")[0])
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	r.decide(id, map[string]any{"decision": "close", "note": "settled by phone"}, 200)
	if c := r.settled(id, casefile.Closed); c.Stop.Code != casefile.StopHumanClosed {
		t.Errorf("closed by a person: %v", c)
	}
	r.decide(id, map[string]any{"decision": "close"}, 409)
	r.decide(id, map[string]any{"decision": "approve", "hash": hash}, 409)
	r.decide(id, map[string]any{"decision": "reopen", "note": "not settled"}, 200)
	again := r.settled(id, casefile.Approving).Pending.Approval.Hash
	if again == hash {
		t.Error("the approval of before is still good after the case was reopened")
	}
	r.decide(id, map[string]any{"decision": "approve", "hash": again}, 200)
	r.settled(id, casefile.Resolved)
	r.decide(id, map[string]any{"decision": "retry"}, 409)
	r.decide(id, map[string]any{"decision": "reopen"}, 200)
	c := r.settled(id, casefile.Escalated) // there is no second charge any more
	if n := r.called("billing.refund_payment"); n != 1 || c.Stop.Code != casefile.StopProcedureEscalate {
		t.Errorf("reopened after it was resolved: case %v, %d refunds; want it to look again and do nothing", c, n)
	}
}

func TestTakeoverAtAnyStop(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	id := r.send(story(t, "angry-email")[0])
	r.settled(id, casefile.Waiting)
	r.decide(id, map[string]any{"decision": "takeover", "note": "mine"}, 200)
	r.decide(id, map[string]any{"decision": "takeover"}, 409)
	reply := story(t, "angry-email")[1]
	if got := r.send(reply); got != id {
		t.Errorf("the answer went to case %s, want %s", got, id)
	}
	time.Sleep(100 * time.Millisecond) // room for a mistake
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopHumanTakeover || r.called("shop.get_stock") != 0 {
		t.Errorf("a person has the case: %v, %d reads", c, r.called("shop.get_stock"))
	}
	r.decide(id, map[string]any{"decision": "handback"}, 200)
	r.decide(id, map[string]any{"decision": "handback"}, 409)
	if c := r.settled(id, casefile.Resolved); c.Outcome != "replaceable" {
		t.Errorf("handed back with the answer there: %v", c)
	}
}

func TestRejectedGoesToThePerson(t *testing.T) {
	r := newRig(t)
	id := r.send(story(t, "duplicate-charge")[0])
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	r.decide(id, map[string]any{"decision": "reject", "hash": hash, "note": "wait for the bank"}, 200)
	c := r.settled(id, casefile.Escalated)
	if c.Stop.Code != casefile.StopApprovalRejected || r.called("billing.refund_payment") != 0 {
		t.Errorf("rejected: %v, %d calls", c, r.called("billing.refund_payment"))
	}
	r.decide(id, map[string]any{"decision": "dance"}, 422)
}

// Whoever decides, and wherever, it is in the audit once, with where the journal has it; what was
// refused is not.
func TestDecisionsAreAudited(t *testing.T) {
	r := newRig(t)
	id := r.send(story(t, "duplicate-charge")[0])
	r.settled(id, casefile.Approving)
	r.decide(id, map[string]any{"decision": "takeover", "note": "mine"}, 200)
	r.decide(id, map[string]any{"decision": "takeover"}, 409)
	if code := r.click("/cases/"+id+"/decisions", url.Values{"decision": {"handback"}}); code != http.StatusSeeOther {
		t.Fatalf("handing back in the console: %d, want to be led to the case", code)
	}
	r.settled(id, casefile.Approving)
	var list struct {
		Items []struct {
			Actor, Action, Subject string
			Detail                 struct{ Seq uint64 }
		}
	}
	r.do("GET", "/api/v1/audit?limit=200", nil, &list)
	var got []string
	for _, e := range list.Items {
		if e.Subject != id {
			continue
		}
		var journal struct {
			Items []struct{ Kind, Actor string }
		}
		r.do("GET", fmt.Sprintf("/api/v1/cases/%s/journal?limit=1&cursor=%d", id, e.Detail.Seq-1), nil, &journal)
		got = append(got, e.Actor+" "+e.Action+" "+journal.Items[0].Kind+" "+journal.Items[0].Actor)
	}
	if want := []string{"user:local case.takeover operator.decided user:local", "user:owner case.handback operator.decided user:owner"}; !slices.Equal(got, want) {
		t.Errorf("the audit says of the case %q, want %q", got, want)
	}
}

// click posts a form in the console, as whoever opened a sign-in link.
func (r *rig) click(path string, form url.Values) int {
	r.t.Helper()
	return r.console("POST", path, form).Code
}

// console is what the console answers to whoever opened a sign-in link.
func (r *rig) console(method, path string, form url.Values) *httptest.ResponseRecorder {
	r.t.Helper()
	var link struct{ Code string }
	r.do("POST", "/admin/signin", nil, &link)
	signed := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(signed, httptest.NewRequest("GET", "/signin?code="+link.Code, nil))
	q := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range signed.Result().Cookies() {
		q.AddCookie(c)
	}
	w := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(w, q)
	return w
}
