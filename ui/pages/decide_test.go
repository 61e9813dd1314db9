package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

// An edit's form is made from the tool's schema: what a policy binds can't be changed, and what is typed
// gets the type that the schema says.
func TestEditIsAFormOfTheSchema(t *testing.T) {
	s := charged(false)
	s.c.Approval.Rules = append(s.c.Approval.Rules, casefile.RuleResult{Policy: "payments", Rule: "bind:payment_id", Says: casefile.Deny})
	s.entries[len(s.entries)-2].Data = &casefile.ApprovalAsked{Approval: *s.c.Approval}
	w := newWorld(s)
	b := signIn(t, w)
	html := b.get("/cases/"+s.id+"?ask=edit", http.StatusOK)
	b.wants(html, `<dialog id="ask-edit" aria-labelledby="ask-edit-h" open>`, `name="arg.payment_id" value="pay_7Q2N" readonly`, "Bound by the policy payments", `type="number" value="18600" step="1" min="1" max="20000" required`,
		"18600 is 186.00 EUR", `<option selected>duplicate</option><option>fraudulent</option>`, "who proposes an action does not approve it")
	hash := s.c.Approval.Hash
	form := url.Values{"decision": {"edit"}, "ask": {"edit"}, "hash": {hash}, "tool": {"billing.refund_payment"}, "note": {"the fee stays"},
		"arg.payment_id": {"pay_7Q2N"}, "arg.amount_cents": {"18000"}, "arg.currency": {""}, "arg.reason": {"duplicate"}}
	b.post("/cases/"+s.id+"/decisions", form.Encode(), http.StatusOK)
	want := casefile.Object{"payment_id": "pay_7Q2N", "amount_cents": int64(18000), "reason": "duplicate"}
	if d := w.decided[0]; d.Decision != casefile.DecideEdit || fmt.Sprint(d.Args) != fmt.Sprint(want) || d.Hash != hash || d.Action != nil {
		t.Errorf("the engine should be told an edit with %v, not %+v", want, d)
	}
	if _, whole := w.decided[0].Args["amount_cents"].(int64); !whole {
		t.Error("an integer of the schema should be one")
	}
}

// What can't be read, or what a rule denies, is said in the dialog, with what was typed.
func TestRefusedEditKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(charged(false))
	b := signIn(t, w)
	path := "/cases/" + w.stories[0].id + "/decisions"
	html := b.post(path, "decision=edit&ask=edit&tool=billing.refund_payment&arg.payment_id=p&arg.amount_cents=12%2C5", http.StatusBadRequest)
	b.wants(html, `<dialog id="ask-edit" aria-labelledby="ask-edit-h" open>`, "amount_cents is a whole number", `value="12,5"`)
	if len(w.decided) > 0 {
		t.Error("an edit that can't be read was decided")
	}
	w.refuse = fmt.Errorf("%w: rule over-100 denies it", agent.ErrDecisionInvalid)
	b.wants(b.post(path, "decision=edit&ask=edit&next=%2Fapprovals&tool=billing.refund_payment&arg.payment_id=p&arg.amount_cents=19000", http.StatusBadRequest), "rule over-100 denies it", `value="19000"`, `name="next" value="/approvals"`)
	b.post(path, "decision=edit&ask=edit&tool=billing.nothing", http.StatusBadRequest)
}

