package suggest

import (
	"fmt"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// plan is what the planner is at in a case, as far as it can be followed without reading the case: until
// a person decides, or the case begins again.
type plan struct {
	procedure  string
	hypothesis string // that is tried or undone, "" for none
	whole      bool   // the case has to be read whole

	// Of the entries that were followed now: the last that a person decides with, or that ends the case or
	// begins it again.
	upTo   uint64 // its number in the case, 0 for none
	offset uint64
	kept   *Choice // the planner's own, if the case is resolved by it
}

// wholeAgain is how the plan of a case that has to be read whole is kept: for good, and nothing else of it.
const wholeAgain = "\x00"

// openPlan reads a plan as it is kept, nil for none.
func openPlan(raw []byte) (*plan, error) {
	if raw == nil {
		return &plan{}, nil
	}
	if string(raw) == wholeAgain {
		return &plan{whole: true}, nil
	}
	procedure, hypothesis, ok := strings.Cut(string(raw), "\x00")
	if !ok {
		return nil, fmt.Errorf("%w: %.40q is no plan", projection.ErrDamaged, raw)
	}
	return &plan{procedure: procedure, hypothesis: hypothesis}, nil
}

// encode gives the plan as it is kept; nil where nothing is left to follow.
func (p *plan) encode() []byte {
	switch {
	case p.whole:
		return []byte(wholeAgain)
	case p.upTo > 0, p.procedure == "" && p.hypothesis == "":
		return nil
	}
	return []byte(joined(p.procedure, p.hypothesis))
}

// fold follows an entry, as casefile.Case does.
func (p *plan) fold(e *casefile.Entry) {
	switch d := e.Data.(type) {
	case *casefile.ProcedureChosen:
		p.procedure = d.Procedure
	case *casefile.HypothesisChosen:
		p.hypothesis = d.Hypothesis
		p.whole = p.whole || d.By != ""
	case *casefile.HypothesisFailed:
		if !d.Undo {
			p.hypothesis = ""
		}
	case *casefile.HypothesisEnded:
		p.hypothesis = ""
	case *casefile.OperatorDecided, *casefile.CaseReopened:
		p.whole = true
		p.turns(e, nil)
	case *casefile.CaseResolved:
		p.whole = p.whole || p.hypothesis == "" // it may have held before
		p.turns(e, &Choice{p.procedure, p.hypothesis})
	case *casefile.CaseClosed:
		p.turns(e, nil)
	}
}

func (p *plan) turns(e *casefile.Entry, kept *Choice) {
	p.upTo, p.offset, p.kept = e.Seq, e.Offset, kept
}
