package pages

import (
	"maps"
	"slices"

	"resolute/agent/casefile"
)

// askProcedure and askNone are what the dialogs of a case that triage isn't sure of are called.
const (
	askProcedure = "procedure"
	askNone      = "none"
)

// NearView is what a case might be for that triage isn't sure of.
type NearView struct {
	List    []CandidateView
	May     bool   // who looks may say which
	Says    []Says // what that does, and what it teaches
	Another *Choice
	None    *Choice
	Choices Choices // of the box it stands in
}

// CandidateView is a procedure that a case may be for.
type CandidateView struct {
	Procedure, Goal string
	Score           float64
	Nearest         string
}

// nearView offers what a case may be for, nil where triage is sure.
func nearView(c *casefile.Case, ch Choices, v viewer) *NearView {
	if c.Stop == nil || c.Stop.Code != casefile.StopConfidenceLow || c.Procedure != "" || c.Status.Ended() {
		return nil
	}
	near := &NearView{May: v.may("operator"), Choices: ch}
	known := maps.Clone(v.goals)
	for _, x := range c.Candidates {
		near.List = append(near.List, CandidateView{x.Procedure, v.goals[x.Procedure], x.Score, x.Nearest})
		delete(known, x.Procedure)
	}
	if !near.May {
		return near
	}
	near.Says = []Says{
		{"Send it there", "starts that procedure from the beginning: it gathers its facts, and rules and authority judge each action as ever."},
		{"None of these", "closes the case as it is; nothing is sent to the customer."},
		{"Either", "teaches triage, under your name: the customer's words count for that procedure, or for none, when it learns next. One text in five only judges what was learned."},
	}
	if len(known) > 0 {
		near.Another = &Choice{Name: casefile.DecideOverride, As: askProcedure, Label: "Another procedure…", Asks: true, Heading: "Send it down another procedure", Button: "Send it there", Stays: "Leave it here",
			Does: "It starts that procedure from the beginning, and rules and authority judge each action as ever. The customer's words count for it when triage learns next."}
		for _, name := range slices.Sorted(maps.Keys(known)) {
			near.Another.Procedures = append(near.Another.Procedures, Option{Value: name, Name: known[name]})
		}
	}
	near.None = &Choice{Name: casefile.DecideClose, As: askNone, Label: "None of these…", Asks: true, Needs: true, Procedure: casefile.NoProcedure, Heading: "It is for none of the procedures", Button: "Close it as none of these", Stays: "Leave it open",
		Does: "The case ends as human.closed, nothing is sent to the customer. That such words are for none of the procedures counts when triage learns next, so that a case like it is left to a person sooner."}
	return near
}
