package casefile

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// history draws entries of one case: all kinds, in any order, whether an engine would write them so
// or not. Ids and names come from few, so that entries meet what others left behind.
func history(t *rapid.T) []Entry {
	list := make([]Entry, rapid.IntRange(1, 40).Draw(t, "entries"))
	at := day
	for i := range list {
		at = at.Add(time.Duration(rapid.IntRange(0, 5_000_000).Draw(t, "µs")) * time.Microsecond)
		list[i] = Entry{Seq: uint64(i + 1), Case: "c-1", At: at, Actor: rapid.SampledFrom([]string{ActorAgent, ActorSystem, "user:ann", "token:desk"}).Draw(t, "actor"), Data: content(t, at)}
	}
	return list
}

func of[T any](t *rapid.T, name string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, name)
}

// content draws what one entry says.
func content(t *rapid.T, at time.Time) Data {
	hypothesis, step, id := of(t, "hypothesis", "h", "i"), rapid.IntRange(0, 3).Draw(t, "step"), of(t, "call", "a", "b")
	later := of(t, "later", time.Time{}, at.Add(time.Minute))
	stop := &Stop{Code: of(t, "code", StopPolicyDeny, StopCheckFailed, ""), Detail: "d", Until: of(t, "until", nil, &later)}
	action := Action{Tool: "p.t", Args: arguments(t), Effect: of(t, "effect", "read", "write", "irreversible")}
	call := Call{ID: id, Purpose: of(t, "purpose", ForGather, ForDo, ForUndo, ForVerify), Fact: of(t, "fact", "", "f", "g"), Hypothesis: hypothesis, Step: step, Action: action,
		Key: "k", Try: rapid.IntRange(1, 3).Draw(t, "try"), Doubt: rapid.Bool().Draw(t, "doubt"), Within: Duration(time.Minute)}
	asks := Question{Input: of(t, "input", "", "order_id"), As: "f", Step: step, Text: "?", Until: at}
	switch kind := of(t, "kind", allKinds...); kind {
	case KindSignalReceived:
		return &SignalReceived{Signal: Signal{ID: id, Source: "s", EventID: id, Type: "t", Time: at, Assurance: of(t, "assurance", AssuranceNone, AssuranceAuthenticated, AssuranceVouched, ""),
			Data: Object{"customer": of[any](t, "customer", map[string]any{"id": "c", "email": "a@example.com"}, map[string]any{"email": "a@example.com", "name": "Ann"}, nil), "n": value(t)}}}
	case KindCaseOpened:
		return &CaseOpened{Bundle: "v1"}
	case KindCaseReopened:
		return &CaseReopened{Signal: id}
	case KindCaseLinked:
		return &CaseLinked{Case: id, Why: "w"}
	case KindProcedureChosen:
		return &ProcedureChosen{Procedure: of(t, "procedure", "", "p"), Goal: "g", Candidates: of(t, "candidates", nil, []Candidate{}, []Candidate{{"p", .5, "x"}})}
	case KindInputsFound:
		return &InputsFound{Inputs: of(t, "inputs", nil, map[string]Input{}, map[string]Input{"x": {Value{value(t)}, "1", "from"}}), UpTo: 3}
	case KindCaseCorrelated:
		return &CaseCorrelated{Values: []Correlation{{"p", 0, Value{value(t)}}}}
	case KindKnowledgeFound:
		return &KnowledgeFound{Passages: of(t, "passages", nil, []Passage{}, []Passage{{Address: "kb://a", Score: .25}})}
	case KindHypothesisChosen:
		return &HypothesisChosen{Hypothesis: hypothesis, By: of(t, "by", "", "user:ann")}
	case KindHypothesisFailed:
		return &HypothesisFailed{Hypothesis: hypothesis, Cause: of(t, "cause", nil, stop), Undo: rapid.Bool().Draw(t, "undo")}
	case KindHypothesisEnded:
		return &HypothesisEnded{Hypothesis: hypothesis, Reverted: rapid.Bool().Draw(t, "reverted"), Cause: of(t, "cause", nil, stop)}
	case KindStepDone:
		return &StepDone{Hypothesis: hypothesis, Step: step}
	case KindActionDenied:
		return &ActionDenied{Call: call, Verdict: Verdict{Outcome: Deny, Code: StopPolicyDeny, Rule: "r"}}
	case KindActionShadowed:
		return &ActionShadowed{Shadowed: Shadowed{Hash: id, Step: id, Action: action, Verdict: Verdict{Outcome: Deny, Code: StopAuthorityShadow, Authority: &Standing{Level: LevelShadow, Would: Allow}}, Observed: map[string]Value{"facts.f": {value(t)}}}}
	case KindHistoryFound:
		return &HistoryFound{Cases: of(t, "cases", nil, []Past{}, []Past{{Case: id, Procedure: "p", ClosedAt: at, Amounts: []int64{1}}}), Round: step, Error: of(t, "error", "", "e")}
	case KindModelAnswered:
		return &ModelAnswered{Use: of(t, "use", UseDrive, UseReply), System: of(t, "system", "", "s"), Prompt: "p", Repair: of(t, "repair", nil, &Repair{"a", "w"}),
			Answers: of(t, "answers", nil, []ModelAnswer{}, []ModelAnswer{{Text: "t", Tokens: 3, PromptTokens: 4}, {Text: "u", Cut: true}}), Calibrated: of(t, "calibrated", nil, &Calibration{Version: "1", From: []float64{0}, Right: []float64{.5}, Of: 2}),
			Error: of(t, "error", nil, &ModelError{Code: "busy", NextAt: later})}
	case KindModelProposed:
		return &ModelProposed{Use: of(t, "use", UseDrive, UseReply), Proposal: ModelProposal{Decision: "call", Tool: "p.t", Args: arguments(t), Inputs: of(t, "inputs", nil, map[string]Input{}, map[string]Input{"x": {Value{value(t)}, "1", "model"}})}, Confidence: Confidence{Value: .5}}
	case KindCallIntended:
		return &CallIntended{Call: call}
	case KindCallAnswered:
		return &CallAnswered{ID: id, Try: call.Try, Source: of(t, "source", SourceAnswer, SourceOperation), Result: Value{value(t)}, Code: "c", NextAt: later, SentAt: later, Deadline: later,
			Outcome: of(t, "outcome", OutcomeDone, OutcomeDone, OutcomeRefused, OutcomeNotDone, OutcomeUnknown, OutcomeAccepted, OutcomeError, OutcomeUnavailable, OutcomeAbandoned)}
	case KindApprovalAsked:
		return &ApprovalAsked{Approval: Approval{Hash: id, Step: id, Action: of(t, "action", nil, &action), Observed: map[string]Value{"facts.f": {value(t)}}, AskedAt: at, ExpiresAt: at}}
	case KindApprovalVoided:
		return &ApprovalVoided{Hash: id}
	case KindApprovalExpired:
		return &ApprovalExpired{Hash: id}
	case KindOperatorDecided:
		return &OperatorDecided{Decision: of(t, "decision", DecideApprove, DecideReject, DecideEdit, DecideOverride, DecideRetry, DecideTakeover, DecideHandback, DecideClose, DecideReopen),
			Hypothesis: hypothesis, Step: step, Action: of(t, "action", nil, &action), Bundle: of(t, "bundle", "", "v2"), Note: "n"}
	case KindAuthorityChanged:
		return &AuthorityChanged{Procedure: "p", Tool: "p.t", From: LevelAct, To: LevelPropose}
	case KindCustomerAsked:
		return &CustomerAsked{Question: asks, To: "a"}
	case KindCustomerAnswered:
		return &CustomerAnswered{As: "f", Value: Value{value(t)}, Step: step}
	case KindQuestionEnded:
		return &QuestionEnded{TimedOut: rapid.Bool().Draw(t, "timed out")}
	case KindWaitStarted:
		return &WaitStarted{Wait: Wait{Step: step, For: "t", Match: "true", Until: at}}
	case KindWaitEnded:
		return &WaitEnded{Step: step, TimedOut: rapid.Bool().Draw(t, "timed out")}
	case KindCheckRead:
		return &CheckRead{Hypothesis: hypothesis, Held: rapid.Bool().Draw(t, "held"), Error: "e", NextAt: later}
	case KindReplyWritten:
		return &ReplyWritten{Reply: Reply{To: "a", Text: "t", Citations: of(t, "citations", nil, []string{}, []string{"kb://a"})}}
	case KindCaseStopped:
		return &CaseStopped{Status: of(t, "status", Waiting, Approving, Escalated), Stop: *stop}
	case KindHandoffOpened:
		return &HandoffOpened{Queue: "q", DueAt: later, NextAt: later}
	case KindHandoffNoticed:
		return &HandoffNoticed{Queue: "q", What: of(t, "notice", NoticeOpened, NoticeReminder, NoticeOverdue), To: "a", Text: "t", NextAt: later}
	case KindCaseResolved:
		return &CaseResolved{Hypothesis: hypothesis, Outcome: "o"}
	case KindCaseClosed:
		return &CaseClosed{Stop: *stop, MergedInto: of(t, "merged", "", "c-2")}
	default:
		t.Fatalf("nothing is drawn for %s", kind)
		return nil
	}
}

