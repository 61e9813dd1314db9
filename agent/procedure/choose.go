package procedure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// consider holds a hypothesis against the case as it is.
func (r *run) consider(def *Hypothesis) casefile.Considered {
	k := casefile.Considered{Hypothesis: def.Name, Held: true, Tried: r.tried(def.Name)}
	if def.When != nil {
		held, err := def.When.Bool(r.vars)
		k.When, k.Held, k.Observed = def.When.Source, held, expr.Observe(r.c, def.When.Reads())
		if err != nil {
			k.Held, k.Error = false, err.Error()
		}
	}
	return k
}

func (p *Planner) run(c *casefile.Case, now time.Time) *run {
	proc := p.procedures[c.Procedure]
	if proc == nil {
		return nil
	}
	return &run{Procedure: proc, planner: p, c: c, vars: p.vars(c, now), now: now}
}

// Plausible gives the names of the hypotheses that hold and weren't tried, in their order.
func (p *Planner) Plausible(c *casefile.Case, now time.Time) []string {
	r := p.run(c, now)
	if r == nil {
		return nil
	}
	var list []string
	for i := range r.Hypotheses {
		if k := r.consider(&r.Hypotheses[i]); k.Held && !k.Tried {
			list = append(list, k.Hypothesis)
		}
	}
	return list
}

// Begin begins another plausible hypothesis than the first; statement says why. It gives nil where there
// is none of this name.
func (p *Planner) Begin(c *casefile.Case, name, statement string, now time.Time) casefile.Decision {
	r := p.run(c, now)
	if r == nil {
		return nil
	}
	chosen := &casefile.HypothesisChosen{Statement: statement}
	for i := range r.Hypotheses {
		def := &r.Hypotheses[i]
		k := r.consider(def)
		if chosen.Considered = append(chosen.Considered, k); def.Name != name || !k.Held || k.Tried {
			continue
		}
		if d := r.onTop(def); d != nil {
			return d
		}
		chosen.Hypothesis = name
	}
	if chosen.Hypothesis == "" {
		return nil
	}
	return casefile.Note{Data: chosen, Evidence: r.evidenceOf(chosen.Considered)}
}

// Missing gives the inputs that the case doesn't have.
func (p *Planner) Missing(c *casefile.Case) []*Input {
	proc := p.procedures[c.Procedure]
	if proc == nil {
		return nil
	}
	var list []*Input
	for i := range proc.Inputs {
		if _, there := c.Inputs[proc.Inputs[i].Name]; !there {
			list = append(list, &proc.Inputs[i])
		}
	}
	return list
}

// Fill takes inputs that somebody says are in the signals: each of its type, fitting its pattern in full,
// and standing there as a word of its own. It gives nil where there is nothing to take.
func (p *Planner) Fill(c *casefile.Case, values map[string]string, how string) casefile.Decision {
	found := &casefile.InputsFound{Inputs: map[string]casefile.Input{}, UpTo: c.InputsUpTo}
	for name, in := range c.Inputs {
		found.Inputs[name] = in
	}
	var evidence []string
	for _, in := range p.Missing(c) {
		v, ok := in.filled(c, values[in.Name])
		if v.How = how; !ok {
			found.Missing = append(found.Missing, in.Name)
			continue
		}
		found.Inputs[in.Name] = v
		if ref := casefile.EvidenceSignal(v.Signal); !slices.Contains(evidence, ref) {
			evidence = append(evidence, ref)
		}
	}
	if len(found.Inputs) == len(c.Inputs) {
		return nil
	}
	return casefile.Note{Data: found, Evidence: evidence}
}

// Fits says why a text is no value of the input that the case's signals hold, nil where it is one.
func (in *Input) Fits(c *casefile.Case, text string) error {
	if _, ok := in.filled(c, text); ok {
		return nil
	}
	want := "a value of type " + in.Type
	if in.Pattern != nil {
		want += " that " + in.Pattern.String() + " matches in full"
	}
	return fmt.Errorf("%q is no %s: it has to be %s, and to stand in what the customer wrote", text, in.Name, want)
}

func (in *Input) filled(c *casefile.Case, text string) (casefile.Input, bool) {
	v, ok := in.read(text)
	if v, ok = in.accepted(v, ok); text == "" || !ok {
		return casefile.Input{}, false
	}
	for i := len(c.Signals) - 1; i >= 0; i-- {
		if s := &c.Signals[i]; stands(text, s.Text()) {
			return casefile.Input{Value: casefile.Value{V: v}, Signal: s.ID}, true
		}
	}
	return casefile.Input{}, false
}

func (in *Input) accepted(v any, read bool) (any, bool) {
	if !read {
		return nil, false
	}
	return in.accept(v)
}

// stands reports whether a value stands in a text, and not within a word.
func stands(value, text string) bool {
	for from := 0; from+len(value) <= len(text); {
		i := strings.Index(text[from:], value)
		if i < 0 {
			return false
		}
		if alone(text, from+i, from+i+len(value)) {
			return true
		}
		from += i + 1
	}
	return false
}
