package bundle

import "resolute/agent/rehearsal/scenario"

// questions are what the procedures ask customers for.
func (l *loader) questions() (list []scenario.Question) {
	for _, p := range l.Procedures {
		for i := range p.Inputs {
			if in := &p.Inputs[i]; in.Ask != nil {
				list = append(list, scenario.Question{Name: in.Name, Takes: in.Answers})
			}
		}
		for i := range p.Hypotheses {
			for _, step := range p.Hypotheses[i].Do {
				if step.Ask != nil {
					list = append(list, scenario.Question{Name: step.Ask.As, Takes: step.Ask.Answers})
				}
			}
		}
	}
	return list
}
