package procedure

import (
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// Driven is the name of the one hypothesis of a procedure that a model drives: rules see that name,
// whatever the model believes. What is done is proven by its verify, which is the procedure's `done`.
const Driven = "model"

// DrivenFact begins the names of the facts that a model has read, and of what customers answered it.
const DrivenFact = Driven + "_"

// Drive is what a model works with that drives a procedure.
type Drive struct {
	Pos      source.Pos
	Tools    []source.Text // PLUGIN.TOOL, those it may call
	Guidance string
}

// Allows reports whether the model may call a tool.
func (d *Drive) Allows(tool string) bool {
	return slices.ContainsFunc(d.Tools, func(t source.Text) bool { return t.Value == tool })
}

// drive reads who drives the procedure: a model, or its hypotheses.
func (p parser) drive(m source.Mapping, proc *Procedure) {
	drive, hypotheses := m.Get("drive"), m.Get("hypotheses")
	if !drive.Here() {
		for _, key := range []string{"done", "tools", "guidance"} {
			if n := m.Get(key); n.Here() {
				n.Fail("%s is what a model works with; write drive: model, and no hypotheses", key)
			}
		}
		for _, n := range m.Need("hypotheses", "[{name: replaceable, do: [...], verify: {...}}]").List() {
			proc.Hypotheses = append(proc.Hypotheses, p.hypothesis(n))
		}
		return
	}
	drive.OneOf(Driven)
	if hypotheses.Here() {
		hypotheses.Fail("either a model drives the procedure or its hypotheses do; leave drive or hypotheses out")
	}
	proc.Drive = &Drive{Pos: drive.Pos(), Guidance: strings.TrimSpace(m.Get("guidance").String())}
	tools := m.Need("tools", "[shop.get_order, shop.refund_order]")
	for _, n := range tools.List() {
		t := n.Text()
		if proc.Drive.Allows(t.Value) {
			n.Fail("the tool %s is there twice", t.Value)
			continue
		}
		proc.Drive.Tools = append(proc.Drive.Tools, t)
	}
	if tools.Here() && len(proc.Drive.Tools) == 0 {
		tools.Fail("tools names none, so the model can do nothing; write for example [shop.get_order, shop.refund_order]")
	}
	if proc.Otherwise != nil && proc.Otherwise.Close != "" {
		p.problems.Add(proc.Otherwise.Pos, "a model may not decline; where it gives up the case goes to a person: {escalate: REASON, to: QUEUE}")
	}
	done := m.Need("done", `{call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents > 0, within: 30s, reply: refunded}`)
	h := Hypothesis{Name: Driven, Pos: done.Pos()}
	if done.Here() {
		k := done.Mapping("call", "with", "as", "check", "within", "reply")
		h.Verify, h.Reply = p.verify(k), k.Get("reply").String()
	}
	proc.Hypotheses = []Hypothesis{h}
}

// drive checks what a model works with.
func (k *checker) drive() {
	if k.Drive == nil {
		return
	}
	for _, t := range k.Drive.Tools {
		k.tool(t.Value, t.Pos)
	}
	for i := range k.Gather {
		if g := &k.Gather[i]; strings.HasPrefix(g.As, DrivenFact) {
			k.problems.Add(g.Pos, "facts whose names begin with %s are what the model reads by itself; give %s another name", DrivenFact, g.As)
		}
	}
	if as := k.Hypotheses[0].Verify.Call.As; strings.HasPrefix(as, DrivenFact) {
		k.problems.Add(k.Hypotheses[0].Verify.Call.Pos, "facts whose names begin with %s are what the model reads by itself; give %s another name", DrivenFact, as)
	}
}

// driven goes on with the hypothesis of a model: what the customer or the world was waited for is taken
// in, what it says is reached is proven, and else it is asked.
func (r *run) driven(def *Hypothesis, h *casefile.Hypothesis) casefile.Decision {
	if d := r.drivenAnswer(); d != nil {
		return d
	}
	if d := r.drivenWait(); d != nil {
		return d
	}
	if reached(r.c) {
		return r.verify(def, h)
	}
	return casefile.Consult{Use: casefile.UseDrive}
}

// reached reports whether the model says that the goal is, by all that is known now.
func reached(c *casefile.Case) bool {
	a := c.Asked(casefile.UseDrive)
	if a == nil || a.Taken == nil || a.Taken.Problem != "" {
		return false
	}
	return a.Taken.Proposal.Reaches()
}

func (r *run) drivenAnswer() casefile.Decision {
	q := r.c.Question
	if q == nil || q.As == "" {
		return nil
	}
	answer := r.answeredSince(q.Seq)
	if answer == nil {
		return casefile.AskCustomer{Question: *q}
	}
	return casefile.Note{Data: &casefile.CustomerAnswered{As: q.As, Value: casefile.Value{V: answer.Text()}, Signal: answer.ID, Step: q.Step},
		Evidence: []string{casefile.EvidenceSignal(answer.ID)}}
}

// drivenWait goes on waiting until what it waits for came, or something else that the model didn't know.
func (r *run) drivenWait() casefile.Decision {
	w := r.c.Wait
	if w == nil {
		return nil
	}
	for i := range r.c.Signals {
		if s := &r.c.Signals[i]; s.Seq > w.Seq && s.Type == w.For {
			return casefile.Note{Data: &casefile.WaitEnded{Signal: s.ID, Step: w.Step}, Evidence: []string{casefile.EvidenceSignal(s.ID)}}
		}
	}
	if r.c.News > w.Seq {
		return casefile.Note{Data: &casefile.WaitEnded{Step: w.Step}}
	}
	return casefile.AwaitSignal{Wait: *w}
}

// drivenOn asks the model for the first time, or again where it had said too soon that the goal is reached.
func (r *run) drivenOn() casefile.Decision {
	failed := 0
	for i := range r.c.Hypotheses {
		h := &r.c.Hypotheses[i]
		if h.Epoch != r.c.Epoch || h.Opening != r.c.Opening || h.Status != casefile.GivenUp || h.Cause == nil {
			continue
		}
		if failed++; h.Cause.Code != casefile.StopCheckFailed || failed > 1 {
			return r.exhausted([]casefile.Considered{{Hypothesis: Driven, Held: true, Tried: true}})
		}
	}
	return casefile.Consult{Use: casefile.UseDrive}
}

// told reports whether a failure is the model's to hear of: it looks for another way.
func (r *run) told(f *casefile.Failure) bool {
	if r.Drive == nil || f.Purpose == casefile.ForVerify || f.Stop == casefile.StopApprovalRejected || f.Stop == casefile.StopApprovalExpired {
		return false
	}
	h := r.c.Current()
	return h != nil && h.Name == Driven && h.Status == casefile.Trying && (f.Purpose != casefile.ForGather || strings.HasPrefix(f.Name, DrivenFact))
}

// GiveUp is where a case goes that the model of its procedure gives up: where the procedure says, with
// the first cause met on the way, else with stop.
func (p *Planner) GiveUp(c *casefile.Case, stop casefile.Stop, now time.Time) casefile.Decision {
	r := p.run(c, now)
	if r == nil {
		return casefile.Escalate{Stop: stop}
	}
	if c.Cause != nil {
		detail := stop.Detail
		stop = *c.Cause
		stop.Detail = join(stop.Detail, detail)
	}
	if r.Otherwise == nil {
		return casefile.Escalate{Stop: stop}
	}
	return r.route(*r.Otherwise, stop, nil)
}

// OnTop stops a case whose model would act on top of a remedy that was done and proven, before news
// reopened it; nil where nothing speaks against it.
func (p *Planner) OnTop(c *casefile.Case) casefile.Decision {
	for i := range c.Hypotheses {
		if h := &c.Hypotheses[i]; h.Epoch == c.Epoch && h.Status == casefile.Held && c.WroteIn(h) {
			return escalate(casefile.StopCheckFailed, "what the model did was done and proven, and news came after it; this would be another remedy on top of it", nil)
		}
	}
	return nil
}

// Procedure gives a procedure by its name, nil where there is none.
func (p *Planner) Procedure(name string) *Procedure { return p.procedures[name] }

// Signals are the types of signals that procedures start with or wait for, each once.
func (p *Planner) Signals() []string {
	var list []string
	add := func(t string) {
		if t != "" && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	for _, proc := range p.list {
		for _, t := range proc.Start.Signals {
			add(t)
		}
		for i := range proc.Hypotheses {
			for _, st := range proc.Hypotheses[i].Do {
				if st.Wait != nil {
					add(st.Wait.For)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}
