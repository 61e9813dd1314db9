package procedure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// failed draws the conclusion from a step that can't be done.
func (r *run) failed() casefile.Decision {
	f := r.c.Failure
	if f == nil {
		return nil
	}
	told := r.told(f)
	stop := &casefile.Stop{Code: f.Stop, Detail: join(f.Tool, detailOf(f)), Rule: f.Rule}
	h := r.c.Current()
	if h == nil { // a refusal has no code of its own
		stop.Code = cmp.Or(stop.Code, casefile.StopProcedureEscalate)
	}
	switch {
	case f.Outcome == casefile.OutcomeAbandoned, f.Outcome == casefile.OutcomeUnavailable, f.Purpose == casefile.ForGather && !told,
		f.Stop == casefile.StopInputMissing, f.Stop == casefile.StopManifestChanged, h == nil:
		return casefile.Escalate{Stop: *stop}
	case told:
		return nil
	case h.Status == casefile.Undoing:
		return casefile.Note{Data: &casefile.HypothesisEnded{Hypothesis: h.Name, Cause: checkFailed("what was done could not be undone: " + detailOf(f))}}
	case f.Purpose == casefile.ForVerify && f.Outcome == casefile.OutcomeRefused:
		return casefile.Note{Data: &casefile.CheckRead{Hypothesis: h.Name, Error: detailOf(f), NextAt: r.nextCheck(h)}}
	case f.Purpose == casefile.ForVerify:
		return casefile.Escalate{Stop: *stop}
	}
	if stop.Code == "" {
		stop = nil
	}
	return r.giveUp(h, stop, detailOf(f))
}

func detailOf(f *casefile.Failure) string {
	switch {
	case f.Code != "" && f.Detail != "" && !strings.HasPrefix(f.Detail, f.Code):
		return f.Code + ": " + f.Detail
	case f.Detail == "":
		return f.Code
	}
	return f.Detail
}

func checkFailed(detail string) *casefile.Stop {
	return &casefile.Stop{Code: casefile.StopCheckFailed, Detail: detail}
}

// giveUp ends a hypothesis that failed; its writes are undone first where the procedure says how.
func (r *run) giveUp(h *casefile.Hypothesis, cause *casefile.Stop, reason string) casefile.Decision {
	undo := false
	if def := r.find(h.Name); def != nil {
		_, call := r.nextUndo(def, h)
		undo = call != nil
	}
	return casefile.Note{Data: &casefile.HypothesisFailed{Hypothesis: h.Name, Cause: cause, Reason: reason, Undo: undo}}
}

// hypothesis goes on with the one that is under way.
func (r *run) hypothesis() casefile.Decision {
	h := r.c.Current()
	if h == nil {
		return nil
	}
	def := r.find(h.Name)
	switch {
	case def == nil:
		return escalate(casefile.StopProcedureEscalate, "the procedure no longer has the hypothesis "+h.Name, nil)
	case h.Status == casefile.Undoing:
		return r.undo(def, h)
	}
	if o := r.c.Override; o != nil && o.Hypothesis != h.Name {
		return r.giveUp(h, nil, "a person chose "+o.Hypothesis)
	}
	if def.When != nil && h.Chosen == "" && !r.c.WroteIn(h) {
		if held, err := def.When.Bool(r.vars); err != nil || !held {
			return r.giveUp(h, nil, "it is no longer plausible: "+def.When.Source)
		}
	}
	if d := r.chosen(def, h); d != nil {
		return d
	}
	if r.Drive != nil {
		return r.driven(def, h)
	}
	if h.Step < len(def.Do) {
		return r.step(def, h)
	}
	return r.verify(def, h)
}

// choose begins the first hypothesis that is plausible and was not tried, or ends the case as the
// procedure says when there is none.
func (r *run) choose() casefile.Decision {
	if o := r.c.Override; o != nil {
		return casefile.Note{Data: &casefile.HypothesisChosen{Hypothesis: o.Hypothesis, By: o.By}}
	}
	if d := r.blocked(); d != nil {
		return d
	}
	if r.Drive != nil {
		return r.drivenOn()
	}
	chosen := &casefile.HypothesisChosen{}
	for i := range r.Hypotheses {
		def := &r.Hypotheses[i]
		k := r.consider(def)
		chosen.Considered = append(chosen.Considered, k)
		if k.Held && !k.Tried {
			if d := r.onTop(def); d != nil {
				return d
			}
			chosen.Hypothesis = def.Name
			return casefile.Note{Data: chosen, Evidence: r.evidenceOf(chosen.Considered)}
		}
	}
	return r.exhausted(chosen.Considered)
}

