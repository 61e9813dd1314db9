package pages

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"resolute/agent/figures"
	"resolute/agent/people"
	"resolute/agent/policy"
	places "resolute/agent/source"
	"resolute/agent/table"
)

// Figures is what rules said and how tools answered; a figures.Figures has it.
type Figures interface {
	Rules(ctx context.Context) ([]figures.Rule, error)
	Tools(ctx context.Context) ([]figures.Tool, error)
}

type policiesPage struct {
	Shell    Shell
	Version  string
	Policies []PolicyView
	Built    []RuleCard // what no policy says: assurance, repeats, risk
	Tables   []TableView
}

// PolicyView is a policy with its rules as cards.
type PolicyView struct {
	Name  string
	File  string
	Tools []string
	Rules []RuleCard
}

// RuleCard is a rule with how often it fired.
type RuleCard struct {
	Name, Says string // allow, approve or deny; bind, from, budget or risk
	Tone, Icon string
	When       string
	Reason, By string
	Cites      []Link
	Tables     []string // that it reads
	Fired      string
	Last       Moment
	LastCase   string
	Amounts    string // "12.00 to 189.00, 201.00 in all", "" for none
}

// TableView is a table that rules look things up in.
type TableView struct {
	Name    string
	Columns []Pair // with their types
	Rows    [][]string
	More    int
	File    string
}

// tableRows is how many rows of a table a page shows.
const tableRows = 30

func (s *site) policies(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p := policiesPage{Shell: s.shell(r, who, "Policies", "/policies")}
	b, err := s.Bundles.Active()
	if err != nil {
		return s.render(w, http.StatusOK, "policies", p)
	}
	said, err := s.Figures.Rules(r.Context())
	if err != nil {
		return err
	}
	v := s.viewer(who)
	c := cards{fired: map[string]figures.Rule{}, v: v}
	for _, f := range said {
		c.fired[f.Policy+"/"+f.Rule] = f
	}
	p.Version = b.Version
	for _, one := range b.Guard.Policies() {
		p.Policies = append(p.Policies, c.policy(one))
	}
	for _, f := range said {
		if f.Policy == "" {
			p.Built = append(p.Built, c.fill(RuleCard{Name: f.Rule, Says: "built in", Icon: "left"}, "", f.Rule))
		}
	}
	files, err := s.Versions.Files(r.Context(), b.Version)
	if err != nil {
		return err
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(file) == "tables" && strings.HasSuffix(file, ".csv") {
			p.Tables = append(p.Tables, tableView(file, files[file]))
		}
	}
	return s.render(w, http.StatusOK, "policies", p)
}

// cards makes cards of rules.
type cards struct {
	fired map[string]figures.Rule
	v     viewer
}

func (c cards) policy(p *policy.Policy) PolicyView {
	view := PolicyView{Name: p.Name, File: p.Pos.File, Tools: p.AppliesTo}
	if at := strings.LastIndex(view.File, "policies/"); at >= 0 {
		view.File = view.File[at:] // a place begins with the folder as whoever applied it gave it
	}
	for i := range p.Bind {
		b := &p.Bind[i]
		if b.To != nil {
			view.Rules = append(view.Rules, c.fill(RuleCard{Name: b.Arg, Says: "bind", Icon: "ev-full", When: b.Arg + " is " + b.To.Source, Tables: tablesOf(b.To.Sources())}, p.Name, b.Rule))
		}
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		card := RuleCard{Name: r.ID, Says: string(r.Says), Icon: map[string]string{"deny": "escalated", "approve": "approval", "allow": "ok"}[string(r.Says)], Reason: r.Reason, By: r.By}
		card.Tone = map[string]string{"deny": "escalated", "approve": "approval"}[string(r.Says)]
		if r.When != nil {
			card.When, card.Tables = r.When.Source, tablesOf(r.When.Sources())
		}
		for _, cite := range r.Cites {
			card.Cites = append(card.Cites, Link{Name: cite, Link: knowledgeLink(cite)})
		}
		view.Rules = append(view.Rules, c.fill(card, p.Name, r.ID))
	}
	for i := range p.Budgets {
		b := &p.Budgets[i]
		most := thousands(int(b.Max))
		if b.Sum != nil && strings.HasSuffix(b.Sum.Source, "_cents") {
			most = money(b.Max, c.v.currency)
		}
		card := RuleCard{Name: b.ID, Says: "budget", Icon: "waiting", Reason: fmt.Sprintf("at most %s within %s, beyond it %s", most, span(b.Window), b.Beyond)}
		if b.Sum != nil {
			card.When = "sum of " + b.Sum.Source
		}
		if b.Per != nil {
			card.When += " per " + b.Per.Source
		}
		view.Rules = append(view.Rules, c.fill(card, p.Name, b.ID))
	}
	for i := range p.Risk {
		f := &p.Risk[i]
		card := RuleCard{Name: f.ID, Says: "risk", Icon: "off", Reason: strings.TrimSpace(fmt.Sprintf("adds %d of 100. %s", f.Add, f.Reason))}
		if f.When != nil {
			card.When, card.Tables = f.When.Source, tablesOf(f.When.Sources())
		}
		view.Rules = append(view.Rules, c.fill(card, p.Name, f.ID))
	}
	return view
}

// fill adds how often a rule fired, and on what.
func (c cards) fill(card RuleCard, policy, rule string) RuleCard {
	f, ok := c.fired[policy+"/"+rule]
	if !ok || f.Fired == 0 {
		card.Fired = "never fired"
		return card
	}
	card.Fired, card.Last, card.LastCase = "fired "+times(f.Fired), moment(f.Last, c.v.now), f.Case
	if f.Priced > 0 {
		card.Amounts = money(f.Least, c.v.currency)
		if f.Most != f.Least {
			card.Amounts += " to " + money(f.Most, c.v.currency)
		}
		if f.Priced > 1 {
			card.Amounts += ", " + money(f.Sum, c.v.currency) + " in all"
		}
	}
	return card
}

// tablesOf names the tables among the paths that an expression reads.
func tablesOf(paths []string) []string {
	var list []string
	for _, p := range paths {
		if name, ok := strings.CutPrefix(p, "tables."); ok {
			name, _, _ = strings.Cut(name, ".")
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func tableView(file string, text []byte) TableView {
	view := TableView{Name: strings.TrimSuffix(path.Base(file), ".csv"), File: file}
	var problems places.Problems
	t := table.Parse(file, text, &problems)
	if t == nil {
		return view
	}
	for _, c := range t.Columns {
		view.Columns = append(view.Columns, Pair{Name: c.Name, Text: string(c.Type)})
	}
	for i, row := range t.Rows {
		if i == tableRows {
			view.More = len(t.Rows) - tableRows
			break
		}
		var cells []string
		for _, c := range t.Columns {
			cells = append(cells, argText(row[c.Name]))
		}
		view.Rows = append(view.Rows, cells)
	}
	return view
}
