package rehearsal

import (
	"fmt"
	"strings"

	"resolute/agent/casefile"
)

// story is what happened, a line for each step.
func (w *world) story() (lines []string) {
	for _, e := range w.entries() {
		if what := tell(&e); what != "" {
			lines = append(lines, fmt.Sprintf("%10s  %s", w.since(e.At), what))
		}
	}
	return lines
}

// tell says what an entry is about in one line, "" for what only supports others.
func tell(e *casefile.Entry) string {
	switch d := e.Data.(type) {
	case *casefile.SignalReceived:
		if text, _ := d.Signal.Data["text"].(string); d.Signal.Type == "customer.replied" && text != "" {
			return "the customer writes: " + text
		}
		return "signal " + d.Signal.Type
	case *casefile.ProcedureChosen:
		if d.Procedure == "" {
			return "no procedure: " + d.Reason
		}
		return "procedure " + d.Procedure
	case *casefile.ModelAnswered:
		if d.Error != nil {
			return "the model says nothing: " + d.Error.Detail
		}
	case *casefile.ModelProposed:
		if d.Problem != "" {
			return "nothing is taken from what the model says: " + d.Problem
		}
		return "the model wants " + strings.TrimSpace(d.Proposal.Decision+" "+d.Proposal.Tool+d.Proposal.Choice)
	case *casefile.HypothesisChosen:
		return "hypothesis " + d.Hypothesis
	case *casefile.HypothesisFailed:
		return "hypothesis " + d.Hypothesis + " fails: " + d.Reason
	case *casefile.ActionDenied:
		return "denied: " + d.Call.Tool + " " + shown(d.Call.Args) + ", " + d.Verdict.Rule + " " + d.Verdict.Reason
	case *casefile.ActionShadowed:
		return "in shadow: " + d.Shadowed.Action.Tool + " " + shown(d.Shadowed.Action.Args)
	case *casefile.CallIntended:
		if d.Call.Try > 1 {
			return fmt.Sprintf("%s again, try %d", d.Call.Tool, d.Call.Try)
		}
		return d.Call.Tool + " " + shown(d.Call.Args)
	case *casefile.CallAnswered:
		if d.Outcome == casefile.OutcomeDone {
			return ""
		}
		return fmt.Sprintf("… %s: %s %s", d.Outcome, d.Code, d.Detail)
	case *casefile.ApprovalAsked:
		if a := d.Approval.Action; a != nil {
			return "a person is asked: " + a.Tool + " " + shown(a.Args) + ", " + d.Approval.Reason
		}
		return "a person is asked: " + d.Approval.Reason
	case *casefile.OperatorDecided:
		return e.Actor + " decides: " + string(d.Decision)
	case *casefile.CustomerAsked:
		return "the customer is asked: " + d.Question.Text
	case *casefile.WaitStarted:
		return "waits for " + d.Wait.For
	case *casefile.CheckRead:
		if d.Held {
			return "the check holds: " + d.Check
		}
		return "the check fails: " + d.Check + " " + d.Error
	case *casefile.ReplyWritten:
		return "the customer is told: " + d.Reply.Text
	case *casefile.CaseStopped:
		return fmt.Sprintf("%s: %s %s", d.Status, d.Stop.Code, d.Stop.Detail)
	case *casefile.CaseResolved:
		return "resolved by " + d.Hypothesis
	case *casefile.CaseClosed:
		return "closed: " + string(d.Stop.Code) + " " + d.Stop.Detail
	}
	return ""
}
