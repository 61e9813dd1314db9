package shadow

import (
	"context"
	"fmt"
	"reflect"

	"resolute/agent/casefile"
)

// Candidate is a version that is put in the place of the active one. It is used by one goroutine.
type Candidate interface {
	// Compare puts it in a case, whose journal is given from its first entry on.
	Compare(ctx context.Context, caseID string, entries []casefile.Entry) Compared
	Close() error
}

// Compared is what a candidate would have done in a case.
type Compared struct {
	Unplayed string // why it can't be told, "" if it can
	Diverged bool
	Seq      uint64          // of the recorded entry that something else comes in place of, if it diverged; one more than there are at the end
	Did      *casefile.Entry // what comes in place of it, nil for nothing
	Reads    int             // calls that went to plugins
}

// Kind is in which way a candidate does something else.
type Kind string

// The kinds.
const (
	OtherProcedure  Kind = "procedure"  // it handles the case as another kind of problem, or not
	OtherInputs     Kind = "inputs"     // it reads other values from the signals
	OtherHypothesis Kind = "hypothesis" // it suspects another cause, or gives one up
	OtherCall       Kind = "call"       // it would call something else, or not call
	OtherVerdict    Kind = "verdict"    // it would do the same, and another rule or level holds
	OtherQuestion   Kind = "question"   // it would ask the customer, or not, or something else
	OtherReply      Kind = "reply"      // it would tell somebody else, or not
	OtherCheck      Kind = "check"      // it verifies otherwise
	OtherEnd        Kind = "end"        // the case would stop, or end, otherwise
	OtherRest       Kind = "rest"       // it would do nothing there
	OtherStep       Kind = "step"       // anything else
)

// kindOf tells in which way what a candidate did differs from what was done.
func kindOf(was, did *casefile.Entry) Kind {
	if did == nil {
		return OtherRest
	}
	a, b := actionOf(was), actionOf(did)
	switch {
	case a != nil && b != nil && same(a, b):
		return OtherVerdict
	case a != nil && b != nil:
		return OtherCall
	}
	switch did.Data.(type) {
	case *casefile.ProcedureChosen:
		return OtherProcedure
	case *casefile.InputsFound:
		return OtherInputs
	case *casefile.HypothesisChosen, *casefile.HypothesisFailed, *casefile.HypothesisEnded:
		return OtherHypothesis
	case *casefile.CallIntended, *casefile.ActionShadowed, *casefile.ApprovalAsked:
		return OtherCall
	case *casefile.ActionDenied:
		return OtherVerdict
	case *casefile.CustomerAsked, *casefile.QuestionEnded, *casefile.CustomerAnswered:
		return OtherQuestion
	case *casefile.ReplyWritten:
		return OtherReply
	case *casefile.CheckRead:
		return OtherCheck
	case *casefile.CaseStopped, *casefile.CaseResolved, *casefile.CaseClosed:
		return OtherEnd
	}
	return OtherStep
}

// actionOf gives the action that writes of an entry which proposes or sends one, nil for none.
func actionOf(e *casefile.Entry) *casefile.Action {
	if e == nil {
		return nil
	}
	var a *casefile.Action
	switch d := e.Data.(type) {
	case *casefile.CallIntended:
		a = &d.Call.Action
	case *casefile.ActionDenied:
		a = &d.Call.Action
	case *casefile.ActionShadowed:
		a = &d.Shadowed.Action
	case *casefile.ApprovalAsked:
		a = d.Approval.Action
	}
	if a == nil || !a.Writes() {
		return nil
	}
	return a
}

// same reports whether two actions are the same call.
func same(a, b *casefile.Action) bool {
	if a.Tool != b.Tool {
		return false
	}
	if reflect.DeepEqual(a.Args, b.Args) {
		return true
	}
	x, errX := casefile.EncodeValue(map[string]any(a.Args))
	y, errY := casefile.EncodeValue(map[string]any(b.Args))
	return errX == nil && errY == nil && string(x) == string(y)
}

// words says what an entry does in names of the bundle alone: nothing that a customer wrote, and no
// argument, is kept outside the journal.
func words(e *casefile.Entry) string {
	if e == nil {
		return "nothing"
	}
	switch d := e.Data.(type) {
	case *casefile.ProcedureChosen:
		if d.Procedure == "" {
			return "no procedure"
		}
		return "procedure " + d.Procedure
	case *casefile.HypothesisChosen:
		return "hypothesis " + d.Hypothesis
	case *casefile.HypothesisFailed:
		return "give up hypothesis " + d.Hypothesis
	case *casefile.CallIntended:
		return "call " + d.Call.Tool
	case *casefile.ActionDenied:
		return "deny " + d.Call.Tool + by(d.Verdict.Rule)
	case *casefile.ActionShadowed:
		return "watch " + d.Shadowed.Action.Tool
	case *casefile.ApprovalAsked:
		if d.Approval.Action == nil {
			return "ask a person at a checkpoint"
		}
		return "ask a person about " + d.Approval.Action.Tool + by(d.Approval.Rule)
	case *casefile.CustomerAsked:
		return "ask the customer for " + d.Question.About()
	case *casefile.CaseStopped:
		return fmt.Sprintf("%s (%s)%s", d.Status, d.Stop.Code, by(d.Stop.Rule))
	case *casefile.CaseResolved:
		return "resolved by " + d.Hypothesis
	case *casefile.CaseClosed:
		return fmt.Sprintf("closed (%s)", d.Stop.Code)
	}
	return string(e.Data.Kind())
}

func by(rule string) string {
	if rule == "" {
		return ""
	}
	return " by " + rule
}
