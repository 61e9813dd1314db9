package pages

import (
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// intended adds a call, or one more try of it.
func (t *teller) intended(e *casefile.Entry, d *casefile.CallIntended) {
	call := d.Call
	key := "call " + call.ID
	r := t.rows[key]
	if r == nil {
		if call.Purpose == casefile.ForGather {
			t.phase("gather", "Gather", "")
		} else {
			t.hypothesis(call.Hypothesis)
		}
		r = t.dot(e, call.Tool, "sent")
		r.row.marks = nil
		r.row.Code, r.row.ID = true, "call-"+call.ID
		r.row.Anchors = append(r.row.Anchors, e.Seq)
		r.row.Key, r.row.KeyHead = call.Key, digest(call.Key)
		r.row.Sent = pretty(call.Args)
		r.call, r.write = &call, call.Writes()
		if d.Verdict != nil {
			t.verdict(&r.row, d.Verdict)
		}
		if d.ApprovedBy != "" {
			r.row.pair("Approved", "by "+actor(d.ApprovedBy)+", hash "+digest(d.Approval), false)
		}
		t.rows[key] = r
		t.calls++
	} else {
		r.row.marks = append(r.row.marks, mark{class: "b-wait", from: r.last, to: e.At, line: true})
		r.row.Anchors = append(r.row.Anchors, e.Seq)
		r.row.whole(e)
		t.again++
	}
	r.sent = e.At
	t.marks = append(t.marks, e.At)
	text := "sent at +" + took(e.At.Sub(t.start))
	if call.Try > 1 && call.Key != "" {
		text += " with the same key"
	}
	r.row.Lines = append(r.row.Lines, Line{Head: fmt.Sprintf("Try %d", max(call.Try, 1)), Text: text})
}

// answered draws what became of a try, or of the question what became of it.
func (t *teller) answered(e *casefile.Entry, d *casefile.CallAnswered) {
	r := t.rows["call "+d.ID]
	if r == nil {
		return
	}
	class, tone := "b-read", ""
	switch d.Outcome {
	case casefile.OutcomeUnknown:
		class = "b-unk"
	case casefile.OutcomeDone, casefile.OutcomeAccepted:
		if r.write {
			class = "b-write"
		}
	default:
		class = "b-fail"
	}
	settles := !r.last.Before(r.sent) // the try has an answer already: this one settles it
	if settles {
		r.row.marks = append(r.row.marks, mark{class: "b-wait", from: r.last, to: e.At, line: true}, mark{class: class, from: e.At, to: e.At})
	} else {
		r.row.marks = append(r.row.marks, mark{class: class, from: r.sent, to: e.At})
		t.busy = append(t.busy, interval{r.sent, e.At})
	}
	r.last = e.At
	t.marks = append(t.marks, e.At)
	switch d.Outcome {
	case casefile.OutcomeRefused, casefile.OutcomeError, casefile.OutcomeUnavailable, casefile.OutcomeAbandoned:
		tone = "escalated"
	case casefile.OutcomeUnknown:
		tone = "approval"
	}
	r.row.Tone, r.row.Outcome = tone, outcomeWords(d.Outcome, d.Code)
	if d.Outcome == casefile.OutcomeDone && d.Try > 1 {
		r.row.Outcome += fmt.Sprintf(", try %d", d.Try)
	}
	r.row.Lines = append(r.row.Lines, answerLine(e, d, t.start, settles))
	r.row.Anchors = append(r.row.Anchors, e.Seq)
	r.row.pair("Answered", fmt.Sprintf("entry %d", e.Seq), false)
	r.row.whole(e)
	r.row.pair("Hash", e.Hash.String(), true)
	if d.Outcome == casefile.OutcomeDone {
		r.row.Answer = pretty(d.Result.V)
	}
}

func answerLine(e *casefile.Entry, d *casefile.CallAnswered, start time.Time, settles bool) Line {
	l := Line{Head: "Answer"}
	if settles {
		l.Head = "Settled"
	}
	l.Text = outcomeWords(d.Outcome, d.Code)
	if d.Status != 0 {
		l.Text = fmt.Sprintf("%d, %s", d.Status, l.Text)
	}
	if !settles {
		l.Text += " after " + took(time.Duration(d.DurationMS)*time.Millisecond)
	} else {
		l.Text += " at +" + took(e.At.Sub(start))
	}
	if d.Source != "" && d.Source != "answer" {
		l.Text += ", by " + string(d.Source)
	}
	if d.Detail != "" {
		l.Text += ". " + d.Detail
	}
	return l
}

// verdict adds what the guard said.
func (t *teller) verdict(r *Row, v *casefile.Verdict) {
	say := string(v.Outcome)
	if v.Rule != "" {
		say += ", rule " + v.Rule
	}
	r.pair("Verdict", say, false)
	r.pair("Because", v.Reason, false)
	if v.Policy != "" {
		r.pair("Policy", digest(v.Policy), true)
	}
	r.pair("It read", strings.Join(v.Reads, ", "), true)
	for _, x := range v.Reserves {
		r.pair("Budget "+x.Budget, reserved(x), false)
	}
	for _, x := range v.Rules {
		r.Rules = append(r.Rules, ruleView(t.c, x))
	}
	r.Rules = append(r.Rules, weighed(v.Authority, v.Risk)...)
}
