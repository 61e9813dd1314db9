package procedure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// Planner plans by a bundle's procedures. It follows the order of a procedure: inputs, correlate,
// gather, ground, require, then one hypothesis after the other, each proven by its verify.
type Planner struct {
	procedures map[string]*Procedure
	list       []*Procedure
	asks       int
	tables     expr.Tables
}

// NewPlanner makes a planner of checked procedures. Asks is how often the customer is asked for
// the same thing, at least once.
func NewPlanner(procedures []*Procedure, asks int) *Planner {
	p := &Planner{procedures: map[string]*Procedure{}, list: procedures, asks: max(asks, 1)}
	for _, proc := range procedures {
		p.procedures[proc.Name] = proc
	}
	return p
}

// WithTables gives the planner that plans by tables as they are now.
func (p *Planner) WithTables(t expr.Tables) *Planner {
	with := *p
	with.tables = t
	return &with
}

// vars are what the procedures' expressions see of a case.
func (p *Planner) vars(c *casefile.Case, now time.Time) expr.Vars {
	return expr.CaseVars(c, now).WithTables(p.tables)
}

// run is one question of what comes next.
type run struct {
	*Procedure
	planner *Planner
	c       *casefile.Case
	vars    expr.Vars
	now     time.Time
}

// Plan gives the next decision for a case.
func (p *Planner) Plan(c *casefile.Case, now time.Time) casefile.Decision {
	if c.Procedure == "" {
		return unrouted(c)
	}
	proc, ok := p.procedures[c.Procedure]
	if !ok {
		return casefile.Escalate{Stop: casefile.Stop{Code: casefile.StopProcedureEscalate, Detail: "the bundle of the case has no procedure " + c.Procedure}}
	}
	r := &run{Procedure: proc, planner: p, c: c, vars: p.vars(c, now), now: now}
	for _, stage := range stages() {
		if d := stage(r); d != nil {
			return d
		}
	}
	return r.choose()
}

// stages are what comes before a hypothesis is chosen, in their order; the first that has something
// to decide does.
func stages() [8]func(*run) casefile.Decision {
	return [...]func(*run) casefile.Decision{(*run).readInputs, (*run).failed, (*run).askInputs, (*run).correlate,
		(*run).gather, (*run).ground, (*run).require, (*run).hypothesis}
}

// unrouted is for a case that no procedure was found for yet: it is looked for once; where there
// is none, a person gets what the knowledge says.
func unrouted(c *casefile.Case) casefile.Decision {
	if !c.Routed {
		return casefile.FindProcedure{}
	}
	if text := newestText(c); !c.Grounded && text != "" {
		return casefile.Ground{Queries: []string{text}}
	}
	var names []string
	for _, k := range c.Candidates {
		names = append(names, fmt.Sprintf("%s %.2f", k.Procedure, k.Score))
	}
	detail := "no procedure starts with this signal"
	if len(names) > 0 {
		detail = "no procedure is sure enough: " + strings.Join(names, ", ")
	}
	return casefile.Escalate{Stop: casefile.Stop{Code: casefile.StopConfidenceLow, Detail: detail}}
}

func newestText(c *casefile.Case) string {
	for i := len(c.Signals) - 1; i >= 0; i-- {
		if t := c.Signals[i].Text(); t != "" {
			return t
		}
	}
	return ""
}

// gather calls what is not known, or not known fresh, as far as its arguments are.
func (r *run) gather() casefile.Decision {
	var calls []casefile.PlannedCall
	stale := 0
	for i := range r.Gather {
		g := &r.Gather[i]
		if r.fresh(g.As) {
			continue
		}
		if stale++; !r.ready(g) {
			continue
		}
		args, err := g.With.Eval(r.vars)
		if err != nil {
			return escalate(casefile.StopEvidenceMissing, "the arguments of "+g.As+" can't be made: "+err.Error(), r.evidence(g.With.Reads()))
		}
		calls = append(calls, casefile.PlannedCall{ID: fmt.Sprintf("gather/%s/r%d", g.As, r.c.Round), Purpose: casefile.ForGather,
			Fact: g.As, Tool: g.Tool, Args: args, Within: g.Within, Evidence: r.evidence(g.With.Reads())})
	}
	switch {
	case len(calls) > 0:
		return casefile.CallTools{Calls: calls}
	case stale > 0:
		return escalate(casefile.StopEvidenceMissing, "what is to be gathered depends on itself", nil)
	}
	return nil
}

func (r *run) fresh(fact string) bool {
	f, ok := r.c.Facts[fact]
	return ok && f.Round >= r.c.Round
}

// ready reports whether all gathered facts that a call reads are fresh.
func (r *run) ready(g *Call) bool {
	for _, name := range g.With.Facts() {
		if r.gathers(name) && !r.fresh(name) {
			return false
		}
	}
	return true
}

func (r *run) gathers(name string) bool {
	for i := range r.Gather {
		if r.Gather[i].As == name {
			return true
		}
	}
	return false
}

// Gathers reports whether a procedure gathers a fact.
func (p *Planner) Gathers(procedure, fact string) bool {
	proc, ok := p.procedures[procedure]
	return ok && slices.ContainsFunc(proc.Gather, func(c Call) bool { return c.As == fact })
}

