package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// modelUses is what the model is asked for, in words.
var modelUses = map[casefile.ModelUse]string{
	casefile.UseDrive: "what comes next", casefile.UseOrder: "which hypothesis first", casefile.UseFill: "inputs in the text",
	casefile.UseTriage: "which procedure", casefile.UseReply: "what the customer is told", casefile.UseCustomer: "what the customer says",
}

func asksModel(use casefile.ModelUse) string {
	return "model: " + cmp.Or(modelUses[use], string(use))
}

// modelAnswered draws a question to the model with what it said.
func (t *teller) modelAnswered(e *casefile.Entry, d *casefile.ModelAnswered) {
	r := t.dot(e, asksModel(d.Use), plural(len(d.Answers), "answer"))
	t.proposed = nil // what follows rests on what is taken from this
	long := time.Duration(0)
	read, written := 0, 0
	var texts []string
	for i := range d.Answers {
		a := &d.Answers[i]
		long += time.Duration(a.DurationMS) * time.Millisecond
		read, written = read+a.PromptTokens, written+a.Tokens
		r.row.Lines = append(r.row.Lines, Line{Head: fmt.Sprintf("Answer %d", d.Earlier+i+1), Text: answered(a)})
		texts = append(texts, a.Text)
	}
	r.row.Answer = readable(strings.Join(texts, "\n\n"))
	r.row.pair("Model", d.Model, true)
	r.row.pair("Prompt", d.Source, true)
	if read+written > 0 {
		r.row.pair("Tokens", fmt.Sprintf("%s read, %s written", thousands(read), thousands(written)), false)
	}
	if d.Repair != nil {
		r.row.What += ", again"
		r.row.pair("Asked again because", d.Repair.Wrong, false)
	}
	r.row.SentAs, r.row.Sent = "Prompt", readable(t.prompt(e, d))
	if x := d.Error; x != nil {
		r.row.Outcome, r.row.Tone = "said nothing: "+x.Code, "escalated"
		if x.Temporary {
			r.row.Tone = "approval"
		}
		r.row.pair("Because", x.Detail, false)
		if !x.NextAt.IsZero() {
			r.row.pair("Asked again", "at +"+since(x.NextAt.Sub(t.start)), false)
		}
	}
	if long <= 0 {
		return
	}
	r.row.at = e.At.Add(-long)
	if r.row.at.Before(t.start) {
		r.row.at = t.start
	}
	r.row.At, r.row.Took = since(r.row.at.Sub(t.start)), took(long)
	r.row.marks = []mark{{class: "b-read", from: r.row.at, to: e.At}}
	t.marks = append(t.marks, r.row.at)
	t.busy = append(t.busy, interval{r.row.at, e.At})
}

// answered says what one answer took.
func answered(a *casefile.ModelAnswer) string {
	say := fmt.Sprintf("%s tokens after %s", thousands(a.Tokens), took(time.Duration(a.DurationMS)*time.Millisecond))
	if a.LoadMS > 0 {
		say += ", of which " + took(time.Duration(a.LoadMS)*time.Millisecond) + " loading the model"
	}
	if a.Cut {
		say += "; cut off at the most that it may have"
	}
	return say
}

// prompt is what the model was asked. Its stable part stands in the entry that had it first.
func (t *teller) prompt(e *casefile.Entry, d *casefile.ModelAnswered) string {
	parts := []string{d.System}
	switch {
	case d.Prompt == "": // it said nothing, and is asked again
		return ""
	case d.System != "":
		t.instructed = e.Seq
	case t.instructed > 0:
		parts[0] = fmt.Sprintf("[the instructions are those of entry %d]", t.instructed)
	}
	parts = append(parts, d.Prompt)
	if d.Repair != nil {
		parts = append(parts, "[what it answered before]\n"+d.Repair.Answer, "[what is wrong with that]\n"+d.Repair.Wrong)
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "\n\n")
}

// modelProposed tells what is taken from the model's answers, or why nothing is.
func (t *teller) modelProposed(e *casefile.Entry, d *casefile.ModelProposed) {
	p := &d.Proposal
	r := t.dot(e, "proposal", cmp.Or(strings.TrimSpace(p.Decision+" "+cmp.Or(p.Tool, p.Choice)), "nothing"))
	if t.proposed = nil; d.Problem == "" {
		t.proposed, t.proposedIn = d, e.Seq
	} else {
		r.row.Outcome, r.row.Tone = "not taken", "escalated"
		if d.Repairable {
			r.row.Outcome, r.row.Tone = "not taken, asked again", "approval"
		}
		r.row.pair("Because", d.Problem, false)
	}
	r.row.pair("Wants", strings.TrimSpace(p.Decision+" "+p.Tool), true)
	r.row.pair("Believes", p.Hypothesis, false)
	r.row.pair("Says", p.Text, false)
	r.row.pair("Waits for", p.For, true)
	r.row.pair("Chooses", p.Choice, true)
	r.row.pair("Rests on", strings.Join(slices.Concat(p.Evidence, p.Citations), ", "), true)
	if c := d.Confidence; c != (casefile.Confidence{}) {
		r.row.pair("Confidence", fmt.Sprintf("%.2f; %.2f before calibration: answers agree %.2f, passages fit %.2f, evidence holds %.2f, it says %.2f", c.Value, c.Raw, c.Agreement, c.Retrieval, c.Coverage, c.Stated), false)
	}
	if len(p.Args) > 0 {
		r.row.SentAs, r.row.Sent = "Arguments", pretty(p.Args)
	}
}

// byModel leads from a decision to the model's proposal that it was made of.
func (t *teller) byModel(r *Row, d casefile.Data) {
	if t.proposed == nil || !follows(d, t.proposed) {
		return
	}
	r.Pairs = append(r.Pairs, Pair{Name: "Proposed", Text: fmt.Sprintf("by the model, entry %d", t.proposedIn), Link: fmt.Sprintf("#entry-%d", t.proposedIn)})
}

// follows reports whether an entry is a decision that a proposal is made into.
func follows(d casefile.Data, m *casefile.ModelProposed) bool {
	p, tool := &m.Proposal, ""
	switch d := d.(type) {
	case *casefile.HypothesisChosen:
		return d.By == "" && (m.Use == casefile.UseOrder || m.Use == casefile.UseDrive)
	case *casefile.ProcedureChosen:
		return m.Use == casefile.UseTriage
	case *casefile.InputsFound:
		return m.Use == casefile.UseFill
	case *casefile.ReplyWritten:
		return m.Use == casefile.UseReply || p.Decision == casefile.WantReply
	case *casefile.CustomerAsked:
		return p.Decision == casefile.WantAsk
	case *casefile.WaitStarted:
		return p.Decision == casefile.WantWait
	case *casefile.CaseStopped:
		return p.Decision == casefile.WantEscalate
	case *casefile.CallIntended:
		tool = d.Call.Tool
	case *casefile.ActionDenied:
		tool = d.Call.Tool
	case *casefile.ActionShadowed:
		tool = d.Shadowed.Action.Tool
	case *casefile.ApprovalAsked:
		if d.Approval.Action != nil {
			tool = d.Approval.Action.Tool
		}
	}
	return tool != "" && p.Decision == casefile.WantCall && tool == p.Tool
}
