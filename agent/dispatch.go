package agent

import (
	"cmp"
	"slices"
	"time"

	"resolute/agent/casefile"
)

// dispatch sends what was planned, as far as the guard lets it. Nothing is sent when one of the
// calls is stopped: the planner is asked again with that folded in.
func (s *step) dispatch(planned []casefile.PlannedCall) {
	var intents []*casefile.CallIntended
	var evidence [][]string
	var tools []string
	for _, p := range planned {
		intent := s.judge(p)
		if intent == nil {
			return
		}
		intents, evidence = append(intents, intent), append(evidence, p.Evidence)
		tools = append(tools, p.Tool)
	}
	if p := s.ev.Paused.Stops(s.c.Procedure, tools...); p != nil {
		s.waitForResume(p)
		return
	}
	for i, intent := range intents {
		s.say(intent, evidence[i]...)
		s.res.Commands = append(s.res.Commands, Send{Call: *s.c.PendingCall(intent.Call.ID)})
	}
}

// judge gives the intent of a planned call, or nil if it may not be sent (now).
func (s *step) judge(p casefile.PlannedCall) *casefile.CallIntended {
	p.ProposedBy = proposer(s.c, p)
	call := casefile.Call{ID: p.ID, Purpose: p.Purpose, Fact: p.Fact, Hypothesis: p.Hypothesis, Step: p.Step,
		Action: casefile.Action{Tool: p.Tool, Args: p.Args}, Try: 1, Within: casefile.Duration(p.Within), ProposedBy: p.ProposedBy}
	tool, ok := s.Tools.Tool(p.Tool)
	if !ok {
		return s.deny(call, casefile.StopToolError, "no plugin offers "+p.Tool+"; look at the bundle's tools")
	}
	call.Effect = tool.Effect
	if err := s.Tools.ValidateArgs(p.Tool, p.Args); err != nil {
		return s.deny(call, casefile.StopEvidenceMissing, "the arguments don't fit "+p.Tool+": "+err.Error())
	}
	if !call.Writes() {
		return s.look(p, call)
	}
	if p.Purpose != casefile.ForDo && p.Purpose != casefile.ForUndo { // it would count as no write
		return s.deny(call, casefile.StopPolicyDeny, p.Tool+" changes something, and the plan calls it to "+string(p.Purpose))
	}
	call.Reads = p.ArgReads
	key, err := casefile.IdempotencyKey(s.c.ID, s.c.Epoch, p.ID, p.Tool, p.Args)
	if err != nil {
		return s.deny(call, casefile.StopEvidenceMissing, err.Error())
	}
	call.Key, call.Undoes = key, undoes(s.c, p)
	if stop := spent(s.c, key, p.Tool); stop != nil {
		s.escalate(*stop)
		return nil
	}
	verdict := s.book.Judge(s.c, casefile.Proposal{
		Action: call.Action, Hypothesis: p.Hypothesis, Now: s.now, Reads: p.ArgReads, ProposedBy: p.ProposedBy,
		Exceeded: s.exceeded(p.ID), Unusual: s.unusual(call.Action),
	})
	intent := &casefile.CallIntended{Call: call, Verdict: &verdict, Customer: s.c.Customer.Who()}
	switch verdict.Outcome {
	case casefile.Allow:
		return intent
	case casefile.Approve:
		by, hash := s.approved(p, call, verdict)
		if by == "" {
			return nil
		}
		intent.ApprovedBy, intent.Approval = by, hash
		return intent
	}
	if verdict.Code == casefile.StopAuthorityShadow {
		s.shadow(p, call, verdict)
		return nil
	}
	s.say(&casefile.ActionDenied{Call: call, Verdict: verdict}, p.Evidence...)
	return nil
}

// look gives the intent of a read. What a procedure gathers is the bundle's own; what is read beyond that
// to go on with a hypothesis is a model's choice, and a model reads what anybody tells it to: whatever
// policies say about the tool has to let it, and nobody is asked to approve a look.
func (s *step) look(p casefile.PlannedCall, call casefile.Call) *casefile.CallIntended {
	intent := &casefile.CallIntended{Call: call}
	if p.Purpose != casefile.ForGather || p.Hypothesis == "" {
		return intent
	}
	v := s.book.Judge(s.c, casefile.Proposal{Action: call.Action, Hypothesis: p.Hypothesis, Now: s.now, Reads: p.ArgReads, ProposedBy: p.ProposedBy})
	if v.Outcome == casefile.Allow {
		return intent
	}
	if v.Outcome == casefile.Approve {
		v.Outcome, v.Code, v.By = casefile.Deny, casefile.StopPolicyDeny, ""
	}
	s.say(&casefile.ActionDenied{Call: call, Verdict: v}, p.Evidence...)
	return nil
}

// shadow journals what would have been done, and leaves doing it to a person. Another remedy isn't
// tried: this one would have been the end of the search.
func (s *step) shadow(p casefile.PlannedCall, call casefile.Call, v casefile.Verdict) {
	observed := s.book.Planner.Observe(s.c, append(append([]string(nil), p.Reads...), v.Reads...))
	hash, err := casefile.ApprovalHash(p.ID, &call.Action, v.Policy, observed)
	if err != nil {
		s.escalate(casefile.Stop{Code: casefile.StopEvidenceMissing, Detail: err.Error()})
		return
	}
	s.say(&casefile.ActionShadowed{Shadowed: casefile.Shadowed{Hash: hash, Step: p.ID, Hypothesis: p.Hypothesis, Action: call.Action, Verdict: v, Reads: p.ArgReads, Observed: observed}}, p.Evidence...)
	what := "it would have called " + call.Tool
	if v.Authority.Would == casefile.Approve {
		what = "it would have asked a person to approve " + call.Tool
	}
	s.escalate(casefile.Stop{Code: casefile.StopAuthorityShadow, Detail: what + "; approve or reject says whether that was right, and sends nothing"}, p.Evidence...)
}

