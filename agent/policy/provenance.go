package policy

import (
	"maps"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// From is who the value of an argument may come from.
type From struct {
	Arg   string
	Pos   source.Pos
	Allow []casefile.Origin
	Rule  string // from:ARG
}

func parseFrom(e source.Entry) From {
	f := From{Arg: e.Key.Value, Pos: e.Key.Pos, Rule: "from:" + e.Key.Value}
	known := make([]string, len(casefile.Origins))
	for i, o := range casefile.Origins {
		known[i] = string(o)
	}
	for _, n := range e.Value.List() {
		f.Allow = append(f.Allow, casefile.Origin(n.OneOf(known...)))
	}
	if len(f.Allow) == 0 && e.Value.Here() {
		e.Value.Fail("from names no origin, so %s could have no value at all; name some of %s", f.Arg, strings.Join(known, ", "))
	}
	return f
}

// provenance judges where the arguments of a proposal come from.
type provenance struct {
	c     *casefile.Case
	p     *casefile.Proposal
	tools map[string]Tool
}

// origins gives where an argument's value comes from, and the paths by which anything of it is the
// customer's. It is the union over all that its expression read, a condition that chose it included.
func (v *provenance) origins(arg string) (list []casefile.Origin, customer []string) {
	add := func(o casefile.Origin) {
		if !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	reads, known := v.p.Reads[arg]
	switch {
	case v.p.ProposedBy != "":
		add(casefile.FromOperator)
		return list, nil
	case !known:
		add(casefile.FromCustomer)
		return list, []string{"nobody knows what"}
	case len(reads) == 0:
		add(casefile.FromBundle)
	}
	for _, path := range reads {
		o := origin(v.c, v.tools, path)
		if add(o); o == casefile.FromCustomer {
			customer = append(customer, path)
		}
	}
	return list, customer
}

// from denies what comes from elsewhere than a policy lets it.
func (j *judgement) from(p *Policy, f *From, v *provenance) {
	if _, there := j.args[f.Arg]; !there {
		return
	}
	said := casefile.RuleResult{Policy: p.Name, Rule: f.Rule, Says: casefile.Deny}
	list, customer := v.origins(f.Arg)
	for _, o := range list {
		if !slices.Contains(f.Allow, o) {
			said.Fired, said.Reason = true, f.Arg+" comes from "+named(o, customer)+", and may come from "+joined(f.Allow)+" only"
			break
		}
	}
	j.rules = append(j.rules, said)
}

func named(o casefile.Origin, customer []string) string {
	if o != casefile.FromCustomer {
		return string(o)
	}
	return "what customers can write (" + strings.Join(customer, ", ") + ")"
}

func joined(list []casefile.Origin) string {
	words := make([]string, len(list))
	for i, o := range list {
		words[i] = string(o)
	}
	return strings.Join(words, ", ")
}

// defaults denies arguments that say whom it is about or how much, where customers could have chosen
// them: unless a policy binds them, or a trusted fact says the same.
func (j *judgement) defaults(v *provenance, bound func(arg string) bool) {
	for _, arg := range slices.Sorted(maps.Keys(j.args)) {
		mark, path := v.marked(arg, j.args[arg])
		if mark == "" || bound(arg) {
			continue
		}
		if _, customer := v.origins(arg); len(customer) > 0 && !v.told(arg, j.args[arg]) {
			what := "whom or what it is about"
			if mark == Money {
				what = "how much"
			}
			j.fire(casefile.RuleResult{Rule: "provenance:" + arg, Says: casefile.Deny, Reason: path + " says " + what + ", and comes from " +
				named(casefile.FromCustomer, customer) + "; no trusted fact says the same, and no policy binds it"})
		}
	}
}

// marked gives the first thing in an argument that says whom or how much, with its path.
func (v *provenance) marked(path string, value any) (Mark, string) {
	if m := v.tools[v.p.Tool].mark(path); m != "" {
		return m, path
	}
	switch t := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(t)) {
			if m, at := v.marked(path+"."+key, t[key]); m != "" {
				return m, at
			}
		}
	case []any:
		for _, e := range t {
			if m, at := v.marked(path+".*", e); m != "" {
				return m, at
			}
		}
	}
	return "", ""
}

// told reports whether trusted facts say all that an argument says of whom and how much.
func (v *provenance) told(path string, value any) bool {
	marked := v.tools[v.p.Tool].mark(path) != ""
	switch t := value.(type) {
	case map[string]any:
		for key, e := range t {
			if marked && !v.leavesTold(e) || !marked && !v.told(path+"."+key, e) {
				return false
			}
		}
		return true
	case []any:
		for _, e := range t {
			if marked && !v.leavesTold(e) || !marked && !v.told(path+".*", e) {
				return false
			}
		}
		return true
	}
	return !marked || v.leavesTold(value)
}

// leavesTold reports whether trusted facts say every value in a value.
func (v *provenance) leavesTold(value any) bool {
	switch t := value.(type) {
	case map[string]any:
		for _, e := range t {
			if !v.leavesTold(e) {
				return false
			}
		}
		return true
	case []any:
		for _, e := range t {
			if !v.leavesTold(e) {
				return false
			}
		}
		return true
	}
	for _, f := range v.c.Facts {
		if f.Tool != "" && v.tools[f.Tool].says(nil, f.Value.V, value) {
			return true
		}
	}
	return false
}

// WithTools gives the guard that knows these tools, by name: which of their outputs it may trust, and
// what their arguments decide. Without, it trusts none and goes by names.
func (g *Guard) WithTools(tools map[string]Tool) *Guard {
	with := *g
	with.tools = tools
	return &with
}
