package pages

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"resolute/agent/casefile"
)

// StopView says why a case is not working, what would unblock it, and what a person can decide.
type StopView struct {
	CaseID   string
	Tone     string // the status whose shape and colour it has
	Title    string
	Code     string
	Detail   string
	Rule     string
	To       string
	Until    Moment
	UntilSay string // what happens then
	Unblock  string
	Question string // what the customer was asked
	WaitFor  string
	Near     *NearView // of a case that triage isn't sure of
	Approval *ApprovalView
	Choices  Choices
	Focus    bool // the page goes on here after a decision
}

// ApprovalView is an action, or a checkpoint, that waits for a person.
type ApprovalView struct {
	Hash, HashShort string
	Act             string // the tool in words; the checkpoint's text
	Amount          *Shown
	Tool            string // "" at a checkpoint
	Effect          string
	Args            []Argument
	Rules           []RuleView
	Drift           []DriftView
	Asked           Moment
	Because         []Cited
	By              string
	Granted         string  // actor, once somebody said yes
	Newer           []Claim // what arrived since it was asked
	Proposed        string  // who proposed it, "" for the agent
}

// Argument is a value that the call is given, and where it comes from.
type Argument struct {
	Field
	Evidence Evidence
	Path     string // of the fact that holds the same value, "" for none
}

// RuleView is what one rule said.
type RuleView struct {
	Note                   string // what it has to say without firing
	Name, Says, Reason, By string
	Fired                  bool
	Cites                  []Cited
}

// DriftView is a value that changed since the approval was first asked for.
type DriftView struct {
	Path      string
	Then, Now Shown
}

// Choices is what a person may decide about a case, with what each does said before the buttons.
type Choices struct {
	CaseID  string
	Subject string
	Says    []Says
	Main    []Choice
	Also    []Choice
	Hash    string // of the approval that the choices are about
	Seen    string // as which case's state they are offered
	Locked  string // why nothing can be decided, "" if it can
	Ask     string // the choice whose dialog is open
	Wrong   string // what was wrong with what was asked in it, "" for nothing
	Next    string // page to go on with, "" for the case itself
}

// Says is one sentence on what a decision does.
type Says struct{ Word, Does string }

// Choice is one decision.
type Choice struct {
	Name    casefile.DecisionName
	As      string // what its dialog is called, where it isn't the decision
	Label   string
	Key     string // of the keyboard
	Primary bool
	Asks    bool   // a dialog asks for the reason first
	Needs   bool   // the reason must be given
	Heading string // of the dialog
	Does    string
	Button  string // what the button says that does it, where it isn't the label
	Stays   string // what the button says that changes nothing

	Tool       string     // whose arguments Fields are
	Fields     []ArgField // of an edit, or of another action
	Tools      []ToolOption
	Hypotheses []Planned // one of them is chosen
	Chosen     string    // hypothesis
	Procedure  string    // that the case is said to be for
	Procedures []Option  // one of them is chosen
	Teach      *TeachView
}

func stopView(c *casefile.Case, v viewer) *StopView {
	if c.Status == casefile.Resolved || (c.Stop == nil && c.Approval == nil) {
		return nil
	}
	view := &StopView{CaseID: c.ID, Tone: chip(c.Status).Name}
	if s := c.Stop; s != nil {
		r := reasonFor(c)
		view.Title, view.Unblock = r.title, r.unblock
		view.Code, view.Detail, view.Rule, view.To = string(s.Code), s.Detail, s.Rule, s.To
		if s.Until != nil {
			view.Until = moment(*s.Until, v.now)
		}
	}
	if c.Status == casefile.Approving && c.Approval != nil {
		a := c.Approval
		view.Approval = approvalView(c, a, v)
		view.Title = titleOfApproval(a)
		view.Detail = cmp.Or(a.Reason, view.Detail)
		view.Rule = cmp.Or(a.Rule, view.Rule)
		view.Code = cmp.Or(view.Code, string(a.Code))
		view.Until, view.UntilSay = moment(a.ExpiresAt, v.now), "then it goes to a person as approval.expired"
	} else if c.Stop == nil {
		return nil
	}
	if c.Question != nil {
		view.Question, view.Until = c.Question.Text, moment(c.Question.Until, v.now)
		if view.Detail == view.Question {
			view.Detail = "" // once is enough
		}
	}
	if c.Wait != nil {
		view.WaitFor, view.Until = c.Wait.For, moment(c.Wait.Until, v.now)
	}
	view.Choices = choices(c, v)
	view.Near = nearView(c, view.Choices, v)
	return view
}

func titleOfApproval(a *casefile.Approval) string {
	switch {
	case a.Action == nil:
		return "A person looks before it goes on"
	case a.By == "":
		return "Waits for a person"
	case strings.IndexByte("aeiou", a.By[0]) >= 0:
		return "Waits for an " + a.By
	}
	return "Waits for a " + a.By
}

