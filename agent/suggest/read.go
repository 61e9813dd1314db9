package suggest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/policy"
)

// Versions gives a stored version of the bundle, nil where it is gone.
type Versions func(version string) *bundle.Bundle

// Read gives the deeds in a case, from all its entries, ascending; and the planner's own choice where that
// held in the end. It is pure but for versions.
func Read(caseID string, entries []casefile.Entry, versions Versions) (list []Deed, kept *Choice) {
	r := reader{c: casefile.New(caseID), versions: versions}
	for i := range entries {
		e := &entries[i]
		if d, ok := e.Data.(*casefile.OperatorDecided); ok {
			r.decided(e, d)
		}
		r.c.Fold(e)
	}
	r.judge()
	return r.list, r.kept()
}

// reader folds a case and notes what people did in it.
type reader struct {
	c        *casefile.Case
	versions Versions
	list     []Deed
}

// add keeps a deed.
func (r *reader) add(e *casefile.Entry, d Deed) {
	d.Case, d.Seq, d.At, d.Actor = r.c.ID, e.Seq, e.At, e.Actor
	d.Customer = r.c.Customer.Who()
	if d.Procedure == "" {
		d.Procedure = r.c.Procedure
	}
	d.Note = blank(d.Note, r.c.Customer)
	r.list = append(r.list, d)
}

// told is a deed with what the customer wrote.
func (r *reader) told(d Deed) Deed {
	text := r.c.OpeningText()
	d.Text, d.Found = blank(text, r.c.Customer), r.found(text)
	if len(r.c.Signals) > 0 {
		d.Signal = r.c.Signals[0].Type
	}
	return d
}

// decided notes a decision, before it is folded.
func (r *reader) decided(e *casefile.Entry, d *casefile.OperatorDecided) {
	deed := Deed{By: d.Principal, Note: d.Note}
	a := r.c.Approval
	if a != nil && (a.Action == nil || a.GrantedBy != "" || a.ProposedBy != "") {
		a = nil // a checkpoint, decided already, or what a person proposed
	}
	if a != nil {
		deed.Hypothesis, deed.Tool, deed.Args = a.Hypothesis, a.Action.Tool, a.Action.Args
		deed.Rules, deed.Observed = r.fired(e, a), observed(a)
		deed.Alone = a.Code == casefile.StopPolicyApproval && len(a.Exceeded) == 0 && (a.Authority == nil || a.Authority.Level == casefile.LevelAct)
		if h := r.c.Current(); h != nil {
			deed.Step = h.Step
		}
	}
	switch d.Decision {
	case casefile.DecideApprove, casefile.DecideReject:
		if deed.How = Approved; d.Decision == casefile.DecideReject {
			deed.How = Rejected
		}
		if a != nil {
			r.add(e, deed)
		}
	case casefile.DecideEdit:
		if a != nil && d.Action != nil {
			deed.How, deed.Changed = Edited, changes(a.Action.Args, d.Action.Args)
			deed.Paths = r.paths(deed.Changed)
			r.add(e, deed)
		}
	case casefile.DecideOverride:
		r.overridden(e, d, deed)
	case casefile.DecideClose:
		r.placed(e, d)
		if r.c.Procedure == "" && (d.Procedure == "" || d.Procedure == casefile.NoProcedure) {
			r.add(e, r.told(Deed{How: Settled, By: d.Principal, Note: d.Note, Held: true}))
		}
	}
}

// placed notes which procedure a case is for, where triage said another or none.
func (r *reader) placed(e *casefile.Entry, d *casefile.OperatorDecided) {
	if t := r.c.Triaged; d.Procedure != "" && d.Procedure != casefile.NoProcedure && t != nil && t.Procedure != d.Procedure {
		r.add(e, r.told(Deed{How: Placed, By: d.Principal, Procedure: d.Procedure, Note: d.Note, Held: true}))
	}
}

// overridden notes what a person put in place of the plan.
func (r *reader) overridden(e *casefile.Entry, d *casefile.OperatorDecided, deed Deed) {
	h := r.c.Current()
	switch {
	case d.Procedure != "":
		r.placed(e, d)
	case d.Action != nil:
		deed.How, deed.Hypothesis, deed.Step = Acted, d.Hypothesis, d.Step
		deed.Tool, deed.Args, deed.Paths = d.Action.Tool, d.Action.Args, r.paths(d.Action.Args)
		r.add(e, r.told(deed))
	case h != nil && h.Name != d.Hypothesis && h.Chosen == "":
		deed.How, deed.Hypothesis, deed.Instead, deed.Step = Chose, h.Name, d.Hypothesis, h.Step
		r.add(e, deed)
	}
}