// spent says why nothing is sent under a key, nil if it may be: a call with it was done, or nobody
// knows whether it was. That somebody handed the case back, or chose the same hypothesis, doesn't
// make it another call; retry and reopen do.
func spent(c *casefile.Case, key, tool string) *casefile.Stop {
	for i := range c.Attempts {
		switch a := &c.Attempts[i]; {
		case a.Key != key:
		case a.Outcome == casefile.OutcomeAbandoned:
			return &casefile.Stop{Code: casefile.StopOutcomeUnknown, Detail: "whether " + tool + " was done is not known; look at the plugin, then close the case, or retry, which sends it under a new key"}
		case a.Outcome == casefile.OutcomeDone:
			return &casefile.Stop{Code: casefile.StopCheckFailed, Detail: tool + " was done already by this step, with these arguments; retry does it once more, under a new key"}
		}
	}
	return nil
}

func (s *step) deny(call casefile.Call, code casefile.StopCode, reason string) *casefile.CallIntended {
	s.say(&casefile.ActionDenied{Call: call, Verdict: casefile.Verdict{Outcome: casefile.Deny, Code: code, Reason: reason}})
	return nil
}

// approved gives who approved exactly this, or sees to it that somebody is asked.
func (s *step) approved(p casefile.PlannedCall, call casefile.Call, v casefile.Verdict) (by, hash string) {
	reads := slices.Concat(p.Reads, v.Reads, []string{"case.customer.assurance"}) // a yes while somebody vouched is none once nobody does
	observed := overdrawn(s.book.Planner.Observe(s.c, reads), v.Exceeded)
	return s.consent(casefile.Approval{
		Step: p.ID, Hypothesis: p.Hypothesis, Action: &call.Action, Code: v.Code, Rule: v.Rule, Rules: v.Rules, Reason: v.Reason,
		Policy: v.Policy, By: v.By, Evidence: p.Evidence, Observed: observed, ProposedBy: p.ProposedBy, Authority: v.Authority,
		Exceeded: v.Exceeded, Risk: v.Risk, Reads: p.ArgReads,
	})
}

// checkpoint lets a person look before it goes on.
func (s *step) checkpoint(d casefile.AskPerson) {
	by, _ := s.consent(casefile.Approval{
		Step: d.ID, Hypothesis: d.Hypothesis, Code: casefile.StopCheckpoint, Reason: d.Text, By: d.By, Evidence: d.Evidence,
		Observed: s.book.Planner.Observe(s.c, d.Reads),
	})
	if by != "" {
		s.say(&casefile.StepDone{Hypothesis: d.Hypothesis, Step: d.Step}, d.Evidence...)
	}
}

// consent gives who granted exactly what want describes. Where nobody did, the case is parked
// until somebody decides; what waits already keeps waiting, what drifted is asked anew.
func (s *step) consent(want casefile.Approval) (by, hash string) {
	hash, err := casefile.ApprovalHash(want.Step, want.Action, want.Policy, want.Observed)
	if err != nil {
		s.escalate(casefile.Stop{Code: casefile.StopEvidenceMissing, Detail: err.Error()})
		return "", ""
	}
	if a := s.c.Approval; a != nil {
		if a.Hash == hash && a.GrantedBy != "" {
			return a.GrantedBy, hash
		}
		if a.Hash != hash {
			want.Changed = changes(a, &want)
			s.say(&casefile.ApprovalVoided{Hash: a.Hash, Reason: "what it rests on has changed", Changed: want.Changed})
		}
	}
	if s.c.Approval == nil {
		want.Hash, want.By = hash, cmp.Or(want.By, "operator")
		want.AskedAt, want.ExpiresAt = s.now, s.now.Add(defaultAnswer)
		s.say(&casefile.ApprovalAsked{Approval: want}, want.Evidence...)
	}
	a := s.c.Approval
	s.stop(casefile.Approving, casefile.Stop{Code: a.Code, Rule: a.Rule, Detail: a.Reason, Until: &a.ExpiresAt})
	s.park(a.ExpiresAt)
	return "", ""
}

// changes are the observed values and arguments that differ between two approvals of one step.
func changes(then, now *casefile.Approval) []casefile.Change {
	a, b := observations(then), observations(now)
	var list []casefile.Change
	for _, path := range sortedUnion(a, b) {
		if !same(a[path], b[path]) {
			list = append(list, casefile.Change{Path: path, Then: a[path], Now: b[path]})
		}
	}
	return list
}

func observations(a *casefile.Approval) map[string]casefile.Value {
	m := make(map[string]casefile.Value, len(a.Observed)+4)
	for k, v := range a.Observed {
		m[k] = v
	}
	if a.Policy != "" {
		m["policy"] = casefile.Value{V: a.Policy}
	}
	if a.Action != nil {
		m["action.tool"] = casefile.Value{V: a.Action.Tool}
		for k, v := range a.Action.Args {
			m["action.args."+k] = casefile.Value{V: v}
		}
	}
	return m
}

// waitForTools parks the case until a pending call is due.
func (s *step) waitForTools(w toolWait) {
	s.stop(casefile.Waiting, casefile.Stop{Code: w.code, Detail: w.detail, Until: nonZero(w.until)})
	s.park(w.next)
}

func nonZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