func approvalView(c *casefile.Case, a *casefile.Approval, v viewer) *ApprovalView {
	view := &ApprovalView{Hash: a.Hash, HashShort: digest(a.Hash), Asked: moment(a.AskedAt, v.now), By: a.By, Granted: actor(a.GrantedBy), Act: a.Reason}
	if a.ProposedBy != "" {
		view.Proposed = proposer(c, a)
	}
	if a.Action != nil {
		view.Tool, view.Effect, view.Act = a.Action.Tool, effectWords(a.Action.Effect), actWords(a.Action.Tool)
		if n, currency, ok := amountOf(a.Action.Args, v.currency); ok {
			view.Amount = &Shown{Text: money(n, currency), Raw: fmt.Sprint(n), Currency: currency}
		}
		view.Args = arguments(c, a, v)
	}
	for _, r := range a.Rules {
		view.Rules = append(view.Rules, ruleView(c, r))
	}
	view.Rules = append(view.Rules, weighed(a.Authority, a.Risk)...)
	view.Newer = newer(c, a)
	slices.SortStableFunc(view.Rules, func(a, b RuleView) int {
		if a.Fired == b.Fired {
			return 0
		}
		if a.Fired {
			return -1
		}
		return 1
	})
	for _, d := range a.Changed {
		name := d.Path[strings.LastIndexByte(d.Path, '.')+1:]
		view.Drift = append(view.Drift, DriftView{Path: d.Path, Then: shown(name, d.Then.V, nil, v.currency, v.now), Now: shown(name, d.Now.V, nil, v.currency, v.now)})
	}
	for _, e := range a.Evidence {
		view.Because = append(view.Because, cited(c, e))
	}
	return view
}

// arguments shows each argument of the call and the fact that has the same value, if one has.
func arguments(c *casefile.Case, a *casefile.Approval, v viewer) []Argument {
	var list []Argument
	for _, name := range slices.Sorted(maps.Keys(a.Action.Args)) {
		value := a.Action.Args[name]
		arg := Argument{Field: Field{Name: name, Shown: shown(name, value, a.Action.Args, v.currency, v.now)}, Evidence: byBundle()}
		if a.ProposedBy != "" {
			arg.Evidence = byOperator()
		} else if path, e, ok := origin(c, value); ok {
			arg.Path, arg.Evidence = path, e
		}
		list = append(list, arg)
	}
	return list
}

// origin finds the fact or the input that holds a value; facts that tools gave come first.
func origin(c *casefile.Case, value any) (path string, e Evidence, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(c.Facts)) {
		if f := c.Facts[name]; f.Tool != "" {
			if path, ok := find("facts."+name, f.Value.V, value, 0); ok {
				return path, byTool(), true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Inputs)) {
		if c.Inputs[name].Value.V == value {
			return "inputs." + name, byCustomer(), true
		}
	}
	return "", Evidence{}, false
}

// find looks for a scalar in a value, in an order that is always the same.
func find(path string, in, value any, depth int) (string, bool) {
	switch t := in.(type) {
	case map[string]any:
		if depth > 4 {
			return "", false
		}
		for _, k := range slices.Sorted(maps.Keys(t)) {
			if p, ok := find(path+"."+k, t[k], value, depth+1); ok {
				return p, true
			}
		}
	case []any:
		if depth > 4 {
			return "", false
		}
		for i, e := range t {
			if p, ok := find(fmt.Sprintf("%s[%d]", path, i), e, value, depth+1); ok {
				return p, true
			}
		}
	case string:
		s, ok := value.(string)
		return path, ok && s == t && s != ""
	case int64:
		n, ok := value.(int64)
		return path, ok && n == t
	}
	return "", false
}

func ruleView(c *casefile.Case, r casefile.RuleResult) RuleView {
	view := RuleView{Name: r.Rule, Fired: r.Fired, Reason: r.Reason, By: r.By, Says: string(r.Says)}
	if r.Policy != "" {
		view.Name = r.Policy + "/" + r.Rule
	}
	if r.Error != "" {
		view.Reason, view.Fired, view.Says = "could not be evaluated, so it denies: "+r.Error, true, string(casefile.Deny)
	}
	for _, a := range r.Cites {
		view.Cites = append(view.Cites, cited(c, a))
	}
	return view
}

// actWords turns billing.refund_payment into "Refund payment".
func actWords(tool string) string {
	name := tool[strings.LastIndexByte(tool, '.')+1:]
	name = strings.ReplaceAll(strings.ReplaceAll(name, "_", " "), "-", " ")
	if name == "" {
		return tool
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

func effectWords(effect string) string {
	switch effect {
	case "read":
		return "a read"
	case "irreversible":
		return "a write that nothing undoes"
	}
	return "a write"
}

// actor is an entry's actor as people say it.
func actor(a string) string {
	switch a {
	case "":
		return ""
	case casefile.ActorAgent:
		return "the agent"
	case casefile.ActorSystem:
		return "the system"
	}
	if name, ok := strings.CutPrefix(a, "user:"); ok {
		return name
	}
	if name, ok := strings.CutPrefix(a, "token:"); ok {
		return "token " + name
	}
	return a
}
