package rehearsal

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"resolute/agent/casefile"
)

// differs says in which way an entry decides otherwise than a recorded one, "" for not at all. Ids, keys
// and times don't count, nor do the words that a decision comes in.
func differs(was, now *casefile.Entry) string {
	if was.Data.Kind() != now.Data.Kind() {
		return "another step"
	}
	for _, f := range facets(was.Data, now.Data) {
		if f.differs() {
			return f.name
		}
	}
	return ""
}

// facet is something that two decisions may differ in.
type facet struct {
	name     string
	was, now any
}

func (f *facet) differs() bool {
	a, isValue := f.was.(casefile.Object)
	b, both := f.now.(casefile.Object)
	if isValue && both {
		return !sameArgs(a, b)
	}
	return f.was != f.now
}

func sameArgs(a, b casefile.Object) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errX := casefile.EncodeValue(map[string]any(a))
	y, errY := casefile.EncodeValue(map[string]any(b))
	return errX == nil && errY == nil && string(x) == string(y)
}

// facets are what counts of two decisions of the same kind.
func facets(was, now casefile.Data) []facet {
	switch a := was.(type) {
	case *casefile.ProcedureChosen:
		b := now.(*casefile.ProcedureChosen)
		return []facet{{"the procedure", a.Procedure, b.Procedure}}
	case *casefile.InputsFound:
		b := now.(*casefile.InputsFound)
		return []facet{{"the inputs", inputs(a), inputs(b)}}
	case *casefile.HypothesisChosen:
		b := now.(*casefile.HypothesisChosen)
		return []facet{{"the hypothesis", a.Hypothesis, b.Hypothesis}}
	case *casefile.HypothesisFailed:
		b := now.(*casefile.HypothesisFailed)
		return []facet{{"the hypothesis", a.Hypothesis, b.Hypothesis}, {"whether it is undone", a.Undo, b.Undo}, {"the cause", codeOf(a.Cause), codeOf(b.Cause)}}
	case *casefile.HypothesisEnded:
		b := now.(*casefile.HypothesisEnded)
		return []facet{{"the hypothesis", a.Hypothesis, b.Hypothesis}, {"whether it was undone", a.Reverted, b.Reverted}, {"the cause", codeOf(a.Cause), codeOf(b.Cause)}}
	case *casefile.StepDone:
		return []facet{{"the hypothesis", a.Hypothesis, now.(*casefile.StepDone).Hypothesis}}
	case *casefile.CustomerAsked:
		b := now.(*casefile.CustomerAsked)
		return []facet{{"what is asked for", a.Question.About(), b.Question.About()}, {"who is asked", a.To, b.To}}
	case *casefile.CustomerAnswered:
		b := now.(*casefile.CustomerAnswered)
		return []facet{{"the answer", casefile.Object{a.As: a.Value.V}, casefile.Object{b.As: b.Value.V}}}
	case *casefile.QuestionEnded:
		return []facet{{"whether its time was over", a.TimedOut, now.(*casefile.QuestionEnded).TimedOut}}
	case *casefile.WaitStarted:
		return []facet{{"what it waits for", a.Wait.For, now.(*casefile.WaitStarted).Wait.For}}
	case *casefile.WaitEnded:
		return []facet{{"whether its time was over", a.TimedOut, now.(*casefile.WaitEnded).TimedOut}}
	case *casefile.CheckRead:
		b := now.(*casefile.CheckRead)
		return []facet{{"the check", a.Held, b.Held}, {"whether it is read again", a.NextAt.IsZero(), b.NextAt.IsZero()}}
	case *casefile.ReplyWritten:
		return []facet{{"who is told", a.Reply.To, now.(*casefile.ReplyWritten).Reply.To}}
	case *casefile.CaseResolved:
		b := now.(*casefile.CaseResolved)
		return []facet{{"the hypothesis", a.Hypothesis, b.Hypothesis}, {"the outcome", a.Outcome, b.Outcome}}
	case *casefile.CaseClosed:
		b := now.(*casefile.CaseClosed)
		return []facet{{"the end", a.Stop.Code, b.Stop.Code}, {"the case that goes on", a.MergedInto, b.MergedInto}}
	case *casefile.CaseStopped:
		b := now.(*casefile.CaseStopped)
		return []facet{{"the status", a.Status, b.Status}, {"why it stops", a.Stop.Code, b.Stop.Code}, {"the rule", a.Stop.Rule, b.Stop.Rule}, {"the queue", a.Stop.To, b.Stop.To}}
	}
	return facetsOfActions(was, now)
}

