package suggest

import (
	"maps"
	"slices"

	yaml "resolute/agent/source"
	"resolute/agent/source/amend"
)

// written is a step of a hypothesis as its file has it.
type written struct {
	path    string // file
	at      amend.Path
	with    yaml.Node
	check   string // that proves the hypothesis
	checkAt amend.Path
}

// step finds the step of a deed, if it still calls the same tool.
func (m *miner) step(d *Deed) (s written, ok bool) {
	path, list, i := m.hypothesis(d.Procedure, d.Hypothesis)
	if i < 0 {
		return s, false
	}
	h := list.List()[i]
	do, _ := get(h, "do")
	if do.IsMapping() || do.IsScalar() || d.Step >= len(do.List()) {
		return s, false
	}
	call := do.List()[d.Step]
	if word(call, "call") != d.Tool {
		return s, false
	}
	s = written{path: path, at: amend.Path{"hypotheses", i, "do", d.Step}, checkAt: amend.Path{"hypotheses", i, "verify", "check"}}
	s.with, ok = get(call, "with")
	if verify, there := get(h, "verify"); there {
		s.check = word(verify, "check")
	}
	return s, ok
}

// hypothesis finds a procedure's file with its hypotheses, and the index of one, -1 for none.
func (m *miner) hypothesis(procedure, name string) (path string, list yaml.Node, i int) {
	path, root, ok := m.v.file("procedures", "procedure", procedure)
	if !ok {
		return "", list, -1
	}
	if list, ok = get(root, "hypotheses"); !ok {
		return "", list, -1
	}
	return path, list, named(list, "name", name)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
