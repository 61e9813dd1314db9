package suggest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"resolute/agent/confidence"
	"resolute/agent/policy"
	"resolute/agent/source/amend"
)

// threshold is a rule that asks above a number.
var threshold = regexp.MustCompile(`^\s*([a-z][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*(>=|>)\s*([0-9]{1,15})\s*$`)

// asking is a rule of the active version that asks for a person.
type asking struct {
	policy, rule string
	path         string // file
	at           amend.Path
	when         string
	reason       string
}

// rules finds rules that ask for what is always approved, or always rejected.
func (m *miner) rules() {
	said := m.v.Guard.Rules()
	keys, groups := m.grouped(func(d *Deed) string {
		if len(d.Rules) != 1 || d.Rules[0].Says == "" {
			return ""
		}
		f := d.Rules[0]
		if f.Says != said[policy.RuleName{Policy: f.Policy, Rule: f.Rule}] {
			return "" // it was about another rule, or the rule is gone
		}
		return joined(f.Policy, f.Rule)
	})
	for _, k := range keys {
		f := groups[k][0].Rules[0]
		if a, ok := m.asking(f.Policy, f.Rule); ok {
			m.loosen(a, groups[k])
			m.deny(a, groups[k])
		}
	}
}

func (m *miner) asking(policy, rule string) (a asking, ok bool) {
	path, root, ok := m.v.file("policies", "policy", policy)
	if !ok {
		return a, false
	}
	rules, _ := get(root, "rules")
	i := named(rules, "id", rule)
	if i < 0 {
		return a, false
	}
	n := rules.List()[i]
	a = asking{policy: policy, rule: rule, path: path, at: amend.Path{"rules", i}, when: word(n, "approve"), reason: word(n, "reason")}
	return a, a.when != ""
}

// loosen proposes to ask only above what was always approved.
func (m *miner) loosen(a asking, deeds []Deed) {
	parts := threshold.FindStringSubmatch(a.when)
	if parts == nil {
		return
	}
	path, sign := parts[1], parts[2]
	limit, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil {
		return
	}
	asked := with(deeds, func(d *Deed) bool {
		n, ok := d.Observed[path]
		return ok && d.Alone && (n > limit || sign == ">=" && n == limit)
	})
	agreed := func(d *Deed) bool { return d.How == Approved && d.Held && !d.Reversed }
	against := func(d *Deed) bool { return d.How != Approved || d.Reversed }
	upTo, lowest := int64(0), int64(-1)
	for i := range asked {
		n := asked[i].Observed[path]
		if against(&asked[i]) && (lowest < 0 || n < lowest) {
			lowest = n
		}
		if agreed(&asked[i]) {
			upTo = max(upTo, n)
		}
	}
	below := int64(0) // the most that was approved below all that wasn't
	for i := range asked {
		if n := asked[i].Observed[path]; agreed(&asked[i]) && (lowest < 0 || n < lowest) {
			below = max(below, n)
		}
	}
	level := 1 - (1-m.Confidence)/2 // there are two looks
	for _, most := range []int64{upTo, below} {
		yes := fair(with(asked, func(d *Deed) bool { return agreed(d) && d.Observed[path] <= most }))
		no := len(with(asked, func(d *Deed) bool { return against(d) && d.Observed[path] <= most }))
		if most <= limit || len(yes)+no < m.After || accounts(yes) < m.People || !confidence.Above(len(yes), no, m.Agreement, level) {
			continue
		}
		now := most
		if sign == ">=" {
			now++
		}
		text, err := amend.Set(m.v.Files[a.path], append(a.at, "approve"), fmt.Sprintf("%s %s %d", path, sign, now))
		if err != nil {
			return
		}
		if was := money(limit); strings.Contains(a.reason, was) {
			if told, err := amend.Set(text, append(a.at, "reason"), strings.Replace(a.reason, was, money(now), 1)); err == nil {
				text = told
			}
		}
		bound := confidence.LowerBound(len(yes), no, level)
		m.suggest(Suggestion{Kind: Loosen, Title: fmt.Sprintf("Ask by %s of policy %s above %d instead of %d", a.rule, a.policy, now, limit),
			Why: fmt.Sprintf("people approved %d of %d actions up to %d as they were: at least %.3f of such, at a confidence of %v that holds at every look",
				len(yes), len(yes)+no, most, bound, m.Confidence),
			files: map[string][]byte{a.path: text}, policy: a.policy, rule: a.rule}, joined(a.policy, a.rule), yes,
			func(d *Deed) string { return fmt.Sprintf("approved %s with %s %d", d.Tool, path, d.Observed[path]) })
		return
	}
}

// deny proposes to deny what is always rejected.
func (m *miner) deny(a asking, deeds []Deed) {
	no := fair(with(deeds, func(d *Deed) bool { return d.How == Rejected }))
	other := len(deeds) - len(with(deeds, func(d *Deed) bool { return d.How == Rejected }))
	if len(no)+other < m.After || accounts(no) < m.People || !confidence.Above(len(no), other, m.Agreement, m.Confidence) {
		return
	}
	text, err := amend.Rename(m.v.Files[a.path], a.at, "approve", "deny")
	if err != nil {
		return
	}
	m.suggest(Suggestion{Kind: Tighten, Title: fmt.Sprintf("Deny what %s of policy %s asks about", a.rule, a.policy),
		Why: fmt.Sprintf("people rejected %d of %d actions that it asked about: at least %.3f of such, at a confidence of %v that holds at every look",
			len(no), len(no)+other, confidence.LowerBound(len(no), other, m.Confidence), m.Confidence),
		files: map[string][]byte{a.path: text}, policy: a.policy, rule: a.rule}, joined(a.policy, a.rule), no,
		func(d *Deed) string { return "rejected " + d.Tool })
}

// money writes minor units as texts of bundles do.
func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