func TestAnotherHypothesisAndAnotherAction(t *testing.T) {
	s := charged(false)
	w := newWorld(s)
	b := signIn(t, w)
	path := "/cases/" + s.id
	html := b.get(path+"?ask=hypothesis", http.StatusOK)
	b.wants(html, "Try another hypothesis", `name="hypothesis" value="credit-instead"`, "given up here", "ask the customer", "<code>billing.create_credit</code>")
	if strings.Contains(html, `name="hypothesis" value="refund-duplicate"`) {
		t.Error("the hypothesis that is being tried is no other one")
	}
	b.post(path+"/decisions", "decision=override&ask=hypothesis&hypothesis=credit-instead&note=kinder", http.StatusOK)
	if d := w.decided[0]; d.Decision != casefile.DecideOverride || d.Hypothesis != "credit-instead" || d.Action != nil {
		t.Errorf("the engine should be told another hypothesis, not %+v", d)
	}
	b = signIn(t, newWorld(charged(false)))
	b.wants(b.get(path+"?ask=action", http.StatusOK), `<option value="billing.create_credit">billing.create_credit: Credits an account.</option>`)
	html = b.get(path+"?ask=action&tool=billing.create_credit", http.StatusOK)
	b.wants(html, "Do billing.create_credit here", `name="arg.amount_cents"`, `max="5000"`, "Written as JSON", `name="hypothesis" value="refund-duplicate" required checked`)
	w = newWorld(charged(false))
	b = signIn(t, w)
	b.post(path+"/decisions", "decision=override&ask=action&tool=billing.create_credit&hypothesis=refund-duplicate&arg.amount_cents=1200&arg.weight=2.5&arg.urgent=true&arg.lines=%5B%22a%22%5D", http.StatusOK)
	if a := w.decided[0].Action; a == nil || a.Tool != "billing.create_credit" || fmt.Sprintf("%#v %#v %#v %#v", a.Args["amount_cents"], a.Args["weight"], a.Args["urgent"], a.Args["lines"]) != `1200 2.5 true []interface {}{"a"}` {
		t.Errorf("the engine should be told the action with typed arguments, not %+v", w.decided[0])
	}
}

// Above the buttons stands what they will do, from the procedure: the call, the check, the reply, the end.
func TestConsequencesAreSaidBefore(t *testing.T) {
	s := charged(false)
	b := signIn(t, newWorld(s))
	html := b.get("/cases/"+s.id, http.StatusOK)
	b.wants(html, "sends billing.refund_payment 186.00 once, then reads billing.list_payments again for up to 30 s, until facts.after.count == 1, then sends the reply returned, and closes the case",
		"sends nothing; only-a-hold, credit-instead may still have their turn; if none fits, billing-leads get the case as approval.rejected",
		"Goes to billing-leads: nothing-fits.", "Draft of <code>returned</code>", "facts.after isn't known yet")
}

// Each form that decides says which state of the case it was drawn for, so that a second click is told from a
// first, and a page that somebody else has decided on meanwhile from a fresh one.
func TestEachDecisionNamesWhatItSaw(t *testing.T) {
	w := newWorld(busy(), charged(true), denied(), replaced(), asking(), unsure())
	b := signIn(t, w)
	forms := regexp.MustCompile(`(?s)<form[^>]*action="/cases/[^"]*/decisions".*?</form>`)
	seen := regexp.MustCompile(`name="seen" value="(20[^"]+Z)"`)
	for _, s := range w.stories {
		found := forms.FindAllString(b.get("/cases/"+s.id, http.StatusOK), -1)
		if len(found) == 0 {
			t.Errorf("%s offers no decision", s.id)
		}
		for _, form := range found {
			if seen.FindStringSubmatch(form) == nil {
				t.Errorf("a form of %s doesn't say which state it is about: %.300s", s.id, form)
			}
		}
	}
	at := "2026-09-05T12:00:00.000000001Z"
	b.post("/cases/"+w.stories[0].id+"/decisions", url.Values{"decision": {"takeover"}, "seen": {at}}.Encode(), http.StatusOK)
	if d := w.decided[0]; d.Seen.Format(time.RFC3339Nano) != at {
		t.Errorf("the engine is told %v, want %s", d.Seen, at)
	}
	b.post("/cases/"+w.stories[0].id+"/decisions", "decision=takeover&seen=yesterday", http.StatusBadRequest)
}