// ground asks the knowledge, once.
func (r *run) ground() casefile.Decision {
	if r.c.Grounded || len(r.Ground) == 0 {
		return nil
	}
	queries := make([]string, 0, len(r.Ground))
	for _, t := range r.Ground {
		q, err := t.Render(r.vars)
		if err != nil {
			return escalate(casefile.StopEvidenceMissing, "a knowledge query can't be written: "+err.Error(), nil)
		}
		queries = append(queries, q)
	}
	return casefile.Ground{Queries: queries}
}

// require ends the case as the procedure says if something doesn't hold, until something was done.
func (r *run) require() casefile.Decision {
	if h := r.c.Current(); h != nil && (h.Status == casefile.Undoing || r.c.WroteIn(h)) {
		return nil
	}
	for i := range r.Require {
		q := &r.Require[i]
		held, err := q.Check.Bool(r.vars)
		evidence := r.evidence(q.Check.Reads())
		switch {
		case err != nil:
			return escalate(casefile.StopEvidenceMissing, fmt.Sprintf("%s can't be told: %v", q.Check.Source, err), evidence)
		case !held:
			return r.route(q.Otherwise, casefile.Stop{Code: casefile.StopProcedureEscalate, Detail: "required: " + q.Check.Source}, evidence)
		}
	}
	return nil
}

// route turns a route of the procedure into a decision; stop is what it counts as when it
// escalates.
func (r *run) route(to Route, stop casefile.Stop, evidence []string) casefile.Decision {
	if to.Close == "" {
		stop.Detail, stop.To = join(to.Escalate, stop.Detail), to.To
		return casefile.Escalate{Stop: stop, Evidence: evidence}
	}
	reply, err := r.write(to.Reply)
	if err != nil {
		return escalate(casefile.StopEvidenceMissing, err.Error(), evidence)
	}
	return casefile.Close{Stop: casefile.Stop{Code: casefile.StopDeclined, Detail: join(to.Close, stop.Detail)}, Reply: reply, Evidence: evidence}
}

// write renders a reply of the procedure, nil where name is "".
func (r *run) write(name string) (*casefile.Reply, error) {
	if name == "" {
		return nil, nil
	}
	t, ok := r.Replies[name]
	if !ok {
		return nil, fmt.Errorf("the procedure has no reply %s", name)
	}
	text, err := t.Render(r.vars)
	if err != nil {
		return nil, fmt.Errorf("the reply %s can't be written: %w", name, err)
	}
	reply := &casefile.Reply{Text: strings.TrimSpace(text)}
	for _, p := range r.c.Quotable() {
		reply.Citations = append(reply.Citations, p.Address)
	}
	return reply, nil
}

// Fallback gives what the procedure says should follow a stop code.
func (p *Planner) Fallback(c *casefile.Case, code casefile.StopCode, now time.Time) casefile.Fallback {
	proc, ok := p.procedures[c.Procedure]
	if !ok {
		return casefile.Fallback{}
	}
	on, ok := proc.On[code]
	if !ok {
		return casefile.Fallback{}
	}
	f := casefile.Fallback{Wait: on.Wait}
	if on.Then != (Route{Pos: on.Then.Pos}) {
		f.Then = p.run(c, now).route(on.Then, casefile.Stop{Code: code}, nil)
	}
	return f
}

// Observe gives the values at paths of the state.
func (p *Planner) Observe(c *casefile.Case, paths []string) map[string]casefile.Value {
	return expr.Observe(c, paths)
}

// Hypothesis gives the index of the first call of a hypothesis, and whether the case's procedure
// has one of this name.
func (p *Planner) Hypothesis(c *casefile.Case, name string) (firstCall int, ok bool) {
	proc, ok := p.procedures[c.Procedure]
	if !ok {
		return 0, false
	}
	h := proc.find(name)
	if h == nil {
		return 0, false
	}
	for i := range h.Do {
		if h.Do[i].Call != nil {
			return i, true
		}
	}
	return 0, true
}

// Goal gives the goal of a procedure, and whether there is one of this name.
func (p *Planner) Goal(procedure string) (goal string, ok bool) {
	proc, ok := p.procedures[procedure]
	if !ok {
		return "", false
	}
	return proc.Goal, true
}

func (p *Procedure) find(name string) *Hypothesis {
	for i := range p.Hypotheses {
		if p.Hypotheses[i].Name == name {
			return &p.Hypotheses[i]
		}
	}
	return nil
}

// evidence names the entries that the values at paths came with.
func (r *run) evidence(paths []string) []string {
	var list []string
	seen := map[string]bool{}
	for _, path := range paths {
		root, rest, _ := strings.Cut(path, ".")
		name, _, _ := strings.Cut(rest, ".")
		ref := ""
		switch root {
		case "facts":
			if f, ok := r.c.Facts[name]; ok {
				ref = casefile.EvidenceEntry(f.Seq)
			}
		case "inputs":
			if in, ok := r.c.Inputs[name]; ok {
				ref = casefile.EvidenceSignal(in.Signal)
			}
		case "signal":
			if len(r.c.Signals) > 0 {
				ref = casefile.EvidenceSignal(r.c.Signals[0].ID)
			}
		}
		if ref != "" && !seen[ref] {
			seen[ref] = true
			list = append(list, ref)
		}
	}
	return list
}

func escalate(code casefile.StopCode, detail string, evidence []string) casefile.Decision {
	return casefile.Escalate{Stop: casefile.Stop{Code: code, Detail: detail}, Evidence: evidence}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " (" + b + ")"
}
