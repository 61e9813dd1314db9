package pages

import (
	"cmp"

	"resolute/agent/casefile"
)

// HypothesisView is one hypothesis on the rail: what ruled it out, or what was tried and what became
// of it.
type HypothesisView struct {
	Name     string
	Title    string
	State    string // class of the rail: out, failed, next or held
	Icon     string
	Word     string // ruled out, failed, next, ...
	Tone     string // status whose colour the word has, "" for none
	When     string // the condition that decided
	Observed []Field
	Error    string
	Why      string // why it was given up
	Code     string // stop code of that
	Chosen   string // actor who chose it
	Tries    []TryView
	Check    string // how far its proof is
	Current  bool
	Plan     *Planned // what it would do, where it has still a turn
	Route    string   // where the case goes without any, of the last place on the rail
}

// TryView is one call of a hypothesis.
type TryView struct {
	Tool, Purpose, Outcome, Detail string
	Amount                         *Shown
	Tries                          int
	Link                           string
}

// hypotheses follows the journal: each hypothesis keeps the place where it was first considered and
// shows what was said of it last.
func hypotheses(c *casefile.Case, entries []casefile.Entry, v viewer) []HypothesisView {
	var rail []HypothesisView
	at := map[string]int{}
	place := func(name string) *HypothesisView {
		i, ok := at[name]
		if !ok {
			i = len(rail)
			at[name] = i
			rail = append(rail, HypothesisView{Name: name, Title: actWords(name), State: "out", Icon: "left", Word: "left"})
		}
		return &rail[i]
	}
	reasons := map[string]string{}
	for i := range entries {
		switch d := entries[i].Data.(type) {
		case *casefile.HypothesisChosen:
			for _, k := range d.Considered {
				consider(place(k.Hypothesis), k, v)
			}
			place(d.Hypothesis)
		case *casefile.HypothesisFailed:
			reasons[d.Hypothesis] = d.Reason
		}
	}
	for i := range c.Hypotheses {
		h := &c.Hypotheses[i]
		view := place(h.Name)
		begun(view, c, h)
		view.Why = reasons[h.Name]
		view.Tries = tries(c, h.Name, v)
	}
	if v.plan == nil || c.Status.Ended() {
		return rail
	}
	for i := range v.plan.Hypotheses {
		p := planned(&v.plan.Hypotheses[i])
		if view := place(p.Name); view.Current || view.State == "out" && view.Icon == "left" {
			view.Plan, view.When = &p, cmp.Or(view.When, p.When)
		}
	}
	return append(rail, HypothesisView{Title: "Otherwise", State: "out", Icon: "left", Word: "when none is left", Route: routeWords(v.plan.Otherwise)})
}

// consider says what became of a hypothesis when one was chosen.
func consider(view *HypothesisView, k casefile.Considered, v viewer) {
	if k.When != "" {
		view.When, view.Observed, view.Error = k.When, observed(k.Observed, v), k.Error
	}
	switch {
	case k.Tried:
	case !k.Held:
		view.State, view.Icon, view.Word = "out", "ruled", "ruled out"
	default:
		view.State, view.Icon, view.Word = "out", "left", "left for later"
	}
}

// begun says how far a hypothesis is that was begun.
func begun(view *HypothesisView, c *casefile.Case, h *casefile.Hypothesis) {
	view.Chosen, view.Error = actor(h.Chosen), ""
	view.Title = cmp.Or(h.Statement, view.Title)
	if h.Cause != nil {
		view.Code = string(h.Cause.Code)
		if view.Why == "" {
			view.Why = h.Cause.Detail
		}
	}
	switch h.Status {
	case casefile.Held:
		view.State, view.Icon, view.Word, view.Tone = "held", "resolved", "held", "resolved"
	case casefile.GivenUp:
		view.State, view.Icon, view.Word, view.Tone = "failed", "failed", "failed", "escalated"
	case casefile.Reverted:
		view.State, view.Icon, view.Word, view.Tone = "failed", "failed", "failed, and undone", "escalated"
	case casefile.Undoing:
		view.State, view.Icon, view.Word, view.Tone = "failed", "failed", "failed, being undone", "escalated"
		view.Current = true
	case casefile.Trying:
		tone := chip(c.Status).Name
		view.State, view.Icon, view.Tone, view.Current = "next", tone, tone, true
		view.Word = map[casefile.Status]string{casefile.Working: "being tried", casefile.Waiting: "being tried, waits",
			casefile.Approving: "next, waits for a person", casefile.Escalated: "where it stopped"}[c.Status]
	}
	if ch := h.Check; ch.Tries > 0 {
		switch {
		case ch.Held:
			view.Check = "held"
		case ch.Error != "":
			view.Check = "could not be read: " + ch.Error
		default:
			view.Check = "does not hold yet"
		}
		view.Check += ", read " + times(ch.Tries)
	}
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return plural(n, "time")
}

// tries are the calls of a hypothesis that change something, several tries of one call as one.
func tries(c *casefile.Case, name string, v viewer) []TryView {
	var list []TryView
	at := map[string]int{}
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if a.Hypothesis != name || (a.Purpose != casefile.ForDo && a.Purpose != casefile.ForUndo) {
			continue
		}
		j, ok := at[a.Step]
		if !ok {
			j = len(list)
			at[a.Step] = j
			t := TryView{Tool: a.Tool, Purpose: "Do", Link: "#call-" + a.Step}
			if a.Purpose == casefile.ForUndo {
				t.Purpose = "Undo"
			}
			if n, currency, ok := amountOf(a.Args, v.currency); ok {
				t.Amount = &Shown{Text: money(n, currency), Currency: currency}
			}
			list = append(list, t)
		}
		t := &list[j]
		t.Tries = max(t.Tries, a.Try)
		t.Outcome, t.Detail = outcomeWords(a.Outcome, a.Code), a.Detail
	}
	return list
}

// outcomeWords says how a try ended.
func outcomeWords(o casefile.Outcome, code string) string {
	say := map[casefile.Outcome]string{
		"": "sent", casefile.OutcomeDone: "done", casefile.OutcomeRefused: "refused", casefile.OutcomeNotDone: "not done",
		casefile.OutcomeUnknown: "unknown", casefile.OutcomeAccepted: "accepted", casefile.OutcomeError: "broke the protocol",
		casefile.OutcomeDenied: "denied", casefile.OutcomeUnavailable: "unavailable", casefile.OutcomeAbandoned: "never known",
	}[o]
	if say == "" {
		say = string(o)
	}
	if code != "" {
		say += ": " + code
	}
	return say
}