// facetsOfActions are facets of what is about calls.
func facetsOfActions(was, now casefile.Data) []facet {
	switch a := was.(type) {
	case *casefile.CallIntended:
		b := now.(*casefile.CallIntended)
		return append(facetsOfAction(&a.Call.Action, &b.Call.Action), facet{"what it is for", a.Call.Purpose, b.Call.Purpose}, facet{"the try", a.Call.Try, b.Call.Try},
			facet{"who it takes", a.ApprovedBy != "", b.ApprovedBy != ""}, facet{"the rule", ruleOf(a.Verdict), ruleOf(b.Verdict)})
	case *casefile.CallAnswered:
		b := now.(*casefile.CallAnswered)
		list := []facet{{"what became of the call", a.Outcome, b.Outcome}, {"how it became known", a.Source, b.Source}}
		if a.Source == casefile.SourceGuard {
			list = append(list, facet{"the rule", a.Code, b.Code})
		}
		return list
	case *casefile.ActionDenied:
		b := now.(*casefile.ActionDenied)
		return append(facetsOfAction(&a.Call.Action, &b.Call.Action), facet{"the rule", ruleOf(&a.Verdict), ruleOf(&b.Verdict)}, facet{"the reason", a.Verdict.Code, b.Verdict.Code})
	case *casefile.ActionShadowed:
		b := now.(*casefile.ActionShadowed)
		return append(facetsOfAction(&a.Shadowed.Action, &b.Shadowed.Action), facet{"what would come of it", would(&a.Shadowed), would(&b.Shadowed)}, facet{"the rule", ruleOf(&a.Shadowed.Verdict), ruleOf(&b.Shadowed.Verdict)})
	case *casefile.ApprovalAsked:
		x, y := &a.Approval, &now.(*casefile.ApprovalAsked).Approval
		list := []facet{{"what is to be approved", x.Action == nil, y.Action == nil}, {"the rule", x.Rule, y.Rule}, {"the reason", x.Code, y.Code}, {"who may approve", x.By, y.By}}
		if x.Action != nil && y.Action != nil {
			list = append(list, facetsOfAction(x.Action, y.Action)...)
		}
		return list
	}
	return nil
}

func facetsOfAction(a, b *casefile.Action) []facet {
	return []facet{{"the tool", a.Tool, b.Tool}, {"the arguments", a.Args, b.Args}, {"the effect", a.Effect, b.Effect}}
}

func would(s *casefile.Shadowed) casefile.VerdictOutcome {
	if s.Verdict.Authority == nil {
		return ""
	}
	return s.Verdict.Authority.Would
}

func ruleOf(v *casefile.Verdict) string {
	if v == nil {
		return ""
	}
	return v.Rule
}

func codeOf(s *casefile.Stop) casefile.StopCode {
	if s == nil {
		return ""
	}
	return s.Code
}

// inputs are the values of a procedure's inputs, and which are missing.
func inputs(d *casefile.InputsFound) casefile.Object {
	missing := slices.Sorted(slices.Values(d.Missing))
	o := casefile.Object{}
	for _, name := range missing {
		o[name+" is missing"] = true
	}
	for name, in := range d.Inputs {
		o[name] = in.Value.V
	}
	return o
}

// wording gives the words of a decision as they were and as they are now, and whether they matter to
// anybody outside: what customers and operators read.
func wording(was, now casefile.Data) (a, b string) {
	switch x := was.(type) {
	case *casefile.ReplyWritten:
		return x.Reply.Text, now.(*casefile.ReplyWritten).Reply.Text
	case *casefile.CustomerAsked:
		return x.Question.Text, now.(*casefile.CustomerAsked).Question.Text
	case *casefile.ProcedureChosen:
		return x.Goal, now.(*casefile.ProcedureChosen).Goal
	case *casefile.ApprovalAsked:
		return x.Approval.Reason, now.(*casefile.ApprovalAsked).Approval.Reason
	case *casefile.ActionDenied:
		return x.Verdict.Reason, now.(*casefile.ActionDenied).Verdict.Reason
	}
	return "", ""
}

