package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/model/grounding"
	"resolute/agent/procedure"
)

// Bounds of an answer.
const (
	longestBelief   = 600
	longestQuestion = 1000
	longestReply    = 4000
	mostEvidence    = 30
)

// answer is one answer that drives, decoded.
type answer struct {
	casefile.ModelProposal
	Confidence float64
	Sentences  []grounding.Sentence
}

// consequence reports whether a decision reaches anybody outside: then several answers have to agree.
func (d *driver) consequence(a *answer) bool {
	switch a.Decision {
	case casefile.WantAsk, casefile.WantReply, casefile.WantClose:
		return true
	case casefile.WantCall:
		return d.Tools[a.Tool].Effect != "read"
	}
	return false
}

// read takes a proposal from the answers, or asks for more of them.
func (d *driver) read(a *casefile.Asked) (*casefile.ModelProposed, int) {
	told := d.data(d.c) // an id that was left out for want of room is one of the case all the same
	var groups []*group
	var first error
	for i, text := range a.Answers {
		one, err := d.parse(text, told)
		if err != nil {
			if a.Cut && i == len(a.Answers)-1 {
				err = fmt.Errorf("the answer ended at the %d tokens that it may have; be shorter (%w)", driveTokens, err)
			}
			if first == nil {
				first = err
			}
			continue
		}
		groups = join(groups, one)
	}
	if len(groups) == 0 {
		if first == nil {
			first = errors.New("the model gave no answer")
		}
		return d.unusable(a, first.Error()), 0
	}
	best := groups[0]
	for _, g := range groups {
		if len(g.of) > len(best.of) {
			best = g
		}
	}
	wanted := best.of[0]
	if d.consequence(wanted) && a.Sampled < d.Samples {
		if wrong := d.unsaid(best, told); wrong != "" && a.Repairs == 0 {
			return d.unusable(a, wrong), 0
		}
		return nil, d.Samples
	}
	return d.propose(a, best, told), 0
}

func (d *driver) unusable(a *casefile.Asked, wrong string) *casefile.ModelProposed {
	return &casefile.ModelProposed{Problem: wrong, Repairable: a.Repairs == 0}
}

// group are answers that want the same.
type group struct {
	key string
	of  []*answer
}

// join puts an answer to those that want the same: the same call, or a question, a reply, a wait, whatever
// their words.
func join(groups []*group, one *answer) []*group {
	key := one.Decision
	switch one.Decision {
	case casefile.WantCall:
		key += " " + one.Tool + " " + plain(map[string]any(one.Args))
	case casefile.WantWait:
		key += " " + one.For
	}
	for _, g := range groups {
		if g.key == key {
			g.of = append(g.of, one)
			return groups
		}
	}
	return append(groups, &group{key: key, of: []*answer{one}})
}

// unsaid says what is wrong with what each answer of the group would tell the customer, "" if one is right.
func (d *driver) unsaid(g *group, told []piece) string {
	var first string
	for _, one := range g.of {
		report := d.grounded(one, told)
		if report.Wrong == "" {
			return ""
		}
		if first == "" {
			first = report.Wrong
		}
	}
	return first
}

// propose makes the proposal of those who agree.
func (d *driver) propose(a *casefile.Asked, g *group, told []piece) *casefile.ModelProposed {
	chosen, report := g.of[0], d.grounded(g.of[0], told)
	for _, one := range g.of[1:] { // the first that says nothing but what its evidence does
		if report.Wrong == "" {
			break
		}
		if r := d.grounded(one, told); r.Wrong == "" {
			chosen, report = one, r
		}
	}
	made := &casefile.ModelProposed{Proposal: chosen.ModelProposal}
	switch {
	case report.Wrong == "":
	case a.Repairs == 0:
		return d.unusable(a, report.Wrong)
	case chosen.Decision == casefile.WantReply && d.proc.Hypotheses[0].Reply != "":
		made.Proposal.Text, made.Proposal.Citations = "", nil // what the procedure says is said instead
		report.Coverage = 1
	default:
		made.Problem = report.Wrong
		return made
	}
	made.Confidence = d.sure(a, g, report.Coverage)
	if d.consequence(chosen) && made.Confidence.Value < d.Threshold {
		made.Problem = fmt.Sprintf("it is sure by %.2f only, and thresholds.model is %.2f: it wants %s (%.0f %% of its answers agree, its evidence holds %.0f %% of what it says, its best passage scores %.2f, and it says itself %.2f)",
			made.Confidence.Value, d.Threshold, named(&made.Proposal), 100*made.Confidence.Agreement, 100*made.Confidence.Coverage, made.Confidence.Retrieval, made.Confidence.Stated)
	}
	return made
}

func named(want *casefile.ModelProposal) string {
	if want.Decision == casefile.WantCall {
		return want.Tool + " " + plain(map[string]any(want.Args))
	}
	return want.Decision
}