func TestTeachingFromACase(t *testing.T) {
	s := charged(false)
	w := newWorld(s)
	b := signIn(t, w)
	b.wants(b.get("/cases/"+s.id+"?ask=teach", http.StatusOK), "Teach a correction", `value="procedure" checked`, "for the customer <code>cus_4417</code>", `value="2026-09-06"`)
	form := url.Values{"from_case": {s.id}, "procedure": {"duplicate-charge"}, "customer": {"cus_4417"}, "scope": {"both"}, "says": {"Return it within a day"}, "expires": {"2026-09-06"}}
	b.post("/corrections", form.Encode(), http.StatusOK)
	if len(w.taught) != 1 || w.taught[0].Scope.Procedure != "duplicate-charge" || w.taught[0].Scope.Customer != "cus_4417" || w.taught[0].FromCase != s.id || w.taught[0].ExpiresAt != time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC) {
		t.Fatalf("the correction should hold where it was said to, not %+v", w.taught)
	}
	if len(w.audited) != 1 || w.audited[0] != "token:Robin Field correction.taught cor-0" {
		t.Errorf("teaching should have its line in the audit, not %q", w.audited)
	}
	form.Set("says", " ")
	b.wants(b.post("/corrections", form.Encode(), http.StatusBadRequest), "it says nothing", `<dialog id="ask-teach" aria-labelledby="ask-teach-h" open>`)
	w.role = people.Viewer
	b.post("/corrections", form.Encode(), http.StatusForbidden)
	if html := b.get("/cases/"+s.id, http.StatusOK); strings.Contains(html, "ask-teach") {
		t.Error("a viewer's page should not offer to teach")
	}
}

// Equal ones are decided at once, each by its own hash.
func TestApprovalsAlikeAreATable(t *testing.T) {
	first, second := charged(false), begin(0xbee, time.Minute)
	for _, e := range first.entries {
		if asked, ok := e.Data.(*casefile.ApprovalAsked); ok {
			again := *asked
			again.Approval.Hash = "77aa"
			action := *again.Approval.Action
			action.Args = object("payment_id", "pay_other", "amount_cents", int64(18600), "currency", "EUR", "reason", "duplicate")
			again.Approval.Action = &action
			e.Data = &again
		}
		second.then(0, e.Actor, e.Data)
	}
	w := newWorld(first, second, charged2(t))
	b := signIn(t, w)
	html := b.get("/approvals", http.StatusOK)
	b.wants(html, "2 approvals alike", "186.00", "all of them are 372.00 EUR", `value="`+second.id+` 77aa"`, "<code>payment_id</code>", "pay_other")
	hash := first.c.Approval.Hash
	form := url.Values{"decision": {"approve"}, "pick": {first.id + " " + hash, second.id + " 77aa"}}
	b.wants(b.post("/approvals/batch", form.Encode(), http.StatusOK), "2 of 2 decided", "approved; it goes on", "Too fast to have been looked at")
	if len(w.decided) != 2 || w.decided[0].Hash != hash || w.decided[1].Hash != "77aa" {
		t.Errorf("each should be decided by its own hash, not %+v", w.decided)
	}
	w.refuse = fmt.Errorf("%w: what waits now has another hash", agent.ErrDecisionConflict)
	b.wants(b.post("/approvals/batch", form.Encode(), http.StatusOK), "0 of 2 decided", "another hash")
	form.Set("decision", "reject")
	b.wants(b.post("/approvals/batch", form.Encode(), http.StatusBadRequest), "say why")
	b.post("/approvals/batch", "decision=approve", http.StatusBadRequest)
	b.post("/approvals/batch", "decision=close&pick=x+y", http.StatusBadRequest)
	w.role = people.Operator
	if html := b.get("/approvals", http.StatusOK); strings.Contains(html, "approvals alike") {
		t.Error("an operator should not be offered what an approver decides")
	}
}

// charged2 is like charged, about another amount.
func charged2(t *testing.T) *story {
	t.Helper()
	s := begin(0xbef, 2*time.Minute)
	for _, e := range charged(false).entries {
		if asked, ok := e.Data.(*casefile.ApprovalAsked); ok {
			again := *asked
			action := *again.Approval.Action
			action.Args = object("payment_id", "p", "amount_cents", int64(11000), "currency", "EUR", "reason", "duplicate")
			again.Approval.Action = &action
			e.Data = &again
		}
		s.then(0, e.Actor, e.Data)
	}
	return s
}
