package suggest

import (
	"fmt"

	"resolute/agent/source/amend"
)

// orders finds hypotheses that people always put another one before.
func (m *miner) orders() {
	keys, groups := m.grouped(func(d *Deed) string {
		if d.How == Chose && d.Held {
			return joined(d.Procedure, d.Hypothesis)
		}
		return ""
	})
	for _, k := range keys {
		deeds := groups[k]
		all := len(deeds) + m.kept[Choice{deeds[0].Procedure, deeds[0].Hypothesis}]
		instead := map[string][]Deed{}
		for i := range deeds {
			instead[deeds[i].Instead] = append(instead[deeds[i].Instead], deeds[i])
		}
		for _, other := range sorted(instead) {
			if on := instead[other]; m.enough(on, all-len(on)) {
				m.order(other, on, all)
			}
		}
	}
}

// order proposes to try a hypothesis before another.
func (m *miner) order(first string, on []Deed, all int) {
	d := &on[0]
	path, list, from := m.hypothesis(d.Procedure, first)
	to := named(list, "name", d.Hypothesis)
	if from < 0 || to < 0 || from < to {
		return
	}
	text, err := amend.Move(m.v.Files[path], amend.Path{"hypotheses"}, from, to)
	if err != nil {
		return
	}
	m.suggest(Suggestion{Kind: Order, Title: fmt.Sprintf("Try %s before %s in %s", first, d.Hypothesis, d.Procedure),
		Why:   fmt.Sprintf("people chose %s in place of %s in %d of %d cases in which one of the two held, and it held", first, d.Hypothesis, len(on), all),
		files: map[string][]byte{path: text}}, joined(d.Procedure, d.Hypothesis, first), fair(on),
		func(d *Deed) string { return "chose " + d.Instead + " instead of " + d.Hypothesis })
}
