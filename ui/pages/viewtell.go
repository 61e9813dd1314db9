package pages

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"resolute/agent/casefile"
)

// tell adds what one entry says to the timeline. Entries that only keep books add nothing.
func (t *teller) tell(e *casefile.Entry) {
	switch d := e.Data.(type) {
	case *casefile.SignalReceived:
		t.signal(e, d)
	case *casefile.CaseReopened:
		t.dot(e, "reopened", "goes on")
	case *casefile.CaseLinked:
		t.dot(e, "linked to "+short(d.Case), d.Why)
	case *casefile.ProcedureChosen:
		t.procedure(e, d)
	case *casefile.InputsFound:
		r := t.dot(e, "inputs", plural(len(d.Inputs), "input"))
		if len(d.Missing) > 0 {
			r.row.Outcome = "missing: " + strings.Join(d.Missing, ", ")
		}
		r.row.Answer = pretty(d.Inputs)
	case *casefile.HistoryFound:
		r := t.dot(e, "earlier cases of the customer", plural(len(d.Cases), "case"))
		if d.Error != "" {
			r.row.Outcome, r.row.Tone = "failed", "escalated"
			r.row.pair("Error", d.Error, false)
		}
	case *casefile.KnowledgeFound:
		t.phase("ground", "Ground", "")
		r := t.dot(e, cmp.Or(strings.Join(d.Queries, ", "), "knowledge"), plural(len(d.Passages), "passage"))
		if d.Error != "" {
			r.row.Outcome, r.row.Tone = "failed", "escalated"
			r.row.pair("Error", d.Error, false)
		}
		for _, p := range d.Passages {
			r.row.Lines = append(r.row.Lines, Line{Head: p.Title, Text: p.Address})
		}
	case *casefile.CallIntended:
		t.intended(e, d)
	case *casefile.CallAnswered:
		t.answered(e, d)
	case *casefile.ActionDenied:
		t.hypothesis(d.Call.Hypothesis)
		r := t.dot(e, d.Call.Tool, "denied")
		r.row.Code, r.row.Tone, r.row.ID = true, "escalated", "call-"+d.Call.ID
		r.row.Sent = pretty(d.Call.Args)
		t.verdict(&r.row, &d.Verdict)
		r.row.Lines = append(r.row.Lines, Line{Head: "Denied", Text: "nothing was sent: " + d.Verdict.Reason})
	case *casefile.ActionShadowed:
		a := &d.Shadowed
		t.hypothesis(a.Hypothesis)
		r := t.dot(e, a.Action.Tool, "shadowed")
		r.row.Code, r.row.Tone = true, "escalated"
		r.row.Sent = pretty(a.Action.Args)
		t.verdict(&r.row, &a.Verdict)
		r.row.Lines = append(r.row.Lines, Line{Head: "Would have been sent", Text: "nothing was: " + a.Verdict.Reason})
	case *casefile.AuthorityChanged:
		say := map[bool]string{true: "proposed", false: "changed"}[d.Proposed]
		if d.Withdrawn {
			say = "withdrawn"
		}
		r := t.dot(e, "authority", string(d.To)+" "+say)
		r.row.pair("Of", strings.TrimSpace(d.Procedure+", "+d.Tool+" "+d.Band), true)
		r.row.pair("From", string(d.From), true)
		r.row.pair("Because", d.Why, false)
	case *casefile.ModelAnswered:
		t.modelAnswered(e, d)
	case *casefile.ModelProposed:
		t.modelProposed(e, d)
	default:
		t.plan(e)
	}
}

