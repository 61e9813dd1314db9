package pages

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// thought tells what the model was asked and said.
func (t *teller) thought(e *casefile.Entry, d *casefile.ModelAnswered) {
	r := t.dot(e, "model asked", string(d.Use))
	r.row.pair("Model", d.Model, true)
	r.row.pair("Prompt", d.Source, true)
	if d.Repair != nil {
		r.row.pair("To repair", d.Repair.Wrong, false)
	}
	if d.Error != nil {
		r.row.Outcome, r.row.Tone = d.Error.Code, "escalated"
		r.row.pair("Error", d.Error.Detail, false)
	}
	tokens, spent := 0, time.Duration(0)
	var said []string
	for _, a := range d.Answers {
		tokens += a.PromptTokens + a.Tokens
		spent += time.Duration(a.DurationMS) * time.Millisecond
		said = append(said, a.Text)
	}
	if len(d.Answers) > 0 {
		r.row.Took = took(spent)
		r.row.pair("Tokens", fmt.Sprint(tokens), false)
	}
	r.row.Answer, r.row.Sent = strings.Join(said, "\n"), d.Prompt
}

// proposed tells what is taken from what the model said.
func (t *teller) proposed(e *casefile.Entry, d *casefile.ModelProposed) {
	p := &d.Proposal
	r := t.dot(e, "model proposes", strings.TrimSpace(p.Decision+" "+cmp.Or(p.Tool, p.Choice, p.For)))
	r.row.pair("Believes", p.Hypothesis, false)
	r.row.pair("Says", p.Text, false)
	r.row.pair("Evidence", strings.Join(p.Evidence, ", "), true)
	if d.Problem != "" {
		r.row.Outcome, r.row.Tone = "not taken", "escalated"
		r.row.pair("Because", d.Problem, false)
	}
	if k := d.Confidence; k != (casefile.Confidence{}) {
		r.row.pair("Confidence", fmt.Sprintf("%.2f: agreement %.2f, evidence %.2f, passages %.2f, says itself %.2f", k.Value, k.Agreement, k.Coverage, k.Retrieval, k.Stated), false)
	}
	if p.Args != nil {
		r.row.Sent = pretty(p.Args)
	}
}
