package procedure

import (
	"fmt"

	"resolute/agent/casefile"
)

// step is the next of the hypothesis's steps.
func (r *run) step(def *Hypothesis, h *casefile.Hypothesis) casefile.Decision {
	switch st := &def.Do[h.Step]; {
	case st.Call != nil:
		return r.call(def, h, st.Call)
	case st.Ask != nil:
		return r.ask(h, st.Ask)
	case st.Wait != nil:
		return r.wait(h, st.Wait)
	default:
		return r.checkpoint(def, h, st.Checkpoint)
	}
}

// chosen is what a person put in place of the next step, whatever that is; behind the last it is one more.
// Nil where nobody did.
func (r *run) chosen(def *Hypothesis, h *casefile.Hypothesis) casefile.Decision {
	o := r.c.Override
	if o == nil || o.Action == nil || o.Hypothesis != h.Name || o.Step != h.Step {
		return nil
	}
	p := casefile.PlannedCall{ID: fmt.Sprintf("do/%s/%d/e%d", h.Name, h.Step, r.c.Epoch), Purpose: casefile.ForDo, Hypothesis: h.Name, Step: h.Step,
		Tool: o.Action.Tool, Args: o.Action.Args, ProposedBy: o.Principal}
	if def.When != nil {
		p.Reads = def.When.Reads()
	}
	if h.Step < len(def.Do) {
		if call := def.Do[h.Step].Call; call != nil {
			p.Fact, p.Within, p.Evidence = call.As, call.Within, r.evidence(call.With.Reads())
		}
	}
	return casefile.CallTools{Calls: []casefile.PlannedCall{p}}
}

func (r *run) call(def *Hypothesis, h *casefile.Hypothesis, call *Call) casefile.Decision {
	reads := call.With.Reads()
	p := casefile.PlannedCall{ID: fmt.Sprintf("do/%s/%d/e%d", h.Name, h.Step, r.c.Epoch), Purpose: casefile.ForDo, Fact: call.As,
		Hypothesis: h.Name, Step: h.Step, Tool: call.Tool, Within: call.Within, Evidence: r.evidence(reads)}
	if def.When != nil {
		p.Reads = append(p.Reads, def.When.Reads()...)
	}
	args, err := call.With.Eval(r.vars)
	if err != nil {
		return r.giveUp(h, &casefile.Stop{Code: casefile.StopEvidenceMissing, Detail: err.Error()}, "the arguments of "+call.Tool+" can't be made: "+err.Error())
	}
	p.Args, p.Reads, p.ArgReads = args, append(p.Reads, reads...), call.With.Sources()
	return casefile.CallTools{Calls: []casefile.PlannedCall{p}}
}

func (r *run) ask(h *casefile.Hypothesis, a *Ask) casefile.Decision {
	if q := r.c.Question; q != nil && q.As == a.As {
		answer := r.answeredSince(q.Seq)
		if answer == nil {
			return casefile.AskCustomer{Question: *q}
		}
		if value, ok := read(a, answer.Text()); ok {
			return casefile.Note{Data: &casefile.CustomerAnswered{As: a.As, Value: casefile.Value{V: value}, Signal: answer.ID, Step: h.Step},
				Evidence: []string{casefile.EvidenceSignal(answer.ID)}}
		}
		if r.c.Asks[a.As] >= r.planner.asks {
			return r.giveUp(h, nil, "the customer's answers don't say what was asked")
		}
		return casefile.Note{Data: &casefile.QuestionEnded{}}
	}
	text, err := a.Text.Render(r.vars)
	if err != nil {
		return r.giveUp(h, &casefile.Stop{Code: casefile.StopEvidenceMissing, Detail: err.Error()}, "the question can't be written: "+err.Error())
	}
	q := casefile.Question{As: a.As, Step: h.Step, Text: text}
	if a.Pattern != nil {
		q.Pattern = a.Pattern.String()
	}
	return casefile.AskCustomer{Question: q, Within: a.Within}
}

// Answers reports whether a text can be taken for an answer.
func (a *Ask) Answers(text string) bool {
	_, ok := read(a, text)
	return ok
}

func read(a *Ask, text string) (string, bool) {
	if a.Pattern == nil {
		return text, true
	}
	if m := matches(a.Pattern, text); len(m) == 1 {
		return m[0], true
	}
	return "", false
}

func (r *run) wait(h *casefile.Hypothesis, w *Wait) casefile.Decision {
	for i := range r.c.Signals {
		s := &r.c.Signals[i]
		if s.Seq <= h.Seq || s.Type != w.For || !r.named(w, &s.Signal) {
			continue
		}
		if r.c.Wait == nil {
			return casefile.Note{Data: &casefile.StepDone{Hypothesis: h.Name, Step: h.Step}, Evidence: []string{casefile.EvidenceSignal(s.ID)}}
		}
		return casefile.Note{Data: &casefile.WaitEnded{Signal: s.ID, Step: h.Step}, Evidence: []string{casefile.EvidenceSignal(s.ID)}}
	}
	wait := casefile.Wait{Step: h.Step, For: w.For}
	if w.Match != nil {
		wait.Match = w.Match.Source
	}
	return casefile.AwaitSignal{Wait: wait, Within: w.Within}
}

// named reports whether a wait's match names the signal.
func (r *run) named(w *Wait, s *casefile.Signal) bool {
	if w.Match == nil {
		return true
	}
	held, err := w.Match.Bool(r.vars.With(s))
	return err == nil && held
}

func (r *run) checkpoint(def *Hypothesis, h *casefile.Hypothesis, k *Checkpoint) casefile.Decision {
	text, err := k.Show.Render(r.vars)
	if err != nil {
		return r.giveUp(h, &casefile.Stop{Code: casefile.StopEvidenceMissing, Detail: err.Error()}, "the checkpoint can't be written: "+err.Error())
	}
	d := casefile.AskPerson{ID: fmt.Sprintf("checkpoint/%s/%d/e%d", h.Name, h.Step, r.c.Epoch), Hypothesis: h.Name, Step: h.Step, By: k.By, Text: text,
		Reads: k.Show.Reads(), Evidence: r.evidence(k.Show.Reads())}
	if def.When != nil {
		d.Reads = append(d.Reads, def.When.Reads()...)
	}
	return d
}
