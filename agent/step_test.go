package agent

import (
	"errors"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// oneCall wants one call, and is content once it is done and something was read.
type oneCall struct {
	tool     string
	reads    []string
	observed map[string]casefile.Value
	wait     time.Duration
	to       string // queue
}

func (p *oneCall) Plan(c *casefile.Case, _ time.Time) casefile.Decision {
	switch {
	case c.Failure != nil && c.Failure.Stop != "":
		return casefile.Escalate{Stop: casefile.Stop{Code: c.Failure.Stop, Rule: c.Failure.Rule, To: p.to}}
	case c.Failure != nil:
		return casefile.Escalate{Stop: casefile.Stop{Code: casefile.StopHypothesesExhausted}}
	case c.Current() == nil:
		return casefile.Note{Data: &casefile.HypothesisChosen{Hypothesis: "h"}}
	case c.Current().Check.Held:
		return casefile.Resolve{Hypothesis: "h"}
	case c.Current().Check.Read != 0:
		return casefile.Note{Data: &casefile.CheckRead{Hypothesis: "h", Held: true}}
	case c.Current().Step > 0:
		return casefile.CallTools{Calls: []casefile.PlannedCall{{ID: "verify/h/0", Purpose: casefile.ForVerify, Hypothesis: "h", Tool: "bank.read"}}}
	}
	return casefile.CallTools{Calls: []casefile.PlannedCall{{ID: "do/h/0", Purpose: casefile.ForDo, Hypothesis: "h", Tool: p.tool,
		Args: casefile.Object{"amount_cents": int64(500)}, Reads: p.reads}}}
}

func (p *oneCall) Fallback(*casefile.Case, casefile.StopCode, time.Time) casefile.Fallback {
	return casefile.Fallback{Wait: p.wait}
}
func (p *oneCall) Observe(*casefile.Case, []string) map[string]casefile.Value { return p.observed }
func (p *oneCall) Hypothesis(*casefile.Case, string) (int, bool)              { return 0, true }
func (p *oneCall) Goal(string) (string, bool)                                 { return "", false }

type guardFunc func(a casefile.Action) casefile.Verdict

func (g guardFunc) Judge(_ *casefile.Case, p casefile.Proposal) casefile.Verdict {
	return g(p.Action)
}

func allow(casefile.Action) casefile.Verdict { return casefile.Verdict{Outcome: casefile.Allow} }

type toolTable map[string]casefile.Tool

func (t toolTable) Tool(name string) (casefile.Tool, bool)     { tool, ok := t[name]; return tool, ok }
func (t toolTable) ValidateArgs(string, casefile.Object) error { return nil }

var tools = toolTable{
	"bank.credit": {Effect: "write", Operations: true, Timeout: 2 * time.Second, Retries: 2},
	"bank.blind":  {Effect: "write", Timeout: 2 * time.Second},
	"bank.same":   {Effect: "write", Idempotent: true, Timeout: 2 * time.Second},
	"bank.read":   {Effect: "read", Timeout: 2 * time.Second, Retries: 2},
}

var t0 = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// rig steps one case.
type rig struct {
	t       *testing.T
	c       *casefile.Case
	book    *Playbook
	planner *oneCall
	now     time.Time
	journal []casefile.Entry
}

func newRig(t *testing.T, tool string, guard guardFunc) *rig {
	r := &rig{t: t, c: casefile.New("018f0000-0000-7000-8000-000000000001"), planner: &oneCall{tool: tool}, now: t0}
	r.book = &Playbook{Version: "v1", Planner: r.planner, Guard: guard, Limits: Limits{Steps: 50}}
	for i, d := range []casefile.Data{
		&casefile.SignalReceived{Signal: casefile.Signal{ID: "s-1", Type: "t", Assurance: casefile.AssuranceVouched, Data: casefile.Object{"customer": map[string]any{"email": "owner@example.com"}}}},
		&casefile.CaseOpened{Bundle: "v1"},
	} {
		r.c.Fold(&casefile.Entry{Seq: uint64(i + 1), At: t0, Data: d})
	}
	return r
}

func (r *rig) step(ev Event) Result {
	r.t.Helper()
	ev.Now = r.now
	res := Core{Tools: tools}.Step(r.c, r.book, ev)
	r.journal = append(r.journal, res.Entries...)
	intended := map[string]int{}
	for _, e := range res.Entries {
		if d, ok := e.Data.(*casefile.CallIntended); ok {
			intended[d.Call.ID] = d.Call.Try
		}
	}
	for _, cmd := range res.Commands {
		if s, ok := cmd.(Send); ok && intended[s.Call.ID] != s.Call.Try {
			r.t.Fatalf("try %d of %s is sent, and the step's entries intend try %d", s.Call.Try, s.Call.ID, intended[s.Call.ID])
		}
	}
	return res
}

// sent wants exactly one request, and gives it.
func (r *rig) sent(res Result) casefile.Call {
	r.t.Helper()
	if len(res.Commands) == 1 {
		if s, ok := res.Commands[0].(Send); ok {
			return s.Call
		}
	}
	r.t.Fatalf("want one request, got %+v (case %s %+v)", res.Commands, r.c.Status, r.c.Stop)
	return casefile.Call{}
}

func (r *rig) asked(res Result) casefile.Call {
	r.t.Helper()
	if len(res.Commands) == 1 {
		if s, ok := res.Commands[0].(Ask); ok {
			return s.Call
		}
	}
	r.t.Fatalf("want one question to the plugin, got %+v (case %s %+v)", res.Commands, r.c.Status, r.c.Stop)
	return casefile.Call{}
}

func (r *rig) parked(res Result, status casefile.Status, code casefile.StopCode) Result {
	r.t.Helper()
	got := casefile.StopCode("")
	if r.c.Stop != nil {
		got = r.c.Stop.Code
	}
	if !res.Park || r.c.Status != status || got != code {
		r.t.Fatalf("want the case parked as %s %s, it is %s %s, parked %v, commands %+v", status, code, r.c.Status, got, res.Park, res.Commands)
	}
	return res
}

// resolved wants the check read, and the case resolved by it.
func (r *rig) resolved(res Result) {
	r.t.Helper()
	r.parked(r.answer(r.sent(res), done), casefile.Resolved, "")
}

func (r *rig) answer(call casefile.Call, a casefile.Answer) Result {
	r.t.Helper()
	return r.step(Event{Answers: []Answered{{Call: call.ID, Try: call.Try, SentAt: call.SentAt, Answer: a}}})
}

func (r *rig) told(call casefile.Call, a casefile.Answer) Result {
	r.t.Helper()
	return r.step(Event{Answers: []Answered{{Call: call.ID, Try: call.Try, Asked: true, SentAt: r.now, Answer: a}}})
}

var (
	done    = casefile.Answer{Outcome: casefile.OutcomeDone, Result: casefile.Value{V: map[string]any{"credit_id": "c-1"}}}
	unknown = casefile.Answer{Outcome: casefile.OutcomeUnknown, Detail: "connection reset"}
	busy    = casefile.Answer{Outcome: casefile.OutcomeNotDone, Status: 503, RetryAfter: time.Second}
	unseen  = casefile.Answer{Outcome: casefile.OutcomeUnknown, Unseen: true, Status: 404}
)

func TestDoneCallResolves(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	call := r.sent(r.step(Event{}))
	if call.Key == "" {
		t.Fatal("a write was sent without an idempotency key")
	}
	r.resolved(r.answer(call, done))
	if len(r.c.Writes) != 1 || len(r.c.Pending) != 0 {
		t.Errorf("after a done write: %d writes, %d pending", len(r.c.Writes), len(r.c.Pending))
	}
}

func TestUnknownOutcomeIsAskedForAndRepeatedOnlyWhenProvenNotDone(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	first := r.sent(r.step(Event{}))
	r.now = r.now.Add(100 * time.Millisecond)
	q := r.asked(r.answer(first, unknown))
	res := r.parked(r.told(q, unseen), casefile.Waiting, casefile.StopWaitingTool)
	if want := first.SentAt.Add(2 * time.Second); !res.WakeAt.Equal(want) {
		t.Fatalf("never seen, asked 0.1 s after the send: asked again at %v, want %v, the tool's timeout after it", res.WakeAt, want)
	}
	r.now = res.WakeAt
	q = r.asked(r.step(Event{}))
	again := r.sent(func() Result {
		res := r.told(q, unseen)
		for res.Park { // the pause before a repeat
			r.now = res.WakeAt
			res = r.step(Event{})
		}
		return res
	}())
	if again.Key != first.Key || again.Try != 2 {
		t.Errorf("the repeat has key %s and try %d, want the first one's key %s and 2", again.Key, again.Try, first.Key)
	}
	r.resolved(r.answer(again, done))
}

func TestUnknownOutcomeThatThePluginKnows(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	q := r.asked(r.answer(r.sent(r.step(Event{})), unknown))
	r.resolved(r.told(q, done))
}

func TestUnknownOutcomeWithoutOperations(t *testing.T) {
	r := newRig(t, "bank.blind", allow)
	r.parked(r.answer(r.sent(r.step(Event{})), unknown), casefile.Escalated, casefile.StopOutcomeUnknown)

	r = newRig(t, "bank.same", allow)
	first := r.sent(r.step(Event{}))
	again := r.sent(r.answer(first, unknown))
	if again.Key != first.Key {
		t.Error("an idempotent call was repeated with another key")
	}
}

func TestRepeatInDoubtLetsNoOtherRemedyFollow(t *testing.T) {
	for name, end := range map[string]casefile.Answer{
		"refused":  {Outcome: casefile.OutcomeRefused, Code: "already_done"},
		"an error": {Outcome: casefile.OutcomeError, Code: "manifest.changed"},
		"busy":     busy,
	} {
		r := newRig(t, "bank.same", allow) // idempotent, and can't be asked
		r.planner.wait = 5 * time.Second
		call := r.sent(r.answer(r.sent(r.step(Event{})), unknown))
		for res := r.answer(call, end); r.c.Status != casefile.Escalated; {
			r.now = res.WakeAt
			if res = r.step(Event{}); !res.Park {
				res = r.answer(r.sent(res), end)
			}
		}
		if r.c.Stop.Code != casefile.StopOutcomeUnknown {
			t.Errorf("the first try may have been done, its repeat ended as %s, and the case says %s; want outcome.unknown", name, r.c.Stop.Code)
		}
	}
}

func TestCrashBetweenIntentAndAnswer(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	r.sent(r.step(Event{}))
	r.now = r.now.Add(time.Minute)
	q := r.asked(r.step(Event{})) // a new process finds the request on the wire
	r.resolved(r.told(q, done))
}

func TestBusyToolIsTriedUntilItsDeadline(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	r.planner.wait = 10 * time.Second
	call := r.sent(r.step(Event{}))
	key := call.Key
	for tries := 1; ; tries++ {
		if tries > 100 {
			t.Fatal("a busy tool is tried for ever")
		}
		res := r.answer(call, busy)
		r.parked(res, casefile.Waiting, casefile.StopToolUnavailable)
		r.now = res.WakeAt
		if res = r.step(Event{}); res.Park {
			break
		}
		if call = r.sent(res); call.Key != key {
			t.Fatal("a repeat has another key")
		}
	}
	if r.c.Status != casefile.Escalated || r.c.Stop.Code != casefile.StopToolUnavailable || r.now.Sub(t0) != 10*time.Second {
		t.Errorf("after its deadline of 10 s: %s %+v at %v", r.c.Status, r.c.Stop, r.now.Sub(t0))
	}
}

func TestAsynchronousResultPastItsTimeIsUnknown(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	res := r.answer(r.sent(r.step(Event{})), casefile.Answer{Outcome: casefile.OutcomeAccepted})
	for range 1000 {
		r.parkedWaiting(res)
		r.now = res.WakeAt
		if res = r.step(Event{}); res.Park {
			break
		}
		res = r.told(r.asked(res), casefile.Answer{Outcome: casefile.OutcomeAccepted})
	}
	r.parked(res, casefile.Escalated, casefile.StopOutcomeUnknown)
	if r.now.Sub(t0) != defaultWithin {
		t.Errorf("given up after %v, want %v", r.now.Sub(t0), defaultWithin)
	}
}

func (r *rig) parkedWaiting(res Result) {
	r.t.Helper()
	r.parked(res, casefile.Waiting, casefile.StopWaitingTool)
}

func TestDeniedIsNeverSent(t *testing.T) {
	r := newRig(t, "bank.credit", func(casefile.Action) casefile.Verdict {
		return casefile.Verdict{Outcome: casefile.Deny, Code: casefile.StopPolicyDeny, Rule: "own-account"}
	})
	r.parked(r.step(Event{}), casefile.Escalated, casefile.StopPolicyDeny)
	if r.c.Stop.Rule != "own-account" || len(r.c.Pending) != 0 {
		t.Errorf("denied: stop %+v, %d pending", r.c.Stop, len(r.c.Pending))
	}
}

func TestApprovalIsForExactlyWhatWasShown(t *testing.T) {
	r := newRig(t, "bank.credit", func(casefile.Action) casefile.Verdict {
		return casefile.Verdict{Outcome: casefile.Approve, Code: casefile.StopPolicyApproval, Rule: "over-100", By: "operator"}
	})
	r.planner.observed = map[string]casefile.Value{"facts.account.owed_cents": {V: int64(500)}}
	r.parked(r.step(Event{}), casefile.Approving, casefile.StopPolicyApproval)
	first := r.c.Approval.Hash
	r.parked(r.step(Event{}), casefile.Approving, casefile.StopPolicyApproval)
	if r.c.Approval.Hash != first {
		t.Error("waking up changed what waits")
	}
	r.approve()
	r.planner.observed = map[string]casefile.Value{"facts.account.owed_cents": {V: int64(900)}}
	r.parked(r.step(Event{}), casefile.Approving, casefile.StopPolicyApproval)
	a := r.c.Approval
	if a.Hash == first || a.GrantedBy != "" || len(a.Changed) != 1 || a.Changed[0].Path != "facts.account.owed_cents" {
		t.Errorf("what the plan read has drifted after the approval, and now waits: %+v", a)
	}
	r.approve()
	call := r.sent(r.step(Event{}))
	r.resolved(r.answer(call, done))
	for _, e := range r.journal {
		if d, ok := e.Data.(*casefile.CallIntended); ok && d.Call.Writes() && (d.ApprovedBy != "user:anna" || d.Approval != a.Hash) {
			t.Errorf("the intent says approved by %q for %q", d.ApprovedBy, d.Approval)
		}
	}
}

func (r *rig) approve() {
	r.c.Fold(&casefile.Entry{Seq: r.c.Seq + 1, At: r.now, Actor: "user:anna", Data: &casefile.OperatorDecided{Decision: casefile.DecideApprove, Hash: r.c.Approval.Hash}})
}

func TestApprovalExpires(t *testing.T) {
	r := newRig(t, "bank.credit", func(casefile.Action) casefile.Verdict {
		return casefile.Verdict{Outcome: casefile.Approve, Code: casefile.StopPolicyApproval}
	})
	res := r.step(Event{})
	r.now = res.WakeAt
	r.parked(r.step(Event{}), casefile.Escalated, casefile.StopApprovalExpired)
}

func TestLateAnswerChangesNothing(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	call := r.sent(r.step(Event{}))
	r.resolved(r.answer(call, done))
	n := len(r.c.Writes)
	r.answer(call, unknown)
	if len(r.c.Writes) != n || r.c.Status != casefile.Resolved {
		t.Errorf("a second answer to a settled call: %d writes, %s", len(r.c.Writes), r.c.Status)
	}
}

func TestDrainingBeginsNothing(t *testing.T) {
	r := newRig(t, "bank.read", allow)
	call := r.sent(r.step(Event{}))
	res := r.step(Event{Draining: true, Answers: []Answered{{Call: call.ID, Try: call.Try, Answer: done}}})
	if len(res.Entries) != 1 || len(res.Commands) != 0 || res.Park {
		t.Errorf("a step while draining: %d entries, commands %+v, parked %v; want the answer alone", len(res.Entries), res.Commands, res.Park)
	}
}

func TestEntriesSurviveTheirEncoding(t *testing.T) {
	r := newRig(t, "bank.credit", allow)
	q := r.asked(r.answer(r.sent(r.step(Event{})), unknown))
	r.told(q, done)
	again := newRig(t, "bank.credit", allow).c
	for i := range r.journal {
		e := r.journal[i]
		b, err := casefile.AppendPayload(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		back := casefile.Entry{Seq: e.Seq, Case: e.Case, At: e.At, Actor: e.Actor}
		if err := casefile.DecodePayload(&back, e.Data.Kind(), b); err != nil {
			t.Fatal(err)
		}
		again.Fold(&back)
	}
	a, errA := casefile.EncodeValue(r.c)
	b, errB := casefile.EncodeValue(again)
	if err := errors.Join(errA, errB); err != nil || string(a) != string(b) {
		t.Errorf("folded from what was stored (%v):\n%s\nfolded as it went:\n%s", err, b, a)
	}
}
