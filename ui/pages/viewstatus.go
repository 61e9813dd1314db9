package pages

import (
	"cmp"

	"resolute/agent/casefile"
)

// Chip is a status as a word with its shape and colour, all named by Name.
type Chip struct{ Name string }

func chip(s casefile.Status) Chip {
	return Chip{Name: cmp.Or(string(s), string(casefile.Working))}
}

// Evidence says how far something is trusted: the fuller the square, the further.
type Evidence struct {
	Icon  string // ev-full, ev-half or ev-none
	Word  string
	Hint  string
	Claim bool
}

func byTool() Evidence {
	return Evidence{Icon: "ev-full", Word: "tool output", Hint: "What a tool of the company answered"}
}

func byBundle() Evidence {
	return Evidence{Icon: "ev-full", Word: "plan", Hint: "What the procedure gives, from facts that tools answered"}
}

func byOperator() Evidence {
	return Evidence{Icon: "ev-full", Word: "operator", Hint: "What a person of the company wrote"}
}

func byCompany() Evidence {
	return Evidence{Icon: "ev-full", Word: "company, vouched", Hint: "What a system of the company reported"}
}

func byKnowledge() Evidence {
	return Evidence{Icon: "ev-half", Word: "knowledge, cited", Hint: "A cited passage: it informs replies and plans, it never decides an effect"}
}

func byCustomer() Evidence {
	return Evidence{Icon: "ev-none", Word: "customer, claim", Hint: "What the customer says: never an identity or an amount", Claim: true}
}

// reason says in plain words why a case is not working, and what would let it go on.
type reason struct{ title, unblock string }

// reasonFor says why a case isn't working.
func reasonFor(c *casefile.Case) reason {
	if c.Stop.Code == casefile.StopConfidenceLow && c.Procedure != "" {
		return reason{"Not sure enough what comes next", "A model was to say what is next. Choose an action yourself, retry, or decide it outside of resolute and close it."}
	}
	return reasonOf(c.Stop, c.Status)
}

// reasonOf reads a stop code. What it doesn't know it shows as it is.
func reasonOf(s *casefile.Stop, status casefile.Status) reason {
	switch s.Code {
	case casefile.StopPolicyApproval:
		return reason{"A rule asks for a person", "A person approves or rejects it."}
	case casefile.StopAuthorityPropose:
		return reason{"Proposes, and waits for a person", "A person approves or rejects it. The agent may not do this by itself yet."}
	case casefile.StopBudgetExceeded:
		if status == casefile.Approving {
			return reason{"More than a budget has left", "A person approves or rejects it; approving lets the budget be exceeded by this."}
		}
		return reason{"More than a budget has left", "Nothing was sent. Once the budget has room again, retry; or decide it outside of resolute and close it."}
	case casefile.StopRiskHigh:
		return reason{"It is unusual", "A person approves or rejects it."}
	case casefile.StopPaused:
		return reason{"Paused", "Somebody resumes it; it goes on from here by itself."}
	case casefile.StopCheckpoint:
		return reason{"A person looks before it goes on", "A person approves or rejects going on."}
	case casefile.StopWaitingSignal:
		return reason{"Waits for a signal", "The signal arrives; or its time runs out, and the hypothesis fails."}
	case casefile.StopWaitingTimer:
		return reason{"Waits until its time", "The time comes; it goes on by itself."}
	case casefile.StopWaitingCustomer:
		return reason{"Waits for the customer's answer", "The customer answers; or the time runs out, and the hypothesis fails."}
	case casefile.StopWaitingTool:
		return reason{"Waits for a tool's result", "The tool delivers its result, or is asked for it; it goes on by itself."}
	case casefile.StopInputMissing:
		if status == casefile.Waiting {
			return reason{"Waits for the customer to say what is missing", "The customer answers; it goes on by itself."}
		}
		return reason{"What it needs to know was never said", "Find out what is missing, then hand it back or close it."}
	case casefile.StopToolUnavailable:
		if status == casefile.Waiting {
			return reason{"A tool cannot be reached", "The tool answers again; it is tried until then."}
		}
		return reason{"A tool could not be reached in time", "Once the tool answers again, retry."}
	case casefile.StopAuthorityShadow:
		return reason{"Decided, and only watches", "Do it yourself, or let another hypothesis be tried. Whether the agent was right counts as evidence; nothing is sent for that."}
	case casefile.StopPolicyDeny:
		return reason{"A rule forbids what would come next", "Nothing was sent. Try another hypothesis or action, decide it outside of resolute and close it, or change the rule and retry."}
	case casefile.StopConfidenceLow:
		return reason{"Not sure enough", "Say which procedure it is for, or that it is for none. That teaches it for the next time."}
	case casefile.StopModelUnavailable:
		return reason{"The model doesn't answer", "See that it does (page Model, or resolute model status), then retry; or decide it outside of resolute and close it."}
	case casefile.StopEvidenceMissing:
		return reason{"A fact that it needs is missing", "Put the fact where the tool reads it, then retry."}
	case casefile.StopOutcomeUnknown:
		return reason{"Nobody knows whether a call was done", "Look in the system itself. Retry only if it was not done, else close it: a retry may do it again."}
	case casefile.StopToolError:
		return reason{"A tool broke its protocol", "Have the plugin repaired, then retry."}
	case casefile.StopManifestChanged:
		return reason{"A tool is not what was agreed on", "Apply the bundle with the new manifest, then retry."}
	case casefile.StopCheckFailed:
		return reason{"It acted, and the check did not hold", "Look at what was done before anything else is: a second remedy may be one too many."}
	case casefile.StopHypothesesExhausted:
		return reason{"Nothing is left to try", "Take it over, or retry once something has changed."}
	case casefile.StopApprovalRejected:
		return reason{"What it proposed was rejected", "Decide what happens instead: retry, take it over, or close it."}
	case casefile.StopApprovalExpired:
		return reason{"Nobody decided in time", "Retry asks again."}
	case casefile.StopLoopLimit:
		return reason{"It took more steps than it may", "Look at what repeats; retry gives it as many again."}
	case casefile.StopProcedureEscalate:
		return reason{"The procedure hands it to a person", "Do what is left by hand and close it, or retry once something has changed."}
	case casefile.StopHumanTakeover:
		return reason{"A person has taken over", "Handing it back lets it go on from where it stood."}
	case casefile.StopDeclined:
		return reason{"Declined", "Reopening lets it try again."}
	case casefile.StopMerged:
		return reason{"Went into another case", "It goes on there."}
	case casefile.StopHumanClosed:
		return reason{"Closed by a person", "Reopening lets it go on."}
	}
	return reason{string(s.Code), "Take it over, retry or close it."}
}
