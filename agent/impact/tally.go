package impact

import (
	"cmp"
	"maps"
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// kind tells changes apart.
type kind struct {
	tool, wasRule, nowRule string
	was, now               casefile.VerdictOutcome
	blind                  bool
}

// sum is what is known of one kind of change.
type sum struct {
	count    int
	amounts  map[string]int64
	examples []Example
}

// tally counts decisions and what would have been others.
type tally struct {
	decisions, changed int
	kinds              map[kind]*sum
}

// decision is a verdict that was journaled.
type decision struct {
	proposal casefile.Proposal
	was      casefile.VerdictOutcome
	rule     string
	now      casefile.Verdict
	seq      uint64
	asked    string // hash of the approval that was asked for
}

// history judges the decisions of one case.
func (t *tally) history(h *journal.History, k *Candidate, p Period) error {
	entries, err := h.Entries()
	if err != nil {
		return err
	}
	within := func(e *casefile.Entry) bool {
		return !e.At.Before(p.From) && (p.To.IsZero() || e.At.Before(p.To))
	}
	c := casefile.New(h.Case)
	for i := range entries {
		e := &entries[i]
		if within(e) {
			if d := decided(e); d != nil && !slices.ContainsFunc(entries[i+1:], func(later casefile.Entry) bool { return within(&later) && sentUnder(&later, d.asked) }) {
				if effect, ok := k.Effect(d.proposal.Tool); ok {
					d.proposal.Effect = effect
				}
				d.now = k.Guard.Judge(c, d.proposal)
				t.count(h.Case, d, k)
			}
		}
		c.Fold(e)
	}
	return nil
}

// sentUnder reports whether an entry is a call that was sent under an approval, "" for none.
func sentUnder(e *casefile.Entry, hash string) bool {
	x, ok := e.Data.(*casefile.CallIntended)
	return ok && hash != "" && x.Approval == hash
}

// decided gives the decision that an entry is, nil for none.
func decided(e *casefile.Entry) *decision {
	d := &decision{seq: e.Seq}
	var v casefile.Verdict
	switch x := e.Data.(type) {
	case *casefile.CallIntended:
		if x.Verdict == nil {
			return nil
		}
		v = *x.Verdict
		d.proposal = casefile.Proposal{Action: x.Call.Action, Hypothesis: x.Call.Hypothesis, Reads: x.Call.Reads, ProposedBy: x.Call.ProposedBy}
	case *casefile.ActionDenied:
		if x.Verdict.Policy == "" { // no guard said so: the tool or its arguments were wrong
			return nil
		}
		v = x.Verdict
		d.proposal = casefile.Proposal{Action: x.Call.Action, Hypothesis: x.Call.Hypothesis, Reads: x.Call.Reads, ProposedBy: x.Call.ProposedBy}
	case *casefile.ActionShadowed:
		v = x.Shadowed.Verdict
		d.proposal = casefile.Proposal{Action: x.Shadowed.Action, Hypothesis: x.Shadowed.Hypothesis, Reads: x.Shadowed.Reads}
	case *casefile.ApprovalAsked:
		a := &x.Approval
		if a.Action == nil { // a checkpoint of the procedure
			return nil
		}
		v = casefile.Verdict{Outcome: casefile.Approve, Rule: a.Rule, Authority: a.Authority, Exceeded: a.Exceeded, Risk: a.Risk}
		d.asked = a.Hash
		d.proposal = casefile.Proposal{Action: *a.Action, Hypothesis: a.Hypothesis, Reads: a.Reads, ProposedBy: a.ProposedBy}
	default:
		return nil
	}
	d.was, d.rule = v.Outcome, v.Rule
	d.proposal.Now, d.proposal.Exceeded = e.At, v.Exceeded
	d.proposal.Standing = earned(v.Authority)
	if v.Risk != nil {
		for _, part := range v.Risk.Parts {
			if part.Policy == "" {
				d.proposal.Unusual = append(d.proposal.Unusual, part)
			}
		}
	}
	return d
}

// earned gives a level that evidence gave, nil for one of authority.yaml.
func earned(s *casefile.Standing) *casefile.Standing {
	if s == nil || s.FromFile() {
		return nil
	}
	return &casefile.Standing{Level: s.Level, Band: s.Band, Why: s.Why}
}

func (t *tally) count(caseID string, d *decision, k *Candidate) {
	t.decisions++
	if d.now.Outcome == d.was {
		return
	}
	t.changed++
	if t.kinds == nil {
		t.kinds = map[kind]*sum{}
	}
	key := kind{tool: d.proposal.Tool, was: d.was, wasRule: d.rule, now: d.now.Outcome, nowRule: d.now.Rule, blind: d.now.Blind()}
	s := t.kinds[key]
	if s == nil {
		s = &sum{amounts: map[string]int64{}}
		t.kinds[key] = s
	}
	s.count++
	if cents, ok := largest(d.proposal.Args); ok {
		currency, _ := d.proposal.Args["currency"].(string)
		s.amounts[cmp.Or(currency, k.Currency)] += cents
	}
	if len(s.examples) < mostExamples {
		s.examples = append(s.examples, Example{CaseID: caseID, Seq: d.seq})
	}
}

// add takes over what was counted of later cases.
func (t *tally) add(o tally) {
	t.decisions += o.decisions
	t.changed += o.changed
	for key, s := range o.kinds {
		if t.kinds == nil {
			t.kinds = map[kind]*sum{}
		}
		mine := t.kinds[key]
		if mine == nil {
			t.kinds[key] = s
			continue
		}
		mine.count += s.count
		for currency, cents := range s.amounts {
			mine.amounts[currency] += cents
		}
		mine.examples = append(mine.examples, s.examples[:min(len(s.examples), mostExamples-len(mine.examples))]...)
	}
}

func (t *tally) report(version string, p Period) Report {
	r := Report{Version: version, Decisions: t.decisions, Changed: t.changed, Changes: []Change{}}
	if !p.From.IsZero() {
		r.From = &p.From
	}
	if !p.To.IsZero() {
		r.To = &p.To
	}
	for key, s := range t.kinds {
		c := Change{Tool: key.tool, Was: key.was, WasRule: key.wasRule, Now: key.now, NowRule: key.nowRule, Blind: key.blind, Count: s.count, Amounts: []Amount{}, Examples: s.examples}
		for _, currency := range slices.Sorted(maps.Keys(s.amounts)) {
			c.Amounts = append(c.Amounts, Amount{Currency: currency, AmountCents: s.amounts[currency]})
		}
		r.Changes = append(r.Changes, c)
	}
	sorted(r.Changes)
	return r
}
