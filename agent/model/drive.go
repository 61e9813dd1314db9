package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/tokens"
	"resolute/agent/procedure"
)

// mostOfFailure is how many tokens of what the last step came to are told.
const mostOfFailure = 300

// driveTokens is how long an answer that drives may be.
const driveTokens = 700

// drive turns what the model wants next into a decision, or asks it.
func (p *Planner) drive(c *casefile.Case, now time.Time) casefile.Decision {
	proc := p.Procedure(c.Procedure)
	if !p.uses(casefile.UseDrive) {
		return casefile.Escalate{Stop: casefile.Stop{Code: casefile.StopModelUnavailable, Detail: "a model drives this procedure, and model.uses of resolute.yaml doesn't have drive"}}
	}
	d := &driver{Planner: p, c: c, proc: proc, now: now}
	o := p.turn(c, now, question{use: casefile.UseDrive, ask: d.ask, read: d.read})
	switch {
	case o.first != nil:
		return o.first
	case o.gone != nil:
		return casefile.Escalate{Stop: *o.gone}
	}
	return d.decide(&o.taken.Proposal)
}

// driver is one question of what comes next in a procedure that the model drives.
type driver struct {
	*Planner
	c    *casefile.Case
	proc *procedure.Procedure
	now  time.Time
}

// decide makes a decision of what the model wants.
func (d *driver) decide(want *casefile.ModelProposal) casefile.Decision {
	if want.Decision == casefile.WantEscalate {
		return d.GiveUp(d.c, casefile.Stop{Code: casefile.StopProcedureEscalate, Detail: want.Text}, d.now)
	}
	evidence := d.refs(d.c, want.Evidence)
	h := d.c.Current()
	if h == nil {
		return casefile.Note{Data: &casefile.HypothesisChosen{Hypothesis: procedure.Driven, Statement: want.Hypothesis}, Evidence: evidence}
	}
	switch want.Decision {
	case casefile.WantAsk:
		return casefile.AskCustomer{Question: casefile.Question{As: nextFact(d.c), Step: h.Step, Text: want.Text}}
	case casefile.WantWait:
		return casefile.AwaitSignal{Wait: casefile.Wait{Step: h.Step, For: want.For}}
	case casefile.WantCall:
		if d.Tools[want.Tool].Effect == "read" {
			return casefile.CallTools{Calls: []casefile.PlannedCall{{ID: fmt.Sprintf("read/%s/%s/r%d/n%d", want.Tool, short(want.Args), d.c.Round, d.c.News),
				Purpose: casefile.ForGather, Hypothesis: h.Name, Fact: nextFact(d.c), Tool: want.Tool, Args: want.Args, Evidence: evidence}}}
		}
		if on := d.OnTop(d.c); on != nil {
			return on
		}
		return casefile.CallTools{Calls: []casefile.PlannedCall{{ID: fmt.Sprintf("do/%s/%s/e%d", h.Name, want.Tool, d.c.Epoch),
			Purpose: casefile.ForDo, Hypothesis: h.Name, Step: h.Step, Tool: want.Tool, Args: want.Args, Reads: d.reads(), Evidence: evidence}}}
	}
	return casefile.Escalate{Stop: casefile.Stop{Code: casefile.StopConfidenceLow, Detail: "the model wants " + want.Decision + ", and nobody knows what that is"}}
}

// reads are the paths that a write rests on: what the procedure gathers, which is gathered again once a
// person has approved it. What the model knows beyond that is no longer asked for then.
func (d *driver) reads() []string {
	var list []string
	for i := range d.proc.Gather {
		list = append(list, "facts."+d.proc.Gather[i].As)
	}
	return list
}

// resolve gives the case the reply that the model wrote.
func (p *Planner) resolve(c *casefile.Case, d casefile.Resolve, now time.Time) casefile.Decision {
	proc := p.Procedure(c.Procedure)
	a := c.Asked(casefile.UseDrive)
	if proc == nil || proc.Drive == nil || a == nil || a.Taken == nil {
		if d.Reply != nil && p.uses(casefile.UseReply) {
			first, reply := p.reply(c, d.Reply, now)
			if d.Reply = reply; first != nil {
				return first
			}
		}
		return d
	}
	if want := &a.Taken.Proposal; a.Taken.Problem == "" && want.Decision == casefile.WantReply && want.Text != "" {
		d.Reply = &casefile.Reply{Text: want.Text, Citations: want.Citations}
	}
	for _, ref := range p.refs(c, a.Taken.Proposal.Evidence) {
		if !slices.Contains(d.Evidence, ref) {
			d.Evidence = append(d.Evidence, ref)
		}
	}
	return d
}

