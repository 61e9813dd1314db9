package learner

import (
	"cmp"
	"maps"
	"slices"
)

// How much is kept. What counts of it is said by choose.
const (
	mostOfClass    = 1000 // cases of a procedure; the oldest make room
	mostOfCustomer = 20   // of these, of one customer; further ones aren't kept
)

// pool is what cases teach, by case. It is not safe for concurrent use.
type pool struct {
	cases map[string]*Evidence
	class map[string]map[string]*Evidence // by procedure and case
}

func newPool() *pool {
	return &pool{cases: map[string]*Evidence{}, class: map[string]map[string]*Evidence{}}
}

// put takes in what a case teaches now, and gives the cases of which something else is kept than before.
func (p *pool) put(caseID string, e *Evidence) (changed []string) {
	old := p.cases[caseID]
	if e != nil && p.crowded(e) {
		e = nil
	}
	if old == nil && e == nil || old != nil && e != nil && *old == *e {
		return nil
	}
	p.drop(caseID)
	if e == nil {
		return []string{caseID}
	}
	changed = []string{caseID}
	if list := p.class[e.Procedure]; len(list) >= mostOfClass {
		oldest := slices.MinFunc(slices.Collect(maps.Values(list)), older)
		p.drop(oldest.Case)
		changed = append(changed, oldest.Case)
	}
	p.cases[caseID] = e
	if p.class[e.Procedure] == nil {
		p.class[e.Procedure] = map[string]*Evidence{}
	}
	p.class[e.Procedure][caseID] = e
	return changed
}

// crowded reports whether enough is kept of what the customer wrote for the procedure.
func (p *pool) crowded(e *Evidence) bool {
	n := 0
	for _, x := range p.class[e.Procedure] {
		if x.Customer == e.Customer && x.Customer != "" && x.Case != e.Case {
			n++
		}
	}
	return n >= mostOfCustomer
}

func (p *pool) drop(caseID string) {
	if old := p.cases[caseID]; old != nil {
		delete(p.class[old.Procedure], caseID)
		delete(p.cases, caseID)
	}
}

func older(a, b *Evidence) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Case, b.Case)) }
