package casefile

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// day is when the cases of these tests begin; their entries come a second after each other.
var day = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func at(seq uint64) time.Time { return day.Add(time.Duration(seq) * time.Second) }

// folded gives the state after entries of these contents.
func folded(list ...Data) *Case {
	c := New("c-1")
	for i, d := range list {
		c.Fold(&Entry{Seq: uint64(i + 1), Case: "c-1", At: at(uint64(i + 1)), Actor: "user:ann", Data: d})
	}
	return c
}

// clone copies a state by way of what snapshots hold.
func clone(t testing.TB, c *Case) *Case {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	copied := New("")
	if err := json.Unmarshal(b, copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

func signal(id string, assurance Assurance, customer map[string]any) *SignalReceived {
	return &SignalReceived{Signal: Signal{ID: id, Source: "s", EventID: id, Type: "t", Time: day, Assurance: assurance, Data: Object{"customer": customer}}}
}

// Parts that cases of these tests are made of.
var (
	opened   = []Data{signal("1", AssuranceVouched, map[string]any{"email": "a@example.com"}), &CaseOpened{Bundle: "v1"}}
	chosen   = &ProcedureChosen{Procedure: "p", Goal: "g", Candidates: []Candidate{{Procedure: "p", Score: .9}}, Signal: "1", Triage: "v"}
	first    = &HypothesisChosen{Hypothesis: "h"}
	asked    = &ApprovalAsked{Approval: Approval{Hash: "hash", Step: "do", Hypothesis: "h"}}
	shadowed = &ActionShadowed{Shadowed: Shadowed{Hash: "hash", Step: "do", Hypothesis: "h"}}
	watched  = &CaseStopped{Status: Escalated, Stop: Stop{Code: StopAuthorityShadow}}
	question = &CustomerAsked{Question: Question{Input: "order_id", Text: "Which?"}}
	inStep   = &CustomerAsked{Question: Question{As: "answer", Step: 1, Text: "Which?"}}
	thought  = &ModelAnswered{Use: UseDrive, Answers: []ModelAnswer{{Text: "a", PromptTokens: 4, Tokens: 3}}}
	denied   = &ActionDenied{Call: call(ForDo, "write"), Verdict: Verdict{Outcome: Deny, Code: StopPolicyDeny}}
	waits    = &WaitStarted{Wait: Wait{For: "t", Step: 2}}
	stopped  = &CaseStopped{Status: Waiting, Stop: Stop{Code: StopWaitingCustomer}}
	handed   = &CaseStopped{Status: Escalated, Stop: Stop{Code: StopPolicyDeny}}
	queued   = &HandoffOpened{Queue: "q", DueAt: at(90), NextAt: at(80)}
	ended    = &CaseResolved{Hypothesis: "h", Outcome: "done"}
)

// then puts contents one behind the other.
func then(list []Data, more ...Data) []Data { return append(slices.Clone(list), more...) }

func call(purpose Purpose, effect string) Call {
	return Call{ID: string(purpose), Purpose: purpose, Fact: "f", Hypothesis: "h", Step: 0, Action: Action{Tool: "a.b", Args: Object{"n": int64(1)}, Effect: effect}, Try: 1}
}

func sent(purpose Purpose, effect string) *CallIntended {
	return &CallIntended{Call: call(purpose, effect)}
}

func answer(purpose Purpose, o Outcome) *CallAnswered {
	return &CallAnswered{ID: string(purpose), Try: 1, Outcome: o, Source: SourceAnswer, Result: Value{int64(7)}, Code: "code", Detail: "detail", NextAt: at(90), Deadline: at(99)}
}

// tried is the attempt that sent leaves, at an entry.
func tried(purpose Purpose, seq uint64) Attempt {
	return Attempt{Seq: seq, Step: string(purpose), Hypothesis: "h", Purpose: purpose, Tool: "a.b", Args: Object{"n": int64(1)}, Try: 1, At: at(seq)}
}

// TestFold says of each kind of entry what it changes, and that it changes nothing else.
func TestFold(t *testing.T) {
	begun := then(opened, chosen, first)
	wrote := then(begun, sent(ForDo, "write"), answer(ForDo, OutcomeDone))
	seen := map[Kind]bool{}
	for _, c := range []struct {
		name   string
		before []Data
		data   Data
		want   func(c *Case, e *Entry)
	}{
		{"a first signal says whose case it is", nil, signal("1", AssuranceVouched, map[string]any{"id": "c", "email": "a@example.com", "name": "Ann"}), func(c *Case, e *Entry) {
			c.Customer = Customer{ID: "c", Email: "a@example.com", Name: "Ann", Assurance: AssuranceVouched}
			c.Signals, c.Round = []Received{{Seq: 1, Signal: e.Data.(*SignalReceived).Signal}}, 1
		}},
		{"a second one fills in what the first lacked, and lowers the assurance", opened, signal("2", AssuranceNone, map[string]any{"id": "c", "email": "a@example.com"}), func(c *Case, e *Entry) {
			c.Customer = Customer{ID: "c", Email: "a@example.com", Assurance: AssuranceNone}
			c.Signals, c.Round = append(c.Signals, Received{Seq: 3, Signal: e.Data.(*SignalReceived).Signal}), 2
		}},
		{"one of somebody else names nobody, and lowers the assurance all the same", opened, signal("2", AssuranceAuthenticated, map[string]any{"id": "x", "email": "x@example.com"}), func(c *Case, e *Entry) {
			c.Customer.Assurance = AssuranceAuthenticated
			c.Signals, c.Round = append(c.Signals, Received{Seq: 3, Signal: e.Data.(*SignalReceived).Signal}), 2
		}},
		{"one that comes while it waits wakes it", then(opened, stopped), signal("2", AssuranceVouched, nil), func(c *Case, e *Entry) {
			c.Status, c.Stop = Working, nil
			c.Signals, c.Round = append(c.Signals, Received{Seq: 4, Signal: e.Data.(*SignalReceived).Signal}), 2
		}},
		{"one that comes while a person has it wakes nobody", then(opened, handed), signal("2", AssuranceVouched, nil), func(c *Case, e *Entry) {
			c.Signals, c.Round = append(c.Signals, Received{Seq: 4, Signal: e.Data.(*SignalReceived).Signal}), 2
		}},
		{"one behind a half done write leaves the facts as they are", wrote, signal("2", AssuranceVouched, nil), func(c *Case, e *Entry) {
			c.Signals = append(c.Signals, Received{Seq: 7, Signal: e.Data.(*SignalReceived).Signal})
		}},
		{"it opens", opened[:1], &CaseOpened{Bundle: "v1"}, func(c *Case, e *Entry) { c.Status, c.Bundle, c.OpenedAt = Working, "v1", e.At }},
		{"it reopens, and forgets how it ended", then(begun, ended), &CaseReopened{Signal: "2"}, func(c *Case, e *Entry) {
			c.Status, c.Outcome, c.EndedAt = Working, "", time.Time{}
			c.Opening, c.Round = 1, c.Round+1
		}},
		{"it reopens, and may ask the customer as often as before", then(opened, question, ended), &CaseReopened{}, func(c *Case, _ *Entry) {
			c.Status, c.Outcome, c.EndedAt, c.Asks = Working, "", time.Time{}, nil
			c.Opening, c.Round = 1, c.Round+1
		}},
		{"another case is linked", opened, &CaseLinked{Case: "c-2", Why: "same order"}, func(c *Case, _ *Entry) { c.Links = []Link{{"c-2", "same order"}} }},
		{"a procedure is chosen", opened, chosen, func(c *Case, _ *Entry) {
			c.Procedure, c.Goal, c.Candidates, c.Routed = "p", "g", chosen.Candidates, true
			c.Triaged = &Triaged{Procedure: "p", Signal: "1", Version: "v"}
		}},
		{"none is: triage has spoken all the same", opened, &ProcedureChosen{}, func(c *Case, _ *Entry) { c.Routed, c.Triaged = true, &Triaged{} }},
		{"a person chooses another: it begins anew, and nothing of before is left but what was tried", then(opened, chosen, &InputsFound{Inputs: map[string]Input{"x": {How: "from"}}, UpTo: 1}, first, handed),
			&OperatorDecided{Decision: DecideOverride, Procedure: "q", Goal: "h"}, func(c *Case, e *Entry) {
				c.Status, c.Stop, c.Procedure, c.Goal, c.Epoch = Working, nil, "q", "h", 1
				c.Inputs, c.InputsUpTo, c.Round = nil, 0, c.Round+1
				c.Hypotheses[0].Status = GivenUp
				c.Belongs = &Belongs{Procedure: "q", By: "user:ann", At: e.At}
			}},
		{"a person closes it and says what it was for", then(opened, chosen, handed), &OperatorDecided{Decision: DecideClose, Procedure: NoProcedure}, func(c *Case, e *Entry) {
			c.Status, c.EndedAt, c.Stop = Closed, e.At, &Stop{Code: StopHumanClosed}
			c.Belongs = &Belongs{Procedure: NoProcedure, By: "user:ann", At: e.At}
		}},
		{"inputs replace those of before", then(opened, &InputsFound{Inputs: map[string]Input{"x": {How: "from"}}, UpTo: 1}), &InputsFound{Inputs: map[string]Input{"y": {Value: Value{"1"}, How: "pattern"}}, UpTo: 3},
			func(c *Case, _ *Entry) {
				c.Inputs, c.InputsUpTo = map[string]Input{"y": {Value: Value{"1"}, How: "pattern"}}, 3
			}},
		{"what correlates replaces what did", opened, &CaseCorrelated{Values: []Correlation{{"p", 0, Value{"ORD-1"}}}}, func(c *Case, _ *Entry) { c.Correlated = []Correlation{{"p", 0, Value{"ORD-1"}}} }},
		{"passages ground it", opened, &KnowledgeFound{Passages: []Passage{{Address: "kb://a"}}}, func(c *Case, _ *Entry) { c.Passages, c.Grounded = []Passage{{Address: "kb://a"}}, true }},
		{"what became of the customer's earlier cases is kept for its round", opened, &HistoryFound{Cases: []Past{{Case: "c-0", Outcome: "resolved"}}, Round: 1}, func(c *Case, _ *Entry) {
			c.History = &History{Cases: []Past{{Case: "c-0", Outcome: "resolved"}}, Round: 1}
		}},
		{"that nothing was found counts as grounded", opened, &KnowledgeFound{Error: "down"}, func(c *Case, _ *Entry) { c.Grounded = true }},
		{"a hypothesis begins", then(opened, chosen), &HypothesisChosen{Hypothesis: "h", By: "user:ann"}, func(c *Case, e *Entry) {
			c.Hypotheses = []Hypothesis{{Name: "h", Status: Trying, Seq: 4, BegunAt: e.At, Chosen: "user:ann"}}
		}},
		{"a hypothesis that a person chose uses the choice up", then(begun, &OperatorDecided{Decision: DecideOverride, Hypothesis: "i"}), &HypothesisChosen{Hypothesis: "i"}, func(c *Case, e *Entry) {
			c.Override = nil
			c.Hypotheses = append(c.Hypotheses, Hypothesis{Name: "i", Status: Trying, Seq: 6, BegunAt: e.At})
		}},
		{"it fails: the first cause is kept", then(begun, asked), &HypothesisFailed{Hypothesis: "h", Cause: &Stop{Code: StopPolicyDeny}}, func(c *Case, _ *Entry) {
			c.Approval, c.Cause = nil, &Stop{Code: StopPolicyDeny}
			c.Hypotheses[0].Status, c.Hypotheses[0].Cause = GivenUp, &Stop{Code: StopPolicyDeny}
		}},
		{"the next one fails: the first cause stays", then(begun, &HypothesisFailed{Cause: &Stop{Code: StopPolicyDeny}}, &HypothesisChosen{Hypothesis: "i"}), &HypothesisFailed{Hypothesis: "i", Cause: &Stop{Code: StopToolError}}, func(c *Case, _ *Entry) {
			c.Hypotheses[1].Status, c.Hypotheses[1].Cause = GivenUp, &Stop{Code: StopToolError}
		}},
		{"it fails after a write, which is to be undone; a 422 is no cause", wrote, &HypothesisFailed{Hypothesis: "h", Cause: &Stop{}, Undo: true}, func(c *Case, _ *Entry) {
			c.Hypotheses[0].Status, c.Hypotheses[0].Cause = Undoing, &Stop{}
		}},
		{"undoing is over and everything was taken back", then(wrote, &HypothesisFailed{Undo: true}), &HypothesisEnded{Reverted: true, Cause: &Stop{Code: StopCheckFailed}}, func(c *Case, _ *Entry) {
			c.Hypotheses[0].Status, c.Cause = Reverted, &Stop{Code: StopCheckFailed}
		}},
		{"undoing is over and something was not", then(wrote, &HypothesisFailed{Undo: true}), &HypothesisEnded{}, func(c *Case, _ *Entry) { c.Hypotheses[0].Status = GivenUp }},
		{"a step is done, and its checkpoint with it", then(begun, asked), &StepDone{Hypothesis: "h", Step: 0}, func(c *Case, _ *Entry) { c.Hypotheses[0].Step, c.Approval = 1, nil }},
		{"an action is denied", then(begun, asked), &ActionDenied{Call: call(ForDo, "write"), Verdict: Verdict{Outcome: Deny, Code: StopPolicyDeny, Rule: "r", Reason: "no"}}, func(c *Case, e *Entry) {
			c.Approval = nil
			a := tried(ForDo, 6)
			a.Try, a.Outcome, a.Code, a.Detail = 0, OutcomeDenied, "r", "no"
			c.Attempts = []Attempt{a}
			c.Failure = &Failure{Call: "do", Purpose: ForDo, Name: "f", Tool: "a.b", Outcome: OutcomeDenied, Detail: "no", Stop: StopPolicyDeny, Rule: "r"}
		}},
		{"an action would have been sent: nothing failed, and a person acts", then(begun, asked), shadowed, func(c *Case, e *Entry) {
			c.Approval, c.Shadowed = nil, &Shadowed{Seq: e.Seq, Hash: "hash", Step: "do", Hypothesis: "h"}
		}},
		{"a person says that it was right, and still acts", then(begun, shadowed, watched), &OperatorDecided{Decision: DecideApprove}, func(c *Case, _ *Entry) { c.Shadowed.JudgedBy = "user:ann" }},
		{"taken over, what it would have done is still there to see", then(begun, shadowed, watched), &OperatorDecided{Decision: DecideTakeover}, func(c *Case, _ *Entry) {
			c.Stop, c.Holder = &Stop{Code: StopHumanTakeover, To: "user:ann"}, "user:ann"
		}},
		{"once another action is chosen, it is not", then(begun, shadowed, watched), &OperatorDecided{Decision: DecideOverride, Hypothesis: "h", Action: &Action{Tool: "a.b"}}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Shadowed, c.Round = Working, nil, nil, c.Round+1
			c.Override = &Override{Hypothesis: "h", Action: &Action{Tool: "a.b"}, By: "user:ann"}
		}},
		{"a read is sent", begun, sent(ForGather, "read"), func(c *Case, e *Entry) {
			p := call(ForGather, "read")
			p.State, p.SentAt, p.BegunAt = Sent, e.At, e.At
			c.Pending, c.Steps, c.Attempts = []Call{p}, 1, []Attempt{tried(ForGather, 5)}
		}},
		{"a write is sent, which uses its approval up and goes on", then(begun, asked, &CaseStopped{Status: Approving, Stop: Stop{Code: StopPolicyApproval}}), sent(ForDo, "write"), func(c *Case, e *Entry) {
			p := call(ForDo, "write")
			p.State, p.SentAt, p.BegunAt = Sent, e.At, e.At
			c.Status, c.Stop, c.Approval = Working, nil, nil
			c.Pending, c.Steps, c.Attempts = []Call{p}, 1, []Attempt{tried(ForDo, 7)}
		}},
		{"a second try is no further step, and began with the first", then(begun, sent(ForDo, "write"), answer(ForDo, OutcomeNotDone)), &CallIntended{Call: Call{ID: "do", Purpose: ForDo, Action: Action{Tool: "a.b"}, Try: 2}}, func(c *Case, e *Entry) {
			c.Pending = []Call{{ID: "do", Purpose: ForDo, Action: Action{Tool: "a.b"}, Try: 2, State: Sent, SentAt: e.At, BegunAt: at(5)}}
			c.Attempts = append(c.Attempts, Attempt{Seq: 7, Step: "do", Purpose: ForDo, Tool: "a.b", Try: 2, At: e.At})
		}},
		{"a read is answered: its fact is there", then(begun, sent(ForGather, "read")), answer(ForGather, OutcomeDone), func(c *Case, e *Entry) {
			c.Pending = nil
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeDone, "code", "detail", 1000
			c.Facts = map[string]Fact{"f": {Value: Value{int64(7)}, Tool: "a.b", Seq: 6, Round: 1}}
		}},
		{"a write is done: it is remembered, and the step is over", then(begun, sent(ForDo, "write")), answer(ForDo, OutcomeDone), func(c *Case, e *Entry) {
			c.Pending = nil
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeDone, "code", "detail", 1000
			c.Facts = map[string]Fact{"f": {Value: Value{int64(7)}, Tool: "a.b", Seq: 6, Round: 1}}
			c.Writes = []Write{{Seq: 6, Call: "do", Hypothesis: "h", Tool: "a.b", Args: Object{"n": int64(1)}}}
			c.Hypotheses[0].Step = 1
		}},
		{"a check's read is there, and not judged yet", then(begun, sent(ForVerify, "read")), answer(ForVerify, OutcomeDone), func(c *Case, e *Entry) {
			c.Pending = nil
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeDone, "code", "detail", 1000
			c.Facts = map[string]Fact{"f": {Value: Value{int64(7)}, Tool: "a.b", Seq: 6, Round: 1}}
			c.Hypotheses[0].Check.Read = 6
		}},
		{"a decision here changed how far the agent may go elsewhere", opened, &AuthorityChanged{From: LevelAct, To: LevelPropose}, func(*Case, *Entry) {}},
		{"a write is undone", then(wrote, &HypothesisFailed{Undo: true}, sent(ForUndo, "write")), answer(ForUndo, OutcomeDone), func(c *Case, e *Entry) {
			c.Pending = nil
			c.Attempts[1].Outcome, c.Attempts[1].Code, c.Attempts[1].Detail, c.Attempts[1].DurationMS = OutcomeDone, "code", "detail", 1000
			c.Facts["f"] = Fact{Value: Value{int64(7)}, Tool: "a.b", Seq: 9, Round: 1}
			c.Writes[0].Undone, c.Writes[0].Reversed = true, 9
		}},
		{"nothing was done: it may be sent again", then(begun, sent(ForDo, "write")), answer(ForDo, OutcomeNotDone), func(c *Case, e *Entry) {
			c.Pending[0].State, c.Pending[0].NextAt, c.Pending[0].Deadline = NotDone, at(90), at(99)
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeNotDone, "code", "detail", 1000
		}},
		{"a write's outcome is unknown: in doubt", then(begun, sent(ForDo, "write")), answer(ForDo, OutcomeUnknown), func(c *Case, e *Entry) {
			c.Pending[0].State, c.Pending[0].Doubt, c.Pending[0].NextAt, c.Pending[0].Deadline = Unsettled, true, at(90), at(99)
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeUnknown, "code", "detail", 1000
		}},
		{"a read's outcome is unknown: nothing to doubt", then(begun, sent(ForGather, "read")), answer(ForGather, OutcomeUnknown), func(c *Case, e *Entry) {
			c.Pending[0].State, c.Pending[0].NextAt, c.Pending[0].Deadline = Unsettled, at(90), at(99)
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeUnknown, "code", "detail", 1000
		}},
		{"it was accepted: the result comes later", then(begun, sent(ForDo, "write")), answer(ForDo, OutcomeAccepted), func(c *Case, e *Entry) {
			c.Pending[0].State, c.Pending[0].NextAt, c.Pending[0].Deadline = InOperation, at(90), at(99)
			c.Attempts[0].Outcome, c.Attempts[0].Code, c.Attempts[0].Detail, c.Attempts[0].DurationMS = OutcomeAccepted, "code", "detail", 1000
		}},
		{"an answer to another try comes too late", then(begun, sent(ForDo, "write")), &CallAnswered{ID: "do", Try: 2, Outcome: OutcomeDone}, func(*Case, *Entry) {}},
		{"an answer to a settled call comes too late", wrote, answer(ForDo, OutcomeRefused), func(*Case, *Entry) {}},
		{"an approval is asked for", begun, asked, func(c *Case, _ *Entry) { c.Approval = &Approval{Seq: 5, Hash: "hash", Step: "do", Hypothesis: "h"} }},
		{"it is void", then(begun, asked), &ApprovalVoided{Hash: "hash"}, func(c *Case, _ *Entry) { c.Approval = nil }},
		{"nobody decided", then(begun, asked), &ApprovalExpired{Hash: "hash"}, func(c *Case, _ *Entry) {
			c.Approval, c.Failure = nil, &Failure{Stop: StopApprovalExpired, Detail: "nobody decided in time"}
		}},
		{"approved, and read again before it is done", then(begun, asked), &OperatorDecided{Decision: DecideApprove}, func(c *Case, _ *Entry) { c.Approval.GrantedBy, c.Round = "user:ann", c.Round+1 }},
		{"rejected", then(begun, asked), &OperatorDecided{Decision: DecideReject, Note: "no"}, func(c *Case, _ *Entry) {
			c.Approval, c.Failure = nil, &Failure{Stop: StopApprovalRejected, Detail: "no"}
		}},
		{"edited: another action in the same hypothesis", then(begun, asked), &OperatorDecided{Decision: DecideEdit, Hypothesis: "h", Principal: "id", Action: &Action{Tool: "a.b"}}, func(c *Case, _ *Entry) {
			c.Approval, c.Round = nil, c.Round+1
			c.Override = &Override{Hypothesis: "h", Action: &Action{Tool: "a.b"}, By: "user:ann", Principal: "id"}
		}},
		{"overridden by another hypothesis", begun, &OperatorDecided{Decision: DecideOverride, Hypothesis: "i", Principal: "id"}, func(c *Case, _ *Entry) {
			c.Hypotheses[0].Status, c.Round = GivenUp, c.Round+1
			c.Override = &Override{Hypothesis: "i", By: "user:ann", Principal: "id"}
		}},
		{"retried: a new epoch, under another version", then(begun, handed), &OperatorDecided{Decision: DecideRetry, Bundle: "v2"}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Bundle, c.Epoch, c.Round = Working, nil, "v2", 1, c.Round+1
			c.Hypotheses[0].Status = GivenUp
		}},
		{"retried behind a half done write: it goes on where it stood, and checks anew", then(wrote, &CheckRead{Hypothesis: "h", Error: "e"}, handed), &OperatorDecided{Decision: DecideRetry}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Epoch, c.Round, c.Steps = Working, nil, 1, c.Round+1, 0
			c.Hypotheses[0].Epoch, c.Hypotheses[0].Check = 1, Check{}
		}},
		{"reopened by a person, who finds wrong what was done", then(wrote, ended), &OperatorDecided{Decision: DecideReopen}, func(c *Case, e *Entry) {
			c.Status, c.Outcome, c.EndedAt, c.Epoch, c.Round, c.Steps = Working, "", time.Time{}, 1, c.Round+1, 0
			c.Writes[0].Reversed = e.Seq
		}},
		{"reopened by a person", then(begun, ended), &OperatorDecided{Decision: DecideReopen}, func(c *Case, _ *Entry) {
			c.Status, c.Outcome, c.EndedAt, c.Epoch, c.Round = Working, "", time.Time{}, 1, c.Round+1
		}},
		{"taken over", then(begun, asked), &OperatorDecided{Decision: DecideTakeover, Note: "mine"}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Approval, c.Holder = Escalated, &Stop{Code: StopHumanTakeover, Detail: "mine", To: "user:ann"}, nil, "user:ann"
		}},
		{"handed back, what was rejected before still is", then(begun, &OperatorDecided{Decision: DecideReject}, &OperatorDecided{Decision: DecideTakeover}), &OperatorDecided{Decision: DecideHandback}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Holder, c.Round = Working, nil, "", c.Round+1
		}},
		{"a person who has it does something: it stays theirs", then(begun, &OperatorDecided{Decision: DecideTakeover}), &OperatorDecided{Decision: DecideOverride, Hypothesis: "h", Action: &Action{Tool: "a.b"}}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Round = Working, nil, c.Round+1
			c.Override = &Override{Hypothesis: "h", Action: &Action{Tool: "a.b"}, By: "user:ann"}
		}},
		{"a person who has it lets another hypothesis be tried: it is the agent's again", then(begun, &OperatorDecided{Decision: DecideTakeover}), &OperatorDecided{Decision: DecideOverride, Hypothesis: "h"}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Holder, c.Round = Working, nil, "", c.Round+1
			c.Override = &Override{Hypothesis: "h", By: "user:ann"}
		}},
		{"it waits in a queue", then(begun, handed), queued, func(c *Case, e *Entry) { c.Handoff = &Handoff{Queue: "q", Since: e.At, DueAt: at(90), NextAt: at(80)} }},
		{"somebody is reminded", then(begun, handed, queued), &HandoffNoticed{What: NoticeReminder, NextAt: at(90)}, func(c *Case, _ *Entry) { c.Handoff.NextAt = at(90) }},
		{"nobody took it in time", then(begun, handed, queued), &HandoffNoticed{What: NoticeOverdue, NextAt: at(95)}, func(c *Case, _ *Entry) { c.Handoff.NextAt, c.Handoff.Overdue = at(95), true }},
		{"somebody takes it out of the queue", then(begun, handed, queued), &OperatorDecided{Decision: DecideTakeover}, func(c *Case, _ *Entry) {
			c.Stop, c.Holder, c.Handoff.NextAt = &Stop{Code: StopHumanTakeover, To: "user:ann"}, "user:ann", time.Time{}
		}},
		{"what is retried waits in no queue", then(begun, handed, queued), &OperatorDecided{Decision: DecideRetry}, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Handoff, c.Epoch, c.Round = Working, nil, nil, 1, c.Round+1
			c.Hypotheses[0].Status = GivenUp
		}},
		{"closed by a person", begun, &OperatorDecided{Decision: DecideClose, Note: "by phone"}, func(c *Case, e *Entry) {
			c.Status, c.Stop, c.EndedAt = Closed, &Stop{Code: StopHumanClosed, Detail: "by phone"}, e.At
			c.Hypotheses[0].Status = GivenUp
		}},
		{"the customer is asked, which is counted", opened, question, func(c *Case, _ *Entry) {
			c.Question, c.Asks = &Question{Seq: 3, Input: "order_id", Text: "Which?"}, map[string]int{"order_id": 1}
		}},
		{"asked again", then(opened, question), question, func(c *Case, _ *Entry) { c.Question.Seq, c.Asks["order_id"] = 4, 2 }},
		{"the answer of a step is a fact, and the step is over", then(begun, inStep), &CustomerAnswered{As: "answer", Value: Value{"yes"}, Signal: "2", Step: 1}, func(c *Case, _ *Entry) {
			c.Question, c.Facts = nil, map[string]Fact{"answer": {Value: Value{"yes"}, Seq: 6, Round: 1}}
			c.Hypotheses[0].Step = 2
		}},
		{"a question is settled", then(opened, question), &QuestionEnded{}, func(c *Case, _ *Entry) { c.Question = nil }},
		{"nobody answered: an input is missing", then(opened, question), &QuestionEnded{TimedOut: true}, func(c *Case, _ *Entry) {
			c.Question, c.Failure = nil, &Failure{Name: "order_id", Detail: "the customer did not answer in time", Stop: StopInputMissing}
		}},
		{"nobody answered within a step: no stop", then(begun, inStep), &QuestionEnded{TimedOut: true}, func(c *Case, _ *Entry) {
			c.Question, c.Failure = nil, &Failure{Detail: "the customer did not answer in time"}
		}},
		{"it waits for a signal", begun, waits, func(c *Case, _ *Entry) { c.Wait = &Wait{Seq: 5, For: "t", Step: 2} }},
		{"the signal came", then(begun, waits), &WaitEnded{Signal: "2", Step: 2}, func(c *Case, _ *Entry) { c.Wait, c.Hypotheses[0].Step = nil, 3 }},
		{"it did not", then(begun, waits), &WaitEnded{Step: 2, TimedOut: true}, func(c *Case, _ *Entry) {
			c.Wait, c.Failure = nil, &Failure{Detail: "what it waited for did not come in time"}
		}},
		{"a check is judged, and read again later", begun, &CheckRead{Hypothesis: "h", Error: "absent", NextAt: at(50)}, func(c *Case, e *Entry) {
			c.Hypotheses[0].Check = Check{BegunAt: e.At, Tries: 1, Error: "absent", NextAt: at(50)}
		}},
		{"what was read for the check is judged once", then(begun, sent(ForVerify, "read"), answer(ForVerify, OutcomeDone)), &CheckRead{Hypothesis: "h", Held: true}, func(c *Case, e *Entry) {
			c.Hypotheses[0].Check = Check{BegunAt: e.At, Tries: 1, Held: true}
		}},
		{"a check whose read was refused is judged once", then(begun, sent(ForVerify, "read"), answer(ForVerify, OutcomeRefused)), &CheckRead{Hypothesis: "h", Error: "absent", NextAt: at(50)}, func(c *Case, e *Entry) {
			c.Failure = nil
			c.Hypotheses[0].Check = Check{BegunAt: e.At, Tries: 1, Error: "absent", NextAt: at(50)}
		}},
		{"it holds the second time", then(begun, &CheckRead{Hypothesis: "h", NextAt: at(50)}), &CheckRead{Hypothesis: "h", Held: true}, func(c *Case, _ *Entry) {
			c.Hypotheses[0].Check = Check{BegunAt: at(5), Tries: 2, Held: true}
		}},
		{"a reply is written", opened, &ReplyWritten{Reply: Reply{To: "a", Text: "t"}}, func(c *Case, _ *Entry) { c.Reply = &Reply{To: "a", Text: "t"} }},
		{"it waits", opened, stopped, func(c *Case, _ *Entry) { c.Status, c.Stop = Waiting, &Stop{Code: StopWaitingCustomer} }},
		{"it goes to a person, who is asked nothing else", then(begun, question, waits), handed, func(c *Case, _ *Entry) {
			c.Status, c.Stop, c.Question, c.Wait = Escalated, &Stop{Code: StopPolicyDeny}, nil, nil
		}},
		{"it is resolved: the hypothesis held", begun, ended, func(c *Case, e *Entry) {
			c.Status, c.EndedAt, c.Outcome, c.Hypotheses[0].Status = Resolved, e.At, "done", Held
		}},
		{"the model answers", then(begun, &ModelAnswered{Use: UseDrive, System: "s", Error: &ModelError{Code: "busy"}}), thought, func(c *Case, e *Entry) {
			c.Thinking.Calls, c.Thinking.Tokens = 1, 7
			c.Thinking.Asked[UseDrive] = &Asked{Seq: e.Seq, Answers: []string{"a"}}
		}},
		{"it fails to for the second time", then(begun, &ModelAnswered{Use: UseDrive, Error: &ModelError{Code: "busy"}}), &ModelAnswered{Use: UseDrive, Error: &ModelError{Code: "dropped"}}, func(c *Case, e *Entry) {
			c.Thinking.Asked[UseDrive] = &Asked{Seq: e.Seq, Error: &ModelError{Code: "dropped"}, FailedAt: at(e.Seq - 1)}
		}},
		{"its answer to a denial is one of several to the same question", then(begun, denied), thought, func(c *Case, e *Entry) {
			c.Thinking = &Thinking{Calls: 1, Tokens: 7, Asked: map[ModelUse]*Asked{UseDrive: {Seq: e.Seq, Answers: []string{"a"}}}}
		}},
		{"its answer to a denial is to be repaired", then(begun, denied, thought), &ModelProposed{Use: UseDrive, Problem: "x", Repairable: true}, func(c *Case, _ *Entry) {
			c.Thinking.Asked[UseDrive].Taken = &ModelProposed{Use: UseDrive, Problem: "x", Repairable: true}
		}},
		{"it knows of a denial now", then(begun, denied, thought), &ModelProposed{Use: UseDrive, Proposal: ModelProposal{Decision: "close"}}, func(c *Case, _ *Entry) {
			a := c.Thinking.Asked[UseDrive]
			a.Answers, a.Taken = nil, &ModelProposed{Use: UseDrive, Proposal: ModelProposal{Decision: "close"}}
			c.Failure, c.Cause = nil, &Stop{Code: StopPolicyDeny}
		}},
		{"something is taken from what it said", then(begun, thought), &ModelProposed{Use: UseDrive, Proposal: ModelProposal{Decision: "close"}}, func(c *Case, _ *Entry) {
			a := c.Thinking.Asked[UseDrive]
			a.Answers, a.Taken = nil, &ModelProposed{Use: UseDrive, Proposal: ModelProposal{Decision: "close"}}
		}},
		{"what it says of what was before the news is nothing to take from", then(begun, thought, denied), &ModelProposed{Use: UseDrive, Problem: "x"}, func(*Case, *Entry) {}},
		{"it is merged", then(begun, question), &CaseClosed{Stop: Stop{Code: StopMerged}, MergedInto: "c-2"}, func(c *Case, e *Entry) {
			c.Status, c.EndedAt, c.Stop, c.MergedInto, c.Question = Closed, e.At, &Stop{Code: StopMerged}, "c-2", nil
			c.Hypotheses[0].Status = GivenUp
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := folded(c.before...)
			want := clone(t, got)
			seq := uint64(len(c.before) + 1)
			e := Entry{Seq: seq, Case: "c-1", At: at(seq), Actor: "user:ann", Data: c.data}
			got.Fold(&e)
			want.Seq, want.UpdatedAt, want.News = seq, at(seq), got.News // TestNews says when
			if c.data.Kind() == KindOperatorDecided {
				want.DecidedAt = at(seq)
			}
			c.want(want, &e)
			if diff := cmp.Diff(clone(t, want), clone(t, got)); diff != "" {
				t.Errorf("%s behind %d entries (-want +got):\n%s", c.data.Kind(), len(c.before), diff)
			}
		})
		seen[c.data.Kind()] = true
	}
	for _, kind := range allKinds {
		if !seen[kind] {
			t.Errorf("no row says what %s changes", kind)
		}
	}
}