// value draws a value from outside: what JSON could blur is among them.
func value(t *rapid.T) any {
	return of[any](t, "value", nil, int64(3), 3.0, int64(1)<<62, 1e300, "3", "ü\u2028<", true, []any{}, map[string]any{}, []any{int64(1), 1.0, nil}, map[string]any{"k": map[string]any{"n": 2.0}})
}

func arguments(t *rapid.T) Object {
	return of(t, "arguments", nil, Object{}, Object{"n": value(t), "m": int64(1)})
}

// stored gives an entry as it is read back.
func stored(t *rapid.T, e Entry) Entry {
	b, err := AppendPayload(nil, &e)
	if err != nil {
		t.Fatalf("%s can't be written: %v", e.Data.Kind(), err)
	}
	back := e
	if err := DecodePayload(&back, e.Data.Kind(), b); err != nil {
		t.Fatalf("%s can't be read: %v", e.Data.Kind(), err)
	}
	return back
}

// Wherever a snapshot is taken, it and the entries behind it give the state that all entries give;
// and that is so for entries as they were made and as they are read back.
func TestFoldFromAnySnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := history(t)
		made, states := New("c-1"), make([]string, len(entries)+1)
		states[0] = written(t, made)
		for i := range entries {
			made.Fold(&entries[i])
			states[i+1] = written(t, made)
		}
		for cut := range states {
			c := New("c-1")
			if err := json.Unmarshal([]byte(states[cut]), c); err != nil {
				t.Fatalf("the snapshot after %d entries can't be read: %v", cut, err)
			}
			for i := cut; i < len(entries); i++ {
				back := stored(t, entries[i])
				c.Fold(&back)
				if got := written(t, c); got != states[i+1] {
					t.Fatalf("from the snapshot after %d entries, %s (entry %d) leads to\n%s\nand from the first entry to\n%s", cut, back.Data.Kind(), i+1, got, states[i+1])
				}
			}
		}
	})
}

// Folding changes nothing of the entry: what was folded can be written, or folded again.
func TestFoldLeavesEntriesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := history(t)
		var before []string
		for i := range entries {
			before = append(before, string(payloadOf(t, &entries[i])))
		}
		c := New("c-1")
		for i := range entries {
			c.Fold(&entries[i])
		}
		for i := range entries {
			if got := string(payloadOf(t, &entries[i])); got != before[i] {
				t.Fatalf("after folding, entry %d (%s) is\n%s\nand was\n%s", i+1, entries[i].Data.Kind(), got, before[i])
			}
		}
	})
}

func payloadOf(t *rapid.T, e *Entry) []byte {
	b, err := AppendPayload(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func written(t *rapid.T, c *Case) string {
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatalf("the state can't be written: %v", err)
	}
	return string(b)
}