func driven(fact string) bool { return strings.HasPrefix(fact, procedure.DrivenFact) }

// nextFact names the next fact that the model gets.
func nextFact(c *casefile.Case) string {
	n := 1
	for name := range c.Facts {
		if driven(name) {
			n++
		}
	}
	return fmt.Sprint(procedure.DrivenFact, n)
}

// asked is how many questions of the model the customer was asked.
func asked(c *casefile.Case) int {
	n := 0
	for about, times := range c.Asks {
		if driven(about) {
			n += times
		}
	}
	return n
}

// short tells arguments from others.
func short(args casefile.Object) string {
	sum := sha256.Sum256([]byte(plain(map[string]any(args))))
	return hex.EncodeToString(sum[:6])
}

// decisions are what the model may decide now.
func (d *driver) decisions() []string {
	list := []string{casefile.WantCall}
	if asked(d.c) < d.Asks {
		list = append(list, casefile.WantAsk)
	}
	if len(d.signals) > 0 {
		list = append(list, casefile.WantWait)
	}
	return append(list, casefile.WantReply, casefile.WantClose, casefile.WantEscalate)
}

// ask makes the question.
func (d *driver) ask() (casefile.Consult, error) {
	system, source := d.driveSystem(d.proc)
	room := d.room(system, driveTokens)
	if room < leastRoom {
		return casefile.Consult{}, fmt.Errorf("the instructions for %s leave no room for the case in model.context of %d tokens; raise it, or shorten guidance and tools", d.proc.Name, d.Context)
	}
	end := d.ending()
	text, told := d.tell(d.c, d.data(d.c), room-tokens.Bound(end))
	return casefile.Consult{System: system, Prompt: text + end, Schema: d.schema(told), Tokens: driveTokens, Source: source}, nil
}

// ending is how the prompt ends: what may be decided now.
func (d *driver) ending() string {
	var b strings.Builder
	b.WriteString("\n# Now\n")
	if f := d.c.Failure; f != nil {
		why, _ := clip(readable(d.Redact.Text(strings.TrimSpace(strings.Join([]string{f.Tool, string(f.Outcome), f.Detail}, " ")))), mostOfFailure)
		b.WriteString("The last step came to nothing:\n" + (&piece{title: "why", trust: ByTool, text: why}).tell(d.c)) // a plugin may repeat what a customer wrote
	}
	if d.c.Question == nil && asked(d.c) > 0 && asked(d.c) >= d.Asks {
		b.WriteString("The customer was asked as often as may be; ask no more.\n")
	}
	fmt.Fprintf(&b, "You may decide: %s.\n", strings.Join(d.decisions(), ", "))
	if len(d.signals) > 0 {
		fmt.Fprintf(&b, "You may wait for: %s.\n", strings.Join(d.signals, ", "))
	}
	b.WriteString("Answer with one JSON object.\n")
	return b.String()
}

// schema is what an answer has to fit, in the flat form that small models manage.
func (d *driver) schema(told []piece) []byte {
	evidence := evidenceOf(told)
	var tools []string
	var args []any
	for _, t := range d.proc.Drive.Tools {
		tools = append(tools, t.Value)
		args = append(args, simple(d.Tools[t.Value].Input))
	}
	s := shape{{"hypothesis", textOf(), true}, {"evidence", evidence, true}, {"confidence", confidences, true}, {"decision", oneOf(d.decisions()...), true},
		{"tool", oneOf(tools...), false}, {"args", anyOf(args...), false}, {"text", textOf(), false},
		{"sentences", listOf(shape{{"text", textOf(), true}, {"evidence", evidence, true}}), false}}
	if len(d.signals) > 0 {
		s = append(s, property{"for", oneOf(d.signals...), false})
	}
	return s.raw()
}

// evidenceOf is a list of the pieces' ids.
func evidenceOf(told []piece) any {
	if ids := cites(told); len(ids) > 0 {
		return someOf(ids...)
	}
	return listOf(textOf())
}

func cites(told []piece) []string {
	var ids []string
	for i := range told {
		if told[i].id != "" {
			ids = append(ids, told[i].id)
		}
	}
	return ids
}
