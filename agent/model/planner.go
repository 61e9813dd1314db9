// Package model lets a language model take part in a plan. It decorates the planner of procedures: where
// that would choose the next step of a procedure with drive: model, or comes to something else that the
// bundle uses the model for, a question for the model is made; what comes back is checked, and becomes
// a decision like any plan's.
//
// # Concepts
//
// It is pure, like each planner: a prompt follows from the case and the bundle, what the model said is in
// the case's journal, and the same case gives the same decision. A use is asked for once, and again when
// something became known that the answer didn't (casefile.Case.Asked).
//
// An answer is only a proposal. It is held strictly against its schema, the tool's schema, and the case:
// a tool that the procedure doesn't offer, evidence that isn't there, a call that was done, denied or
// refused before are no answers. One repair turn says exactly what is wrong. What a customer would read
// is held against the evidence that it cites. What remains is judged by how sure it is; and then, like
// every action, by the guard.
//
// # Caveats
//
// A model can't resolve, decline or close a case by saying so: the procedure's `done` is read, and only a
// check that holds ends the case. It can't know what redaction hid from it, so a tool that takes an email
// address can't be called with one that is redacted.
package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/model/grounding"
	"resolute/agent/procedure"
	"resolute/agent/redact"
)

// Tool is what a model is told of a tool.
type Tool struct {
	Description string
	Effect      string          // read, write or irreversible
	Input       json.RawMessage // JSON Schema of its arguments
	Trusted     []string        // fields of its answer that customers can't write into, as JSON Pointers
	// Read gives arguments as the schema means them, or says what doesn't fit.
	Read func(args casefile.Object) (casefile.Object, error)
}

// Options are what a version of the bundle says about its model.
type Options struct {
	Company   string
	Zone      *time.Location // nil for UTC
	Currency  string
	Uses      []casefile.ModelUse
	Samples   int     // how many answers a consequence takes that agree; at least 1
	Context   int     // tokens that the model takes, its answer included
	Threshold float64 // how sure it must be, from 0 to 1
	Calls     int     // at most so many answers in an epoch of a case, 0 for no limit
	Tokens    int     // at most so many tokens in an epoch of a case, 0 for no limit
	Asks      int     // questions to the customer in an epoch of a case
	Tools     map[string]Tool
	Files     map[string]string // of the bundle's prompts/, by name
	Redact    redact.Redactor
}

// Planner is the planner of procedures with a model at its side.
type Planner struct {
	*procedure.Planner
	Options
	Prompts map[casefile.ModelUse]Prompt
	signals []string
	house   grounding.House
}

// New puts a model beside a planner.
func New(frame *procedure.Planner, o Options) *Planner {
	p := &Planner{Planner: frame, Options: o, Prompts: map[casefile.ModelUse]Prompt{}, signals: frame.Signals()}
	p.Samples, p.Asks = max(p.Samples, 1), max(p.Asks, 1)
	p.house = grounding.House{Company: o.Company, Currency: o.Currency, Zone: o.Zone, Trusted: map[string][]string{}}
	for name, t := range o.Tools {
		if p.house.Trusted[name] = t.Trusted; t.Effect != "read" {
			p.house.Trusted[name] = []string{""} // what was done is answered by whoever did it
		}
	}
	for _, use := range Uses() {
		p.Prompts[use] = PromptOf(use, o.Files, o.Company)
	}
	return p
}

// WithTables gives the planner that plans by tables as they are now.
func (p *Planner) WithTables(t expr.Tables) *Planner {
	with := *p
	with.Planner = p.Planner.WithTables(t)
	return &with
}

func (p *Planner) uses(use casefile.ModelUse) bool { return slices.Contains(p.Uses, use) }

// Plan gives the next decision for a case.
func (p *Planner) Plan(c *casefile.Case, now time.Time) casefile.Decision {
	switch d := p.Planner.Plan(c, now).(type) {
	case casefile.Consult:
		return p.drive(c, now)
	case casefile.Note:
		if h, begins := d.Data.(*casefile.HypothesisChosen); begins && h.By == "" && p.uses(casefile.UseOrder) {
			return p.order(c, d, now)
		}
		return d
	case casefile.AskCustomer:
		if d.Question.Input != "" && c.Question == nil && p.uses(casefile.UseFill) {
			return p.fill(c, d, now)
		}
		return d
	case casefile.Ground:
		if c.Procedure == "" && len(c.Candidates) > 0 && p.uses(casefile.UseTriage) {
			return p.triage(c, d, now)
		}
		return d
	case casefile.Resolve:
		return p.resolve(c, d, now)
	case casefile.Close:
		if d.Reply != nil && p.uses(casefile.UseReply) {
			first, reply := p.reply(c, d.Reply, now)
			if d.Reply = reply; first != nil {
				return first
			}
		}
		return d
	default:
		return d
	}
}