// found names the inputs that procedures would find in a text.
func (r *reader) found(text string) (list []string) {
	b := r.versions(r.c.Bundle)
	if b == nil {
		return nil
	}
	for _, p := range b.Procedures {
		for i := range p.Inputs {
			if in := &p.Inputs[i]; in.Pattern != nil && in.Pattern.MatchString(text) {
				list = append(list, p.Name+"/"+in.Name)
			}
		}
	}
	return list
}

// kept is the planner's own choice, if the case is resolved by it.
func (r *reader) kept() *Choice {
	if r.c.Status != casefile.Resolved {
		return nil
	}
	for i := len(r.c.Hypotheses) - 1; i >= 0; i-- {
		if h := &r.c.Hypotheses[i]; h.Status == casefile.Held {
			if h.Chosen == "" {
				return &Choice{r.c.Procedure, h.Name}
			}
			break
		}
	}
	return nil
}

// judge says of each deed whether what the person wanted came about.
func (r *reader) judge() {
	held := func(hypothesis string) bool {
		return slices.ContainsFunc(r.c.Hypotheses, func(h casefile.Hypothesis) bool { return h.Name == hypothesis && h.Status == casefile.Held })
	}
	done := func(tool string, seq uint64, reversed bool) bool {
		return slices.ContainsFunc(r.c.Writes, func(w casefile.Write) bool {
			return w.Tool == tool && w.Seq > seq && (w.Reversed != 0 || w.Undone) == reversed
		})
	}
	for i := range r.list {
		switch d := &r.list[i]; d.How {
		case Chose:
			d.Held = held(d.Instead) && r.c.Status == casefile.Resolved
		case Acted: // a remedy borrows the check of the hypothesis in which they did it
			d.Held, d.Reversed = done(d.Tool, d.Seq, false) && held(d.Hypothesis) && r.c.Status == casefile.Resolved, done(d.Tool, d.Seq, true)
		case Edited, Approved:
			d.Held, d.Reversed = done(d.Tool, d.Seq, false), done(d.Tool, d.Seq, true)
		}
	}
}

// fired are the rules that asked for a person.
func (r *reader) fired(e *casefile.Entry, a *casefile.Approval) (list []Fired) {
	b := r.versions(e.Versions.Bundle)
	for _, x := range a.Rules {
		if !x.Fired || x.Says != casefile.Approve || x.Error != "" {
			continue
		}
		f := Fired{Policy: x.Policy, Rule: x.Rule}
		if b != nil {
			f.Says = b.Guard.Rules()[policy.RuleName{Policy: x.Policy, Rule: x.Rule}]
		}
		list = append(list, f)
	}
	return list
}

// observed are the whole numbers that an approval was judged on, by path.
func observed(a *casefile.Approval) map[string]int64 {
	all := map[string]int64{}
	for path, v := range a.Observed {
		if n, ok := v.V.(int64); ok {
			all[path] = n
		}
	}
	for name, v := range a.Action.Args {
		if n, ok := v.(int64); ok {
			all["action.args."+name] = n
		}
	}
	return all
}

// changes are the arguments that are others now.
func changes(was, now casefile.Object) casefile.Object {
	all := casefile.Object{}
	for name, v := range now {
		if !same(v, was[name]) {
			all[name] = v
		}
	}
	for name := range was {
		if _, ok := now[name]; !ok {
			all[name] = nil
		}
	}
	return all
}

// same compares two values by what they say.
func same(a, b any) bool {
	x, errX := json.Marshal(casefile.Value{V: a})
	y, errY := json.Marshal(casefile.Value{V: b})
	return errX == nil && errY == nil && string(x) == string(y)
}

const (
	pathDepth = 3
	pathMost  = 12 // of one argument
)

// paths finds where in the state the values of arguments stand.
func (r *reader) paths(args casefile.Object) map[string][]string {
	all := map[string][]string{}
	for _, arg := range slices.Sorted(maps.Keys(args)) {
		want := args[arg]
		switch want.(type) {
		case string, int64, float64:
		default:
			continue
		}
		find := func(path string, v any) {
			if len(all[arg]) < pathMost && same(v, want) {
				all[arg] = append(all[arg], path)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(r.c.Inputs)) {
			find("inputs."+name, r.c.Inputs[name].Value.V)
		}
		for _, name := range slices.Sorted(maps.Keys(r.c.Facts)) {
			walk("facts."+name, r.c.Facts[name].Value.V, pathDepth, find)
		}
	}
	return all
}

// identifier is a name that an expression can select by.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func walk(path string, v any, depth int, visit func(string, any)) {
	m, ok := v.(map[string]any)
	if !ok {
		visit(path, v)
		return
	}
	if depth == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if identifier.MatchString(name) {
			walk(path+"."+name, m[name], depth-1, visit)
		}
	}
}

// oneLine keeps a text from breaking out of the line that it is put on.
func oneLine(s string) string { return strings.TrimSpace(spaces.ReplaceAllString(s, " ")) }