// plan tells what was concluded, asked, decided and told.
func (t *teller) plan(e *casefile.Entry) {
	switch d := e.Data.(type) {
	case *casefile.HypothesisChosen:
		t.hypothesis(d.Hypothesis)
		r := t.dot(e, "chosen", plural(len(d.Considered), "considered"))
		r.row.Outcome = fmt.Sprintf("of %d", max(len(d.Considered), 1))
		read := map[string]casefile.Value{}
		for _, k := range d.Considered {
			r.row.Lines = append(r.row.Lines, Line{Head: k.Hypothesis, Text: considered(k)})
			maps.Copy(read, k.Observed)
		}
		r.row.Read = observed(read, t.v)
	case *casefile.HypothesisFailed:
		t.hypothesis(d.Hypothesis)
		r := t.dot(e, "given up", "failed")
		r.row.Tone = "escalated"
		r.row.pair("Because", d.Reason, false)
		if d.Cause != nil {
			r.row.pair("Counts as", string(d.Cause.Code), true)
		}
	case *casefile.HypothesisEnded:
		t.dot(e, "undoing is over", map[bool]string{true: "undone", false: "not undone"}[d.Reverted])
	case *casefile.ApprovalAsked:
		a := &d.Approval
		t.hypothesis(a.Hypothesis)
		r := t.hold(e, "approval", "approval", "waits")
		r.row.pair("Of", cmp.Or(a.By, "operator"), false)
		r.row.pair("Rule", a.Rule, true)
		r.row.pair("Because", a.Reason, false)
		r.row.Key, r.row.KeyHead = a.Hash, digest(a.Hash)
		for _, x := range a.Rules {
			r.row.Rules = append(r.row.Rules, ruleView(t.c, x))
		}
		r.row.Rules = append(r.row.Rules, weighed(a.Authority, a.Risk)...)
		r.row.Read = observed(a.Observed, t.v)
		if a.Action != nil {
			r.row.Sent = pretty(a.Action.Args)
		}
	case *casefile.ApprovalVoided:
		t.release(e, "approval", "void: "+d.Reason)
	case *casefile.ApprovalExpired:
		t.release(e, "approval", "expired")
	case *casefile.OperatorDecided:
		if d.Decision == casefile.DecideApprove || d.Decision == casefile.DecideReject || t.rows["approval"] != nil {
			t.release(e, "approval", map[casefile.DecisionName]string{casefile.DecideApprove: "approved", casefile.DecideReject: "rejected"}[d.Decision])
		}
		r := t.dot(e, string(d.Decision), "by "+actor(e.Actor))
		r.row.pair("Note", d.Note, false)
		if d.Hypothesis != "" {
			r.row.pair("Hypothesis", d.Hypothesis, true)
		}
		r.row.pair("Bundle", digest(d.Bundle), true)
		if d.Action != nil {
			r.row.Sent = pretty(d.Action.Args)
		}
	case *casefile.CustomerAsked:
		r := t.hold(e, "question", "question to the customer", "waits")
		r.row.pair("To", d.To, false)
		r.row.pair("Question", d.Question.Text, false)
	case *casefile.CustomerAnswered:
		t.release(e, "question", "answered")
	case *casefile.QuestionEnded:
		t.release(e, "question", map[bool]string{true: "no answer", false: "settled"}[d.TimedOut])
	case *casefile.WaitStarted:
		r := t.hold(e, "wait", "wait for "+d.Wait.For, "waits")
		r.row.pair("Match", d.Wait.Match, true)
	case *casefile.WaitEnded:
		t.release(e, "wait", map[bool]string{true: "did not come", false: "came"}[d.TimedOut])
	case *casefile.CheckRead:
		t.hypothesis(d.Hypothesis)
		r := t.dot(e, "check", "does not hold")
		if d.Held {
			r.row.Outcome, r.row.Tone = "holds", "resolved"
		}
		r.row.pair("Check", d.Check, true)
		r.row.pair("Error", d.Error, false)
		if len(d.Observed) > 0 {
			r.row.Answer = pretty(values(d.Observed))
		}
	case *casefile.ReplyWritten:
		t.phase("close", "Close", "")
		r := t.dot(e, "reply", "written")
		r.row.pair("To", d.Reply.To, false)
	case *casefile.CaseStopped:
		r := t.dot(e, "stopped", string(d.Stop.Code))
		if r.row.Tone = string(d.Status); d.Status == casefile.Waiting {
			r.row.Tone = ""
		}
		r.row.pair("Because", d.Stop.Detail, false)
		r.row.pair("Rule", d.Stop.Rule, true)
		r.row.pair("To", d.Stop.To, false)
	case *casefile.CaseResolved:
		t.phase("close", "Close", "")
		r := t.dot(e, "resolved", d.Outcome)
		r.row.Tone = "resolved"
	case *casefile.CaseClosed:
		t.phase("close", "Close", "")
		r := t.dot(e, "closed", string(d.Stop.Code))
		r.row.pair("Because", d.Stop.Detail, false)
	}
}

func (t *teller) signal(e *casefile.Entry, d *casefile.SignalReceived) {
	if len(t.phases) == 0 {
		t.phase("intake", "Intake", "")
	} else {
		t.phase("signal", "A signal arrives", "")
	}
	r := t.dot(e, d.Signal.Type, "accepted")
	r.row.Code = true
	r.row.pair("Source", d.Signal.Source, true)
	r.row.pair("Identity", d.Signal.EventID, true)
	r.row.pair("Sender", assurance(d.Signal.Assurance), false)
	if d.From != "" {
		r.row.pair("Came from", "case "+short(d.From), false)
	}
}

func (t *teller) procedure(e *casefile.Entry, d *casefile.ProcedureChosen) {
	r := t.dot(e, "procedure", cmp.Or(d.Procedure, "none fits"))
	if d.Procedure == "" {
		r.row.Tone = "escalated"
	}
	r.row.pair("Because", d.Reason, false)
	for _, c := range d.Candidates {
		text := fmt.Sprintf("%.2f", c.Score)
		if c.Nearest != "" {
			text += ", nearest “" + c.Nearest + "”"
		}
		r.row.Lines = append(r.row.Lines, Line{Head: c.Procedure, Text: text})
	}
}

// hypothesis begins the phase of a hypothesis, or goes on with it.
func (t *teller) hypothesis(name string) {
	if name != "" {
		t.phase("hypothesis "+name, "Hypothesis", name)
	}
}

// hold adds a row that waits for somebody until release.
func (t *teller) hold(e *casefile.Entry, key, what, outcome string) *told {
	r := t.dot(e, what, outcome)
	r.row.marks = []mark{{class: "b-hold", from: e.At, to: t.end}}
	r.row.Took = took(t.end.Sub(e.At))
	t.rows[key] = r
	return r
}

// release ends the wait of a row.
func (t *teller) release(e *casefile.Entry, key, outcome string) {
	r := t.rows[key]
	if r == nil {
		return
	}
	r.row.marks[0].to = e.At
	r.row.Took = took(e.At.Sub(r.row.at))
	if outcome != "" {
		r.row.Outcome = outcome
	}
	r.row.Anchors = append(r.row.Anchors, e.Seq)
	r.row.whole(e)
	t.marks = append(t.marks, e.At)
	delete(t.rows, key)
}

func considered(k casefile.Considered) string {
	say := "holds"
	switch {
	case k.Tried:
		say = "tried already"
	case k.Error != "":
		return "could not be read, so it does not hold: " + k.Error
	case !k.Held:
		say = "ruled out"
	}
	if k.When != "" {
		say += ": " + k.When
	}
	return say
}

func values(m map[string]casefile.Value) map[string]any {
	plain := make(map[string]any, len(m))
	for k, v := range m {
		plain[k] = v.V
	}
	return plain
}
