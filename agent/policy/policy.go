// Package policy judges actions by deterministic rules: pure decisions, no I/O.
//
// Every action starts from its effect: reads are allowed; writes are allowed if a policy applies to
// them, else they need approval; irreversible ones are denied unless an allow rule holds. From
// there bindings, rules, repeats, assurance and authority only tighten. All rules are evaluated;
// deny beats approve beats allow; the verdict names every rule that fired.
//
// The guard fails closed: a rule or a binding that can't be evaluated denies, and says so.
package policy

import (
	"fmt"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// Policy is one file of a bundle's policies, compiled.
type Policy struct {
	Name      string
	Pos       source.Pos
	AppliesTo []string // PLUGIN.TOOL, PLUGIN.* or *
	Bind      []Bind
	From      []From
	Rules     []Rule
	Budgets   []Budget
	Risk      []Factor
	Examples  []Example
}

// Bind is the only value that an argument may have.
type Bind struct {
	Arg  string
	Pos  source.Pos
	To   *expr.Program
	Rule string // bind:ARG
}

// Rule is one condition with what follows when it holds.
type Rule struct {
	ID     string
	Pos    source.Pos
	Says   casefile.VerdictOutcome
	When   *expr.Program
	By     string // role that may approve, "" for operator
	Reason string
	Cites  []string
}

// Example is a situation with the verdict that the policy's rules must give.
type Example struct {
	Pos    source.Pos
	Given  map[string]any
	Expect casefile.VerdictOutcome
	Rule   string // that decides, "" for any
}

// Applies reports whether the policy is about a tool.
func (p *Policy) Applies(tool string) bool {
	plugin, _, _ := strings.Cut(tool, ".")
	for _, pattern := range p.AppliesTo {
		if pattern == "*" || pattern == tool || pattern == plugin+".*" {
			return true
		}
	}
	return false
}

// readsTables reports whether anything in the policy looks things up in tables.
func (p *Policy) readsTables() bool {
	return slices.ContainsFunc(p.programs(), func(e *expr.Program) bool { return expr.ReadsTables(e.Sources()) })
}

// readsHistory reports whether anything in the policy reads the customer's earlier cases.
func (p *Policy) readsHistory() bool {
	return slices.ContainsFunc(p.programs(), (*expr.Program).ReadsHistory)
}

// programs are all that the policy evaluates.
func (p *Policy) programs() []*expr.Program {
	var list []*expr.Program
	for i := range p.Bind {
		list = append(list, p.Bind[i].To)
	}
	for i := range p.Rules {
		list = append(list, p.Rules[i].When)
	}
	for i := range p.Budgets {
		list = append(list, p.Budgets[i].Sum, p.Budgets[i].Per)
	}
	for i := range p.Risk {
		list = append(list, p.Risk[i].When)
	}
	return slices.DeleteFunc(list, func(e *expr.Program) bool { return e == nil })
}

// roles in ascending order.
var roles = []string{"viewer", "operator", "approver", "admin"}

// higher gives the higher of two roles.
func higher(a, b string) string {
	if slices.Index(roles, a) >= slices.Index(roles, b) {
		return a
	}
	return b
}

// Parse reads a policy file; what is wrong goes to problems.
func Parse(file string, text []byte, c *expr.Compiler, problems *source.Problems) *Policy {
	m := source.Parse(file, text, problems).Mapping("policy", "applies_to", "bind", "from", "rules", "budgets", "risk", "examples")
	if !m.Here() {
		return nil
	}
	p := &Policy{Name: nameOf(m.Need("policy", "refunds")), Pos: m.Pos(), AppliesTo: m.Need("applies_to", "[shop.refund_order]").Strings()}
	for _, e := range m.Get("bind").Entries() {
		p.Bind = append(p.Bind, Bind{Arg: e.Key.Value, Pos: e.Key.Pos, Rule: "bind:" + e.Key.Value, To: c.Compile(e.Value.Text(), expr.Policy, problems)})
	}
	for _, e := range m.Get("from").Entries() {
		p.From = append(p.From, parseFrom(e))
	}
	for _, n := range m.Get("rules").List() {
		p.addRule(n, c, problems)
	}
	for _, n := range m.Get("risk").List() {
		p.addFactor(n, c, problems)
	}
	for _, n := range m.Get("budgets").List() {
		p.addBudget(n, c, problems)
	}
	for _, n := range m.Get("examples").List() {
		p.addExample(n)
	}
	return p
}

// nameOf is what verdicts, budgets and the journal call something by. A colon stands in the names of
// what isn't a rule, like bind:order_id.
func nameOf(n source.Node) string {
	name := n.String()
	if n.Here() && (strings.TrimSpace(name) == "" || strings.Contains(name, ":")) {
		n.Fail("%q is no name; give it one that verdicts can call it by, without a colon", name)
	}
	return name
}

func condition(n source.Node, c *expr.Compiler, problems *source.Problems) *expr.Program {
	p := c.Compile(n.Text(), expr.Policy, problems)
	if p != nil && p.Kind() != "bool" && p.Kind() != expr.Any {
		n.Fail("a condition is true or false, and this is a %s", p.Kind())
	}
	return p
}

func (p *Policy) addRule(n source.Node, c *expr.Compiler, problems *source.Problems) {
	m := n.Mapping("id", "deny", "approve", "allow", "by", "reason", "cites")
	r := Rule{ID: nameOf(m.Need("id", "over-100")), Pos: n.Pos(), Reason: m.Get("reason").String(), Cites: m.Get("cites").Strings()}
	if slices.ContainsFunc(p.Rules, func(o Rule) bool { return o.ID == r.ID }) {
		n.Fail("rule %s is there twice", r.ID)
	}
	if by := m.Get("by"); by.Here() {
		r.By = by.OneOf("operator", "approver", "admin")
	}
	for _, says := range []casefile.VerdictOutcome{casefile.Deny, casefile.Approve, casefile.Allow} {
		when := m.Get(string(says))
		if !when.Here() {
			continue
		}
		if r.When != nil || r.Says != "" {
			n.Fail("rule %s says more than one of deny, approve and allow; make them rules of their own", r.ID)
			return
		}
		r.Says, r.When = says, condition(when, c, problems)
	}
	if r.Says == "" && m.Here() {
		n.Fail("rule %s says nothing; give it deny, approve or allow with a condition", r.ID)
	}
	p.Rules = append(p.Rules, r)
}

func (p *Policy) addExample(n source.Node) {
	m := n.Mapping("given", "expect", "rule")
	e := Example{Pos: n.Pos(), Expect: casefile.VerdictOutcome(m.Need("expect", "approve").OneOf("allow", "approve", "deny")), Rule: m.Get("rule").String()}
	if e.Rule != "" && !slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.ID == e.Rule }) && !slices.ContainsFunc(p.Bind, func(b Bind) bool { return b.Rule == e.Rule }) {
		m.Get("rule").Fail("the policy has no rule %s", e.Rule)
	}
	given, ok := m.Need("given", "{action: {args: {amount_cents: 25000}}}").Value().(map[string]any)
	if !ok {
		given = map[string]any{}
	}
	e.Given = given
	p.Examples = append(p.Examples, e)
}

