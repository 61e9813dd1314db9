package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/procedure"
	"resolute/tools"
)

// Bundles keeps versions; a bundle.Library does.
type Bundles interface {
	Active() (*bundle.Bundle, error)
	Get(ctx context.Context, version string) (*bundle.Bundle, error)
}

// Tools are the live plugins; a tools.Registry has them.
type Tools interface {
	States() []tools.State
}

// Planned is a hypothesis as its procedure has it: what people choose from, and what comes next.
type Planned struct {
	Name, Title string
	When        string // "" for always
	Do          []string
	Tool        string // read to prove it
	Prove       string
	Within      string // how long the check may take to hold, "" where it is read once
	Reply       string // name of the reply, "" for none
	Tried       string // what became of it in this case, "" where it wasn't begun
}

// planOf gives the procedure that a case is handled by, nil where that isn't known: a page that can't say
// what comes next still says the rest.
func (s *site) planOf(ctx context.Context, c *casefile.Case) *procedure.Procedure {
	if c.Procedure == "" {
		return nil
	}
	b, err := s.Bundles.Get(ctx, c.Bundle)
	if err != nil {
		s.Logger.Warn("the bundle of a case can't be read, so its page doesn't say what comes next", "case", c.ID, "bundle", c.Bundle, "error", err)
		return nil
	}
	for _, p := range b.Procedures {
		if p.Name == c.Procedure {
			return p
		}
	}
	return nil
}

// goalsFor gives the goals of the procedures that a case may be sent down, by name; nil for one that triage is sure of.
func (s *site) goalsFor(ctx context.Context, c *casefile.Case) map[string]string {
	if c.Stop == nil || c.Stop.Code != casefile.StopConfidenceLow || c.Procedure != "" {
		return nil
	}
	b, err := s.Bundles.Get(ctx, c.Bundle)
	if err != nil {
		s.Logger.Warn("the bundle of a case can't be read, so its page names no other procedures", "case", c.ID, "bundle", c.Bundle, "error", err)
		return nil
	}
	goals := map[string]string{}
	for _, p := range b.Procedures {
		goals[p.Name] = p.Goal
	}
	return goals
}

// offered gives all live tools, by name.
func (s *site) offered() map[string]tools.Offered {
	all := map[string]tools.Offered{}
	for _, p := range s.Tools.States() {
		for _, t := range p.Tools {
			all[t.Name] = t
		}
	}
	return all
}

func planned(h *procedure.Hypothesis) Planned {
	p := Planned{Name: h.Name, Title: actWords(h.Name), Reply: h.Reply, Tool: h.Verify.Call.Tool}
	if h.When != nil {
		p.When = h.When.Source
	}
	for i := range h.Do {
		p.Do = append(p.Do, stepWords(&h.Do[i]))
	}
	if h.Verify.Check != nil {
		p.Prove = h.Verify.Check.Source
	}
	if h.Verify.Within > 0 {
		p.Within = span(h.Verify.Within)
	}
	return p
}

// stepWords says what a step does.
func stepWords(st *procedure.Step) string {
	switch {
	case st.Call != nil:
		return st.Call.Tool
	case st.Ask != nil:
		return "ask the customer"
	case st.Wait != nil:
		return "wait for " + st.Wait.For
	case st.Checkpoint != nil:
		return cmp.Or(st.Checkpoint.By, "a person") + " looks before it goes on"
	}
	return "nothing"
}

// find gives a hypothesis of a plan, nil for none.
func findHypothesis(plan *procedure.Procedure, name string) *procedure.Hypothesis {
	if plan == nil {
		return nil
	}
	for i := range plan.Hypotheses {
		if plan.Hypotheses[i].Name == name {
			return &plan.Hypotheses[i]
		}
	}
	return nil
}

// begunAs says what became of a hypothesis in a case, "" where it wasn't begun.
func begunAs(c *casefile.Case, name string) string {
	for _, h := range slices.Backward(c.Hypotheses) {
		if h.Name == name {
			return strings.ReplaceAll(string(h.Status), "-", " ")
		}
	}
	return ""
}

// instead gives the hypotheses that a person may choose in place of the one that is being tried.
func instead(c *casefile.Case, plan *procedure.Procedure) []Planned {
	if plan == nil {
		return nil
	}
	var list []Planned
	now := c.Current()
	for i := range plan.Hypotheses {
		p := planned(&plan.Hypotheses[i])
		if now != nil && now.Name == p.Name {
			continue
		}
		p.Tried = begunAs(c, p.Name)
		list = append(list, p)
	}
	return list
}

// then says what follows once a step of a hypothesis is done: the steps left, the check, the reply, the end.
func then(c *casefile.Case, plan *procedure.Procedure, hypothesis string) string {
	h := findHypothesis(plan, hypothesis)
	if h == nil {
		return "then checks in the system of record that it held before anything is called done"
	}
	var say []string
	step := 0
	if now := c.Current(); now != nil && now.Name == hypothesis {
		step = now.Step
	}
	for i := step + 1; i < len(h.Do); i++ {
		say = append(say, stepWords(&h.Do[i]))
	}
	p := planned(h)
	read := "reads " + p.Tool + " again"
	if p.Within != "" {
		read += " for up to " + p.Within
	}
	say = append(say, read+", until "+shorten(p.Prove, 120))
	if p.Reply != "" {
		say = append(say, "sends the reply "+p.Reply)
	}
	return "then " + strings.Join(say, ", then ") + ", and closes the case"
}

// otherwise says what follows once the hypothesis that is being tried is given up.
func otherwise(c *casefile.Case, plan *procedure.Procedure, code casefile.StopCode) string {
	if plan == nil {
		return "what else the procedure allows is tried, else a person gets the case"
	}
	var left []string
	for i := range plan.Hypotheses {
		if name := plan.Hypotheses[i].Name; begunAs(c, name) == "" {
			left = append(left, name)
		}
	}
	last := fmt.Sprintf("a person gets the case as %s", code)
	if r := plan.Otherwise; r != nil {
		switch {
		case r.Close != "":
			last = "the case is closed as " + r.Close
		case r.To != "":
			last = fmt.Sprintf("%s get the case as %s", r.To, code)
		}
	}
	if len(left) == 0 {
		return "nothing else is left to try, so " + last
	}
	return strings.Join(left, ", ") + " may still have their turn; if none fits, " + last
}

// routeWords says where a case goes when nothing is left.
func routeWords(r *procedure.Route) string {
	switch {
	case r == nil:
		return "Goes to a person as hypotheses.exhausted."
	case r.Close != "":
		return "Closes the case as " + r.Close + "."
	case r.To != "":
		return "Goes to " + r.To + ": " + r.Escalate + "."
	}
	return "Goes to a person: " + r.Escalate + "."
}
