package policy

import (
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// Known is what a bundle says that its policies are about.
type Known struct {
	Tools      map[string][]string // each with the names of its arguments, nil where unknown
	Procedures []string
	All        bool // every plugin's tools are among Tools
}

// Warn warns of what does nothing or can't work: rules that no example fires, rules that can never
// fire or always deny, and patterns that no tool fits. The examples must have run.
func (p *Policy) Warn(k Known, problems *source.Problems) {
	tools := k.applied(p)
	if len(tools) == 0 && k.All {
		problems.Warn(p.Pos, "policy %s applies to no tool that there is, so it does nothing", p.Name)
	}
	fired := p.fired()
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.When == nil {
			continue
		}
		switch why := k.never(r.When, tools); {
		case why != "":
			problems.Warn(r.When.Pos, "rule %s can never fire: %s", r.ID, why)
		case !slices.Contains(fired, r.ID):
			problems.Warn(r.Pos, "no example fires rule %s, so nothing shows that it does what it is for; add one to examples", r.ID)
		}
		if arg := k.lacking(r.When, tools); arg != "" {
			problems.Warn(r.When.Pos, "rule %s reads action.args.%s, and no tool that policy %s applies to has that argument%s; what can't be read denies",
				r.ID, arg, p.Name, source.Nearest(arg, k.arguments(tools)))
		}
	}
}

// fired are the rules that some example fires.
func (p *Policy) fired() []string {
	var ids []string
	for _, e := range p.Examples {
		for _, r := range p.judgeExample(e).Rules {
			if r.Fired && r.Error == "" {
				ids = append(ids, r.Rule)
			}
		}
	}
	return ids
}

// applied are the known tools that a policy applies to.
func (k Known) applied(p *Policy) []string {
	var list []string
	for tool := range k.Tools {
		if p.Applies(tool) {
			list = append(list, tool)
		}
	}
	slices.Sort(list)
	return list
}

// never says why a condition can't hold, "" if it may.
func (k Known) never(e *expr.Program, tools []string) string {
	if e.Never() {
		return "its condition contradicts itself"
	}
	for _, c := range e.Claims() {
		name, isText := c.Value.(string)
		if c.Op != "==" || !isText {
			continue
		}
		switch {
		case c.Path == "action.tool" && k.All && !slices.Contains(tools, name):
			return "the policy doesn't apply to " + name + source.Nearest(name, tools)
		case c.Path == "action.procedure" && !slices.Contains(k.Procedures, name):
			return "there is no procedure " + name + source.Nearest(name, k.Procedures)
		case c.Path == "action.effect" && name != "write" && name != "irreversible":
			return "rules judge what writes, and the effect of that is never " + name
		}
	}
	return ""
}

// lacking gives an argument that a condition reads and that none of the tools has.
func (k Known) lacking(e *expr.Program, tools []string) string {
	known := k.arguments(tools)
	if !k.All || len(known) == 0 || slices.ContainsFunc(tools, func(t string) bool { return k.Tools[t] == nil }) {
		return ""
	}
	for _, path := range e.Sources() {
		if rest, ok := strings.CutPrefix(path, "action.args."); ok {
			if arg, _, _ := strings.Cut(rest, "."); !slices.Contains(known, arg) {
				return arg
			}
		}
	}
	return ""
}

func (k Known) arguments(tools []string) []string {
	var all []string
	for _, t := range tools {
		all = append(all, k.Tools[t]...)
	}
	return all
}

// Covers reports whether a policy applies to a tool.
func (g *Guard) Covers(tool string) bool {
	return slices.ContainsFunc(g.policies, func(p *Policy) bool { return p.Applies(tool) })
}

// Doubtful gives the arguments of a tool that say whom or how much, that nothing binds, and that are
// made from what customers can write, each with the path of that. Gives is the tool that a fact of the
// procedure comes from, "" for none; sources are what each argument is made from.
func (g *Guard) Doubtful(tool string, sources map[string][]string, gives func(fact string) string) map[string]string {
	doubtful := map[string]string{}
	for arg, paths := range sources {
		if g.tools[tool].mark(arg) == "" || g.binds(tool, arg) {
			continue
		}
		for _, path := range paths {
			if g.mayBeTheCustomers(path, gives) {
				doubtful[arg] = path
				break
			}
		}
	}
	return doubtful
}

// mayBeTheCustomers reports whether a path is the customer's in every case, as far as that can be told
// without one.
func (g *Guard) mayBeTheCustomers(path string, gives func(fact string) string) bool {
	root, rest, _ := strings.Cut(path, ".")
	if root != "facts" {
		vouched := &casefile.Case{Customer: casefile.Customer{Assurance: casefile.AssuranceVouched}}
		return origin(vouched, g.tools, path) == casefile.FromCustomer
	}
	fact, field, deeper := strings.Cut(rest, ".")
	tool := gives(fact)
	if !deeper || tool == "" {
		return tool == ""
	}
	at := strings.Split(field, ".")
	return !slices.ContainsFunc(g.tools[tool].Trusted, func(pointer string) bool {
		trusted := parts(pointer)
		return covers(trusted, at) || covers(at, trusted)
	})
}
