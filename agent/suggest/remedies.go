package suggest

import (
	"fmt"
	"slices"
	"strings"

	"resolute/agent/source/amend"
)

// remedies finds actions of their own that people take in cases of a procedure again and again.
func (m *miner) remedies() {
	keys, groups := m.grouped(func(d *Deed) string {
		if d.How != Acted || !d.Held || d.Procedure == "" {
			return ""
		}
		return joined(d.Procedure, d.Hypothesis, d.Tool)
	})
	for _, k := range keys {
		if on := groups[k]; m.enough(on, 0) {
			m.remedy(fair(on))
		}
	}
}

// remedy proposes the action as a hypothesis of its own, the last one, proven as the one in which people
// did it.
func (m *miner) remedy(on []Deed) {
	d := &on[0]
	path, list, i := m.hypothesis(d.Procedure, d.Hypothesis)
	if i < 0 {
		return
	}
	_, tool, _ := strings.Cut(d.Tool, ".")
	name := strings.ReplaceAll(strings.ToLower(tool), "_", "-") + "-as-people-do"
	verify, proven := get(list.List()[i], "verify")
	if !proven || named(list, "name", name) >= 0 {
		return
	}
	var with []string
	for _, arg := range sorted(d.Args) {
		way, ok := m.way(on, arg)
		if !ok {
			return
		}
		with = append(with, arg+": "+way)
	}
	item := fmt.Sprintf("- name: %s\n  do:\n    - {call: %s, with: {%s}}\n  verify: %s\n", name, d.Tool, strings.Join(with, ", "), flow(verify))
	text, err := amend.Insert(m.v.Files[path], amend.Path{"hypotheses"}, item)
	if err != nil {
		return
	}
	m.suggest(Suggestion{Kind: Remedy, Title: fmt.Sprintf("Let %s call %s when nothing else helps", d.Procedure, d.Tool),
		Why:   fmt.Sprintf("people called it themselves in %d cases of this procedure, and it was done", len(on)),
		files: map[string][]byte{path: text}}, joined(d.Procedure, d.Hypothesis, d.Tool), on,
		func(d *Deed) string { return "called " + d.Tool + " with " + shown(map[string]any(d.Args)) })
}

// way is how an argument is written that comes from the same place in all deeds, or is always the same.
func (m *miner) way(on []Deed, arg string) (string, bool) {
	p := m.procedure(on[0].Procedure)
	if p == nil {
		return "", false
	}
	for _, path := range on[0].Paths[arg] {
		everywhere := gathered(p, path)
		for i := range on {
			everywhere = everywhere && slices.Contains(on[i].Paths[arg], path)
		}
		if everywhere {
			return "=" + path, true
		}
	}
	for i := range on {
		if !same(on[i].Args[arg], on[0].Args[arg]) {
			return "", false
		}
	}
	switch v := on[0].Args[arg].(type) {
	case int64, bool:
		return fmt.Sprint("=", v), true
	case string:
		return quote(v), v != "" && v == oneLine(v) && !strings.HasPrefix(v, "=")
	}
	return "", false
}
