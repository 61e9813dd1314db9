package policy

import "resolute/agent/casefile"

// Weighed is an example of a policy with what its rules say about it.
type Weighed struct {
	Example
	Says casefile.Verdict
}

// Met reports whether the rules say what the example expects.
func (w *Weighed) Met() bool {
	return w.Says.Outcome == w.Expect && (w.Rule == "" || w.Rule == w.Says.Rule)
}

// Examples gives those of a policy, in the order of its file; none where there is no such policy.
func (g *Guard) Examples(policy string) []Weighed {
	var list []Weighed
	for _, p := range g.policies {
		for _, e := range p.Examples {
			if p.Name == policy {
				list = append(list, Weighed{e, p.judgeExample(e)})
			}
		}
	}
	return list
}