// patience is how long a decision waits for somebody.
func patience(e *casefile.Entry) time.Duration {
	switch d := e.Data.(type) {
	case *casefile.CustomerAsked:
		return d.Question.Until.Sub(e.At)
	case *casefile.WaitStarted:
		return d.Wait.Until.Sub(e.At)
	case *casefile.ApprovalAsked:
		return d.Approval.ExpiresAt.Sub(e.At)
	}
	return 0
}

// because says why an entry comes in place of a recorded one.
func (s *Stage) because(was, now *casefile.Entry, how string) string {
	switch d := now.Data.(type) {
	case *casefile.ProcedureChosen:
		if x, ok := was.Data.(*casefile.ProcedureChosen); ok && x.Procedure != "" && !s.hasProcedure(x.Procedure) {
			return "the candidate has no procedure " + x.Procedure
		}
		return d.Reason
	case *casefile.ActionDenied:
		return verdictText("denied", &d.Verdict)
	case *casefile.ActionShadowed:
		return verdictText("only watched", &d.Shadowed.Verdict)
	case *casefile.ApprovalAsked:
		a := &d.Approval
		return verdictText("a person must approve", &casefile.Verdict{Rule: a.Rule, Code: a.Code, Reason: a.Reason})
	case *casefile.CallIntended:
		if why := loosened(was); why != "" {
			return why
		}
		if d.Verdict != nil && d.Verdict.Rule != "" {
			return verdictText(string(d.Verdict.Outcome), d.Verdict)
		}
	case *casefile.HypothesisFailed:
		return d.Reason
	case *casefile.CaseStopped:
		return fmt.Sprintf("%s: %s", d.Stop.Code, d.Stop.Detail)
	case *casefile.HypothesisChosen:
		return ruledOut(was, d)
	case *casefile.InputsFound:
		if x, ok := was.Data.(*casefile.InputsFound); ok {
			return inputsText(x, d)
		}
	case *casefile.CheckRead:
		if d.Error != "" {
			return d.Error
		}
	}
	return how + " differs"
}

// loosened says what no longer keeps an action from being sent, "" for nothing.
func loosened(was *casefile.Entry) string {
	by := func(rule string, code casefile.StopCode) string {
		if rule != "" {
			return "rule " + rule
		}
		return string(code)
	}
	switch d := was.Data.(type) {
	case *casefile.ActionDenied:
		return by(d.Verdict.Rule, d.Verdict.Code) + " doesn't deny it any more"
	case *casefile.ActionShadowed:
		return "it isn't only watched any more"
	case *casefile.ApprovalAsked:
		return by(d.Approval.Rule, d.Approval.Code) + " doesn't ask a person any more"
	}
	return ""
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", and " + b
}

// ruledOut says why the hypothesis that was chosen isn't now.
func ruledOut(was *casefile.Entry, now *casefile.HypothesisChosen) string {
	x, ok := was.Data.(*casefile.HypothesisChosen)
	if !ok {
		return now.Hypothesis + " is plausible now"
	}
	for _, k := range now.Considered {
		switch {
		case k.Hypothesis != x.Hypothesis:
		case k.Error != "":
			return k.Hypothesis + " can't be told: " + k.Error
		case !k.Held:
			return k.Hypothesis + " is ruled out by " + k.When
		}
	}
	return now.Hypothesis + " comes before " + x.Hypothesis + " now"
}

func verdictText(what string, v *casefile.Verdict) string {
	by := string(v.Code)
	if v.Rule != "" {
		by = "rule " + v.Rule
	}
	return fmt.Sprintf("%s by %s: %s", what, by, v.Reason)
}

func inputsText(was, now *casefile.InputsFound) string {
	a, b := inputs(was), inputs(now)
	for _, name := range now.Missing {
		if !slices.Contains(was.Missing, name) {
			return name + " is missing now"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if v, ok := a[name]; !ok || !sameArgs(casefile.Object{name: v}, casefile.Object{name: b[name]}) {
			return fmt.Sprintf("%s is %v now", name, b[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[name]; !ok {
			return name + " is no longer found"
		}
	}
	return "the inputs differ"
}