// blocked stops the case when a hypothesis left something done that was not proven.
func (r *run) blocked() casefile.Decision {
	for i := range r.c.Hypotheses {
		h := &r.c.Hypotheses[i]
		if h.Epoch != r.c.Epoch || h.Status != casefile.GivenUp || !r.c.WroteIn(h) {
			continue
		}
		if def := r.find(h.Name); def != nil && def.ThenNext {
			continue
		}
		detail := h.Name + " acted and could not be proven"
		if h.Cause != nil {
			detail = join(detail, h.Cause.Detail)
		}
		return escalate(casefile.StopCheckFailed, detail, nil)
	}
	return nil
}

// onTop stops the case when news reopened it after a remedy was done and proven, and the hypothesis
// would act on top of that.
func (r *run) onTop(def *Hypothesis) casefile.Decision {
	acts := slices.ContainsFunc(def.Do, func(st Step) bool { return st.Call != nil })
	for i := range r.c.Hypotheses {
		if h := &r.c.Hypotheses[i]; acts && h.Epoch == r.c.Epoch && h.Status == casefile.Held && r.c.WroteIn(h) {
			return escalate(casefile.StopCheckFailed, h.Name+" was done and proven, and news came after it; "+def.Name+" would be another remedy on top of it", nil)
		}
	}
	return nil
}

// tried reports whether the hypothesis failed before. One that failed by its check alone, before
// news reopened the case, may be looked at again.
func (r *run) tried(name string) bool {
	for i := range r.c.Hypotheses {
		h := &r.c.Hypotheses[i]
		failed := h.Status == casefile.GivenUp || h.Status == casefile.Reverted
		if failed && h.Name == name && h.Epoch == r.c.Epoch && (h.Opening == r.c.Opening || r.c.Acted(h)) {
			return true
		}
	}
	return false
}

func (r *run) evidenceOf(considered []casefile.Considered) []string {
	var paths []string
	for _, k := range considered {
		paths = append(paths, slices.Sorted(maps.Keys(k.Observed))...)
	}
	return r.evidence(paths)
}

// exhausted routes a case that has no hypothesis left, for the first cause met on the way.
func (r *run) exhausted(considered []casefile.Considered) casefile.Decision {
	var why []string
	for _, k := range considered {
		switch {
		case k.Tried:
			why = append(why, k.Hypothesis+" was tried")
		case k.Error != "":
			why = append(why, k.Hypothesis+" can't be told: "+k.Error)
		default:
			why = append(why, k.Hypothesis+" is ruled out by "+k.When)
		}
	}
	stop := casefile.Stop{Code: casefile.StopHypothesesExhausted, Detail: strings.Join(why, "; ")}
	if r.Otherwise != nil {
		stop.Code = casefile.StopProcedureEscalate
	}
	if r.c.Cause != nil {
		stop = *r.c.Cause
	}
	if r.Otherwise == nil {
		return casefile.Escalate{Stop: stop, Evidence: r.evidenceOf(considered)}
	}
	return r.route(*r.Otherwise, stop, r.evidenceOf(considered))
}

