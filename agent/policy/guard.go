package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// Guard judges the actions of cases by one version of a bundle's policies.
type Guard struct {
	policies  []*Policy
	authority *Authority
	files     string      // hash of the policies' and the authority's files
	tables    expr.Tables // the zero value: as they were when the policies were compiled
	hash      string      // of files, and of the tables if a policy reads any
	tools     map[string]Tool
	gathers   func(procedure, fact string) bool // of the older version that its cases keep; see Pinned
	terms     Terms
}

// Terms are what resolute.yaml says to policies.
type Terms struct {
	Currency string // ISO 4217, of amounts without one
	// RiskApprove and RiskDeny are the risk, of 100, from which on a person decides, or nobody may.
	RiskApprove, RiskDeny int
}

// NewGuard makes a guard; hash is that of the policies' and the authority's files.
func NewGuard(policies []*Policy, authority *Authority, hash string, t Terms) *Guard {
	return &Guard{policies: policies, authority: authority, files: hash, hash: hash, terms: t}
}

// WithTables gives the guard that judges by tables as they are now. Where a policy reads tables, what
// was approved by some isn't by others.
func (g *Guard) WithTables(t expr.Tables) *Guard {
	with := *g
	with.tables, with.hash = t, g.files
	if t.Hash() != "" && slices.ContainsFunc(g.policies, (*Policy).readsTables) {
		sum := sha256.Sum256([]byte(g.files + t.Hash()))
		with.hash = hex.EncodeToString(sum[:])
	}
	return &with
}

// ReadsHistory reports whether a policy reads the customer's earlier cases.
func (g *Guard) ReadsHistory() bool { return slices.ContainsFunc(g.policies, (*Policy).readsHistory) }

// Judge gives the verdict on an action of a case. It is pure.
func (g *Guard) Judge(c *casefile.Case, p casefile.Proposal) casefile.Verdict {
	a := p.Action
	if !a.Writes() {
		return g.read(c, p)
	}
	j := judgement{tool: a.Tool, args: a.Args, terms: g.terms, vars: expr.CaseVars(c, p.Now).WithTables(g.tables).WithAction(&a, p.Hypothesis).Remembered(), ungathered: g.ungathered(c)}
	j.rules = make([]casefile.RuleResult, 0, g.ruled(a.Tool))
	origins := &provenance{c: c, p: &p, tools: g.tools}
	applies, allowed := false, false
	for _, policy := range g.policies {
		if policy.Applies(a.Tool) {
			applies = true
			allowed = j.policy(policy, origins) || allowed
			for i := range policy.Budgets {
				j.budget(policy, &policy.Budgets[i], p.Exceeded)
			}
			for i := range policy.Risk {
				j.factor(policy, &policy.Risk[i])
			}
		}
	}
	j.defaults(origins, func(arg string) bool { return g.binds(a.Tool, arg) })
	if a.Effect != "write" && a.Effect != "irreversible" {
		j.fire(casefile.RuleResult{Rule: "effect", Says: casefile.Deny, Reason: a.Tool + " has the effect " + strconv.Quote(a.Effect) + ", which nobody knows"})
	} else if a.Effect != "write" && !allowed {
		j.fire(casefile.RuleResult{Rule: "irreversible", Says: casefile.Deny, Reason: a.Tool + " can't be undone, and no rule allows it"})
	} else if !applies {
		j.fire(casefile.RuleResult{Rule: "no-policy", Says: casefile.Approve, Reason: "no policy applies to " + a.Tool})
	}
	if c.Customer.Assurance.Lower(casefile.AssuranceAuthenticated) != casefile.AssuranceAuthenticated {
		j.fire(casefile.RuleResult{Rule: "assurance", Says: casefile.Approve, Reason: "nobody vouches for who the customer is"})
	}
	if repeated(c, a) {
		j.fire(casefile.RuleResult{Rule: "repeat", Says: casefile.Approve, Reason: "the same was done already in this case"})
	}
	j.risk = append(j.risk, p.Unusual...)
	risk := j.weigh()
	standing := g.authority.Standing(c.Procedure, a)
	if p.Standing != nil {
		standing = *p.Standing
	}
	v := standing.For(p.ProposedBy).Limit(j.verdict())
	v.Policy, v.Risk = g.hash, risk
	return v
}

// read gives the verdict on a read: it is allowed, unless a policy that applies to the tool binds it
// to something else, or has a rule against it. Nothing is changed by it, so there is no budget and no risk,
// and how far the agent may act says nothing about it.
func (g *Guard) read(c *casefile.Case, p casefile.Proposal) casefile.Verdict {
	if !slices.ContainsFunc(g.policies, func(policy *Policy) bool { return policy.Applies(p.Action.Tool) }) {
		return casefile.Verdict{Outcome: casefile.Allow, Policy: g.hash}
	}
	j := judgement{tool: p.Action.Tool, args: p.Action.Args, terms: g.terms, vars: expr.CaseVars(c, p.Now).WithTables(g.tables).WithAction(&p.Action, p.Hypothesis).Remembered(), ungathered: g.ungathered(c)}
	origins := &provenance{c: c, p: &p, tools: g.tools}
	for _, policy := range g.policies {
		if policy.Applies(p.Action.Tool) {
			j.policy(policy, origins)
		}
	}
	v := j.verdict()
	v.Policy = g.hash
	return v
}