// CheckTools reports bindings of arguments that a tool lacks, and patterns that no tool fits. The
// tools are those that are known, each with the names of its arguments (nil where unknown).
func (p *Policy) CheckTools(tools map[string][]string, problems *source.Problems) {
	for tool, args := range tools {
		if !p.Applies(tool) || args == nil {
			continue
		}
		for _, b := range p.Bind {
			if !slices.Contains(args, b.Arg) {
				problems.Add(b.Pos, "%s has no argument %s%s", tool, b.Arg, source.Nearest(b.Arg, args))
			}
		}
		for _, f := range p.From {
			if !slices.Contains(args, f.Arg) {
				problems.Add(f.Pos, "%s has no argument %s%s", tool, f.Arg, source.Nearest(f.Arg, args))
			}
		}
	}
}

// RunExamples reports the examples whose verdict, by the rules alone, is another.
func (p *Policy) RunExamples(problems *source.Problems) {
	for _, e := range p.Examples {
		v := p.judgeExample(e)
		if v.Outcome == e.Expect && (e.Rule == "" || e.Rule == v.Rule) {
			continue
		}
		want := string(e.Expect)
		if e.Rule != "" {
			want += " by " + e.Rule
		}
		got := string(v.Outcome)
		if v.Rule != "" {
			got += fmt.Sprintf(" by %s (%s)", v.Rule, v.Reason)
		}
		problems.Add(e.Pos, "this example expects %s, and the rules say %s", want, got)
	}
}
