package api

import (
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// stopCodes are the contract's, those of later versions included: asking for one that no case has
// yet is no mistake.
var stopCodes = [...]casefile.StopCode{
	casefile.StopPolicyApproval, casefile.StopAuthorityPropose, casefile.StopBudgetExceeded, casefile.StopRiskHigh, casefile.StopCheckpoint,
	casefile.StopWaitingSignal, casefile.StopWaitingTimer, casefile.StopWaitingCustomer, casefile.StopWaitingTool,
	casefile.StopInputMissing, casefile.StopToolUnavailable, casefile.StopPaused,
	casefile.StopPolicyDeny, casefile.StopAuthorityShadow, casefile.StopConfidenceLow, casefile.StopEvidenceMissing, casefile.StopOutcomeUnknown,
	casefile.StopToolError, casefile.StopManifestChanged, casefile.StopCheckFailed, casefile.StopHypothesesExhausted,
	casefile.StopApprovalRejected, casefile.StopApprovalExpired, casefile.StopLoopLimit, casefile.StopModelUnavailable,
	casefile.StopProcedureEscalate, casefile.StopHumanTakeover,
	casefile.StopDeclined, casefile.StopMerged, casefile.StopHumanClosed,
}

var statusNames = [...]casefile.Status{casefile.Working, casefile.Waiting, casefile.Approving, casefile.Escalated, casefile.Resolved, casefile.Closed}

// caseShapes are the schemas of a case and what it consists of.
func caseShapes() schema {
	stop := func(codes ...casefile.StopCode) schema {
		return object("Why a case is not working", schema{"code": oneOf("", codes...), "detail": text(""), "rule": text("the rule that stopped it"),
			"until": moment("when it goes on by itself, or to a person"), "to": text("the queue, or who took it over")}, "rule", "until", "to")
	}
	args := schema{"type": []any{"object", "null"}, "description": "Arguments, as the tool's schema has them"}
	effect := oneOf("", "read", "write", "irreversible")
	purpose := oneOf("What the call is for", casefile.ForGather, casefile.ForDo, casefile.ForUndo, casefile.ForVerify)
	return schema{
		"Status":    oneOf("Where a case stands", statusNames[:]...),
		"Stop":      stop(stopCodes[:]...),
		"Cause":     stop(append(stopCodes[:], "")...),
		"Candidate": object("A procedure that triage considered", schema{"procedure": text(""), "score": number("from 0 to 1"), "nearest": text("the example that the text is most like; what a customer wrote is named by its case")}, "nearest"),
		"Customer": object("Whose problem it is: a claim, as far as assurance vouches for it", schema{"id": text(""), "email": text(""), "name": text(""),
			"assurance": oneOf("", casefile.AssuranceNone, casefile.AssuranceAuthenticated, casefile.AssuranceVouched)}, "id", "email", "name"),
		"Summary": object("A case in a list", schema{"id": text(""), "status": ref("Status"), "stop": orNull(ref("Stop")), "goal": text(""), "procedure": text(""), "customer": ref("Customer"),
			"subject": text("the first words of what arrived"), "opened_at": moment(""), "updated_at": moment(""), "ended_at": moment(""), "bundle": text("version"), "outcome": text("")}, "ended_at"),
		"Case": object("", schema{"id": text(""), "status": ref("Status"), "stop": orNull(ref("Stop")), "goal": text(""), "procedure": text(""), "candidates": arrayOf(ref("Candidate")),
			"customer": ref("Customer"), "opened_at": moment(""), "updated_at": moment(""), "ended_at": orNull(moment("")), "bundle": text("version"),
			"inputs": open("By the procedure's names"), "facts": open("By the procedure's names"),
			"hypothesis": text("the one begun last"), "hypotheses": arrayOf(ref("Hypothesis")), "attempts": arrayOf(ref("Attempt")), "pending": orNull(ref("Pending")),
			"outcome": text(""), "merged_into": text("id of the case that it went on in"), "citations": arrayOf(ref("Passage")), "links": arrayOf(ref("Link")), "reply": orNull(ref("Reply")), "handoff": orNull(ref("Handoff")), "warning": text("to whoever decided, where it was too fast to have been looked at")}, "warning"),
		"Hypothesis": object("A suspected cause that was begun", schema{"name": text(""), "epoch": integer("rises when a person lets the case try again"),
			"status": oneOf("", casefile.Trying, casefile.Undoing, casefile.Held, casefile.GivenUp, casefile.Reverted), "step": integer("index of the next step"), "seq": integer("of the entry that began it"),
			"begun_at": moment(""), "cause": ref("Cause"), "check": open("How far its verification is"), "undone": integer("undo steps that are done"), "chosen": text("actor who chose it"), "opening": integer("")},
			"cause", "check", "undone", "chosen", "opening"),
		"Attempt": object("One try at a step", schema{"seq": integer(""), "step": text("id of the call"), "hypothesis": text(""), "purpose": purpose, "tool": text("PLUGIN.TOOL"), "args": args, "idempotency_key": text("of writes"),
			"try": integer("from 1; 0 where nothing was sent"), "at": moment(""), "duration_ms": integer("milliseconds"), "outcome": oneOf("empty while it is open", outcomes[:]...),
			"code": text("the problem's, or the rule that denied"), "detail": text("")}, "hypothesis", "args", "idempotency_key", "code", "detail"),
		"Call": object("A call begun and without a final answer", schema{"id": text(""), "purpose": purpose, "fact": text("what the result becomes"), "hypothesis": text(""), "step": integer(""), "tool": text("PLUGIN.TOOL"), "args": args, "effect": effect,
			"idempotency_key": text("of writes"), "try": integer("from 1"), "state": oneOf("", casefile.Sent, casefile.NotDone, casefile.Unsettled, casefile.InOperation), "doubt": boolean("a try may have been done"),
			"sent_at": moment(""), "begun_at": moment(""), "next_at": moment(""), "deadline": moment(""), "within": text("a duration, like 30s")},
			"fact", "hypothesis", "args", "idempotency_key", "doubt", "next_at", "deadline", "within"),
		"Pending": object("What the case waits for: one of these", schema{"approval": ref("Approval"), "shadowed": ref("Shadowed"), "question": ref("Question"), "wait": ref("Wait"), "calls": arrayOf(ref("Call"))}, "approval", "shadowed", "question", "wait", "calls"),
		"Handoff": object("What whoever takes the case over should know, beside the rest", schema{"queue": text("empty for none"), "since": orNull(moment("")), "due_at": orNull(moment("when somebody should have taken it")), "overdue": boolean("it was told that it is"), "holder": text("actor who took it over"), "unblock": text("what would let it go on"),
			"known": arrayOf(object("", schema{"name": text("of the fact"), "tool": text("that said it"), "evidence": text("entry:SEQ")})), "brief": text("goal, stop, beliefs, evidence and attempts in a few lines")}),
		"Shadowed": object("What the agent would have done: approve or reject says whether that was right, and sends nothing", schema{"step": text(""), "hypothesis": text(""), "hash": text("what a decision has to name"), "action": ref("Action"), "verdict": ref("Verdict")}),
		"Verdict": object("What the guard says about an action", schema{"outcome": oneOf("", casefile.Allow, casefile.Approve, casefile.Deny), "code": text(""), "rule": text("that decided"), "reason": text(""), "by": text("role that may approve"),
			"rules": arrayOf(ref("Rule")), "reads": arrayOf(text("path of the state")), "policy": text("hash"), "authority": ref("Standing"), "reserves": arrayOf(open("What it takes from a budget")), "exceeded": arrayOf(ref("Exceeded")), "risk": ref("Risk")}, "code", "rule", "reason", "by", "rules", "reads", "policy", "authority", "reserves", "exceeded", "risk"),
		"Exceeded": object("A budget that has no room for it", schema{"policy": text(""), "budget": text("id"), "key": text("what it is counted per, as JSON"), "currency": text("ISO 4217; absent where it counts something else"), "amount": integer("minor units, or a number"), "used": integer("of max"), "max": integer(""), "window": text("a duration"), "beyond": oneOf("", casefile.Approve, casefile.Deny), "over": boolean("approving lets it be exceeded")}, "key", "currency", "over"),
		"Risk":     object("How far it is out of the ordinary", schema{"score": integer("0 to 100"), "parts": arrayOf(object("", schema{"policy": text("absent where it is unusual against the tool's history"), "factor": text(""), "add": integer(""), "reason": text("")}, "policy", "reason"))}),
		"Standing": object("How far the agent may go with an action", schema{"level": oneOf("", casefile.LevelShadow, casefile.LevelPropose, casefile.LevelAct), "band": text("amounts that share evidence, in minor units"), "why": text(""),
			"would": oneOf("in shadow: what would have come of it", casefile.Allow, casefile.Approve)}, "band", "why", "would"),
		"Question": object("What the customer was asked", schema{"seq": integer(""), "input": text("that it is about, or"), "as": text("the fact that the answer becomes"), "step": integer(""), "text": text(""), "pattern": text(""), "until": moment("")}, "input", "as", "pattern"),
		"Wait":     object("A signal that the case waits for", schema{"seq": integer(""), "step": integer(""), "for": text("type of the signal"), "match": text("CEL"), "until": moment("")}),
		"Action":   object("What a plan wants to do", schema{"tool": text("PLUGIN.TOOL"), "args": args, "effect": effect}),
		"Approval": object("A checkpoint where a person decides one action", schema{"case_id": text(""), "goal": text(""), "step": text(""), "hypothesis": text(""), "hash": text("what a decision has to name"), "action": orNull(ref("Action")),
			"code": oneOf("", stopCodes[:]...), "rule": text(""), "rules": arrayOf(ref("Rule")), "reason": text("at a checkpoint, its text"), "evidence": evidence(), "changed": arrayOf(ref("Change")),
			"by": text("role that may approve"), "authority": orNull(ref("Standing")), "exceeded": arrayOf(ref("Exceeded")), "risk": orNull(ref("Risk")), "asked_at": moment(""), "expires_at": moment("")}),
		"Rule":    object("What one rule said", schema{"policy": text(""), "rule": text(""), "says": oneOf("", casefile.Allow, casefile.Approve, casefile.Deny), "fired": boolean(""), "reason": text(""), "by": text(""), "cites": arrayOf(text("")), "error": text("why it couldn't be evaluated; then it denies"), "code": text("what it counts as, where that isn't policy.deny or policy.approval")}, "policy", "reason", "by", "cites", "error", "code"),
		"Change":  object("A value that is not what it was when the approval was asked for", schema{"path": text(""), "then": anything(""), "now": anything("")}),
		"Passage": object("A piece of knowledge", schema{"address": text("kb://document#heading@version"), "title": text(""), "text": text(""), "score": number(""), "query": text(""), "internal": boolean("it may inform a decision; no customer may see it")}, "internal"),
		"Link":    object("Another case that has to do with this one", schema{"case_id": text(""), "why": text("")}),
		"Reply":   object("What the customer is told", schema{"to": text(""), "text": text(""), "citations": arrayOf(text("address"))}, "citations"),
		"Entry": object("One record of a case's journal", schema{"seq": integer("in its case, from 1 without gaps"), "at": moment(""), "kind": text(""), "actor": text("agent, system, user:NAME or token:NAME"), "data": open("What happened, as its kind has it"),
			"evidence": evidence(), "versions": object("What it was decided under", schema{"bundle": text(""), "procedure": text(""), "policy": text("of the case's version, and behind a + of the active one where that judged too"), "prompt": text("of all prompts"), "manifest": text("")}, "bundle", "procedure", "policy", "prompt", "manifest"),
			"hash": text("SHA-256, hexadecimal"), "prev": text("hash of the entry before; empty for the first")}),
		"Message": object("A reply or a question to a customer", schema{"offset": integer("its identity"), "case_id": text(""), "kind": oneOf("", "reply", "question", "notice"), "to": text("address; empty where none is known"), "text": text(""), "citations": arrayOf(text("address")), "at": moment(""),
			"status": oneOf("queued: a webhook is still to take it; sent: it has; failed: it refused, or a day of tries passed; ready: no webhook was set, so it is read here and goes nowhere else", journal.DeliveryQueued, journal.DeliverySent, journal.DeliveryFailed, journal.DeliveryReady), "tries": integer(""), "next_at": moment("when it is tried next"), "error": text("of the last try")}, "next_at", "error"),
	}
}

var outcomes = [...]casefile.Outcome{"", casefile.OutcomeDone, casefile.OutcomeRefused, casefile.OutcomeNotDone, casefile.OutcomeUnknown, casefile.OutcomeAccepted, casefile.OutcomeError, casefile.OutcomeDenied, casefile.OutcomeUnavailable, casefile.OutcomeAbandoned}

func evidence() schema {
	s := arrayOf(text(""))
	s["description"] = "What it rests on: entry:SEQ, kb://..., signal:ID"
	return s
}