// ruled is how many results the policies for a tool give, and some more.
func (g *Guard) ruled(tool string) int {
	n := 4
	for _, p := range g.policies {
		if p.Applies(tool) {
			n += len(p.Bind) + len(p.From) + len(p.Rules) + len(p.Budgets)
		}
	}
	return n
}

// binds reports whether a policy says which value an argument must have.
func (g *Guard) binds(tool, arg string) bool {
	return slices.ContainsFunc(g.policies, func(p *Policy) bool {
		return p.Applies(tool) && slices.ContainsFunc(p.Bind, func(b Bind) bool { return b.Arg == arg })
	})
}

// repeated reports whether an equal write is done in the case and not undone.
func repeated(c *casefile.Case, a casefile.Action) bool {
	for i := range c.Writes {
		if w := &c.Writes[i]; !w.Undone && w.Tool == a.Tool && equal(map[string]any(w.Args), map[string]any(a.Args)) {
			return true
		}
	}
	return false
}

func equal(a, b any) bool {
	x, errX := casefile.EncodeValue(a)
	y, errY := casefile.EncodeValue(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// judgement gathers what the rules say about one action.
type judgement struct {
	tool  string
	args  casefile.Object
	vars  expr.Vars
	terms Terms
	rules []casefile.RuleResult
	reads []string

	ungathered func(r *expr.Program) string // see Guard.ungathered

	reserves []casefile.Reservation
	exceeded []casefile.Exceeded
	risk     []casefile.RiskPart
}

func (j *judgement) fire(r casefile.RuleResult) {
	r.Fired = true
	j.rules = append(j.rules, r)
}

// policy evaluates what a policy binds, its rules, and where it lets values come from. It reports whether
// one of its allow rules holds.
func (j *judgement) policy(p *Policy, origins *provenance) (allowed bool) {
	for i := range p.Bind {
		j.bind(p, &p.Bind[i])
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		said := casefile.RuleResult{Policy: p.Name, Rule: r.ID, Says: r.Says, Reason: r.Reason, By: r.By, Cites: r.Cites}
		if r.When == nil {
			said.Error = "it was not compiled"
		} else {
			held, err := r.When.Bool(j.vars)
			j.reads = append(j.reads, r.When.Reads()...)
			if said.Fired = held; err != nil {
				said.Error = err.Error()
			}
		}
		if said.Error != "" {
			said.Fired, said.Says, said.Reason = true, casefile.Deny, "the rule can't be evaluated, and then it denies: "+said.Error
			j.excuse(&said, r.When)
		}
		j.rules = append(j.rules, said)
		allowed = allowed || said.Fired && said.Says == casefile.Allow
	}
	for i := range p.From {
		j.from(p, &p.From[i], origins)
	}
	return allowed
}

// bind denies unless the argument has the one value that it may have.
func (j *judgement) bind(p *Policy, b *Bind) {
	said := casefile.RuleResult{Policy: p.Name, Rule: b.Rule, Says: casefile.Deny}
	want, err := any(nil), errors.New("it was not compiled")
	if b.To != nil {
		want, err = b.To.Eval(j.vars)
		j.reads = append(j.reads, b.To.Reads()...)
	}
	got, there := j.args[b.Arg]
	switch {
	case err != nil:
		said.Fired, said.Error = true, err.Error()
		said.Reason = "what " + b.Arg + " is bound to can't be evaluated: " + said.Error
		j.excuse(&said, b.To)
	case !there:
		said.Fired, said.Reason = true, b.Arg+" is absent, and it is bound to "+b.To.Source
	case !equal(got, want):
		said.Fired, said.Reason = true, b.Arg+" is not "+b.To.Source+", the only value that it may have"
	}
	j.rules = append(j.rules, said)
}

// verdict combines what fired: deny beats approve beats allow, the first of the strongest decides,
// and the highest role among those that want approval may give it.
func (j *judgement) verdict() casefile.Verdict {
	v := casefile.Verdict{Outcome: casefile.Allow, Rules: j.rules, Reads: j.reads, Reserves: j.reserves, Exceeded: j.exceeded}
	for _, r := range j.rules {
		if !r.Fired || r.Says == casefile.Allow {
			continue
		}
		if r.Says == casefile.Approve {
			v.By = higher(higher("operator", r.By), v.By)
		}
		if v.Outcome == casefile.Deny || v.Outcome == r.Says {
			continue
		}
		v.Outcome, v.Rule, v.Reason, v.Code = r.Says, r.Rule, r.Reason, r.Code
		switch {
		case v.Code != "":
		case r.Says == casefile.Deny:
			v.Code = casefile.StopPolicyDeny
		default:
			v.Code = casefile.StopPolicyApproval
		}
	}
	return v
}

// judgeExample gives the verdict of the policy's rules alone.
func (p *Policy) judgeExample(e Example) casefile.Verdict {
	action, _ := e.Given["action"].(map[string]any)
	args, _ := action["args"].(map[string]any)
	j := judgement{args: args, vars: expr.GivenVars(e.Given, exampleNow(e.Given))}
	rules := &Policy{Name: p.Name, Rules: p.Rules}
	j.policy(rules, nil)
	return j.verdict()
}

// exampleNow is the example's own time, else a fixed one.
func exampleNow(given map[string]any) time.Time {
	if text, ok := given["now"].(string); ok {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t
		}
	}
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
}