// parse reads an answer, or says exactly what is wrong with it.
func (d *driver) parse(text string, told []piece) (*answer, error) {
	o, err := object(text)
	if err != nil {
		return nil, err
	}
	f := fields{o: o}
	one := &answer{}
	one.Hypothesis, one.Evidence = f.text("hypothesis", longestBelief), f.texts("evidence")
	one.Confidence, one.Decision = f.share("confidence"), f.text("decision", longestBelief)
	one.Tool, one.Args = f.text("tool", longestBelief), f.object("args")
	one.Text, one.Sentences, one.For = f.text("text", longestQuestion), f.sentences("sentences"), f.text("for", longestBelief)
	f.all("hypothesis", "evidence", "confidence", "decision")
	if f.err != nil {
		return nil, f.err
	}
	switch ids := cites(told); {
	case strings.TrimSpace(one.Hypothesis) == "":
		return nil, errors.New("hypothesis is empty; say what you believe")
	case !slices.Contains(d.decisions(), one.Decision):
		return nil, fmt.Errorf("decision is %q, and may be one of %s now", one.Decision, strings.Join(d.decisions(), ", "))
	default:
		cited := slices.Clone(one.Evidence)
		for _, s := range one.Sentences {
			cited = append(cited, s.Evidence...)
		}
		if err := known(cited, ids); err != nil {
			return nil, err
		}
	}
	return one, d.complete(one)
}

// known reports evidence that isn't there.
func known(cited, ids []string) error {
	for _, id := range cited {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("there is no evidence %q; there is %s", id, strings.Join(ids, ", "))
		}
	}
	if len(cited) > mostEvidence {
		return fmt.Errorf("%d pieces of evidence are cited, and %d may be; cite what you rest on alone", len(cited), mostEvidence)
	}
	return nil
}

// complete holds an answer against what its decision takes, and takes away what it doesn't.
func (d *driver) complete(one *answer) error {
	tool, args, text, sentences, to := one.Tool, one.Args, strings.TrimSpace(one.Text), one.Sentences, one.For
	one.Tool, one.Args, one.Text, one.Sentences, one.For = "", nil, "", nil, ""
	switch one.Decision {
	case casefile.WantCall:
		return d.call(one, tool, args)
	case casefile.WantAsk:
		if one.Text = text; text == "" {
			return errors.New("text is empty; with ask it is what the customer is asked")
		}
		one.Sentences = []grounding.Sentence{{Text: text, Evidence: one.Evidence}}
	case casefile.WantWait:
		if one.For = to; !slices.Contains(d.signals, to) {
			return fmt.Errorf("for is %q; with wait it is one of %s", to, strings.Join(d.signals, ", "))
		}
	case casefile.WantReply:
		var parts []string
		for _, s := range sentences {
			if t := strings.TrimSpace(s.Text); t != "" {
				parts = append(parts, t)
				one.Sentences = append(one.Sentences, grounding.Sentence{Text: t, Evidence: s.Evidence})
			}
		}
		if one.Text = strings.Join(parts, " "); one.Text == "" || len(one.Text) > longestReply {
			return fmt.Errorf("sentences hold %d bytes; with reply they are what the customer is told, in at most %d bytes", len(one.Text), longestReply)
		}
		one.Citations = citations(d.c, one.Sentences)
	case casefile.WantEscalate:
		if one.Text = text; text == "" {
			return errors.New("text is empty; with escalate it is the reason, for the person who takes over")
		}
	}
	return nil
}

// call holds a call against the procedure, the tool and what was done.
func (d *driver) call(one *answer, tool string, args casefile.Object) error {
	if !d.proc.Drive.Allows(tool) {
		var names []string
		for _, t := range d.proc.Drive.Tools {
			names = append(names, t.Value)
		}
		return fmt.Errorf("tool is %q; with call it is one of %s", tool, strings.Join(names, ", "))
	}
	t, ok := d.Tools[tool]
	if !ok {
		return fmt.Errorf("nothing is known of the tool %s now; use another one, or escalate", tool)
	}
	if args == nil {
		args = casefile.Object{}
	}
	read, err := t.Read(args)
	if err != nil {
		return fmt.Errorf("args don't fit %s: %w; its schema is %s", tool, err, compact(t.Input))
	}
	one.Tool, one.Args = tool, read
	return d.repeated(tool, read, t.Effect == "read")
}

// repeated says why a call is none that may be made again.
func (d *driver) repeated(tool string, args casefile.Object, reads bool) error {
	h := d.c.Current()
	same := casefile.Action{Tool: tool, Args: args}
	for i := len(d.c.Attempts) - 1; i >= 0 && h != nil; i-- {
		a := &d.c.Attempts[i]
		if a.Seq < h.Seq || a.Hypothesis != procedure.Driven || !same.Same(&casefile.Action{Tool: a.Tool, Args: a.Args}) {
			continue
		}
		done := a.Outcome == casefile.OutcomeDone
		switch {
		case reads && d.moved(a.Seq), !reads && !done && !strings.HasSuffix(a.Step, fmt.Sprintf("/e%d", d.c.Epoch)):
			return nil
		case done && reads:
			return fmt.Errorf("%s was read already with just these arguments, and nothing was done since; its answer is among the facts", tool)
		case done:
			return fmt.Errorf("%s was done already with just these arguments; go on from there", tool)
		case a.Outcome == casefile.OutcomeDenied, a.Outcome == casefile.OutcomeRefused, a.Outcome == casefile.OutcomeError:
			return fmt.Errorf("%s was %s already with just these arguments (%s); find another way, or escalate", tool, a.Outcome, strings.TrimSpace(a.Code+" "+a.Detail))
		}
	}
	return nil
}

// moved reports whether something was done, or a signal came, since an entry.
func (d *driver) moved(seq uint64) bool {
	return slices.ContainsFunc(d.c.Writes, func(w casefile.Write) bool { return w.Seq > seq }) ||
		slices.ContainsFunc(d.c.Signals, func(s casefile.Received) bool { return s.Seq > seq })
}