// verify reads the system of record until the check holds or its time is over.
func (r *run) verify(def *Hypothesis, h *casefile.Hypothesis) casefile.Decision {
	switch k := h.Check; {
	case k.Held:
		if name := r.contradicted(); name != "" {
			return escalate(casefile.StopProcedureEscalate, fmt.Sprintf("%s is done and proven, but news that came meanwhile says another %s", h.Name, name), nil)
		}
		reply, err := r.write(def.Reply)
		if err != nil {
			return escalate(casefile.StopEvidenceMissing, "it is done and proven, but "+err.Error(), nil)
		}
		return casefile.Resolve{Hypothesis: h.Name, Outcome: h.Name, Reply: reply, Evidence: r.evidence(def.Verify.Check.Reads())}
	case k.Read != 0:
		return r.judgeCheck(def, h)
	case k.Tries > 0 && k.NextAt.IsZero():
		detail := def.Verify.Check.Source + " does not hold"
		if k.Error != "" {
			detail = k.Error
		}
		return r.giveUp(h, checkFailed(detail), "the check failed: "+detail)
	case r.now.Before(k.NextAt):
		return casefile.Recheck{At: k.NextAt}
	}
	v := &def.Verify
	args, err := v.Call.With.Eval(r.vars)
	if err != nil {
		return r.giveUp(h, checkFailed(err.Error()), "the check can't be read: "+err.Error())
	}
	return casefile.CallTools{Calls: []casefile.PlannedCall{{ID: fmt.Sprintf("verify/%s/%d/e%d", h.Name, h.Check.Tries, r.c.Epoch),
		Purpose: casefile.ForVerify, Fact: v.Call.As, Hypothesis: h.Name, Tool: v.Call.Tool, Args: args, Evidence: r.evidence(v.Call.With.Reads())}}}
}

func (r *run) judgeCheck(def *Hypothesis, h *casefile.Hypothesis) casefile.Decision {
	check := def.Verify.Check
	held, err := check.Bool(r.vars)
	read := &casefile.CheckRead{Hypothesis: h.Name, Check: check.Source, Held: held && err == nil, Observed: expr.Observe(r.c, check.Reads())}
	if err != nil {
		read.Error = err.Error()
	}
	if !read.Held {
		read.NextAt = r.nextCheck(h)
	}
	return casefile.Note{Data: read, Evidence: r.evidence(check.Reads())}
}

// nextCheck is when the check is read again, zero when its time is over.
func (r *run) nextCheck(h *casefile.Hypothesis) time.Time {
	def := r.find(h.Name)
	begun := h.Check.BegunAt
	if begun.IsZero() {
		begun = r.now
	}
	end := begun.Add(def.Verify.Within)
	if !r.now.Before(end) {
		return time.Time{}
	}
	next := r.now.Add(min(max(def.Verify.Within/20, 200*time.Millisecond), 10*time.Second))
	if next.After(end) {
		return end
	}
	return next
}

// nextUndo gives the newest write of the hypothesis that is not undone and can be.
func (r *run) nextUndo(def *Hypothesis, h *casefile.Hypothesis) (step int, call *Call) {
	for i := len(r.c.Writes) - 1; i >= 0; i-- {
		w := &r.c.Writes[i]
		if w.Undone || w.Hypothesis != h.Name || w.Seq <= h.Seq || w.Step >= len(def.Do) {
			continue
		}
		if done := def.Do[w.Step].Call; done != nil && done.Undo != nil && done.Tool == w.Tool {
			return w.Step, done.Undo
		}
	}
	return 0, nil
}

// undo takes back what the hypothesis did, the newest first.
func (r *run) undo(def *Hypothesis, h *casefile.Hypothesis) casefile.Decision {
	step, call := r.nextUndo(def, h)
	if call == nil {
		ended := &casefile.HypothesisEnded{Hypothesis: h.Name, Reverted: !r.c.WroteIn(h)}
		if !ended.Reverted {
			ended.Cause = checkFailed("not all that was done can be undone")
		}
		return casefile.Note{Data: ended}
	}
	args, err := call.With.Eval(r.vars)
	if err != nil {
		return casefile.Note{Data: &casefile.HypothesisEnded{Hypothesis: h.Name, Cause: checkFailed("the undo can't be made: " + err.Error())}}
	}
	return casefile.CallTools{Calls: []casefile.PlannedCall{{ID: fmt.Sprintf("undo/%s/%d/e%d", h.Name, step, r.c.Epoch), Purpose: casefile.ForUndo,
		Hypothesis: h.Name, Step: step, Tool: call.Tool, Args: args, Within: call.Within, Reads: call.With.Reads(), ArgReads: call.With.Sources(), Evidence: r.evidence(call.With.Reads())}}}
}