// question is what a model is asked in a use, and how its answers are read.
type question struct {
	use casefile.ModelUse
	ask func() (casefile.Consult, error)
	// read takes something from the answers, or gives how many there have to be for that.
	read func(a *casefile.Asked) (taken *casefile.ModelProposed, samples int)
}

// outcome is what became of a question: something is taken from the answer, there is something to do
// first, or nothing comes of it.
type outcome struct {
	taken *casefile.ModelProposed
	first casefile.Decision
	gone  *casefile.Stop
}

// How long a model that says nothing is waited for.
const patience = 15 * time.Minute

// turn goes on with a question until something is taken from an answer.
func (p *Planner) turn(c *casefile.Case, now time.Time, q question) outcome {
	a := c.Asked(q.use)
	switch {
	case a == nil:
		return p.ask(c, q, func(*casefile.Consult) {})
	case a.Error != nil:
		return p.wait(c, a, now, q)
	case a.Taken == nil:
		taken, samples := q.read(a)
		if taken == nil {
			return p.more(c, q, a, samples)
		}
		taken.Use = q.use
		return outcome{first: casefile.Note{Data: taken, Evidence: p.refs(c, taken.Proposal.Evidence)}}
	case a.Taken.Problem == "":
		return outcome{taken: a.Taken}
	case a.Taken.Repairable && a.Repairs == 0 && len(a.Answers) > 0:
		return p.ask(c, q, func(ask *casefile.Consult) {
			answer, _ := clip(a.Answers[0], ask.Tokens) // there is room for as much, whatever came
			wrong, _ := clip(p.Redact.Text(a.Taken.Problem), forRepair-aroundRepair)
			ask.Repair = &casefile.Repair{Answer: answer, Wrong: wrong}
		})
	}
	return outcome{gone: &casefile.Stop{Code: casefile.StopConfidenceLow, Detail: a.Taken.Problem}}
}

// more asks for further answers to the same.
func (p *Planner) more(c *casefile.Case, q question, a *casefile.Asked, samples int) outcome {
	return p.ask(c, q, func(ask *casefile.Consult) {
		ask.Earlier = len(a.Answers)
		ask.Samples = samples - a.Sampled
	})
}

func (p *Planner) ask(c *casefile.Case, q question, as func(*casefile.Consult)) outcome {
	ask, err := q.ask()
	if err != nil {
		return outcome{gone: &casefile.Stop{Code: casefile.StopModelUnavailable, Detail: err.Error()}}
	}
	ask.Use, ask.Samples = q.use, 1
	as(&ask)
	if t := c.Thinking; t != nil {
		switch {
		case p.Calls > 0 && t.Calls+ask.Samples > p.Calls:
			return outcome{gone: &casefile.Stop{Code: casefile.StopLoopLimit, Detail: fmt.Sprintf("the model gave %d answers, and limits.model_calls of one case is %d; raise it or look why it needs so many", t.Calls, p.Calls)}}
		case p.Tokens > 0 && t.Tokens >= p.Tokens:
			return outcome{gone: &casefile.Stop{Code: casefile.StopLoopLimit, Detail: fmt.Sprintf("the model took %d tokens, limits.model_tokens of one case; raise it or look why it needs so many", t.Tokens)}}
		}
	}
	return outcome{first: ask}
}

// wait is what follows where the model said nothing.
func (p *Planner) wait(c *casefile.Case, a *casefile.Asked, now time.Time, q question) outcome {
	e := a.Error
	endless := e.Code == "busy" || e.Code == string(casefile.StopPaused) // others have it, or a person said so
	switch {
	case !e.Temporary, !endless && now.Sub(a.FailedAt) >= patience:
		return outcome{gone: &casefile.Stop{Code: casefile.StopModelUnavailable, Detail: e.Detail}}
	case now.Before(e.NextAt):
		return outcome{first: casefile.Recheck{At: e.NextAt, Detail: "the model is asked again then: " + e.Detail}}
	case len(a.Answers) > 0 && a.Taken == nil: // it had begun to answer
		if _, samples := q.read(a); samples > a.Sampled {
			return p.more(c, q, a, samples)
		}
	}
	return p.ask(c, q, func(*casefile.Consult) {})
}

// refs names the entries and signals that pieces of evidence came with.
func (p *Planner) refs(c *casefile.Case, ids []string) []string {
	var list []string
	add := func(ref string) {
		if !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	for _, id := range ids {
		kind, name, _ := strings.Cut(id, ".")
		switch kind {
		case "facts":
			if f, ok := c.Facts[name]; ok {
				add(casefile.EvidenceEntry(f.Seq))
			}
		case "inputs":
			if in, ok := c.Inputs[name]; ok && in.Signal != "" {
				add(casefile.EvidenceSignal(in.Signal))
			}
		case "signal":
			for i := range c.Signals {
				if id == signalID(i) {
					add(casefile.EvidenceSignal(c.Signals[i].ID))
				}
			}
		case "done":
			for i := range c.Writes {
				if id == doneID(i) {
					add(casefile.EvidenceEntry(c.Writes[i].Seq))
				}
			}
		}
	}
	return list
}
